// SPDX-License-Identifier: Apache-2.0
// The objects that every cluster has from the start.

import OrderedCollections
import PodiumCodec
import PodiumController
import PodiumKubelet
import PodiumMachinery
import PodiumStorage

/// Makes the objects that an API server makes itself.
enum Bootstrap {
    private static let namespaces = ["default", "kube-node-lease", "kube-public", "kube-system"]
    private static let zones = ["zone-a", "zone-b", "zone-c"]
    private static let priorityClasses: [(name: String, value: Int64)] = [
        ("system-cluster-critical", 2_000_000_000), ("system-node-critical", 2_000_001_000),
    ]

    /// Fills an empty storage.
    /// - Parameter nodes: how many Nodes there are, `node-1`, `node-2`, …; they lie in three zones by turns.
    static func install(_ client: ResourceClient, nodes: Int) {
        for name in namespaces { create(client, .namespaces, namespace(name)) }
        for (name, value) in priorityClasses { create(client, .priorityClasses, priorityClass(name, value)) }
        create(client, .services, kubernetesService)
        for index in 0..<nodes {
            let zone = zones[index % zones.count]
            create(client, .nodes, NodeDocument.standard(named: "node-\(index + 1)", zone: zone))
        }
    }

    private static func create(_ client: ResourceClient, _ resource: GroupResource, _ object: JSONValue) {
        do throws(StorageError) {
            try client.create(resource, object)
        } catch {
            preconditionFailure("a new store refused \(resource): \(error)")
        }
    }

    private static func namespace(_ name: String) -> JSONValue {
        [
            "kind": "Namespace", "apiVersion": "v1",
            "metadata": ["name": .string(name), "labels": ["kubernetes.io/metadata.name": .string(name)]],
            "spec": ["finalizers": ["kubernetes"]],
            "status": ["phase": "Active"],
        ]
    }

    private static func priorityClass(_ name: String, _ value: Int64) -> JSONValue {
        [
            "kind": "PriorityClass", "apiVersion": "scheduling.k8s.io/v1",
            "metadata": ["name": .string(name), "generation": 1], "value": .integer(value),
            "description": "Reserved for what the cluster cannot do without.",
            "preemptionPolicy": "PreemptLowerPriority",
        ]
    }

    private static var kubernetesService: JSONValue {
        [
            "kind": "Service", "apiVersion": "v1",
            "metadata": [
                "name": "kubernetes", "namespace": "default",
                "labels": ["component": "apiserver", "provider": "kubernetes"],
            ],
            "spec": [
                "ports": [["name": "https", "protocol": "TCP", "port": 443, "targetPort": 6443]],
                "clusterIP": "10.96.0.1", "clusterIPs": ["10.96.0.1"], "type": "ClusterIP", "sessionAffinity": "None",
                "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack", "internalTrafficPolicy": "Cluster",
            ],
            "status": ["loadBalancer": [:]],
        ]
    }
}
