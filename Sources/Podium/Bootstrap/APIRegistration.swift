// SPDX-License-Identifier: Apache-2.0
// Which groups and versions the server itself serves, as APIServices tell it.

import PodiumAPIServer
import PodiumCodec
import PodiumMachinery
import PodiumRegistry
import PodiumStorage

/// The APIServices of the groups that are built in. That of the registration itself has none.
// Kubernetes: pkg/controlplane/apiserver/aggregator.go, cmd/kube-apiserver/app/aggregator.go
enum APIRegistration {
    private static let resource = GroupResource(group: "apiregistration.k8s.io", resource: "apiservices")

    /// The place of a group among all, and of its version among those of the group, where that is not 15.
    private static let priorities: [String: (group: Int64, version: Int64)] = [
        "v1": (18000, 1), "apps/v1": (17800, 15), "events.k8s.io/v1": (17750, 15),
        "authentication.k8s.io/v1": (17700, 15), "authorization.k8s.io/v1": (17600, 15), "autoscaling/v1": (17500, 15),
        "autoscaling/v2": (17500, 30), "batch/v1": (17400, 15), "certificates.k8s.io/v1": (17300, 15),
        "networking.k8s.io/v1": (17200, 15), "policy/v1": (17100, 15), "rbac.authorization.k8s.io/v1": (17000, 15),
        "storage.k8s.io/v1": (16800, 15), "apiextensions.k8s.io/v1": (16700, 15),
        "admissionregistration.k8s.io/v1": (16700, 15), "scheduling.k8s.io/v1": (16600, 15),
        "coordination.k8s.io/v1": (16500, 15), "node.k8s.io/v1": (16300, 15), "discovery.k8s.io/v1": (16200, 15),
        "resource.k8s.io/v1": (16200, 20), "flowcontrol.apiserver.k8s.io/v1": (16100, 21),
        "metrics.k8s.io/v1beta1": (100, 100),
    ]

    static func objects(_ groups: [APIGroup]) -> [(resource: GroupResource, object: JSONValue)] {
        groups.flatMap { group in
            group.versions.compactMap { version in
                let priority = priorities[version.groupVersion.description]
                return priority.map { (resource, object(group.name, version.groupVersion.version, priority: $0)) }
            }
        }
    }

    private static func object(
        _ group: String,
        _ version: String,
        priority: (group: Int64, version: Int64)
    ) -> JSONValue {
        var spec: JSONValue = [:]
        if !group.isEmpty { spec["group"] = .string(group) }
        spec["version"] = .string(version)
        spec["groupPriorityMinimum"] = .integer(priority.group)
        spec["versionPriority"] = .integer(priority.version)
        return [
            "kind": "APIService", "apiVersion": "apiregistration.k8s.io/v1",
            "metadata": [
                "name": .string("\(version).\(group)"),
                "labels": ["kube-aggregator.kubernetes.io/automanaged": "onstart"],
            ],
            "spec": spec,
            "status": [
                "conditions": [
                    [
                        "type": "Available", "status": "True",
                        "lastTransitionTime": .string(ObjectTemplate.Mark.time), "reason": "Local",
                        "message": "Local APIServices are always available",
                    ]
                ]
            ],
        ]
    }
}
