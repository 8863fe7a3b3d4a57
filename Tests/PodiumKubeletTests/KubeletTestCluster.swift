// SPDX-License-Identifier: Apache-2.0
// Kubelets on a virtual clock and storage in memory, with pods that are bound by hand.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumKubelet
import PodiumMachinery
import PodiumRuntime
import PodiumShell
import PodiumStorage
import PodiumTestKit
import Synchronization
import Testing

/// A version of a pod, as a watch would have shown it.
struct PodVersion: Sendable {
    let name: String
    let seconds: Double
    let isDeleted: Bool
    let value: JSONValue

    var status: JSONValue { value["status"] ?? .null }
    var phase: String { status["phase"]?.string ?? "" }

    /// `main=running/1R` for each container: state, reason, restarts, and the marks of started and ready ones.
    var containers: String {
        let lists = ["initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"]
        return lists.flatMap { status[$0]?.elements ?? [] }.map(Self.text).joined(separator: " ")
    }

    private static func text(_ container: JSONValue) -> String {
        let state = container["state"]?.object?.first
        var text = "\(container["name"]?.string ?? "")=\(state?.key ?? "none")"
        if let reason = state?.value["reason"]?.string { text += ":\(reason)" }
        if let code = state?.value["exitCode"]?.int { text += "/\(code)" }
        text += " r\(container["restartCount"]?.int ?? 0)"
        if container["ready"]?.bool == true { text += " ready" }
        if container["started"]?.bool == true { text += " started" }
        return text
    }

    /// `Ready=True` and so on, in order.
    var conditions: [String] {
        (status["conditions"]?.elements ?? []).map { condition in
            let reason = condition["reason"]?.string.map { ":\($0)" } ?? ""
            return "\(condition["type"]?.string ?? "")=\(condition["status"]?.string ?? "")\(reason)"
        }
    }
}

/// A cluster of which only kubelets are alive.
final class KubeletTestCluster {
    let bare: BareCluster
    let hub: KubeletHub
    let images = ImageRegistry(programs: Applets.library)
    private let recorder: Informer
    private let history: History

    var clock: ClusterClock { bare.clock }
    var storage: WatchCache { bare.memory }
    var client: ResourceClient { bare.client }

    private final class History: Sendable {
        let versions = Mutex<[PodVersion]>([])
    }

    init(
        seed: UInt64 = 1,
        nodes: [String] = ["node-1"],
        networks: ClusterNetworks = .standard,
        heldBytes: Int? = nil
    ) throws {
        bare = BareCluster(seed: seed)
        var configuration = KubeletConfiguration(images: images)
        configuration.networks = networks
        if let heldBytes { configuration.heldBytes = heldBytes }
        hub = KubeletHub(client: bare.client, configuration: configuration)
        let history = History()
        self.history = history
        let clock = bare.clock
        recorder = Informer(
            client: bare.client,
            resource: .pods,
            queue: clock.makeQueue(label: "history")
        ) { event in
            let start = ClusterClock.virtualEpoch
            let isDeleted = if case .deleted = event { true } else { false }
            let version = PodVersion(
                name: event.object.name,
                seconds: Double((clock.now - start).nanoseconds) / 1e9,
                isDeleted: isDeleted,
                value: event.object.value
            )
            history.versions.withLock { $0.append(version) }
        }
        for name in ["ns", NodeDocument.leaseNamespace] {
            try bare.put(["kind": "Namespace", "apiVersion": "v1", "metadata": ["name": .string(name)]])
        }
        for node in nodes { try bare.put(NodeDocument.standard(named: node, zone: "zone-a")) }
        hub.start()
        recorder.start()
        clock.settle()
    }

    /// Moves the clock.
    func advance(_ seconds: Double) throws {
        _ = try clock.advance(.by(.nanoseconds(Int64(seconds * 1e9))))
    }

    /// Makes a pod that is bound to a node, with the fields that the API server would have filled in.
    func bind(
        _ name: String,
        to node: String = "node-1",
        _ spec: JSONValue,
        annotations: JSONValue? = nil,
        labels: JSONValue? = nil
    ) throws {
        var metadata: JSONValue = ["name": .string(name), "namespace": "ns", "generation": 1]
        metadata["labels"] = labels
        metadata["annotations"] = annotations
        var spec = spec
        spec["nodeName"] = .string(node)
        spec["terminationGracePeriodSeconds"] = spec["terminationGracePeriodSeconds"] ?? 30
        let time = JSONValue.string(clock.now.rfc3339)
        try bare.put(
            [
                "kind": "Pod", "apiVersion": "v1", "metadata": metadata, "spec": spec,
                "status": [
                    "phase": "Pending", "qosClass": "BestEffort",
                    "conditions": [
                        [
                            "type": "PodScheduled", "status": "True", "lastProbeTime": .null,
                            "lastTransitionTime": time,
                        ]
                    ],
                ],
            ]
        )
        clock.settle()
    }

    /// Deletes a pod as a DELETE request would.
    func delete(_ name: String, grace: Int64? = nil) throws {
        try client.delete(ObjectKey(.pods, namespace: "ns", name: name), graceSeconds: grace)
        clock.settle()
    }

    /// Changes a pod's manifest; raises its generation.
    func change(_ name: String, _ edit: (inout JSONValue) -> Void) throws {
        try bare.edit(ObjectKey(.pods, namespace: "ns", name: name)) { value in
            edit(&value)
            value[path: "metadata", "generation"] = .integer((value[path: "metadata", "generation"]?.integer ?? 0) + 1)
        }
        clock.settle()
    }

    /// The pod as it is; nil when it is gone.
    func pod(_ name: String) -> PodVersion? {
        guard let object = bare.object(ObjectKey(.pods, namespace: "ns", name: name)) else { return nil }
        return PodVersion(name: name, seconds: 0, isDeleted: false, value: object.value)
    }

    /// All versions of a pod since its creation.
    func versions(_ name: String) -> [PodVersion] {
        history.versions.withLock { $0.filter { $0.name == name } }
    }

    /// The Events about a pod, `Warning BackOff x2 message`, in the order of their creation.
    func events(_ name: String) throws -> [String] {
        try client.list(.events, scope: .namespace("ns"))
            .filter { $0.value[path: "involvedObject", "name"]?.string == name }
            .sorted { $0.revisionOfCreation < $1.revisionOfCreation }
            .map { event in
                let value = event.value
                let count = value["count"]?.int ?? 0
                let text = "\(value["type"]?.string ?? "") \(value["reason"]?.string ?? "")"
                return "\(text) x\(count): \(value["message"]?.string ?? "")"
            }
    }
}

extension APIObject {
    /// What Events can be sorted by: their names end with the time of their creation.
    fileprivate var revisionOfCreation: String { String(name.split(separator: ".").last ?? "") }
}
