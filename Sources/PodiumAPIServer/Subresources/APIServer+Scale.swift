// SPDX-License-Identifier: Apache-2.0
// `…/scale`: the replicas of a workload as an object of its own.

import PodiumCodec
import PodiumExchange
import PodiumHost
import PodiumKinds
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

    private static let scaleKind = GroupVersionKind(group: "autoscaling", version: "v1", kind: "Scale")

    private func writeScale(_ request: ResourceRequest, _ store: ResourceStore) throws(StatusError) -> HTTPResponse {
        let options = try writeOptions(request, kind: request.verb == .patch ? "PatchOptions" : "UpdateOptions")
        let change = try scaleChange(request, options)
        let outcome = try store.update(request.name, options: options, allowsCreate: false) {
            current throws(StatusError) in
            guard let current else { throw .notFound(request.definition.groupResource, request.name) }
            var object = current.read().value
            let ownership = ScaleOwnership(
                workload: try store.account(of: current),
                apiVersion: request.definition.apiVersion
            )
            let (scale, managed) = try change(Self.scale(of: object), ownership.ofScale)
            let replicas = scale[path: "spec", "replicas"]?.integer ?? 0
            if replicas < 0 {
                let path = FieldPath("spec", "replicas")
                let error = FieldError.invalid(path, .integer(replicas), "must be greater than or equal to 0")
                throw .invalid(group: "autoscaling", kind: "Scale", name: request.name, [error])
            }
            object[path: "spec", "replicas"] = .integer(replicas)
            let version = request.verb == .update ? scale[path: "metadata", "resourceVersion"] : nil
            object[path: "metadata", "resourceVersion"] = version
            return Replacement(object, account: ownership.ofWorkload(after: managed))
        }
        return AnswerWriter(request, self).value(Self.scale(of: outcome.result.value), status: 200)
    }

    /// A Scale as it is now with its account, to what the request makes of both.
    private typealias ScaleChange = (JSONValue, ManagedFields) throws(StatusError) -> (JSONValue, ManagedFields)

    private func scaleChange(
        _ request: ResourceRequest,
        _ options: WriteOptions
    ) throws(StatusError) -> ScaleChange {
        let kind = Self.scaleKind
        let schemas = request.surface.schemas
        let now = api.host.clock.now
        guard let ledger = FieldLedger(kind, rules: nil, subresource: "scale", schemas: schemas, now: now) else {
            throw .internalError("Scale has no schema")
        }
        if PatchTypes.isApply(request) {
            let (configuration, _) = try appliedConfiguration(request)
            return { scale, managed throws(StatusError) in
                try ledger.apply(configuration, to: scale, managed: managed, manager: options.fieldManager)
            }
        }
        let patch =
            request.verb == .patch
            ? Patch(
                type: try patchType(request),
                body: request.http.body,
                fieldValidation: request.fieldValidation
            ) : nil
        return { [self] scale, managed throws(StatusError) in
            let new: JSONValue
            if let patch {
                let patched = try patch.apply(to: scale, kind: kind, registry: schemas)
                request.warnings.add(patched.warnings)
                new = patched.object
            } else {
                new = try decodeBody(request, as: kind)
            }
            return (new, ledger.update(live: scale, new: new, managed: managed, manager: options.fieldManager))
        }
    }

    /// The Scale of a workload.
    private static func scale(of object: JSONValue) -> JSONValue {
        var metadata: JSONObject = [:]
        for key in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
            metadata[key] = object[path: "metadata", key]
        }
        var status: JSONObject = ["replicas": object[path: "status", "replicas"] ?? 0]
        let selector = WorkloadScale.selector(of: object)
        if !selector.isEverything { status["selector"] = .string(selector.description) }
        return [
            "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": .object(metadata),
            "spec": object[path: "spec", "replicas"].map { ["replicas": $0] } ?? .emptyObject,
            "status": .object(status),
        ]
    }
}
