// SPDX-License-Identifier: Apache-2.0
// POST, PUT and PATCH of objects: decode, hand to the store, answer what is stored.

import OrderedCollections
import PodiumCodec
import PodiumMachinery
import PodiumSchema
import PodiumStorage

extension APIServer {
    func create(_ request: ResourceRequest) throws(StatusError) -> HTTPResponse {
        let store = store(request)
        let options = try writeOptions(request, kind: "CreateOptions")
        var (object, warnings) = try decodeBody(request, as: request.definition.gvk)
        store.strategy.applyDefaults(&object)
        let created = try store.create(object, options: options)
        warnings += created.warnings
        return try AnswerWriter(request, self).result(created.result, status: 201, warnings: warnings)
    }

    func update(_ request: ResourceRequest, strategy: (any ResourceStrategy)? = nil) throws(StatusError) -> HTTPResponse {
        let store = store(request, strategy: strategy)
        let options = try writeOptions(request, kind: "UpdateOptions")
        var (object, warnings) = try decodeBody(request, as: request.definition.gvk)
        try checkName(object, request)
        store.strategy.applyDefaults(&object)
        try store.placeInNamespace(&object)
        let outcome = try store.update(request.name, options: options) { _ throws(StatusError) in object }
        warnings += outcome.warnings
        return try AnswerWriter(request, self)
            .result(outcome.result, status: outcome.isCreated ? 201 : 200, warnings: warnings)
    }

    func patch(_ request: ResourceRequest, strategy: (any ResourceStrategy)? = nil) throws(StatusError) -> HTTPResponse {
        let store = store(request, strategy: strategy)
        let options = try writeOptions(request, kind: "PatchOptions")
        let patch = Patch(
            type: try patchType(request),
            body: request.http.body,
            fieldValidation: try fieldValidation(request)
        )
        var warnings: [String] = []
        let outcome = try store.update(request.name, options: options, allowsCreate: false) { current throws(StatusError) in
            guard let current else { throw .notFound(request.definition.groupResource, request.name) }
            let patched = try patch.apply(
                to: current.value(),
                kind: request.definition.gvk,
                registry: components.schemas
            )
            warnings = patched.warnings
            var object = patched.object
            try checkName(object, request)
            store.strategy.applyDefaults(&object)
            try store.placeInNamespace(&object)
            // A patch that says nothing of the version applies to whatever version is there.
            if object[path: "metadata", "resourceVersion"]?.string == current.revision.description {
                object[path: "metadata", "resourceVersion"] = nil
            }
            return object
        }
        return try AnswerWriter(request, self)
            .result(outcome.result, status: 200, warnings: warnings + outcome.warnings)
    }

    // MARK: Parts

    /// Reads the body as an object of type `gvk`.
    func decodeBody(
        _ request: ResourceRequest,
        as gvk: GroupVersionKind
    ) throws(StatusError) -> (object: JSONValue, warnings: [String]) {
        let decoded = try RequestDecoder(registry: components.schemas).decode(
            body: request.http.body,
            format: try bodyFormat(request.http.headers["content-type"]),
            expected: gvk,
            fieldValidation: try fieldValidation(request)
        )
        return (decoded.object, decoded.warnings)
    }

    func bodyFormat(_ contentType: String?) throws(StatusError) -> BodyFormat {
        let name = contentType.map { String($0.prefix { $0 != ";" }).trimmedASCII } ?? ""
        switch name {
        case "", "application/json": return .json
        case "application/yaml": return .yaml
        case "application/vnd.kubernetes.protobuf": return .protobuf
        default:
            throw .unsupportedMediaType([
                "application/json", "application/yaml", "application/vnd.kubernetes.protobuf",
            ])
        }
    }

    private func patchType(_ request: ResourceRequest) throws(StatusError) -> PatchType {
        let contentType = request.http.headers["content-type"] ?? ""
        let name = String(contentType.prefix { $0 != ";" }).trimmedASCII
        var accepted = ["application/json-patch+json", "application/merge-patch+json"]
        if !request.definition.isCustom { accepted.append("application/strategic-merge-patch+json") }
        accepted += ["application/apply-patch+yaml"]
        switch name {
        case "application/json-patch+json": return .json
        case "application/merge-patch+json": return .merge
        case "application/strategic-merge-patch+json" where !request.definition.isCustom: return .strategic
        default: throw .unsupportedMediaType(accepted)
        }
    }

    func fieldValidation(_ request: ResourceRequest) throws(StatusError) -> FieldValidation {
        guard let value = request.query["fieldValidation"], !value.isEmpty else { return .warn }
        guard let validation = FieldValidation(rawValue: value) else {
            let error = FieldError.notSupported(FieldPath("fieldValidation"), .string(value), ["Ignore", "Strict", "Warn"])
            throw .invalid(group: "meta.k8s.io", kind: optionsKind(request.verb), name: "", [error])
        }
        return validation
    }

    private func optionsKind(_ verb: RequestVerb) -> String {
        switch verb {
        case .update: "UpdateOptions"
        case .patch: "PatchOptions"
        default: "CreateOptions"
        }
    }

    func writeOptions(_ request: ResourceRequest, kind: String) throws(StatusError) -> WriteOptions {
        var options = WriteOptions()
        options.user = request.user
        options.fieldManager = request.query["fieldManager"] ?? ""
        let dryRun = request.query.all("dryRun")
        var errors = DryRunOption.errors(dryRun)
        errors += ObjectMetaValidation.fieldManager(options.fieldManager, at: FieldPath("fieldManager"))
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
    static func unsupportedMediaType(_ accepted: [String]) -> StatusError {
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
        return String(Substring(units))
    }
}
