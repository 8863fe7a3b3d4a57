// SPDX-License-Identifier: Apache-2.0
// Keeps a pod on every node that a DaemonSet is for.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage

/// The controller of DaemonSets.
// State | guarded by | why separate
// state | queue | the queue of the informers
// Kubernetes: pkg/controller/daemon/daemon_controller.go
final class DaemonSetController: InformedReconciler {
    static let name = "daemonset-controller"
    static let type = OwnerType(resource: .daemonSets, apiVersion: "apps/v1", kind: "DaemonSet")

    private struct State {
        var selectors = SelectorTable()
        var placements = DaemonPlacements()
        var failures = FailureBackoff()
    }

    let informers: SharedInformers
    let recorder: EventRecorder
    private let pods: WorkloadPods
    private let revisions: OwnedObjects<APIObject>
    private let state: Confined<State>
    private let gate: OwnWriteGate<NamespacedName>

    init(informers: SharedInformers, pods: WorkloadPods, revisions: OwnedObjects<APIObject>) {
        self.informers = informers
        self.pods = pods
        self.revisions = revisions
        recorder = EventRecorder(client: informers.client, component: Self.name, queue: informers.queue)
        state = Confined(State(), on: informers.queue)
        gate = OwnWriteGate(informers: informers)
    }

    func watch(_ controller: Controller<NamespacedName>) {
        informers.handle(.daemonSets) { [weak self] event in
            self?.take(event)
            controller.add(event.object.key.name)
        }
        informers.handle(.nodes) { [weak self] event in
            guard let self else { return }
            for (name, fit) in self.state.withState({ $0.placements.take(event) })
            where self.isConcerned(name, event.object.name, fit) {
                controller.add(name)
            }
        }
        gate.watch([.daemonSets, .pods, .controllerRevisions], controller)
        pods.follow { [weak self] change in
            for name in self?.state.withState({ change.owners(Self.type, $0.selectors) }) ?? [] { controller.add(name) }
        }
        revisions.follow { [weak self] change in
            for name in self?.state.withState({ change.owners(Self.type, $0.selectors) }) ?? [] { controller.add(name) }
        }
    }

    /// Whether a pod of a DaemonSet is missing on a node, must leave it, or is where it belongs again.
    ///
    /// Upstream leaves the last to the next change of a pod, and the status tells of a taint that has gone. That a pod
    /// may stay where it would not be put is noticed with its next change here, too.
    // Kubernetes: pkg/controller/daemon/daemon_controller.go syncNodeUpdate
    private func isConcerned(_ name: NamespacedName, _ node: String, _ fit: DaemonPlacement.Fit) -> Bool {
        if fit != .avoids { return fit == .runs }
        guard let daemonSet = informers.object(.daemonSets, name) else { return false }
        return pods.owned(by: daemonSet.uid).contains { $0.details.targetNode == node }
    }

    private func take(_ event: InformerEvent) {
        let object = event.object
        let name = object.key.name
        if case .deleted = event {
            gate.forget(name)
            state.withState { state in
                state.selectors.set(nil, of: name)
                state.placements.set(nil, of: name)
                state.failures.forget(name)
            }
        } else {
            let selector = LabelSelector(object: object.spec["selector"])
            let template = object.spec["template"] ?? .emptyObject
            state.withState { state in
                state.selectors.set(selector, of: name)
                state.placements.set(template, of: name)
            }
        }
    }

    func note(_ revision: Revision, of resource: GroupResource, for key: NamespacedName) {
        gate.note(revision, of: resource, for: key)
    }

    /// How long a failed pod on `node` has to wait until it is replaced; nil when it is replaced now.
    func wait(of name: NamespacedName, _ node: String, generation: Int64, now: Timestamp) -> Duration? {
        state.withState { $0.failures.wait(name, node, generation: generation, now: now) }
    }

    func reconcile(_ name: NamespacedName) throws -> ReconcileResult {
        guard let daemonSet = informers.object(.daemonSets, name) else { return .done }
        guard gate.isOpen(for: name) else { return .done }
        let selector = LabelSelector(object: daemonSet.spec["selector"])
        if selector.isEverything {
            let message = "This daemon set is selecting all pods. A non-empty selector is required."
            recorder.event(about: daemonSet, type: .warning, reason: "SelectingAll", message: message)
            return .done
        }
        // Its revisions may be gone already, and without them nothing is known of its pods.
        if daemonSet.isTerminating { return .done }
        let claims = OwnershipClaims(
            client: informers.client,
            owner: daemonSet,
            type: Self.type,
            selector: selector
        ) { [gate] revision, resource in gate.note(revision, of: resource, for: name) }
        let history = try claims.claim(revisions.candidates(for: daemonSet.uid, in: name.namespace, selector))
        let owned = try claims.claim(pods.candidates(for: daemonSet.uid, in: name.namespace, selector))
        var sync = DaemonSetSync(
            controller: self,
            daemonSet: daemonSet,
            nodes: state.withState { $0.placements.fits(of: name) },
            owned: owned,
            revisions: history.map { ControllerRevision($0) }.sorted(by: ControllerRevision.precedes),
            now: informers.client.host.clock.now
        )
        return ReconcileResult(requeueAfter: try sync.run())
    }
}
