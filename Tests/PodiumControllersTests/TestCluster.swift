// SPDX-License-Identifier: Apache-2.0
// Controllers on a virtual clock and storage in memory, and the objects to feed them with.

import PodiumClient
import PodiumCodec
import PodiumControllers
import PodiumHost
import PodiumMachinery
import PodiumPodModel
import PodiumStorage
import PodiumTestKit
import Testing

/// A cluster of which only some controllers are alive.
struct TestCluster {
    let bare: BareCluster
    let controllers: StandardControllers

    var clock: ClusterClock { bare.clock }
    var storage: WatchCache { bare.memory }
    var host: Host { bare.host }
    var client: ResourceClient { bare.client }

    static let budgets = GroupResource(group: "policy", resource: "poddisruptionbudgets")
    static let replicaSets = GroupResource(group: "apps", resource: "replicasets")

    private static let catalog = ResourceCatalog([
        CatalogEntry(.pods, kind: "Pod", isNamespaced: true),
        CatalogEntry(.configMaps, kind: "ConfigMap", isNamespaced: true),
        CatalogEntry(.serviceAccounts, kind: "ServiceAccount", isNamespaced: true),
        CatalogEntry(.events, kind: "Event", isNamespaced: true),
        CatalogEntry(replicaSets, kind: "ReplicaSet", isNamespaced: true),
        CatalogEntry(.replicationControllers, kind: "ReplicationController", isNamespaced: true),
        CatalogEntry(.persistentVolumeClaims, kind: "PersistentVolumeClaim", isNamespaced: true),
        CatalogEntry(.persistentVolumes, kind: "PersistentVolume", isNamespaced: false),
        CatalogEntry(.namespaces, kind: "Namespace", isNamespaced: false),
        CatalogEntry(.nodes, kind: "Node", isNamespaced: false),
    ])

    /// - Parameter enabled: the controllers that live.
    init(_ enabled: String...) throws { try self.init(all: enabled) }

    init(all enabled: [String]) throws {
        bare = BareCluster()
        let options = StandardControllers.Options(
            catalog: Self.catalog,
            rootCertificate: "PEM",
            enabled: Set(enabled)
        )
        controllers = StandardControllers(client: bare.client, options: options)
        controllers.start()
        clock.settle()
        try create(.namespace("default"), .namespace("ns"))
    }

    func advance(_ duration: Duration) throws { _ = try clock.advance(.by(duration)) }

    /// Creates objects one after the other, and lets the controllers react to each.
    func create(_ objects: JSONValue...) throws {
        for object in objects {
            try bare.put(object)
            clock.settle()
        }
    }

    func key(_ resource: GroupResource, _ name: String) -> ObjectKey {
        let isClusterScoped = [.nodes, .namespaces, .persistentVolumes, .clusterRoles].contains(resource)
        return ObjectKey(resource, namespace: isClusterScoped ? "" : "ns", name: name)
    }

    /// The object of this name, in the namespace `ns` if its kind has one; nil when there is none.
    func get(_ resource: GroupResource, _ name: String) -> APIObject? { bare.object(key(resource, name)) }

    func pod(_ name: String) throws -> APIObject { try #require(get(.pods, name)) }

    func edit(_ resource: GroupResource, _ name: String, _ change: (inout JSONValue) -> Void) throws {
        try bare.edit(key(resource, name), change)
        clock.settle()
    }

    func delete(_ resource: GroupResource, _ name: String, graceSeconds: Int64? = nil) throws {
        try client.delete(key(resource, name), graceSeconds: graceSeconds)
        clock.settle()
    }

    /// The Events about `name`, as `reason: message`, in the order of their creation.
    func events(about name: String) throws -> [String] {
        try bare.events(about: name)
            .map { "\($0.value["reason"]?.string ?? ""): \($0.value["message"]?.string ?? "")" }
    }

    /// The taints of a node as `key:effect`.
    func taints(of node: String) throws -> [String] {
        Taint.list(of: try #require(get(.nodes, node)).value).map { "\($0.key):\($0.effect.rawValue)" }
    }

    /// What a live kubelet of `node` does every ten seconds.
    func heartbeat(_ node: String, ready: String = "True") throws {
        let now = JSONValue.string(clock.now.rfc3339)
        try edit(.nodes, node) { value in
            let old = value["status"]?["conditions"]?.elements.first
            let time = (old?["status"]?.string == ready ? old?["lastTransitionTime"] : nil) ?? now
            value[path: "status", "conditions"] = [
                [
                    "type": "Ready", "status": .string(ready), "lastHeartbeatTime": now, "lastTransitionTime": time,
                    "reason": "KubeletReady",
                ]
            ]
        }
    }
}

extension JSONValue {
    static func namespace(_ name: String) -> JSONValue {
        [
            "kind": "Namespace", "apiVersion": "v1", "metadata": ["name": .string(name)],
            "spec": ["finalizers": ["kubernetes"]], "status": ["phase": "Active"],
        ]
    }

    static func node(_ name: String, taints: [JSONValue] = [], annotations: JSONObject = [:]) -> JSONValue {
        var node: JSONValue = [
            "kind": "Node", "apiVersion": "v1",
            "metadata": ["name": .string(name), "annotations": .object(annotations)], "spec": [:], "status": [:],
        ]
        if !taints.isEmpty { node[path: "spec", "taints"] = .array(taints) }
        return node
    }

    /// A NoExecute taint.
    static func noExecute(_ key: String) -> JSONValue { ["key": .string(key), "effect": "NoExecute"] }

    /// A running and ready pod on `node`.
    static func pod(
        _ name: String,
        on node: String = "n1",
        labels: JSONObject = [:],
        owner: JSONValue? = nil,
        _ spec: JSONObject = [:]
    ) -> JSONValue {
        var all: JSONObject = ["terminationGracePeriodSeconds": 30, "containers": [["name": "main"]]]
        if !node.isEmpty { all["nodeName"] = .string(node) }
        all.merge(spec) { $1 }
        var pod: JSONValue = [
            "kind": "Pod", "apiVersion": "v1",
            "metadata": ["name": .string(name), "namespace": "ns", "generation": 1, "labels": .object(labels)],
            "spec": .object(all),
            "status": [
                "phase": "Running",
                "conditions": [
                    [
                        "type": "Ready", "observedGeneration": 1, "status": "True", "lastProbeTime": .null,
                        "lastTransitionTime": "2026-01-01T00:00:00Z",
                    ]
                ],
            ],
        ]
        if let owner { pod[path: "metadata", "ownerReferences"] = [owner] }
        return pod
    }
}
