// SPDX-License-Identifier: Apache-2.0
// Nodes whose kubelet is silent or says that it is not ready: their conditions, taints and pods.

import OrderedCollections
package import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumPodModel
import PodiumRegistry
import PodiumStorage

/// Keeps taints of nodes in line with their conditions, and acts for kubelets that fell silent.
///
/// A change of a node's conditions or cordon is answered at once with NoSchedule taints. Everything else happens at
/// looks, every five seconds: whether the node gave a sign of life, NoExecute taints, and the pods' Ready condition.
/// Looks at which nothing could come out are left out, and those at a ready node that nobody touched since the last
/// only see whether it gave a sign. Nodes that their owner drives by hand are left alone.
// Kubernetes: pkg/controller/nodelifecycle/node_lifecycle_controller.go
// State | guarded by | why separate
// health, pace | queue | the queue of the informers
package final class NodeLifecycleController: InformedReconciler {
    package static let name = "node-lifecycle-controller"

    private struct State {
        var health: [String: NodeHealth] = [:]
        /// When the next look at a node is due.
        var looks: [String: Timestamp] = [:]
        /// At which revision a look found a node ready and nothing to do.
        var settled: [String: Revision] = [:]
        var pace = DisruptionPace()
        var isFullyDisrupted = false
        /// Nodes that are tainted as soon as there is a turn for them again.
        var waiting: OrderedSet<String> = []
        var controller: Controller<String>?
    }

    private static let leaseNamespace = "kube-node-lease"

    private let informers: SharedInformers
    private let recorder: EventRecorder
    private let taints: NodeTaints
    private let pods: NodePods
    private let state: Confined<State>

    package init(informers: SharedInformers) {
        self.informers = informers
        let client = informers.client
        recorder = EventRecorder(client: client, component: "node-controller", queue: informers.queue)
        taints = NodeTaints(client: client)
        pods = NodePods(informers: informers, recorder: recorder)
        state = Confined(State(), on: informers.queue)
    }

    package func watch(_ controller: Controller<String>) {
        informers.handle(.nodes) { event in controller.add(event.object.name) }
        // Of heartbeats nobody tells: they are seen at the next look.
        informers.handle(.leases) { event in
            if event.object.namespace == Self.leaseNamespace { controller.add(event.object.name) }
        }
        informers.handle(.pods) { _ in }
        state.withState { $0.controller = controller }
    }

    private var now: Timestamp { informers.client.host.clock.now }

    package func reconcile(_ name: String) throws -> ReconcileResult {
        let node = try informers.current(ObjectKey(.nodes, name: name))
        let lease = try informers.client.storage.object(ObjectKey(.leases, namespace: Self.leaseNamespace, name: name))
        let now = now
        if let node, let wait = rest(of: node, lease: lease, now: now) { return ReconcileResult(requeueAfter: wait) }
        guard let node, !node.isManualNode else {
            try forget(name)
            return .done
        }
        try setNoScheduleTaints(of: node)
        let isDue = state.withState { state -> Bool in
            var health = state.health[name] ?? NodeHealth(node, lease: lease, now: now)
            health.note(node, now: now)
            health.note(lease: lease, now: now)
            state.health[name] = health
            return state.looks[name].map { $0 <= now } ?? false
        }
        let retry = isDue ? try look(at: node) : nil
        let wait = try schedule(name, retry: retry, now: now)
        if isDue, retry == nil { try noteSettled(node) }
        return ReconcileResult(requeueAfter: wait)
    }

    /// For how long nothing can come out of a look at a node that was in order at the last one; nil when something may.
    private func rest(of node: APIObject, lease: StoredObject?, now: Timestamp) -> Duration? {
        state.withState { state in
            guard state.settled[node.name] == node.revision, state.waiting.isEmpty,
                var health = state.health[node.name]
            else { return nil }
            health.note(lease: lease, now: now)
            state.health[node.name] = health
            guard health.deadline > now else { return nil }
            let known = state.looks[node.name].flatMap { $0 > now ? $0 : nil }
            let next = min(known ?? health.deadline, health.deadline)
            state.looks[node.name] = next
            return next - now
        }
    }

    /// A look has found nothing to do at `node`, if it is ready and still as it was.
    private func noteSettled(_ node: APIObject) throws(StatusError) {
        let isUnchanged = try informers.client.storage.object(node.key)?.revision == node.revision
        state.withState { state in
            let health = state.health[node.name]
            let isInOrder = health?.readyStatus == "True" && health?.owesPodUpdates == false
            state.settled[node.name] = isUnchanged && isInOrder ? node.revision : nil
        }
    }

    private func forget(_ name: String) throws(StatusError) {
        let wasKnown = state.withState { state in
            state.looks[name] = nil
            state.settled[name] = nil
            return state.health.removeValue(forKey: name)?.readyStatus != nil
        }
        guard wasKnown, try informers.client.get(ObjectKey(.nodes, name: name)) == nil else { return }
        record(name, uid: "", .normal, "RemovingNode", "Node \(name) event: Removing Node \(name) from Controller")
    }

    /// The time until the next look that can make a difference.
    private func schedule(_ name: String, retry: Duration?, now: Timestamp) throws(StatusError) -> Duration? {
        let node = try informers.current(ObjectKey(.nodes, name: name))
        let ready = node?.condition(NodeCondition.ready)?["status"]?.string ?? "Unknown"
        return state.withState { state in
            guard let health = state.health[name] else { return nil }
            var next: Timestamp? = NodeHealth.look(atOrAfter: now + .nanoseconds(1))
            if let retry {
                next = NodeHealth.look(atOrAfter: now + retry)
            } else if health.readyStatus == ready, !health.owesPodUpdates {
                let isKnownSilent = ready == "Unknown" && health.deadline <= now
                next = isKnownSilent ? nil : next.map { max($0, health.deadline) }
            }
            // An earlier look stays: it may be one at which something is left to do.
            let known = state.looks[name].flatMap { $0 > now ? $0 : nil }
            state.looks[name] = [next, known].compactMap { $0 }.min()
            return state.looks[name].map { $0 - now }
        }
    }

    // MARK: NoSchedule

    private func setNoScheduleTaints(of node: APIObject) throws {
        let wanted = NodeCondition.noScheduleTaints(of: node)
        let present = Taint.list(of: node.value).filter {
            $0.effect == .noSchedule && NodeCondition.ownedKeys.contains($0.key)
        }
        let missing = wanted.filter { taint in !present.contains { $0.isSame(as: taint) } }
        let surplus = present.filter { taint in !wanted.contains { $0.isSame(as: taint) } }
        try taints.swap(adding: missing, removing: surplus, on: node.key)
    }

    // MARK: Looks

    /// Looks at a node.
    /// - Returns: when to look again because something is left to do; nil when all is done.
    private func look(at node: APIObject) throws -> Duration? {
        let now = now
        let name = node.name
        guard var health = state.withState({ $0.health[name] }) else { return nil }
        let isNew = health.readyStatus == nil
        if isNew {
            record(
                name,
                uid: node.uid,
                .normal,
                "RegisteredNode",
                "Node \(name) event: Registered Node \(name) in Controller"
            )
        }
        let observed = node.condition(NodeCondition.ready)?["status"]?.string ?? "Unknown"
        var node = node
        if health.deadline <= now {
            let updated = try informers.client.updateStatus(node.key, uid: node.uid) { value in
                NodeCondition.setUnknown(on: &value, now: now)
                return true
            }
            // Gone meanwhile.
            guard let updated else { return nil }
            node = updated
            try setNoScheduleTaints(of: node)
        }
        let ready = node.condition(NodeCondition.ready)?["status"]?.string ?? "Unknown"
        // Remembered before anything can fail: the next look will not see what this one saw.
        if ready != "True", health.readyStatus == "True" || observed == "True" {
            health.owesEvent = true
            health.owesPodUpdates = true
        }
        health.readyStatus = ready
        state.withState { [health] in $0.health[name] = health }
        let retry = try setNoExecuteTaints(of: node, ready: ready)
        if ready == "True" {
            health.owesPodUpdates = false
        } else if health.owesPodUpdates {
            if health.owesEvent {
                record(name, uid: node.uid, .normal, "NodeNotReady", "Node \(name) status is now: NodeNotReady")
            }
            health.owesPodUpdates = !pods.markNotReady(on: name)
        }
        health.owesEvent = false
        state.withState { [health] in
            $0.health[name]?.owesPodUpdates = health.owesPodUpdates
            $0.health[name]?.owesEvent = health.owesEvent
        }
        return retry
    }

    // MARK: NoExecute

    private func setNoExecuteTaints(of node: APIObject, ready: String) throws -> Duration? {
        let notReady = Taint(key: Taint.WellKnown.notReady, effect: .noExecute)
        let unreachable = Taint(key: Taint.WellKnown.unreachable, effect: .noExecute)
        if ready == "True" {
            try updateDisruption()
            if Taint.list(of: node.value).contains(where: { $0.isSame(as: notReady) || $0.isSame(as: unreachable) }) {
                try taints.swap(adding: [], removing: [notReady, unreachable], on: node.key)
            }
            wakeWaiting()
            return nil
        }
        let (wanted, other) = ready == "False" ? (notReady, unreachable) : (unreachable, notReady)
        try updateDisruption()
        let present = Taint.list(of: node.value)
        // A node that is tainted already only changes the reason, which needs no turn.
        if !present.contains(where: { $0.isSame(as: wanted) || $0.isSame(as: other) }) {
            let members = try members()
            let now = now
            let zone = Self.zone(of: node)
            guard let wait = state.withState({ $0.pace.takeTurn(in: zone, members, now: now) }) else {
                state.withState { _ = $0.waiting.append(node.name) }
                return nil
            }
            if wait > .zero { return wait }
        }
        try taints.swap(adding: [wanted], removing: [other], on: node.key)
        return nil
    }

    /// Looks again at nodes for which there was no turn, now that another one is ready.
    private func wakeWaiting() {
        let next = NodeHealth.look(atOrAfter: now + .nanoseconds(1))
        let (waiting, controller) = state.withState { state in
            defer { state.waiting = [] }
            for name in state.waiting { state.looks[name] = next }
            return (state.waiting, state.controller)
        }
        for name in waiting { controller?.add(name, at: next) }
    }

    /// When the last node that was ready falls silent, the taints of all are taken back.
    private func updateDisruption() throws {
        let isFull = DisruptionPace.isFullDisruption(try members())
        let begins = state.withState { state in
            defer { state.isFullyDisrupted = isFull }
            return isFull && !state.isFullyDisrupted
        }
        guard begins else { return }
        let both = [Taint.WellKnown.notReady, Taint.WellKnown.unreachable].map { Taint(key: $0, effect: .noExecute) }
        for node in informers.objects(.nodes) where !node.isManualNode {
            try StatusError.ignoringAbsence { () throws(StatusError) in
                try taints.swap(adding: [], removing: both, on: node.key)
            }
        }
    }

    private func members() throws(StatusError) -> [DisruptionPace.Member] {
        var members: [DisruptionPace.Member] = []
        for node in informers.objects(.nodes) where !node.isManualNode {
            guard let now = try informers.current(node.key) else { continue }
            members.append(
                DisruptionPace.Member(
                    zone: Self.zone(of: now),
                    isReady: now.condition(NodeCondition.ready)?["status"]?.string == "True"
                )
            )
        }
        return members
    }

    private static func zone(of node: APIObject) -> String {
        let labels = node.labels
        return "\(labels["topology.kubernetes.io/region"] ?? ""):\(labels["topology.kubernetes.io/zone"] ?? "")"
    }

    private func record(_ name: String, uid: String, _ type: EventType, _ reason: String, _ message: String) {
        let reference = EventReference(kind: "Node", name: name, uid: uid, apiVersion: "v1")
        recorder.event(about: reference, type: type, reason: reason, message: message)
    }
}
