// SPDX-License-Identifier: Apache-2.0
// `GET …/pods/{name}/log`: which container, which part, and what is refused.

import PodiumCodec
import PodiumExchange
import PodiumHost
import PodiumMachinery
import PodiumRegistry
import PodiumStorage

extension APIServer {
    // Kubernetes: pkg/registry/core/pod/strategy.go LogLocation; apis/core/validation ValidatePodLogOptions
    func log(_ request: ResourceRequest) throws(StatusError) -> HTTPResponse {
        let object = try store(request).get(request.name)
        let pod = object.value()
        var options = try logOptions(request)
        options.container = try Self.container(request.query["container"] ?? "", of: pod, name: request.name)
        let nodeName = pod[path: "spec", "nodeName"]?.string ?? ""
        if nodeName.isEmpty {
            return HTTPResponse(status: 204, contentType: "", body: .bytes(EncodedBytes("").slice))
        }
        try checkReachable(nodeName, else: .notFound(.pods, nodeName))
        let body = try components.logs.log(of: object.key.name, uid: object.facts.uid, options: options)
        // What a container writes is nobody's page.
        let headers = [(name: "X-Content-Type-Options", value: "nosniff")]
        return HTTPResponse(status: 200, contentType: "text/plain", headers: headers, body: body)
    }

    /// Checks that the kubelet of a node has an address; when there is no such node, `missing` is thrown.
    // Kubernetes: pkg/kubelet/client/kubelet_client.go GetConnectionInfo, pkg/util/node GetPreferredNodeAddress
    func checkReachable(_ node: String, else missing: StatusError) throws(StatusError) {
        guard let object = try api.storage.object(ObjectKey(.nodes, name: node)) else { throw missing }
        guard (object.value()[path: "status", "addresses"]?.elements ?? []).isEmpty else { return }
        throw StatusError(
            code: 500,
            reason: .unknown,
            message: "no preferred addresses found; known addresses: []"
        )
    }

    /// The container that a request is about: the one it names, or the only one.
    static func container(_ wanted: String, of pod: JSONValue, name: String) throws(StatusError) -> String {
        let lists = ["initContainers", "containers", "ephemeralContainers"].map { list in
            (pod[path: "spec", list]?.elements ?? []).compactMap { $0["name"]?.string }
        }
        let names = lists.flatMap { $0 }
        if !wanted.isEmpty {
            if names.contains(wanted) { return wanted }
            throw .badRequest("container \(wanted) is not valid for pod \(name)")
        }
        if names.count == 1, let only = names.first { return only }
        let choices = lists[0] + lists[1]
        var message =
            "a container name must be specified for pod \(name), choose one of: [\(choices.joined(separator: " "))]"
        if !lists[2].isEmpty { message += " or one of the ephemeral containers: [\(lists[2].joined(separator: " "))]" }
        if lists[0].isEmpty, lists[2].isEmpty, choices.isEmpty {
            message = "a container name must be specified for pod \(name)"
        }
        throw .badRequest(message)
    }

    private func logOptions(_ request: ResourceRequest) throws(StatusError) -> ContainerLogOptions {
        let query = request.query
        var options = ContainerLogOptions()
        options.follows = query.flag("follow")
        options.previous = query.flag("previous")
        options.showsTimestamps = query.flag("timestamps")
        options.tailLines = try query.integer("tailLines")
        options.limitBytes = try query.integer("limitBytes")
        let sinceSeconds = try query.integer("sinceSeconds")
        var errors: [FieldError] = []
        if let lines = options.tailLines, lines < 0 {
            errors.append(.invalid(FieldPath("tailLines"), .integer(lines), "must be greater than or equal to 0"))
        }
        if let bytes = options.limitBytes, bytes < 1 {
            errors.append(.invalid(FieldPath("limitBytes"), .integer(bytes), "must be greater than 0"))
        }
        if let seconds = sinceSeconds {
            if seconds < 1 {
                errors.append(.invalid(FieldPath("sinceSeconds"), .integer(seconds), "must be greater than 0"))
            }
            if query.contains("sinceTime") {
                errors.append(
                    .forbidden(FieldPath.root, "at most one of `sinceTime` or `sinceSeconds` may be specified")
                )
            }
            options.since = api.host.clock.now - .seconds(seconds)
        }
        if let time = query["sinceTime"], !time.isEmpty {
            guard let since = Timestamp(rfc3339: time) else {
                throw .badRequest(
                    "parsing time \(FieldError.quoted(time)) as \"2006-01-02T15:04:05Z07:00\": cannot parse"
                )
            }
            options.since = since
        }
        if let stream = query["stream"], stream != "All" || options.tailLines != nil {
            errors.append(.forbidden(FieldPath("stream"), "may not be specified"))
        }
        if !errors.isEmpty { throw .invalid(group: "", kind: "PodLogOptions", name: request.name, errors) }
        return options
    }
}
