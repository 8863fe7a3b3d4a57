// SPDX-License-Identifier: Apache-2.0
// A pod waits for the claims of its volumes to exist and to be bound, and goes where the volumes are.

import OrderedCollections
import PodiumMachinery
package import PodiumPodModel

/// What a claim gets when its pod has a node.
package enum VolumeAssignment: Sendable {
    /// This volume, which is there.
    case take(PersistentVolume, VolumeClaim)
    /// A volume that is made for it.
    case provision(VolumeClaim)
}

/// Keeps pods from running before their PersistentVolumeClaims can be had.
// Kubernetes: pkg/scheduler/framework/plugins/volumebinding/volume_binding.go
package struct VolumeBinding: Filter {
    package static let name = "VolumeBinding"

    package init() {}

    /// The claims of a pod that restrict it to nodes.
    package struct FilterState: Sendable {
        /// The volumes that it has.
        var bound: [PersistentVolume] = []
        /// The claims that are bound once a node is chosen, the smallest first.
        var delayed: [DelayedClaim] = []
    }

    /// A claim that waits for its pod to have a node.
    struct DelayedClaim: Sendable {
        let claim: VolumeClaim
        /// The volumes that it may get.
        let candidates: [PersistentVolume]
        let storageClass: VolumeClass
    }

    package func preFilter(_ pod: SchedulingPod, _ cluster: SchedulerCache) -> PreFilterResult<FilterState> {
        if pod.claims.isEmpty { return .skip }
        var state = FilterState()
        for claim in pod.claims {
            let name = NamespacedName(namespace: pod.name.namespace, name: claim.name)
            guard let known = cluster.claims[name] else { return .rejected(missing(claim)) }
            if let status = check(known, cluster, &state) { return .rejected(status) }
        }
        state.delayed.sort { $0.claim.requested < $1.claim.requested }
        return state.bound.isEmpty && state.delayed.isEmpty ? .skip : .state(state)
    }

    private func missing(_ claim: PodClaim) -> PluginStatus {
        let name = FieldError.quoted(claim.name)
        if claim.isEphemeral {
            return .unresolvable(
                "waiting for ephemeral volume controller to create the persistentvolumeclaim \(name)",
                by: Self.name
            )
        }
        return .unresolvable("persistentvolumeclaim \(name) not found", by: Self.name)
    }

    private func check(
        _ claim: VolumeClaim,
        _ cluster: SchedulerCache,
        _ state: inout FilterState
    ) -> PluginStatus? {
        let name = FieldError.quoted(claim.name.name)
        if claim.isTerminating {
            return .unresolvable("persistentvolumeclaim \(name) is being deleted", by: Self.name)
        }
        if claim.phase == "Lost" {
            let volume = FieldError.quoted(claim.volumeName)
            let text = "persistentvolumeclaim \(name) bound to non-existent persistentvolume \(volume)"
            return .unresolvable(text, by: Self.name)
        }
        if claim.isComplete {
            if let volume = cluster.volumes[claim.volumeName] { state.bound.append(volume) }
            return nil
        }
        guard claim.volumeName.isEmpty, let storageClass = cluster.storageClasses[claim.storageClass],
            storageClass.waitsForConsumer
        else { return .unresolvable("pod has unbound immediate PersistentVolumeClaims", by: Self.name) }
        let candidates = cluster.volumes.values.filter { volume in
            let owner = cluster.assumedVolumes[volume.name]
            return volume.storageClass == claim.storageClass && (owner == nil || owner == claim.name)
        }
        state.delayed.append(DelayedClaim(claim: claim, candidates: candidates, storageClass: storageClass))
        return nil
    }

    package func filter(_ pod: SchedulingPod, _ node: NodeInfo, _ state: FilterState) -> PluginStatus {
        if !state.bound.allSatisfy({ $0.isReachable(from: node.name, labels: node.labels) }) {
            return .unresolvable("node(s) didn't match PersistentVolume's node affinity", by: Self.name)
        }
        if Self.assignments(state, on: node) == nil {
            return .unresolvable("node(s) didn't find available persistent volumes to bind", by: Self.name)
        }
        return .success
    }

    /// What the claims of a pod get when it goes to `node`; nothing for those that have their volumes.
    func assignments(for pod: SchedulingPod, on node: String, _ cluster: SchedulerCache) -> [VolumeAssignment] {
        guard let info = cluster.node(node), case .state(let state) = preFilter(pod, cluster) else { return [] }
        return Self.assignments(state, on: info) ?? []
    }

    /// nil when a claim gets nothing there.
    // Kubernetes: pkg/scheduler/framework/plugins/volumebinding/binder.go FindPodVolumes
    private static func assignments(_ state: FilterState, on node: NodeInfo) -> [VolumeAssignment]? {
        var assignments: [VolumeAssignment] = []
        var taken: Set<String> = []
        for delayed in state.delayed {
            let claim = delayed.claim
            if let selected = claim.selectedNode {
                // Somebody is making a volume for it already.
                if selected != node.name { return nil }
                assignments.append(.provision(claim))
                continue
            }
            let reachable = delayed.candidates.lazy.filter { volume in
                !taken.contains(volume.name) && volume.isReachable(from: node.name, labels: node.labels)
            }
            if let volume = VolumeMatch.best(of: reachable, for: claim, isDelayed: false) {
                taken.insert(volume.name)
                assignments.append(.take(volume, claim))
            } else if delayed.storageClass.canProvision(on: node.labels) {
                assignments.append(.provision(claim))
            } else {
                return nil
            }
        }
        return assignments
    }

    package func mayFit(_ pod: SchedulingPod, after event: ClusterEvent) -> Bool {
        switch event {
        case .storageChanged, .nodeAdded: true
        case .nodeUpdated(let old, let new): old.labels != new.labels
        default: false
        }
    }
}
