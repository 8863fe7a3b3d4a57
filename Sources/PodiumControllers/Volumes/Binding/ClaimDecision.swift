// SPDX-License-Identifier: Apache-2.0
// What is to be done about a claim.

import PodiumMachinery
import PodiumPodModel

/// The next step for a claim.
// Kubernetes: pkg/controller/volume/persistentvolume/pv_controller.go syncUnboundClaim, syncBoundClaim
enum ClaimDecision {
    /// What is said about a claim that stays as it is.
    struct Notice: Hashable {
        let isWarning: Bool
        let reason: String
        let message: String
    }

    /// Bring the two together, or finish that.
    case bind(PersistentVolume)
    /// It stays Pending, for this reason if it is worth saying.
    case wait(Notice?)
    /// Have a volume made by the provisioner of its class.
    case provision(VolumeClass)
    /// What it was bound to is gone.
    case lose(Notice)

    /// What a claim can be decided by.
    struct World {
        /// The volumes that may be had.
        let free: [PersistentVolume]
        /// The volume that the claim names; nil when it names none, or there is none of that name.
        let named: PersistentVolume?
        /// Its class; nil when there is none.
        let storageClass: VolumeClass?
        /// The pods that wait for the claim and have no node yet.
        let waitingPods: [String]
    }

    init(_ claim: VolumeClaim, _ world: World) {
        if claim.isComplete {
            self = Self.bound(claim, world)
        } else if claim.volumeName.isEmpty {
            self = Self.unbound(claim, world)
        } else {
            self = Self.named(claim, world)
        }
    }

    private static func bound(_ claim: VolumeClaim, _ world: World) -> ClaimDecision {
        func lost(_ reason: String, _ message: String) -> ClaimDecision {
            .lose(Notice(isWarning: true, reason: reason, message: message))
        }
        if claim.volumeName.isEmpty {
            return lost("ClaimLost", "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!")
        }
        guard let volume = world.named else {
            return lost("ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!")
        }
        if volume.claimName == nil || volume.claimUID == claim.uid { return .bind(volume) }
        return lost("ClaimMisbound", "Two claims are bound to the same volume, this one is bound incorrectly")
    }

    private static func unbound(_ claim: VolumeClaim, _ world: World) -> ClaimDecision {
        let isDelayed = world.storageClass?.waitsForConsumer == true && claim.selectedNode == nil
        if let volume = VolumeMatch.best(of: world.free, for: claim, isDelayed: isDelayed) { return .bind(volume) }
        if isDelayed { return .wait(delayNotice(world.waitingPods)) }
        if claim.storageClass.isEmpty {
            let message = "no persistent volumes available for this claim and no storage class is set"
            return .wait(Notice(isWarning: false, reason: "FailedBinding", message: message))
        }
        guard let storageClass = world.storageClass else {
            let message = "storageclass.storage.k8s.io \(FieldError.quoted(claim.storageClass)) not found"
            return .wait(Notice(isWarning: true, reason: "ProvisioningFailed", message: message))
        }
        guard storageClass.provisioner != VolumeAnnotation.noProvisioner else {
            // There is nobody who could make one.
            let message = "no volume plugin matched name: \(storageClass.provisioner)"
            return .wait(Notice(isWarning: true, reason: "ProvisioningFailed", message: message))
        }
        return .provision(storageClass)
    }

    private static func delayNotice(_ pods: [String]) -> Notice {
        guard let pod = pods.first else {
            return Notice(
                isWarning: false,
                reason: "WaitForFirstConsumer",
                message: "waiting for first consumer to be created before binding"
            )
        }
        return Notice(
            isWarning: false,
            reason: "WaitForPodScheduled",
            message: "waiting for pod \(pods.count == 1 ? pod : pods.joined(separator: ",")) to be scheduled"
        )
    }

    /// A user has chosen the volume.
    private static func named(_ claim: VolumeClaim, _ world: World) -> ClaimDecision {
        guard let volume = world.named else { return .wait(nil) }
        guard volume.claimName != nil else {
            guard let mismatch = volume.mismatch(with: claim) else { return .bind(volume) }
            let message = "Cannot bind to requested volume \(FieldError.quoted(volume.name)): \(mismatch)"
            return .wait(Notice(isWarning: true, reason: "VolumeMismatch", message: message))
        }
        if volume.isReserved(for: claim) { return .bind(volume) }
        let owner = volume.claimName?.description ?? ""
        let message = "volume \(FieldError.quoted(volume.name)) already bound to a different claim."
        return .wait(owner.isEmpty ? nil : Notice(isWarning: true, reason: "FailedBinding", message: message))
    }
}
