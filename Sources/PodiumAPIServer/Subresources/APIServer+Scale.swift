// SPDX-License-Identifier: Apache-2.0
// `…/scale`: the replicas of a workload as an object of its own.

import OrderedCollections
import PodiumCodec
import PodiumExchange
import PodiumMachinery
import PodiumRegistry
import PodiumSchema
import PodiumStorage

extension APIServer {
    // Kubernetes: pkg/registry/apps/deployment/storage/storage.go ScaleREST
    func scale(_ request: ResourceRequest) throws(StatusError) -> HTTPResponse {
        let store = store(request)
        switch request.verb {
        case .get:
            return AnswerWriter(request, self).value(Self.scale(of: try store.get(request.name).value()), status: 200)
        case .update, .patch: return try writeScale(request, store)
        default: throw .methodNotAllowed
        }
    }

    private func writeScale(_ request: ResourceRequest, _ store: ResourceStore) throws(StatusError) -> HTTPResponse {
        let options = try writeOptions(request, kind: "UpdateOptions")
        let gvk = GroupVersionKind(group: "autoscaling", version: "v1", kind: "Scale")
        let patch =
            request.verb == .patch
            ? Patch(
                type: try patchType(request),
                body: request.http.body,
                fieldValidation: try fieldValidation(request)
            ) : nil
        let outcome = try store.update(request.name, options: options, allowsCreate: false) {
            current throws(StatusError) in
            guard let current else { throw .notFound(request.definition.groupResource, request.name) }
            var object = current.value()
            let scale: JSONValue
            if let patch {
                let patched = try patch.apply(to: Self.scale(of: object), kind: gvk, registry: components.schemas)
                request.warnings.add(patched.warnings)
                scale = patched.object
            } else {
                scale = try decodeBody(request, as: gvk)
            }
            let replicas = scale[path: "spec", "replicas"]?.integer ?? 0
            if replicas < 0 {
                let error = FieldError.invalid(
                    FieldPath("spec", "replicas"),
                    .integer(replicas),
                    "must be greater than or equal to 0"
                )
                throw .invalid(group: "autoscaling", kind: "Scale", name: request.name, [error])
            }
            object[path: "spec", "replicas"] = .integer(replicas)
            if request.verb == .update, let version = scale[path: "metadata", "resourceVersion"] {
                object[path: "metadata", "resourceVersion"] = version
            } else {
                object[path: "metadata", "resourceVersion"] = nil
            }
            return object
        }
        return AnswerWriter(request, self).value(
            Self.scale(of: outcome.result.value),
            status: 200
        )
    }

    /// The Scale of a workload.
    private static func scale(of object: JSONValue) -> JSONValue {
        var metadata: JSONObject = [:]
        for key in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
            metadata[key] = object[path: "metadata", key]
        }
        var status: JSONObject = ["replicas": object[path: "status", "replicas"] ?? 0]
        let selector = LabelSelector(object: object[path: "spec", "selector"])
        if !selector.isEverything { status["selector"] = .string(selector.description) }
        return [
            "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": .object(metadata),
            "spec": object[path: "spec", "replicas"].map { ["replicas": $0] } ?? .emptyObject,
            "status": .object(status),
        ]
    }
}
