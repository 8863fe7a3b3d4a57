// SPDX-License-Identifier: Apache-2.0
// Rolls out the templates of Deployments by way of ReplicaSets.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage

/// The controller of Deployments.
// State | guarded by | why separate
// selectors | queue | the queue of the informers
// Kubernetes: pkg/controller/deployment/deployment_controller.go
final class DeploymentController: InformedReconciler {
    static let name = "deployment-controller"
    static let type = OwnerType(resource: .deployments, apiVersion: "apps/v1", kind: "Deployment")

    let informers: SharedInformers
    let recorder: EventRecorder
    private let sets: OwnedObjects<APIObject>
    private let pods: WorkloadPods
    private let selectors: Confined<SelectorTable>
    private let gate: OwnWriteGate<NamespacedName>

    init(informers: SharedInformers, sets: OwnedObjects<APIObject>, pods: WorkloadPods) {
        self.informers = informers
        self.sets = sets
        self.pods = pods
        recorder = EventRecorder(client: informers.client, component: Self.name, queue: informers.queue)
        selectors = Confined(SelectorTable(), on: informers.queue)
        gate = OwnWriteGate(informers: informers)
    }

    func watch(_ controller: Controller<NamespacedName>) {
        informers.handle(.deployments) { [weak self] event in
            let object = event.object
            let isGone = if case .deleted = event { true } else { false }
            let selector = isGone ? nil : DeploymentSpec(object.spec).selector
            self?.selectors.withState { $0.set(selector, of: object.key.name) }
            if isGone { self?.gate.forget(object.key.name) }
            controller.add(object.key.name)
        }
        gate.watch([.deployments, .replicaSets], controller)
        sets.follow { [weak self] change in
            for name in self?.selectors.withState({ change.owners(Self.type, $0) }) ?? [] { controller.add(name) }
        }
        pods.follow { [weak self] change in
            // Only who recreates waits for pods to go.
            guard let self, change.new == nil, let set = change.old?.controller, set.kind == ReplicaSetKind.kind,
                let namespace = change.old?.key.name.namespace,
                let owner = self.deployment(owning: set.name, in: namespace)
            else { return }
            controller.add(owner)
        }
    }

    /// The Deployment of strategy Recreate behind the ReplicaSet called `name`.
    private func deployment(owning name: String, in namespace: String) -> NamespacedName? {
        let set = informers.object(.replicaSets, NamespacedName(namespace: namespace, name: name))
        guard let owner = set?.controller, owner.kind == Self.type.kind else { return nil }
        let key = NamespacedName(namespace: namespace, name: owner.name)
        let spec = informers.object(.deployments, key)?.spec
        return spec?[path: "strategy", "type"] == "Recreate" ? key : nil
    }

    func note(_ revision: Revision, of resource: GroupResource, for key: NamespacedName) {
        gate.note(revision, of: resource, for: key)
    }

    func reconcile(_ name: NamespacedName) throws -> ReconcileResult {
        guard let deployment = informers.object(.deployments, name) else { return .done }
        guard gate.isOpen(for: name) else { return .done }
        let spec = DeploymentSpec(deployment.spec)
        let claims = OwnershipClaims(
            client: informers.client,
            owner: deployment,
            type: Self.type,
            selector: spec.selector
        ) { [weak self] revision, resource in self?.note(revision, of: resource, for: name) }
        let candidates = sets.candidates(for: deployment.uid, in: name.namespace, spec.selector)
        let owned = try claims.claim(candidates).map { RolloutReplicaSet($0) }
        var sync = DeploymentSync(
            controller: self,
            deployment: deployment,
            spec: spec,
            sets: owned,
            now: informers.client.host.clock.now
        )
        let wait = try sync.run { self.hasOldPods($0) }
        return ReconcileResult(requeueAfter: wait)
    }

    /// Whether a pod of an old template is still there, ending or not.
    // Kubernetes: pkg/controller/deployment/recreate.go oldPodsRunning
    private func hasOldPods(_ rollout: Rollout) -> Bool {
        if rollout.old.contains(where: { $0.actual > 0 }) { return true }
        return rollout.old.contains { set in pods.owned(by: set.object.uid).contains { !$0.isFinished } }
    }
}
