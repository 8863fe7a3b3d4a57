// SPDX-License-Identifier: Apache-2.0
// Removes pods that no kubelet will ever end: those on nodes that are gone or given up, and too many ended ones.

package import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumPodModel
import PodiumStorage

/// Collects pods that nobody else removes, every twenty seconds as long as there may be some.
// Kubernetes: pkg/controller/podgc/gc_controller.go
// State | guarded by | why separate
// quarantine, next round | queue | the queue of the informers
package final class PodGarbageCollector: InformedReconciler {
    package static let name = "pod-garbage-collector-controller"

    /// The times and numbers of the collector.
    package enum Limits {
        /// How often it looks; rounds happen at multiples of this.
        package static let period: Duration = .seconds(20)
        /// How long a node must have been gone.
        package static let quarantine: Duration = .seconds(40)
        /// How many ended pods may stay.
        package static let maximumTerminatedPods = 12_500
    }

    /// There is one key only: the round.
    package enum Key: Hashable, Sendable { case round }

    private struct State {
        /// Since which round each node has been missing.
        var missing: [String: Timestamp] = [:]
        var nextRound: Timestamp?
    }

    private let informers: SharedInformers
    private let state: Confined<State>

    package init(informers: SharedInformers) {
        self.informers = informers
        state = Confined(State(), on: informers.queue)
    }

    package func watch(_ controller: Controller<Key>) {
        informers.handle(.pods) { [weak self] event in
            if let self, self.isSuspicious(event) { controller.add(.round) }
        }
        informers.handle(.nodes) { event in
            if case .added = event { return }
            controller.add(.round)
        }
    }

    /// Whether a pod may be one to collect.
    private func isSuspicious(_ event: InformerEvent) -> Bool {
        if case .deleted = event { return false }
        let pod = event.object
        if pod.isTerminating || pod.isTerminalPod { return true }
        if pod.nodeName.isEmpty { return false }
        if case .updated(let old, _) = event, old.nodeName == pod.nodeName { return false }
        return informers.object(.nodes, pod.nodeName) == nil
    }

    package func reconcile(_ key: Key) throws -> ReconcileResult {
        let now = informers.client.host.clock.now
        let period = Limits.period.nanoseconds
        let isDue = state.withState { $0.nextRound.map { $0 <= now } ?? false }
        let isWorthwhile = isDue ? try round(now: now) : true
        guard isWorthwhile else {
            state.withState { $0.nextRound = nil }
            return .done
        }
        let next = Timestamp(nanoseconds: (now.nanoseconds / period + 1) * period)
        state.withState { $0.nextRound = next }
        return ReconcileResult(requeueAfter: next - now)
    }

    /// Collects what can be collected.
    /// - Returns: whether another round may find something although nothing changes.
    private func round(now: Timestamp) throws -> Bool {
        let pods = informers.objects(.pods)
        try collectTerminated(pods)
        var isWorthwhile = false
        var missing: [String: Timestamp] = [:]
        for pod in pods {
            let nodeName = pod.nodeName
            if nodeName.isEmpty {
                if pod.isTerminating { try collect(pod, nil) }
                continue
            }
            guard let node = informers.object(.nodes, nodeName) else {
                let since = state.withState { $0.missing[nodeName] } ?? now
                missing[nodeName] = since
                if now - since >= Limits.quarantine {
                    try collect(pod, Self.orphanCondition(of: pod))
                } else {
                    isWorthwhile = true
                }
                continue
            }
            if pod.isTerminating, Self.isGivenUp(node) { try collect(pod, nil) }
        }
        state.withState { [missing] in $0.missing = missing }
        return isWorthwhile
    }

    private static func orphanCondition(of pod: APIObject) -> PodCondition {
        PodCondition(
            PodConditionType.disruptionTarget,
            true,
            reason: "DeletionByPodGC",
            message: "PodGC: node no longer exists",
            observedGeneration: pod.generation
        )
    }

    /// Whether a node will not come back, as somebody has declared.
    private static func isGivenUp(_ node: APIObject) -> Bool {
        node.condition("Ready")?["status"]?.string != "True"
            && Taint.list(of: node.value).contains { $0.key == Taint.WellKnown.outOfService }
    }

    private func collectTerminated(_ pods: [APIObject]) throws {
        let ended = pods.filter { $0.isTerminalPod && !$0.isTerminating }
        guard ended.count > Limits.maximumTerminatedPods else { return }
        let never = Timestamp(nanoseconds: .max)
        let eldest = ended.sorted {
            ($0.creationTimestamp ?? never, $0.key.name) < ($1.creationTimestamp ?? never, $1.key.name)
        }
        for pod in eldest.prefix(ended.count - Limits.maximumTerminatedPods) { try collect(pod, nil) }
    }

    /// Makes sure that the pod has ended, and removes it.
    private func collect(_ pod: APIObject, _ condition: PodCondition?) throws {
        let client = informers.client
        let now = client.host.clock.now
        try StatusError.ignoringAbsence { () throws(StatusError) in
            try client.updateStatus(pod.key, uid: pod.uid) { value in
                let phase = value["status"]?["phase"]?.string
                if phase == "Succeeded" || phase == "Failed" { return false }
                value[path: "status", "phase"] = "Failed"
                condition?.set(on: &value, now: now)
                return true
            }
            try client.delete(pod.key, uid: pod.uid, graceSeconds: 0)
        }
    }
}
