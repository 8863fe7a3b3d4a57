// SPDX-License-Identifier: Apache-2.0
// A claim that is deleted stays until no pod on a node uses it.

package import PodiumClient
import PodiumCodec
package import PodiumMachinery
import PodiumStorage

/// Takes the protecting finalizer off claims that are being deleted and used by no pod, and puts it on new ones.
// Kubernetes: pkg/controller/volume/pvcprotection/pvc_protection_controller.go
package final class ClaimProtectionController: InformedReconciler {
    package static let name = "persistentvolumeclaim-protection-controller"

    private let informers: SharedInformers

    package init(informers: SharedInformers) { self.informers = informers }

    package func watch(_ controller: Controller<NamespacedName>) {
        informers.handle(.persistentVolumeClaims) { event in
            if case .deleted = event { return }
            controller.add(event.object.key.name)
        }
        informers.handle(.pods) { event in
            // A pod that comes or runs on frees nothing.
            switch event {
            case .added: return
            case .updated(_, let pod) where !Self.isShutDown(pod): return
            case .updated, .deleted: break
            }
            let pod = event.object
            for name in PodVolumeClaims.names(of: pod) {
                controller.add(NamespacedName(namespace: pod.namespace, name: name))
            }
        }
    }

    package func reconcile(_ name: NamespacedName) throws -> ReconcileResult {
        let client = informers.client
        guard let claim = try client.get(ObjectKey(.persistentVolumeClaims, name)) else { return .done }
        try client.protect(claim) {
            // What the informer knows may be old, but a pod that uses the claim there spares reading all pods.
            if informers.objects(.pods).contains(where: { Self.uses($0, claim) }) { return true }
            return try client.list(.pods, scope: .namespace(name.namespace)).contains { Self.uses($0, claim) }
        }
        return .done
    }

    /// Whether `pod` keeps `claim` from going. Only a pod on a node does: a kubelet starts no pod whose claim goes. One
    /// that has ended does, too, until it is removed.
    private static func uses(_ pod: APIObject, _ claim: APIObject) -> Bool {
        guard pod.namespace == claim.namespace, !pod.nodeName.isEmpty else { return false }
        return pod.spec["volumes"]?.elements.contains { volume in
            if volume["persistentVolumeClaim"]?["claimName"]?.string == claim.name { return true }
            return PodVolumeClaims.ephemeralClaim(of: volume, in: pod) == claim.name && !isShutDown(pod)
                && isOwner(pod, of: claim)
        } ?? false
    }

    private static func isOwner(_ pod: APIObject, of claim: APIObject) -> Bool {
        claim.metadata["ownerReferences"]?.elements.contains {
            $0["controller"] == true && $0["uid"]?.string == pod.uid
        } ?? false
    }

    /// Whether the kubelet has ended all of a pod, and only its removal is left.
    private static func isShutDown(_ pod: APIObject) -> Bool {
        pod.isTerminating && pod.metadata["deletionGracePeriodSeconds"]?.integer == 0
    }
}
