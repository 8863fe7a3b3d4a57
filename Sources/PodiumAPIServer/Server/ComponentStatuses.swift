// SPDX-License-Identifier: Apache-2.0
// The health of a cluster's components.

import PodiumCodec
import PodiumMachinery

/// The component statuses of a cluster.
// Kubernetes: pkg/registry/core/componentstatus/rest.go
struct ComponentStatuses: ComputedObjects {
    /// Whether a scheduler and controllers run.
    let hasControllers: Bool

    let resource = GroupVersionResource(group: "", version: "v1", resource: "componentstatuses")

    func objects(in namespace: String) -> [JSONValue] {
        [
            Self.status(of: "controller-manager", isRunning: hasControllers, port: 10257),
            Self.status(of: "scheduler", isRunning: hasControllers, port: 10259),
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
