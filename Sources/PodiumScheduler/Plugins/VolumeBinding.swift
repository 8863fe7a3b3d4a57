// SPDX-License-Identifier: Apache-2.0
// A pod waits for the claims of its volumes to exist and to be bound, and goes where the volumes are.

import OrderedCollections
import PodiumCodec
import PodiumMachinery
import PodiumPodModel

/// Keeps pods from running before their PersistentVolumeClaims can be had.
// Kubernetes: pkg/scheduler/framework/plugins/volumebinding/volume_binding.go
package struct VolumeBinding: Filter {
    package static let name = "VolumeBinding"

    package init() {}

    /// The claims of a pod that restrict it to nodes.
    package struct FilterState: Sendable {
        /// The nodes that each bound volume can be reached from.
        var reachable: [[NodeSelectorTerm]] = []
        /// The candidates, by their nodes, of each claim that is bound once a node is chosen.
        var candidates: [[[NodeSelectorTerm]]] = []
    }

    package func preFilter(_ pod: SchedulingPod, _ cluster: SchedulerCache) -> PreFilterResult<FilterState> {
        if pod.claims.isEmpty { return .skip }
        var state = FilterState()
        for claim in pod.claims {
            let name = NamespacedName(namespace: pod.name.namespace, name: claim.name)
            guard let object = cluster.claims[name] else { return .rejected(missing(claim)) }
            if let status = check(object, claim, cluster, &state) { return .rejected(status) }
        }
        return state.reachable.isEmpty && state.candidates.isEmpty ? .skip : .state(state)
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
        _ object: JSONValue,
        _ claim: PodClaim,
        _ cluster: SchedulerCache,
        _ state: inout FilterState
    ) -> PluginStatus? {
        let name = FieldError.quoted(claim.name)
        if object["metadata"]?["deletionTimestamp"] != nil {
            return .unresolvable("persistentvolumeclaim \(name) is being deleted", by: Self.name)
        }
        let volume = object["spec"]?["volumeName"]?.string ?? ""
        if object["status"]?["phase"]?.string == "Lost" {
            let text =
                "persistentvolumeclaim \(name) bound to non-existent persistentvolume \(FieldError.quoted(volume))"
            return .unresolvable(text, by: Self.name)
        }
        if !volume.isEmpty {
            if let terms = cluster.volumes[volume].flatMap(Self.nodeTerms) { state.reachable.append(terms) }
            return nil
        }
        let storageClass = object["spec"]?["storageClassName"]?.string ?? ""
        guard cluster.bindingModes[storageClass] == "WaitForFirstConsumer" else {
            return .unresolvable("pod has unbound immediate PersistentVolumeClaims", by: Self.name)
        }
        state.candidates.append(
            cluster.volumes.values
                .filter { $0["status"]?["phase"]?.string == "Available" }
                .filter { $0["spec"]?["storageClassName"]?.string ?? "" == storageClass }
                .map { Self.nodeTerms($0) ?? [] }
        )
        return nil
    }

    /// The nodes from which a volume can be reached; nil for all.
    private static func nodeTerms(_ volume: JSONValue) -> [NodeSelectorTerm]? {
        volume["spec"]?["nodeAffinity"]?["required"]?["nodeSelectorTerms"]?.elements.map { NodeSelectorTerm($0) }
    }

    package func filter(_ pod: SchedulingPod, _ node: NodeInfo, _ state: FilterState) -> PluginStatus {
        func reaches(_ terms: [NodeSelectorTerm]) -> Bool {
            terms.isEmpty || terms.contains { $0.matches(name: node.name, labels: node.labels) }
        }
        if !state.reachable.allSatisfy(reaches) {
            return .unresolvable("node(s) didn't match PersistentVolume's node affinity", by: Self.name)
        }
        if !state.candidates.allSatisfy({ $0.contains(where: reaches) }) {
            return .unresolvable("node(s) didn't find available persistent volumes to bind", by: Self.name)
        }
        return .success
    }

    package func mayFit(_ pod: SchedulingPod, after event: ClusterEvent) -> Bool {
        switch event {
        case .storageChanged, .nodeAdded: true
        case .nodeUpdated(let old, let new): old.labels != new.labels
        default: false
        }
    }
}
