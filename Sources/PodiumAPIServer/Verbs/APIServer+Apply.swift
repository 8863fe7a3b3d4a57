// SPDX-License-Identifier: Apache-2.0
// PATCH with an applied configuration: server-side apply.

import PodiumCodec
import PodiumExchange
import PodiumMachinery
import PodiumRegistry
import PodiumSchema
import PodiumStorage

extension APIServer {
    // Kubernetes: apiserver/pkg/endpoints/handlers/patch.go applyPatcher
    func apply(_ request: ResourceRequest, strategy: (any ResourceStrategy)? = nil) throws(StatusError) -> HTTPResponse
    {
        let store = store(request, strategy: strategy)
        let options = try writeOptions(request, kind: "PatchOptions")
        let (configuration, document) = try appliedConfiguration(request)
        let outcome = try store.apply(request.name, configuration, options: options) { merged throws(StatusError) in
            try refuseRepetitions(document, request)
            let decoder = RequestDecoder(registry: request.surface.schemas)
            var object = try decoder.decode(merged: merged, as: request.definition.gvk)
            try store.placeInNamespace(&object)
            try checkName(object, request)
            return object
        }
        return try AnswerWriter(request, self).result(outcome.result, status: outcome.isCreated ? 201 : 200)
    }

    /// The configuration in the body, and the body as it was read.
    func appliedConfiguration(
        _ request: ResourceRequest
    ) throws(StatusError) -> (AppliedConfiguration, JSONDocument) {
        let document: JSONDocument
        do throws(YAMLError) {
            document = try JSONDocument(yaml: request.http.body)
        } catch {
            throw .badRequest("error decoding YAML: error converting YAML to JSON: \(error.message)")
        }
        let object = document.value.isNull ? .emptyObject : document.value
        guard object.object != nil else {
            throw .badRequest(
                "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal "
                    + "\(SchemaDecoder.description(of: object)) into Go value of type map[string]interface {}"
            )
        }
        let force = request.query.flag("force")
        return (AppliedConfiguration(object: object, force: force), document)
    }

    /// Refuses members that stand more than once in a body, or warns of them, as the request says.
    private func refuseRepetitions(_ document: JSONDocument, _ request: ResourceRequest) throws(StatusError) {
        guard let problem = document.strictProblem else { return }
        switch request.fieldValidation {
        case .ignore: break
        case .warn: request.warnings.add(document.repetitions)
        case .strict: throw .badRequest("error strict decoding YAML: error converting YAML to JSON: \(problem)")
        }
    }
}

/// The name under which a client owns fields that does not give one.
enum FieldManagerName {
    /// The first part of the client's name, as much as a name may have; `unknown` when there is none.
    // Kubernetes: apiserver/pkg/endpoints/handlers/create.go managerOrUserAgent
    static func of(userAgent: String?) -> String {
        var name = ""
        for scalar in (userAgent ?? "").unicodeScalars.prefix(while: { $0 != "/" })
        where ObjectMetaValidation.isPrintable(scalar) {
            if name.utf8.count + scalar.utf8.count > ObjectMetaValidation.maximumFieldManagerBytes { break }
            name.unicodeScalars.append(scalar)
        }
        return name.isEmpty ? "unknown" : name
    }
}
