// SPDX-License-Identifier: Apache-2.0
// A volume that is deleted stays until no claim is bound to it.

package import PodiumClient
import PodiumCodec
import PodiumMachinery
import PodiumStorage

/// Takes the protecting finalizer off volumes that are being deleted and bound to nothing, and puts it on new ones.
// Kubernetes: pkg/controller/volume/pvprotection/pv_protection_controller.go
package final class VolumeProtectionController: InformedReconciler {
    package static let name = "persistentvolume-protection-controller"

    private let informers: SharedInformers

    package init(informers: SharedInformers) { self.informers = informers }

    package func watch(_ controller: Controller<String>) {
        informers.handle(.persistentVolumes) { event in
            if case .deleted = event { return }
            controller.add(event.object.name)
        }
    }

    package func reconcile(_ name: String) throws -> ReconcileResult {
        let key = ObjectKey(.persistentVolumes, name: name)
        guard let volume = try informers.client.get(key) else { return .done }
        try informers.client.protect(volume) { volume.status["phase"] == "Bound" }
        return .done
    }
}

extension ResourceClient {
    /// Puts the finalizer that protects an object in use on it, or takes it off one that is being deleted and unused.
    func protect(_ object: APIObject, isUsed: () throws -> Bool) throws {
        guard let finalizer = InUseProtection.finalizer(of: object.key.resource) else { return }
        let isProtected = object.metadata["finalizers"]?.elements.contains(.string(finalizer)) ?? false
        guard isProtected == object.isTerminating, try !(isProtected && isUsed()) else { return }
        try StatusError.ignoringAbsence { () throws(StatusError) in
            if isProtected {
                try removeFinalizer(finalizer, from: object.key, uid: object.uid)
            } else {
                try addFinalizer(finalizer, to: object.key, uid: object.uid)
            }
        }
    }
}
