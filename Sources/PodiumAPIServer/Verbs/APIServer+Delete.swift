// SPDX-License-Identifier: Apache-2.0
// DELETE of an object and of a collection.

import PodiumCodec
import PodiumExchange
import PodiumMachinery
import PodiumRegistry
import PodiumSchema
import PodiumStorage

extension APIServer {
    func delete(_ request: ResourceRequest) throws(StatusError) -> HTTPResponse {
        let options = try deleteOptions(request)
        let outcome = try store(request).delete(request.name, options: options)
        let writer = AnswerWriter(request, self)
        if outcome.isGone, !DeletedObjects.areReturned(for: request.definition.storage) {
            return writer.value(Self.success(outcome.result.value, request), status: 200)
        }
        return try writer.result(outcome.result, status: 200)
    }

    func deleteCollection(_ request: ResourceRequest) throws(StatusError) -> HTTPResponse {
        var listOptions = try ListOptions(query: request.query, of: request.definition)
        listOptions.limit = 0
        var options = try deleteOptions(request)
        if let version = request.query["resourceVersion"], options.resourceVersion == nil {
            options.resourceVersion = version
        }
        let deleted = try store(request).deleteCollection(options: options) { listOptions.matches($0) }
        let result = ListResult(
            revision: api.storage.revision,
            objects: deleted,
            next: nil,
            remaining: nil
        )
        return try AnswerWriter(request, self).list(result)
    }

    /// The options, from the body when there is one, else from the query.
    private func deleteOptions(_ request: ResourceRequest) throws(StatusError) -> DeleteOptions {
        var options: DeleteOptions
        if request.http.body.isEmpty {
            options = try DeleteOptions(query: request.query)
        } else {
            let decoder = RequestDecoder(registry: request.surface.schemas)
            let format = try bodyFormat(request)
            options = try DeleteOptions(
                object: try decoder.decodeDeleteOptions(body: request.http.body, format: format)
            )
        }
        options.user = request.user
        if options.propagation == nil, let warning = request.definition.rules.unstatedPropagationWarning {
            request.warnings.add([warning])
        }
        return options
    }

    private static func success(_ object: JSONValue, _ request: ResourceRequest) -> JSONValue {
        var details: JSONObject = ["name": .string(request.name)]
        if !request.definition.group.isEmpty { details["group"] = .string(request.definition.group) }
        details["kind"] = .string(request.definition.plural)
        details["uid"] = object[path: "metadata", "uid"]
        return [
            "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success", "details": .object(details),
        ]
    }
}

/// Which collections answer a deletion with the object instead of a `Status`.
// Kubernetes: ReturnDeletedObject in pkg/registry/*/*/storage/storage.go
enum DeletedObjects {
    private static let returned: Set<GroupResource> = [
        .pods, .services, .serviceAccounts, .persistentVolumes, .persistentVolumeClaims,
        GroupResource(group: "", resource: "podtemplates"),
        GroupResource(group: "", resource: "resourcequotas"),
        GroupResource(group: "storage.k8s.io", resource: "storageclasses"),
        GroupResource(group: "storage.k8s.io", resource: "volumeattachments"),
        GroupResource(group: "storage.k8s.io", resource: "csidrivers"),
        GroupResource(group: "storage.k8s.io", resource: "csinodes"),
    ]

    static func areReturned(for resource: GroupResource) -> Bool { returned.contains(resource) }
}
