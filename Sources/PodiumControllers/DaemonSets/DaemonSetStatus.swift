// SPDX-License-Identifier: Apache-2.0
// The status of a DaemonSet.

import OrderedCollections
import PodiumCodec
import PodiumMachinery

/// What the status of a DaemonSet counts: nodes, by the first pod on each.
// Kubernetes: pkg/controller/daemon/daemon_controller.go updateDaemonSetStatus
struct DaemonSetStatus {
    private var desired = 0
    private var current = 0
    private var misscheduled = 0
    private var ready = 0
    private var updated = 0
    private var available = 0

    init(_ nodes: OrderedDictionary<String, DaemonPlacement.Fit>, _ pods: DaemonPods, _ rules: DaemonPods.Rules) {
        for (node, fit) in nodes {
            let first = pods.byNode[node]?.min(by: DaemonPods.precedes)
            guard fit == .runs else {
                misscheduled += first == nil ? 0 : 1
                continue
            }
            desired += 1
            guard let first else { continue }
            current += 1
            ready += first.isReady ? 1 : 0
            available += rules.isAvailable(first) ? 1 : 0
            updated += rules.isUpdated(first) ? 1 : 0
        }
    }

    /// Writes the status into `object`, a DaemonSet of `generation`.
    /// - Returns: whether anything changed.
    func write(to object: inout JSONValue, generation: Int64) -> Bool {
        let old = object["status"] ?? .emptyObject
        var status: JSONObject = [
            "currentNumberScheduled": .integer(Int64(current)), "numberMisscheduled": .integer(Int64(misscheduled)),
            "desiredNumberScheduled": .integer(Int64(desired)), "numberReady": .integer(Int64(ready)),
        ]
        if generation != 0 { status["observedGeneration"] = .integer(generation) }
        for (name, count) in [
            ("updatedNumberScheduled", updated), ("numberAvailable", available),
            ("numberUnavailable", desired - available),
        ] where count != 0 {
            status[name] = .integer(Int64(count))
        }
        status["collisionCount"] = old["collisionCount"]
        status["conditions"] = old["conditions"]
        object["status"] = .object(status)
        return .object(status) != old
    }
}
