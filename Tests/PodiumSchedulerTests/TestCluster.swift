// SPDX-License-Identifier: Apache-2.0
// A scheduler on a virtual clock and storage in memory, and the objects to feed it with.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumScheduler
import PodiumStorage
import PodiumTestKit
import Testing

/// A cluster of which only the scheduler is alive.
struct TestCluster {
    let bare: BareCluster
    let scheduler: Scheduler

    var clock: ClusterClock { bare.clock }
    var storage: WatchCache { bare.memory }
    var client: ResourceClient { bare.client }

    init(seed: UInt64 = 1) throws {
        bare = BareCluster(seed: seed)
        scheduler = Scheduler(client: bare.client)
        try bare.put(["kind": "Namespace", "apiVersion": "v1", "metadata": ["name": "ns"]])
        scheduler.start()
        clock.settle()
    }

    func advance(_ duration: Duration) throws { _ = try clock.advance(.by(duration)) }

    /// Creates objects one after the other, and lets the scheduler react to each.
    func create(_ objects: JSONValue...) throws {
        for object in objects {
            try bare.put(object)
            clock.settle()
        }
    }

    func pod(_ name: String) throws -> APIObject {
        try #require(bare.object(ObjectKey(.pods, namespace: "ns", name: name)))
    }

    /// The node of a pod; nil while it has none.
    func node(of name: String) throws -> String? { try pod(name).spec["nodeName"]?.string }

    func message(of name: String) throws -> String? { try pod(name).condition("PodScheduled")?["message"]?.string }

    func edit(_ resource: GroupResource, _ name: String, _ change: (inout JSONValue) -> Void) throws {
        let namespace = resource == .nodes ? "" : "ns"
        try bare.edit(ObjectKey(resource, namespace: namespace, name: name), change)
        clock.settle()
    }

    func deletePod(_ name: String, graceSeconds: Int64? = 0) throws {
        try client.delete(ObjectKey(.pods, namespace: "ns", name: name), graceSeconds: graceSeconds)
        clock.settle()
    }

    /// The Events about `name`, as `reason: message`, in the order of their creation.
    func events(about name: String) throws -> [String] {
        try bare.events(about: name)
            .map { "\($0.value["reason"]?.string ?? ""): \($0.value["message"]?.string ?? "")" }
    }
}

extension JSONValue {
    /// A node with room for 4 CPUs, 8Gi and 110 pods.
    static func node(
        _ name: String,
        labels: [String: String] = [:],
        taints: [JSONValue] = [],
        isUnschedulable: Bool = false,
        allocatable: [String: String] = [:]
    ) -> JSONValue {
        var amounts: JSONObject = ["cpu": "4", "memory": "8Gi", "pods": "110", "ephemeral-storage": "100Gi"]
        for (key, value) in allocatable { amounts[key] = .string(value) }
        var all: JSONObject = ["kubernetes.io/hostname": .string(name)]
        for (key, value) in labels { all[key] = .string(value) }
        var node: JSONValue = [
            "kind": "Node", "apiVersion": "v1", "metadata": ["name": .string(name), "labels": .object(all)],
            "spec": [:], "status": ["allocatable": .object(amounts)],
        ]
        if !taints.isEmpty { node[path: "spec", "taints"] = .array(taints) }
        if isUnschedulable { node[path: "spec", "unschedulable"] = true }
        return node
    }

    /// A taint with the value `x`.
    static func taint(_ key: String, _ effect: String = "NoSchedule") -> JSONValue {
        ["key": .string(key), "value": "x", "effect": .string(effect)]
    }

    /// A pod of one container.
    static func pod(
        _ name: String,
        labels: [String: String] = [:],
        requests: [String: String] = [:],
        hostPort: Int64? = nil,
        priority: Int64 = 0,
        _ spec: JSONObject = [:]
    ) -> JSONValue {
        var container: JSONObject = ["name": "main", "image": "busybox"]
        let amounts = JSONObject(uniqueKeysWithValues: requests.sorted { $0.key < $1.key }.map { ($0, .string($1)) })
        if !amounts.isEmpty { container["resources"] = ["requests": .object(amounts)] }
        if let hostPort { container["ports"] = [["containerPort": 80, "hostPort": .integer(hostPort)]] }
        var all: JSONObject = [
            "schedulerName": "default-scheduler", "priority": .integer(priority),
            "containers": [.object(container)], "terminationGracePeriodSeconds": 30,
        ]
        all.merge(spec) { $1 }
        let labels = JSONObject(uniqueKeysWithValues: labels.sorted { $0.key < $1.key }.map { ($0, .string($1)) })
        return [
            "kind": "Pod", "apiVersion": "v1",
            "metadata": ["name": .string(name), "namespace": "ns", "labels": .object(labels), "generation": 1],
            "spec": .object(all), "status": ["phase": "Pending", "qosClass": "BestEffort"],
        ]
    }
}
