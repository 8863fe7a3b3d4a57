// SPDX-License-Identifier: Apache-2.0
// Makes the claims that stand behind generic ephemeral volumes.

import PodiumClient
import PodiumCodec
import PodiumMachinery
import PodiumStorage

/// Makes a claim for each ephemeral volume of a pod, which goes with the pod.
// Kubernetes: pkg/controller/volume/ephemeral/controller.go
final class EphemeralVolumeController: InformedReconciler {
    static let name = "ephemeral-volume-controller"
    private static let type = OwnerType(resource: .pods, apiVersion: "v1", kind: "Pod")

    private let informers: SharedInformers
    private let recorder: EventRecorder

    init(informers: SharedInformers) {
        self.informers = informers
        recorder = EventRecorder(client: informers.client, component: "ephemeral_volume", queue: informers.queue)
    }

    func watch(_ controller: Controller<NamespacedName>) {
        informers.handle(.pods) { event in
            switch event {
            case .deleted: return
            // Its volumes are what they were.
            case .updated(let old, let new) where old.stored.hasSameSpec(as: new.stored): return
            case .added, .updated: break
            }
            if event.object.stored.mayHaveMember("ephemeral") { controller.add(event.object.key.name) }
        }
        informers.handle(.persistentVolumeClaims) { event in
            // A claim that was in the way is gone, or the pod's own was deleted by hand.
            guard case .deleted(let claim) = event, let owner = claim.controller, owner.kind == Self.type.kind else {
                return
            }
            controller.add(NamespacedName(namespace: claim.namespace, name: owner.name))
        }
    }

    func reconcile(_ name: NamespacedName) throws -> ReconcileResult {
        guard let pod = try informers.client.get(ObjectKey(.pods, name)), !pod.isTerminating else { return .done }
        for volume in pod.spec["volumes"]?.elements ?? [] {
            guard let claim = PodVolumeClaims.ephemeralClaim(of: volume, in: pod) else { continue }
            try makeClaim(claim, volume, for: pod)
        }
        return .done
    }

    private func makeClaim(_ name: String, _ volume: JSONValue, for pod: APIObject) throws(StatusError) {
        let key = ObjectKey(.persistentVolumeClaims, namespace: pod.namespace, name: name)
        if let known = try informers.client.get(key) {
            if known.controller?.uid == pod.uid { return }
            throw .conflict(
                .persistentVolumeClaims,
                name,
                "PVC \(key.name) was not created for pod \(pod.key.name) "
                    + "(pod is not owner)"
            )
        }
        let template = volume[path: "ephemeral", "volumeClaimTemplate"] ?? .emptyObject
        var metadata: JSONObject = ["name": .string(name), "namespace": .string(pod.namespace)]
        for member in ["labels", "annotations"] { metadata[member] = template[path: "metadata", member] }
        metadata["ownerReferences"] = [OwnerReference.controlling(pod, Self.type)]
        do throws(StatusError) {
            try informers.client.create(
                .persistentVolumeClaims,
                [
                    "kind": "PersistentVolumeClaim", "apiVersion": "v1", "metadata": .object(metadata),
                    "spec": template["spec"] ?? .emptyObject,
                ]
            )
        } catch {
            recorder.event(
                about: pod,
                type: .warning,
                reason: "ProvisioningFailed",
                message: "create PVC \(name): \(error.message)"
            )
            throw error
        }
    }
}
