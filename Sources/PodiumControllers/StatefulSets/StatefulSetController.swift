// SPDX-License-Identifier: Apache-2.0
// Keeps pods with names, ordinals and claims of their own.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage

/// The controller of StatefulSets.
// State | guarded by | why separate
// state | queue | the queue of the informers
// Kubernetes: pkg/controller/statefulset/stateful_set.go
final class StatefulSetController: InformedReconciler {
    static let name = "statefulset-controller"
    static let type = OwnerType(resource: .statefulSets, apiVersion: "apps/v1", kind: "StatefulSet")

    private struct State {
        var selectors = SelectorTable()
        /// Who waits for a claim to be gone.
        var waiting: [NamespacedName: NamespacedName] = [:]
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
        informers.handle(.statefulSets) { [weak self] event in
            let object = event.object
            let isGone = if case .deleted = event { true } else { false }
            let selector = isGone ? nil : LabelSelector(object: object.spec["selector"])
            self?.state.withState { $0.selectors.set(selector, of: object.key.name) }
            if isGone { self?.gate.forget(object.key.name) }
            controller.add(object.key.name)
        }
        gate.watch([.statefulSets, .pods, .controllerRevisions], controller)
        pods.follow { [weak self] change in
            for name in self?.state.withState({ change.owners(Self.type, $0.selectors) }) ?? [] { controller.add(name) }
        }
        revisions.follow { [weak self] change in
            for name in self?.state.withState({ change.owners(Self.type, $0.selectors) }) ?? [] { controller.add(name) }
        }
        informers.handle(.persistentVolumeClaims) { [weak self] event in
            guard case .deleted(let claim) = event,
                let name = self?.state.withState({ $0.waiting.removeValue(forKey: claim.key.name) })
            else { return }
            controller.add(name)
        }
    }

    func note(_ revision: Revision, of resource: GroupResource, for key: NamespacedName) {
        gate.note(revision, of: resource, for: key)
    }

    /// Has the set called `name` looked at again once `claim` is gone.
    func wait(for claim: NamespacedName, _ name: NamespacedName) { state.withState { $0.waiting[claim] = name } }

    func reconcile(_ name: NamespacedName) throws -> ReconcileResult {
        guard let set = informers.object(.statefulSets, name) else { return .done }
        guard gate.isOpen(for: name) else { return .done }
        let spec = StatefulSetSpec(set.spec)
        var claims = OwnershipClaims(
            client: informers.client,
            owner: set,
            type: Self.type,
            selector: spec.selector
        ) { [gate] revision, resource in gate.note(revision, of: resource, for: name) }
        let history = revisions.candidates(for: set.uid, in: name.namespace, spec.selector)
            .filter { spec.selector.matches($0.labels) }
        let owned = try claims.claim(history).map { ControllerRevision($0) }
        claims.isEligible = { StatefulPodName($0.name.name, of: name.name) != nil }
        let sync = StatefulSetSync(
            controller: self,
            statefulSet: set,
            spec: spec,
            pods: try claims.claim(pods.candidates(for: set.uid, in: name.namespace, spec.selector)),
            revisions: owned.sorted(by: ControllerRevision.precedes),
            now: informers.client.host.clock.now
        )
        return ReconcileResult(requeueAfter: try sync.run())
    }
}
