// SPDX-License-Identifier: Apache-2.0
// Conditions of nodes, and the taints that stand for them.

import PodiumClient
import PodiumCodec
import PodiumMachinery
import PodiumPodModel

/// The conditions that node controllers look at.
// Kubernetes: pkg/controller/nodelifecycle/node_lifecycle_controller.go
enum NodeCondition {
    static let ready = "Ready"
    /// Those that a silent kubelet leaves unknown, in the order in which missing ones are added.
    static let watched = [ready, "MemoryPressure", "DiskPressure", "PIDPressure"]

    /// The taints for the conditions of `node` and its cordon, without effects on pods that run already.
    static func noScheduleTaints(of node: APIObject) -> [Taint] {
        var taints: [Taint] = []
        for condition in node.status["conditions"]?.elements ?? [] {
            if let key = taintKey(condition["type"]?.string, condition["status"]?.string) {
                taints.append(Taint(key: key, effect: .noSchedule))
            }
        }
        if node.spec["unschedulable"]?.bool == true {
            taints.append(Taint(key: Taint.WellKnown.unschedulable, effect: .noSchedule))
        }
        return taints
    }

    /// The keys of taints that belong to the node controller as long as their effect is NoSchedule.
    static let ownedKeys: Set<String> = [
        Taint.WellKnown.notReady, Taint.WellKnown.unreachable, Taint.WellKnown.memoryPressure,
        Taint.WellKnown.diskPressure, Taint.WellKnown.pidPressure, Taint.WellKnown.networkUnavailable,
        Taint.WellKnown.unschedulable,
    ]

    private static func taintKey(_ type: String?, _ status: String?) -> String? {
        switch (type, status) {
        case ("Ready", "False"): Taint.WellKnown.notReady
        case ("Ready", "Unknown"): Taint.WellKnown.unreachable
        case ("MemoryPressure", "True"): Taint.WellKnown.memoryPressure
        case ("DiskPressure", "True"): Taint.WellKnown.diskPressure
        case ("PIDPressure", "True"): Taint.WellKnown.pidPressure
        case ("NetworkUnavailable", "True"): Taint.WellKnown.networkUnavailable
        default: nil
        }
    }

    /// Sets the watched conditions of `node` to Unknown, because its kubelet says nothing.
    static func setUnknown(on node: inout JSONValue, now: Timestamp) {
        var conditions = node["status"]?["conditions"]?.elements ?? []
        for type in watched {
            guard let index = conditions.firstIndex(where: { $0["type"]?.string == type }) else {
                conditions.append([
                    "type": .string(type), "status": "Unknown",
                    "lastHeartbeatTime": node["metadata"]?["creationTimestamp"] ?? .null,
                    "lastTransitionTime": .string(now.rfc3339), "reason": "NodeStatusNeverUpdated",
                    "message": "Kubelet never posted node status.",
                ])
                continue
            }
            if conditions[index]["status"]?.string == "Unknown" { continue }
            conditions[index]["status"] = "Unknown"
            conditions[index]["reason"] = "NodeStatusUnknown"
            conditions[index]["message"] = "Kubelet stopped posting node status."
            conditions[index]["lastTransitionTime"] = .string(now.rfc3339)
        }
        node[path: "status", "conditions"] = .array(conditions)
    }
}

extension APIObject {
    /// Whether the node controllers leave this node alone, as its owner wishes.
    package var isManualNode: Bool { annotations["podium.dev/kubelet"] == "none" }
}
