// SPDX-License-Identifier: Apache-2.0
// A claim of access mode ReadWriteOncePod serves one pod at a time.

import PodiumMachinery
import PodiumPodModel

/// Keeps pods waiting whose claims are for one pod alone while another one has them.
// Kubernetes: pkg/scheduler/framework/plugins/volumerestrictions/volume_restrictions.go
package struct VolumeRestrictions: Filter {
    package static let name = "VolumeRestrictions"

    package init() {}

    /// The claims that no other pod may have.
    package struct FilterState: Sendable {
        let claims: Set<NamespacedName>
        /// How many uses of them by other pods there are.
        var conflicts: Int
    }

    package func preFilter(_ pod: SchedulingPod, _ cluster: SchedulerCache) -> PreFilterResult<FilterState> {
        let exclusive = pod.claimNames.filter { cluster.claims[$0]?.accessModes.contains("ReadWriteOncePod") == true }
        if exclusive.isEmpty { return .skip }
        let conflicts = exclusive.reduce(0) { $0 + cluster.pods(using: $1).count { $0 != pod.name } }
        return .state(FilterState(claims: Set(exclusive), conflicts: conflicts))
    }

    package func add(_ other: SchedulingPod, to node: NodeInfo, for pod: SchedulingPod, _ state: inout FilterState) {
        state.conflicts += uses(other, state)
    }

    package func remove(_ other: SchedulingPod, from node: NodeInfo, for pod: SchedulingPod, _ state: inout FilterState)
    {
        state.conflicts -= uses(other, state)
    }

    private func uses(_ pod: SchedulingPod, _ state: FilterState) -> Int {
        pod.claimNames.count { state.claims.contains($0) }
    }

    package func filter(_ pod: SchedulingPod, _ node: NodeInfo, _ state: FilterState) -> PluginStatus {
        if state.conflicts <= 0 { return .success }
        return .unschedulable(
            "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode",
            by: Self.name
        )
    }

    package func mayFit(_ pod: SchedulingPod, after event: ClusterEvent) -> Bool {
        switch event {
        case .podDeleted(let other): !Set(pod.claimNames).isDisjoint(with: other.claimNames)
        case .storageChanged, .nodeAdded: true
        default: false
        }
    }
}
