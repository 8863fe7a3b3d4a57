// SPDX-License-Identifier: Apache-2.0
// One look at a DaemonSet: pods are made and deleted, its status written, its history kept short.

import OrderedCollections
import PodiumClient
import PodiumCodec
import PodiumMachinery
import PodiumStorage

/// A look at a DaemonSet and what it owns.
// Kubernetes: pkg/controller/daemon/daemon_controller.go syncDaemonSet
struct DaemonSetSync {
    /// The limits of one look.
    private enum Limits {
        /// How many pods are made, and how many deleted, before the status is looked at again.
        static let burst = 250
    }

    let controller: DaemonSetController
    let daemonSet: APIObject
    let nodes: OrderedDictionary<String, DaemonPlacement.Fit>
    /// Its pods, in any state.
    let owned: [WorkloadPod]
    /// The history, in its order.
    let revisions: [ControllerRevision]
    let now: Timestamp
    /// When to look again although nothing has changed.
    private var delay: Duration?

    init(
        controller: DaemonSetController,
        daemonSet: APIObject,
        nodes: OrderedDictionary<String, DaemonPlacement.Fit>,
        owned: [WorkloadPod],
        revisions: [ControllerRevision],
        now: Timestamp
    ) {
        self.controller = controller
        self.daemonSet = daemonSet
        self.nodes = nodes
        self.owned = owned
        self.revisions = revisions
        self.now = now
    }

    private var client: ResourceClient { controller.informers.client }
    private var key: NamespacedName { daemonSet.key.name }
    private var control: PodControl { PodControl(client: client, recorder: controller.recorder) }

    /// - Returns: when to look again although nothing has changed.
    mutating func run() throws(StatusError) -> Duration? {
        let history = DaemonHistory(
            client: client,
            daemonSet: daemonSet,
            revisions: revisions,
            pods: owned
        ) { [controller, key] revision, resource in controller.note(revision, of: resource, for: key) }
        guard let present = try history.current() else { return nil }
        let rules = rules(hash: present.labels[RevisionLabel.revision] ?? "")
        let pods = DaemonPods(owned)
        var failure: StatusError?
        do throws(StatusError) {
            try update(pods, rules)
            try history.trim()
        } catch {
            failure = error
        }
        do throws(StatusError) {
            try write(DaemonSetStatus(nodes, pods, rules))
        } catch {
            failure = failure ?? error
        }
        if let failure { throw failure }
        let availability = owned.nextAvailability(after: rules.minReady, now: now)
        return [delay, availability].compactMap { $0 }.min()
    }

    private func rules(hash: String) -> DaemonPods.Rules {
        let spec = daemonSet.spec
        let rolling = isRolling ? spec[path: "updateStrategy", "rollingUpdate"] : nil
        return DaemonPods.Rules(
            minReady: .seconds(spec["minReadySeconds"]?.integer ?? 0),
            maxSurge: IntOrString(rolling?["maxSurge"]),
            maxUnavailable: IntOrString(rolling?["maxUnavailable"]),
            hash: hash,
            generation: DaemonPodTemplate.generation(of: daemonSet),
            now: now
        )
    }

    private var isRolling: Bool { daemonSet.spec[path: "updateStrategy", "type"] == "RollingUpdate" }

    // Kubernetes: pkg/controller/daemon/daemon_controller.go updateDaemonSet
    private mutating func update(_ pods: DaemonPods, _ rules: DaemonPods.Rules) throws(StatusError) {
        var plan = DaemonPlan(nodes, pods, rules)
        plan.surplus += plan.ended.filter { isReplaced($0.pod, on: $0.node) }.map(\.pod)
        if !plan.missing.isEmpty || !plan.surplus.isEmpty {
            // An update goes on when it is known what came of this.
            return try carryOut(plan, rules)
        }
        guard isRolling, owned.contains(where: { !$0.isTerminating && !rules.isUpdated($0) }) else { return }
        try carryOut(DaemonRollout(nodes, pods, rules).step, rules)
    }

    /// Whether a pod that has ended is replaced now; one that failed may have to wait.
    private mutating func isReplaced(_ pod: WorkloadPod, on node: String) -> Bool {
        if pod.phase == .succeeded {
            let message = "Found succeeded daemon pod \(pod.key.name) on node \(node), will try to delete it"
            record(.normal, "SucceededDaemonPod", message)
            return true
        }
        let generation = daemonSet.status["observedGeneration"]?.integer ?? 0
        if let wait = controller.wait(of: key, node, generation: generation, now: now) {
            delay = delay.map { min($0, wait) } ?? wait
            return false
        }
        let message = "Found failed daemon pod \(pod.key.name) on node \(node), will try to kill it"
        record(.warning, "FailedDaemonPod", message)
        return true
    }

    // Kubernetes: pkg/controller/daemon/daemon_controller.go syncNodes
    private func carryOut(_ plan: DaemonPlan, _ rules: DaemonPods.Rules) throws(StatusError) {
        var failure: StatusError?
        do throws(StatusError) {
            try create(on: plan.missing.prefix(Limits.burst), rules)
        } catch {
            failure = error
        }
        for pod in plan.surplus.prefix(Limits.burst) {
            do throws(StatusError) {
                if let revision = try control.delete(pod, of: daemonSet) {
                    controller.note(revision, of: .pods, for: key)
                }
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
    }

    private func create(on names: ArraySlice<String>, _ rules: DaemonPods.Rules) throws(StatusError) {
        if names.isEmpty { return }
        let template = DaemonPodTemplate(daemonSet, hash: rules.hash)
        var rest = names
        for size in ReplicaSetDecision.batches(of: names.count) {
            var failure: StatusError?
            for name in rest.prefix(size) {
                do throws(StatusError) {
                    let created = try control.create(template.pod(on: name), for: daemonSet)
                    controller.note(created.revision, of: .pods, for: key)
                } catch {
                    if !error.isOfEndingNamespace { failure = failure ?? error }
                }
            }
            if let failure { throw failure }
            rest = rest.dropFirst(size)
        }
    }

    private func write(_ status: DaemonSetStatus) throws(StatusError) {
        var value = daemonSet.value
        let generation = daemonSet.generation
        guard status.write(to: &value, generation: generation) else { return }
        try StatusError.ignoringAbsence { () throws(StatusError) in
            let changed = try client.updateStatus(daemonSet.key, uid: daemonSet.uid) {
                status.write(to: &$0, generation: generation)
            }
            if let changed { controller.note(changed.revision, of: .daemonSets, for: key) }
        }
    }

    private func record(_ type: EventType, _ reason: String, _ message: String) {
        controller.recorder.event(about: daemonSet, type: type, reason: reason, message: message)
    }
}
