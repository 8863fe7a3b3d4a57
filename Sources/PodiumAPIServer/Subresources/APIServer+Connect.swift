// SPDX-License-Identifier: Apache-2.0
// `…/pods/{name}/exec`, `attach` and `portforward`: the ways into containers.

import PodiumCodec
import PodiumExchange
import PodiumMachinery
import PodiumRegistry
import PodiumStorage

// Kubernetes: pkg/registry/core/pod/rest/subresources.go, pkg/registry/core/pod/strategy.go ExecLocation
extension APIServer {
    func connect(_ request: ResourceRequest) throws(StatusError) -> HTTPResponse {
        // A WebSocket comes as a GET, and nobody may do more by it than by a POST.
        if request.verb == .get {
            try components.authorizer.authorize(request.path.access(.create, request.query), request.user)
        }
        let object = try store(request).get(request.name)
        let pod = object.value()
        let isForPorts = request.path.subresource == "portforward"
        let wanted = request.query["container"] ?? ""
        let container = isForPorts ? "" : try Self.container(wanted, of: pod, name: request.name)
        let node = pod[path: "spec", "nodeName"]?.string ?? ""
        if node.isEmpty { throw .badRequest("pod \(request.name) does not have a host assigned") }
        try checkReachable(node, else: .notFound(.nodes, node))
        return isForPorts ? try forwardPorts(request, object) : try runCommand(request, object, node, container)
    }

    private func forwardPorts(_ request: ResourceRequest, _ pod: StoredObject) throws(StatusError) -> HTTPResponse {
        guard let source = components.ports else { throw .unsupported("no kubelet runs in this cluster") }
        let framing = try UpgradeNegotiation.ports(request.http.headers)
        let ports = framing.isOpenedByClient ? [] : try forwardedPorts(request.query)
        let session = PortForwardSession(to: pod.key.name, uid: pod.facts.uid, source, ports: ports)
        return .upgrade(Upgrade(session, as: framing))
    }

    private func forwardedPorts(_ query: QueryParameters) throws(StatusError) -> [Int] {
        var ports: [Int] = []
        for text in query.all("ports").flatMap({ $0.split(separator: ",") }) {
            guard let port = Int(text), (1...65_535).contains(port) else {
                throw .badRequest("invalid port \(FieldError.quoted(String(text)))")
            }
            ports.append(port)
        }
        if ports.isEmpty { throw .badRequest("query parameter \"ports\" is required") }
        if ports.count > PortForwardSession.Limits.connections { throw .badRequest("too many ports") }
        return ports
    }

    private func runCommand(
        _ request: ResourceRequest,
        _ object: StoredObject,
        _ node: String,
        _ container: String
    ) throws(StatusError) -> HTTPResponse {
        guard let source = components.commands else { throw .unsupported("no kubelet runs in this cluster") }
        var streams = CommandStreamOptions()
        streams.stdin = request.query.flag("stdin")
        streams.stdout = request.query.flag("stdout")
        streams.tty = request.query.flag("tty")
        // A terminal has one output.
        streams.stderr = request.query.flag("stderr") && !streams.tty
        let (framing, ending) = try UpgradeNegotiation.command(request.http.headers)
        if !streams.stdin, !streams.stdout, !streams.stderr {
            throw .badRequest("you must specify at least 1 of stdin, stdout, stderr")
        }
        let command = source.run(
            ContainerCommandRequest(
                pod: object.key.name,
                uid: object.facts.uid,
                node: node,
                container: container,
                command: request.path.subresource == "exec" ? request.query.all("command") : nil,
                streams: streams
            )
        )
        let session = CommandSession(command, streams, ending: ending, isOpened: framing.isOpenedByClient)
        return .upgrade(Upgrade(session, as: framing))
    }
}
