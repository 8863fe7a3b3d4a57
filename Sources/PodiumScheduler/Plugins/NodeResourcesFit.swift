// SPDX-License-Identifier: Apache-2.0
// A pod needs a node with enough left of every resource; the emptier the node, the better.

import PodiumPodModel

/// Keeps pods from nodes that have not enough left, and prefers nodes with the most left.
// Kubernetes: pkg/scheduler/framework/plugins/noderesources/fit.go, least_allocated.go
package struct NodeResourcesFit: Filter, Score {
    package static let name = "NodeResourcesFit"
    package let weight: Int64 = 1

    package init() {}

    package func preFilter(_ pod: SchedulingPod, _ cluster: SchedulerCache) -> PreFilterResult<Void> { .state(()) }

    package func filter(_ pod: SchedulingPod, _ node: NodeInfo, _ state: Void) -> PluginStatus {
        let shortages = Self.shortages(pod.requests, on: node)
        if shortages.isEmpty { return .success }
        return .rejected(
            shortages.map(\.reason),
            isResolvable: shortages.allSatisfy(\.isResolvable),
            by: Self.name
        )
    }

    /// A resource of which there is not enough.
    struct Shortage: Hashable {
        let reason: String
        /// Whether the empty node would have enough.
        let isResolvable: Bool
    }

    /// What `node` has too little of for `requests`.
    static func shortages(_ requests: ResourceAmounts, on node: NodeInfo) -> [Shortage] {
        let allocatable = node.node.allocatable
        var shortages: [Shortage] = []
        if Int64(node.pods.count) + 1 > allocatable.pods {
            shortages.append(Shortage(reason: "Too many pods", isResolvable: true))
        }
        func check(_ name: String, _ wanted: Int64, _ used: Int64, _ available: Int64) {
            guard wanted > 0, wanted > available - used else { return }
            shortages.append(Shortage(reason: "Insufficient \(name)", isResolvable: wanted <= available))
        }
        let used = node.requested
        check("cpu", requests.milliCPU, used.milliCPU, allocatable.milliCPU)
        check("memory", requests.memory, used.memory, allocatable.memory)
        check("ephemeral-storage", requests.ephemeralStorage, used.ephemeralStorage, allocatable.ephemeralStorage)
        if requests.scalar.isEmpty { return shortages }
        for (name, wanted) in requests.scalar.sorted(by: { $0.key < $1.key }) {
            check(name, wanted, used[name], allocatable[name])
        }
        return shortages
    }

    package func mayFit(_ pod: SchedulingPod, after event: ClusterEvent) -> Bool {
        switch event {
        case .podDeleted: return true
        case .podUpdated(let old, let new): return Self.scaledDown(old, new, in: pod.requests)
        case .selfUpdated(let old, let new): return Self.scaledDown(old, new, in: old.requests)
        case .nodeAdded(let node): return Self.isLargeEnough(node, for: pod.requests)
        case .nodeUpdated(let old, let new):
            return Self.isLargeEnough(new, for: pod.requests)
                && (Self.grew(old.allocatable, new.allocatable, in: pod.requests)
                    || !Self.isLargeEnough(old, for: pod.requests))
        default: return false
        }
    }

    private static func names(in requests: ResourceAmounts) -> [String] {
        ["cpu", "memory", "ephemeral-storage"] + requests.scalar.keys
    }

    private static func scaledDown(_ old: SchedulingPod, _ new: SchedulingPod, in wanted: ResourceAmounts) -> Bool {
        names(in: wanted).contains { wanted[$0] > 0 && new.requests[$0] < old.requests[$0] }
    }

    private static func grew(_ old: ResourceAmounts, _ new: ResourceAmounts, in wanted: ResourceAmounts) -> Bool {
        new.pods > old.pods || names(in: wanted).contains { wanted[$0] > 0 && new[$0] > old[$0] }
    }

    private static func isLargeEnough(_ node: SchedulingNode, for wanted: ResourceAmounts) -> Bool {
        node.allocatable.pods > 0 && names(in: wanted).allSatisfy { wanted[$0] <= node.allocatable[$0] }
    }

    package func preScore(_ pod: SchedulingPod, _ nodes: [NodeInfo], _ cluster: SchedulerCache) -> Void? { () }

    /// The average, over CPU and memory, of the share that is left once the pod runs there.
    package func score(_ pod: SchedulingPod, _ node: NodeInfo, _ state: Void) -> Int64 {
        let allocatable = node.node.allocatable
        let cpu = node.nonZeroRequested.milliCPU + pod.nonZeroRequests.milliCPU
        let memory = node.nonZeroRequested.memory + pod.nonZeroRequests.memory
        var sum: Int64 = 0
        var count: Int64 = 0
        for (used, available) in [(cpu, allocatable.milliCPU), (memory, allocatable.memory)] where available > 0 {
            sum += used > available ? 0 : Self.share(available - used, of: available)
            count += 1
        }
        return count == 0 ? 0 : sum / count
    }

    private static func share(_ part: Int64, of whole: Int64) -> Int64 {
        let (product, overflow) = part.multipliedReportingOverflow(by: maximumNodeScore)
        return overflow ? part / (whole / maximumNodeScore) : product / whole
    }
}
