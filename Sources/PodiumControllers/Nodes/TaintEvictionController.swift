// SPDX-License-Identifier: Apache-2.0
// NoExecute taints drive pods from their nodes: at once, or when the time they tolerate is over.

import OrderedCollections
package import PodiumClient
import PodiumCodec
import PodiumHost
package import PodiumMachinery
import PodiumPodModel
import PodiumStorage

/// Deletes pods on nodes with NoExecute taints that they do not tolerate, or not for longer.
// Kubernetes: pkg/controller/tainteviction/taint_eviction.go
// State | guarded by | why separate
// evictions, placements | queue | the queue of the informers
package final class TaintEvictionController: InformedReconciler {
    package static let name = "taint-eviction-controller"

    /// The eviction of a pod.
    private enum Eviction {
        case at(Timestamp)
        /// It was carried out for the pod with this UID; it is not repeated.
        case done(uid: String)
    }

    private struct State {
        var evictions: [NamespacedName: Eviction] = [:]
        /// The pods on each node, so that a taint need not look at all pods.
        var podsByNode: [String: OrderedSet<NamespacedName>] = [:]
        var nodes: [NamespacedName: String] = [:]
    }

    private let informers: SharedInformers
    private let recorder: EventRecorder
    private let state: Confined<State>

    package init(informers: SharedInformers) {
        self.informers = informers
        recorder = EventRecorder(client: informers.client, component: Self.name, queue: informers.queue)
        state = Confined(State(), on: informers.queue)
    }

    package func watch(_ controller: Controller<NamespacedName>) {
        informers.handle(.pods) { [weak self] event in
            // What is neither new nor has other tolerations or another node cannot change the outcome.
            if case .updated(let old, let new) = event, old.uid == new.uid, old.stored.hasSameSpec(as: new.stored) {
                return
            }
            self?.place(event)
            controller.add(event.object.key.name)
        }
        informers.handle(.nodes) { [weak self] event in
            if case .updated(let old, let new) = event, Self.taints(of: old) == Self.taints(of: new) { return }
            let pods = self?.state.withState { $0.podsByNode[event.object.name] }
            for pod in pods?.sorted() ?? [] { controller.add(pod) }
        }
    }

    private func place(_ event: InformerEvent) {
        let pod = event.object
        let name = pod.key.name
        let node: String? = if case .deleted = event { nil } else { pod.nodeName.isEmpty ? nil : pod.nodeName }
        state.withState { state in
            if state.nodes[name] == node { return }
            if let old = state.nodes.removeValue(forKey: name) {
                state.podsByNode[old]?.remove(name)
                if state.podsByNode[old]?.isEmpty == true { state.podsByNode[old] = nil }
            }
            if let node {
                state.nodes[name] = node
                state.podsByNode[node, default: []].append(name)
            }
        }
    }

    private static func taints(of node: APIObject) -> [Taint] {
        Taint.list(of: node.value).filter { $0.effect == .noExecute }
    }

    package func reconcile(_ name: NamespacedName) throws -> ReconcileResult {
        let now = informers.client.host.clock.now
        guard let pod = informers.object(.pods, name), let node = informers.object(.nodes, pod.nodeName)
        else {
            cancel(name)
            return .done
        }
        switch Self.bearingTime(of: pod, Self.taints(of: node)) {
        case .forever:
            cancel(name)
            return .done
        case .none:
            if case .done(let uid)? = state.withState({ $0.evictions[name] }), uid == pod.uid { return .done }
            cancel(name)
            try evict(pod)
            return .done
        case .limited(let time):
            return try evict(pod, after: time, now: now)
        }
    }

    /// How long a pod bears taints.
    enum BearingTime: Hashable {
        case none
        case limited(Duration)
        case forever
    }

    /// How long `pod` bears all of `taints`: the shortest of the times of the tolerations that bear one.
    static func bearingTime(of pod: APIObject, _ taints: [Taint]) -> BearingTime {
        if taints.isEmpty { return .forever }
        let tolerations = Toleration.list(of: pod.value)
        guard taints.allSatisfy({ tolerations.tolerate($0) }) else { return .none }
        let used = taints.compactMap { taint in tolerations.first { $0.tolerates(taint) } }
        guard let shortest = used.compactMap(\.seconds).min() else { return .forever }
        return .limited(.seconds(max(0, shortest)))
    }

    private func evict(_ pod: APIObject, after time: Duration, now: Timestamp) throws -> ReconcileResult {
        let name = pod.key.name
        switch state.withState({ $0.evictions[name] }) {
        case .done(let uid)? where uid == pod.uid: return .done
        case .at(let deadline)?:
            if deadline > now { return ReconcileResult(requeueAfter: deadline - now) }
            try evict(pod)
            return .done
        default:
            state.withState { $0.evictions[name] = .at(now + time) }
            return ReconcileResult(requeueAfter: time)
        }
    }

    private func evict(_ pod: APIObject) throws {
        let client = informers.client
        let now = client.host.clock.now
        record(pod.key.name, "Marking for deletion Pod \(pod.key.name)")
        let condition = PodCondition(
            PodConditionType.disruptionTarget,
            true,
            reason: "DeletionByTaintManager",
            message: "Taint manager: deleting due to NoExecute taint",
            observedGeneration: pod.generation
        )
        try StatusError.ignoringAbsence { () throws(StatusError) in
            try client.updateStatus(pod.key, uid: pod.uid) { condition.set(on: &$0, now: now) }
            try client.delete(pod.key, uid: pod.uid)
        }
        state.withState { $0.evictions[pod.key.name] = .done(uid: pod.uid) }
    }

    private func cancel(_ name: NamespacedName) {
        let eviction = state.withState { $0.evictions.removeValue(forKey: name) }
        if case .at? = eviction { record(name, "Cancelling deletion of Pod \(name)") }
    }

    private func record(_ name: NamespacedName, _ message: String) {
        let reference = EventReference(kind: "Pod", namespace: name.namespace, name: name.name, apiVersion: "v1")
        recorder.event(about: reference, type: .normal, reason: "TaintManagerEviction", message: message)
    }
}
