// SPDX-License-Identifier: Apache-2.0
// POST, PUT and PATCH of objects: decode, hand to the store, answer what is stored.

import PodiumCodec
import PodiumExchange
package import PodiumMachinery
import PodiumRegistry
import PodiumSchema
import PodiumStorage

extension APIServer {
    func create(_ request: ResourceRequest) throws(StatusError) -> HTTPResponse {
        let store = store(request)
        let options = try writeOptions(request, kind: "CreateOptions")
        let object = try decodeBody(request, as: request.definition.gvk)
        let created = try store.create(object, options: options)
        if components.hasControllers, let warning = request.definition.missingControllerWarning {
            request.warnings.add([warning])
        }
        return try AnswerWriter(request, self).result(created, status: 201)
    }

    func update(_ request: ResourceRequest, strategy: (any ResourceStrategy)? = nil) throws(StatusError) -> HTTPResponse
    {
        let store = store(request, strategy: strategy)
        let options = try writeOptions(request, kind: "UpdateOptions")
        var object = try decodeBody(request, as: request.definition.gvk)
        try store.placeInNamespace(&object)
        try checkName(object, request)
        let outcome = try store.update(request.name, options: options) { _ throws(StatusError) in Replacement(object) }
        return try AnswerWriter(request, self).result(outcome.result, status: outcome.isCreated ? 201 : 200)
    }

    func patch(_ request: ResourceRequest, strategy: (any ResourceStrategy)? = nil) throws(StatusError) -> HTTPResponse
    {
        if PatchTypes.isApply(request) { return try apply(request, strategy: strategy) }
        let store = store(request, strategy: strategy)
        let options = try writeOptions(request, kind: "PatchOptions")
        let patch = Patch(
            type: try patchType(request),
            body: request.http.body,
            fieldValidation: request.fieldValidation
        )
        let outcome = try store.update(request.name, options: options, allowsCreate: false, isPatch: true) {
            current throws(StatusError) in
            guard let current else { throw .notFound(store.resource, request.name) }
            let patched = try Self.apply(patch, to: current, request)
            request.warnings.add(patched.warnings)
            var object = patched.object
            try store.placeInNamespace(&object)
            try checkName(object, request)
            return Replacement(object)
        }
        return try AnswerWriter(request, self).result(outcome.result, status: 200)
    }

    /// What comes of a patch.
    private static func apply(
        _ patch: Patch,
        to current: StoredObject,
        _ request: ResourceRequest
    ) throws(StatusError) -> DecodedRequest {
        let (definition, schemas) = (request.definition, request.surface.schemas)
        if !patch.mayReadManagedFields {
            do throws(StatusError) {
                let object = definition.valueWithoutAccount(of: current)
                return try patch.apply(to: object, kind: definition.gvk, registry: schemas)
            } catch {
                // It fails below as well, where the message shows all of the object.
            }
        }
        return try patch.apply(to: definition.value(of: current), kind: definition.gvk, registry: schemas)
    }

    // MARK: Parts

    /// Reads the body as an object of type `gvk`, also when it names one of `otherVersions`.
    func decodeBody(
        _ request: ResourceRequest,
        as gvk: GroupVersionKind,
        otherVersions: [GroupVersion] = []
    ) throws(StatusError) -> JSONValue {
        let decoded = try RequestDecoder(registry: request.surface.schemas).decode(
            body: request.http.body,
            format: try bodyFormat(request),
            expected: gvk,
            fieldValidation: request.fieldValidation,
            otherVersions: otherVersions
        )
        request.warnings.add(decoded.warnings)
        return decoded.object
    }

    /// The format that the header of a request names.
    /// - Throws: 415.
    // Kubernetes: apiserver/pkg/endpoints/handlers/negotiation/negotiate.go NegotiateInputSerializer
    func bodyFormat(_ request: ResourceRequest) throws(StatusError) -> BodyFormat {
        guard let contentType = request.http.headers["content-type"], !contentType.isEmpty else { return .json }
        switch contentType.withoutParameters.lowercased() {
        case MediaFormat.json.rawValue: return .json
        case MediaFormat.yaml.rawValue: return .yaml
        case MediaCapabilities.protobuf: return .protobuf
        default: throw .unsupportedMediaType(MediaFormat.allCases.map(\.rawValue) + [MediaCapabilities.protobuf])
        }
    }

    /// The way of patching that the header of a request names.
    /// - Throws: 415.
    func patchType(_ request: ResourceRequest) throws(StatusError) -> PatchType {
        switch request.http.headers["content-type"]?.withoutParameters {
        case PatchTypes.json: return .json
        case PatchTypes.merge: return .merge
        case PatchTypes.strategic: return .strategic
        default: throw .unsupportedMediaType(PatchTypes.accepted)
        }
    }

    func writeOptions(_ request: ResourceRequest, kind: String) throws(StatusError) -> WriteOptions {
        var options = WriteOptions()
        options.user = request.user
        if request.verb == .update || request.verb == .patch, !components.authorizer.allowsEverything {
            let access = request.access.with(verb: "create")
            let authorizer = components.authorizer
            let user = request.user
            options.authorizeCreate = { () throws(StatusError) in try authorizer.authorize(access, user) }
        }
        options.warnings = request.warnings
        let manager = request.query["fieldManager"] ?? ""
        options.fieldManager =
            manager.isEmpty ? FieldManagerName.of(userAgent: request.http.headers.userAgent) : manager
        let dryRun = request.query.all("dryRun")
        var errors: [FieldError] = []
        if kind == "PatchOptions" {
            if PatchTypes.isApply(request) {
                if manager.isEmpty {
                    errors.append(.required(FieldPath("fieldManager"), "is required for apply patch"))
                }
            } else if request.query.contains("force") {
                errors.append(.forbidden(FieldPath("force"), "may not be specified for non-apply patch"))
            }
        }
        errors += ObjectMetaValidation.fieldManager(manager, at: FieldPath("fieldManager"))
        errors += DryRunOption.errors(dryRun)
        if let text = request.query["fieldValidation"], !text.isEmpty, FieldValidation(rawValue: text) == nil {
            let path = FieldPath("fieldValidation")
            errors.append(.notSupported(path, .string(text), ["", "Ignore", "Strict", "Warn"]))
        }
        if !errors.isEmpty { throw .invalid(group: "meta.k8s.io", kind: kind, name: "", errors) }
        options.isDryRun = !dryRun.isEmpty
        return options
    }

    /// The object of an update is the one that the path names.
    func checkName(_ object: JSONValue, _ request: ResourceRequest) throws(StatusError) {
        let name = object[path: "metadata", "name"]?.string ?? ""
        if name.isEmpty {
            throw .badRequest(
                "the name of the object (\(request.name) based on URL) was undeterminable: name must be provided"
            )
        }
        if name != request.name {
            throw .badRequest("the name of the object (\(name)) does not match the name on the URL (\(request.name))")
        }
        let namespace = object[path: "metadata", "namespace"]?.string ?? ""
        if !namespace.isEmpty, namespace != request.path.namespace {
            throw .badRequest(
                "the namespace of the object (\(namespace)) does not match the namespace on the request "
                    + "(\(request.path.namespace))"
            )
        }
    }
}

extension StatusError {
    /// 415.
    package static func unsupportedMediaType(_ accepted: [String]) -> StatusError {
        StatusError(
            code: 415,
            reason: .unsupportedMediaType,
            message: "the body of the request was in an unknown format - accepted media types include: "
                + accepted.joined(separator: ", ")
        )
    }
}

extension String {
    /// Without spaces and tabs at both ends.
    var trimmedASCII: String {
        var units = utf8[...]
        while let first = units.first, first == 0x20 || first == 0x09 { units = units.dropFirst() }
        while let last = units.last, last == 0x20 || last == 0x09 { units = units.dropLast() }
        return units.count == utf8.count ? self : String(Substring(units))
    }

    /// The media type in the value of a header field such as `Content-Type`.
    package var withoutParameters: String {
        utf8.firstIndex(of: UInt8(ascii: ";")).map { String(self[..<$0]).trimmedASCII } ?? trimmedASCII
    }
}
