// SPDX-License-Identifier: Apache-2.0
// The health of a cluster's components, the one collection that is made up whenever somebody looks at it.

import PodiumCodec
import PodiumExchange
import PodiumMachinery
import PodiumRegistry
import PodiumStorage

// Kubernetes: pkg/registry/core/componentstatus/rest.go
extension APIServer {
    /// The answer to a read of component statuses; nil for other collections.
    /// - Throws: 404.
    func componentStatus(_ request: ResourceRequest) throws(StatusError) -> HTTPResponse? {
        guard request.definition.kind == "ComponentStatus", request.definition.gvk.group.isEmpty else { return nil }
        let writer = AnswerWriter(request, self)
        if let name = request.path.name {
            guard let found = componentStatuses.first(where: { $0[path: "metadata", "name"]?.string == name }) else {
                throw .notFound(request.definition.groupResource, name)
            }
            return try writer.result(.transient(found), status: 200)
        }
        let options = try ListOptions(query: request.query, of: request.definition)
        return try writer.list(
            of: componentStatuses.filter { status in
                let name = NamespacedName(namespace: "", name: status[path: "metadata", "name"]?.string ?? "")
                return options.matches(name, ObjectFacts(of: status))
            }
        )
    }

    private var componentStatuses: [JSONValue] {
        [
            Self.status(of: "controller-manager", isRunning: components.hasControllers, port: 10257),
            Self.status(of: "scheduler", isRunning: components.hasControllers, port: 10259),
            Self.status(of: "etcd-0", isRunning: true, port: 2379),
        ]
    }

    /// Whether a component runs; of one that does not, upstream's server finds its port closed.
    private static func status(of component: String, isRunning: Bool, port: Int) -> JSONValue {
        let address = "127.0.0.1:\(port)"
        let refusal =
            "Get \"https://\(address)/healthz\": dial tcp \(address): connect: connection refused"
        return [
            "kind": "ComponentStatus", "apiVersion": "v1", "metadata": ["name": .string(component)],
            "conditions": [
                [
                    "type": "Healthy", "status": isRunning ? "True" : "False",
                    "message": .string(isRunning ? "ok" : refusal),
                ]
            ],
        ]
    }
}
