// SPDX-License-Identifier: Apache-2.0
// Which pods of a DaemonSet are replaced next because its template has changed.

import OrderedCollections
import PodiumClient
import PodiumMachinery

/// A rolling update of a DaemonSet at one moment.
// Kubernetes: pkg/controller/daemon/update.go rollingUpdate
struct DaemonRollout {
    /// The pods of a node that are not being deleted.
    private struct Place {
        let node: String
        let isWanted: Bool
        let new: WorkloadPod?
        let old: WorkloadPod?
    }

    private let places: [Place]
    /// How many nodes have more pods than one of each template; they are put in order first.
    private let crowded: Int
    private let wanted: Int
    private let maxSurge: Int
    private let maxUnavailable: Int
    private let rules: DaemonPods.Rules

    init(_ nodes: OrderedDictionary<String, DaemonPlacement.Fit>, _ pods: DaemonPods, _ rules: DaemonPods.Rules) {
        var places: [Place] = []
        var crowded = 0
        for (node, fit) in nodes {
            guard pods.byNode[node] != nil || fit == .runs else { continue }
            let present = (pods.byNode[node] ?? []).filter { !$0.isTerminating }
            let new = present.filter(rules.isUpdated)
            let old = present.filter { !rules.isUpdated($0) }
            if new.count > 1 || old.count > 1 {
                crowded += 1
            } else {
                places.append(Place(node: node, isWanted: fit == .runs, new: new.first, old: old.first))
            }
        }
        self.places = places
        self.crowded = crowded
        self.rules = rules
        wanted = nodes.values.count { $0 == .runs }
        maxSurge = rules.maxSurge?.scaled(to: wanted, roundingUp: true) ?? 0
        let unavailable = rules.maxUnavailable?.scaled(to: wanted, roundingUp: true) ?? 0
        // With neither nothing could ever change.
        maxUnavailable = wanted > 0 && unavailable == 0 && maxSurge == 0 ? 1 : unavailable
    }

    var step: DaemonPlan { maxSurge == 0 ? replacingStep : surgingStep }

    /// Old pods go, as many as may be unavailable; what is not available goes at once. The new ones come when the nodes
    /// are found empty.
    private var replacingStep: DaemonPlan {
        var unavailable = crowded
        var broken: [WorkloadPod] = []
        var candidates: [WorkloadPod] = []
        for place in places {
            switch (place.new, place.old) {
            case (nil, nil), (_?, _?): unavailable += 1
            case (let new?, nil): unavailable += rules.isAvailable(new) ? 0 : 1
            case (nil, let old?) where rules.isAvailable(old): candidates.append(old)
            case (nil, let old?):
                broken.append(old)
                unavailable += 1
            }
        }
        return DaemonPlan(surplus: broken + candidates.prefix(max(0, maxUnavailable - unavailable)))
    }

    /// New pods come beside old ones, as many as there may be more; an old one goes when its new one is available.
    private var surgingStep: DaemonPlan {
        var plan = DaemonPlan()
        var surging = crowded
        var available = 0
        var candidates: [String] = []
        var unwanted: [WorkloadPod] = []
        for place in places {
            if let pod = place.old ?? place.new, rules.isAvailable(pod) { available += 1 }
            guard let old = place.old else { continue }
            if let new = place.new {
                if rules.isAvailable(new) { plan.surplus.append(old) } else { surging += 1 }
            } else if place.isWanted {
                if rules.isAvailable(old) { candidates.append(place.node) } else { plan.missing.append(place.node) }
            } else {
                if rules.isAvailable(old) { unwanted.append(old) } else { plan.surplus.append(old) }
            }
        }
        // Where a pod does not belong any more it stays as long as there are not enough without it.
        plan.surplus += unwanted.prefix(max(0, available - wanted))
        plan.missing += candidates.prefix(max(0, maxSurge - surging))
        return plan
    }
}
