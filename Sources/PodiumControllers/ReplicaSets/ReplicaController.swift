// SPDX-License-Identifier: Apache-2.0
// Keeps as many pods of a template as a ReplicaSet or a ReplicationController wants.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage

/// The controller of ReplicaSets, and that of ReplicationControllers.
// State | guarded by | why separate
// selectors | queue | the queue of the informers
// Kubernetes: pkg/controller/replicaset/replica_set.go
final class ReplicaController<Kind: ReplicaKind>: InformedReconciler {
    static var name: String { Kind.controllerName }

    private let informers: SharedInformers
    private let pods: WorkloadPods
    /// The objects of the kind by their controllers, where they have some.
    private let siblings: OwnedObjects<APIObject>?
    private let control: PodControl
    private let selectors: Confined<SelectorTable>
    private let gate: OwnWriteGate<NamespacedName>

    init(informers: SharedInformers, pods: WorkloadPods, siblings: OwnedObjects<APIObject>? = nil) {
        self.informers = informers
        self.pods = pods
        self.siblings = siblings
        let recorder = EventRecorder(client: informers.client, component: Kind.component, queue: informers.queue)
        control = PodControl(client: informers.client, recorder: recorder)
        selectors = Confined(SelectorTable(), on: informers.queue)
        gate = OwnWriteGate(informers: informers)
    }

    func watch(_ controller: Controller<NamespacedName>) {
        informers.handle(Kind.resource) { [weak self] event in
            let object = event.object
            let isGone = if case .deleted = event { true } else { false }
            let selector = isGone ? nil : Kind.selector(of: object.spec)
            self?.selectors.withState { $0.set(selector, of: object.key.name) }
            if isGone { self?.gate.forget(object.key.name) }
            if self?.gate.isEcho(event, for: object.key.name) == true { return }
            controller.add(object.key.name)
        }
        gate.watch([Kind.resource, .pods], controller)
        pods.follow { [weak self] change in
            guard let self else { return }
            for name in self.owners(of: change) { controller.add(name) }
        }
    }

    private func owners(of change: WorkloadPods.Change) -> [NamespacedName] {
        // Whom it concerns is known without the trees of the pods, whether they are ready is not.
        let owners = selectors.withState { change.owners(Kind.type, $0) }
        if !owners.isEmpty, let old = change.old, let new = change.new, new.counts(like: old) { return [] }
        return owners
    }

    func reconcile(_ name: NamespacedName) throws -> ReconcileResult {
        guard let object = informers.object(Kind.resource, name) else { return .done }
        guard gate.isOpen(for: name) else { return .done }
        let claims = OwnershipClaims(
            client: informers.client,
            owner: object,
            type: Kind.type,
            selector: Kind.selector(of: object.spec)
        ) { [gate] revision, resource in gate.note(revision, of: resource, for: name) }
        let owned = try claims.claim(pods.candidates(for: object.uid, in: name.namespace, claims.selector))
        let now = informers.client.host.clock.now
        var failure: (status: ReplicaSetStatus.Failure, error: any Error)?
        if !object.isTerminating {
            failure = manage(object, owned.filter(\.isActive), now: now)
        }
        try writeStatus(of: object, owned, failure?.status, now: now)
        if let failure { throw failure.error }
        let minimum = Duration.seconds(object.spec["minReadySeconds"]?.integer ?? 0)
        let active = owned.filter(\.isActive)
        return ReconcileResult(requeueAfter: active.nextAvailability(after: minimum, now: now))
    }

    /// Makes what is missing, deletes what is too much.
    /// - Returns: why that did not work.
    private func manage(
        _ object: APIObject,
        _ active: [WorkloadPod],
        now: Timestamp
    ) -> (status: ReplicaSetStatus.Failure, error: any Error)? {
        let decision = ReplicaSetDecision(
            replicas: object.spec["replicas"]?.int ?? 1,
            active: active,
            related: { self.related(to: object) },
            now: now
        )
        do {
            switch decision {
            case .nothing: break
            case .create(let count): try create(count, for: object)
            case .delete(let pods): try delete(pods, of: object)
            }
            return nil
        } catch {
            let reason = if case .create = decision { "FailedCreate" } else { "FailedDelete" }
            return (ReplicaSetStatus.Failure(reason: reason, message: error.message), error)
        }
    }

    private func create(_ count: Int, for object: APIObject) throws(StatusError) {
        let pod = PodControl.pod(from: object.spec["template"] ?? .emptyObject, for: object, Kind.type)
        for size in ReplicaSetDecision.batches(of: count) {
            var failure: StatusError?
            for _ in 0..<size {
                do throws(StatusError) {
                    note(try control.create(pod, for: object).revision, object)
                } catch {
                    if !error.isOfEndingNamespace { failure = failure ?? error }
                }
            }
            if let failure { throw failure }
        }
    }

    private func delete(_ pods: [WorkloadPod], of object: APIObject) throws(StatusError) {
        var failure: StatusError?
        for pod in pods {
            do throws(StatusError) {
                if let revision = try control.delete(pod, of: object) { note(revision, object) }
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
    }

    private func note(_ revision: Revision, _ object: APIObject) {
        gate.note(revision, of: .pods, for: object.key.name)
    }

    /// The pods of all objects of this kind that have the same controller, as the ReplicaSets of a Deployment have.
    private func related(to object: APIObject) -> [WorkloadPod] {
        guard let siblings, let controller = object.controller else { return pods.owned(by: object.uid) }
        return siblings.owned(by: controller.uid).flatMap { pods.owned(by: $0.uid) }
    }

    private func writeStatus(
        of object: APIObject,
        _ owned: [WorkloadPod],
        _ failure: ReplicaSetStatus.Failure?,
        now: Timestamp
    ) throws(StatusError) {
        let status = ReplicaSetStatus(
            object.spec,
            generation: object.generation,
            owned,
            terminating: Kind.countsTerminating,
            now: now
        )
        var value = object.value
        guard status.write(to: &value, failure: failure, now: now) else { return }
        try StatusError.ignoringAbsence { () throws(StatusError) in
            let written = try informers.client.updateStatus(object.key, uid: object.uid) {
                status.write(to: &$0, failure: failure, now: now)
            }
            if let written { gate.note(written.revision, of: Kind.resource, for: object.key.name) }
        }
    }
}
