// SPDX-License-Identifier: Apache-2.0
// The objects that every cluster has from the start.

import OrderedCollections
import PodiumAPIServer
import PodiumCodec
import PodiumController
import PodiumKubelet
import PodiumMachinery
import PodiumStorage

/// Makes the objects that an API server makes itself.
enum Bootstrap {
    // Kubernetes: pkg/controlplane/controller/systemnamespaces/system_namespaces_controller.go
    private static let namespaces = ["kube-system", "kube-public", "default", "kube-node-lease"]
    private static let zones = ["zone-a", "zone-b", "zone-c"]

    /// Fills an empty storage.
    /// - Parameter nodes: how many Nodes there are, `node-1`, `node-2`, …; they lie in three zones by turns.
    static func install(_ client: ResourceClient, nodes: Int) {
        for name in namespaces { create(client, .namespaces, namespace(name)) }
        for priorityClass in SystemPriorityClasses.objects { create(client, .priorityClasses, priorityClass) }
        create(client, .services, kubernetesService)
        for index in 0..<nodes {
            let zone = zones[index % zones.count]
            create(client, .nodes, NodeDocument.standard(named: "node-\(index + 1)", zone: zone))
        }
    }

    /// Makes the roles that a server with RBAC makes itself.
    static func installRoles(_ client: ResourceClient) {
        for (resource, object) in BootstrapPolicy.objects { create(client, resource, object) }
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
