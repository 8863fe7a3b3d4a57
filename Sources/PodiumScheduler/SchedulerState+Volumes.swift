// SPDX-License-Identifier: Apache-2.0
// Pods that have a node and wait for their volumes.

import OrderedCollections
import PodiumMachinery
import PodiumPodModel

/// A pod that is bound as soon as its claims are.
struct AwaitedVolumes: Sendable {
    let queued: QueuedPod
    let node: String
    let deadline: Timestamp
    /// The claims that were seen to say that their volumes are to be made for the node.
    var confirmed: Set<NamespacedName> = []
}

extension SchedulerState {
    /// The limits of waiting.
    enum VolumeLimits {
        /// How long volumes may take to come.
        // Kubernetes: pkg/scheduler/apis/config/v1/defaults.go SetDefaults_VolumeBindingArgs
        static let bindTimeout: Duration = .seconds(600)
    }

    /// Has a pod wait for its volumes, which were asked for.
    mutating func awaitVolumes(of queued: QueuedPod, on node: String, now: Timestamp) {
        guard assumed[queued.pod.name] == queued.pod.uid else { return }
        awaitingVolumes[queued.pod.name] = AwaitedVolumes(
            queued: queued,
            node: node,
            deadline: now + VolumeLimits.bindTimeout
        )
    }

    /// What to do about a pod whose waiting has come to an end; nil when there is none.
    // Kubernetes: pkg/scheduler/framework/plugins/volumebinding/binder.go checkBindings
    mutating func decideOnVolumes(now: Timestamp) -> SchedulingDecision? {
        for (name, awaited) in awaitingVolumes {
            let pod = awaited.queued.pod
            let claims = pod.claims.map { claim in
                cache.claims[NamespacedName(namespace: name.namespace, name: claim.name)]
            }
            if claims.allSatisfy({ $0?.isComplete == true }) {
                awaitingVolumes[name] = nil
                return .bind(awaited.queued, node: awaited.node, [])
            }
            let confirmed = claims.compactMap { $0 }.filter { $0.selectedNode == awaited.node }.map(\.name)
            awaitingVolumes[name]?.confirmed.formUnion(confirmed)
            let problem = problem(of: claims, awaited, now: now)
            guard let problem else { continue }
            awaitingVolumes[name] = nil
            return .giveUpVolumes(awaited.queued, problem: problem)
        }
        return nil
    }

    private func problem(of claims: [VolumeClaim?], _ awaited: AwaitedVolumes, now: Timestamp) -> String? {
        if claims.contains(where: { $0 == nil }) { return "a claim is gone" }
        // Whoever was to make a volume cannot make it for this node.
        let moved = claims.compactMap { $0 }.first { claim in
            !claim.isComplete && claim.selectedNode != awaited.node && awaited.confirmed.contains(claim.name)
        }
        if let moved { return "selectedNode annotation reset for PVC \(FieldError.quoted(moved.name.name))" }
        return awaited.deadline <= now ? "context deadline exceeded" : nil
    }

    /// When the first pod has waited long enough; nil when none waits.
    var volumeDeadline: Timestamp? { awaitingVolumes.values.map(\.deadline).min() }
}
