// SPDX-License-Identifier: Apache-2.0
// Claims and volumes as their binder sees them, and which volume suits which claim.

import PodiumClient
import PodiumCodec
import PodiumMachinery
import PodiumPodModel
import PodiumStorage

/// By what claims and volumes say how they came together.
// Kubernetes: pkg/controller/volume/persistentvolume/util/util.go
enum VolumeAnnotation {
    /// The binder has finished; what it finds otherwise has been lost.
    static let bindCompleted = "pv.kubernetes.io/bind-completed"
    /// It was the binder that chose the other one, and not a user.
    static let boundByController = "pv.kubernetes.io/bound-by-controller"
    static let provisionedBy = "pv.kubernetes.io/provisioned-by"
    /// The node on which the first pod of the claim is to run, as the scheduler says.
    static let selectedNode = "volume.kubernetes.io/selected-node"
    static let provisioners = [
        "volume.beta.kubernetes.io/storage-provisioner", "volume.kubernetes.io/storage-provisioner",
    ]
    static let betaStorageClass = "volume.beta.kubernetes.io/storage-class"
    /// What stands for a class whose volumes are made by hand.
    static let noProvisioner = "kubernetes.io/no-provisioner"
}

/// A PersistentVolumeClaim.
struct ClaimView {
    let object: APIObject
    let storageClass: String
    let accessModes: [String]
    let requested: Quantity
    let volumeMode: String
    /// Which volumes may be taken; nil for any.
    let selector: LabelSelector?

    init(_ object: APIObject) {
        self.object = object
        let spec = object.spec
        let old = object.annotations[VolumeAnnotation.betaStorageClass]
        storageClass = old ?? spec["storageClassName"]?.string ?? ""
        accessModes = spec["accessModes"]?.elements.compactMap(\.string) ?? []
        requested = Quantity(json: spec[path: "resources", "requests", "storage"])
        volumeMode = spec["volumeMode"]?.string ?? "Filesystem"
        selector = spec["selector"].map { LabelSelector(object: $0) }
    }

    var name: String { object.name }
    var uid: String { object.uid }
    var volumeName: String { object.spec["volumeName"]?.string ?? "" }
    var phase: String { object.status["phase"]?.string ?? "" }
    var isComplete: Bool { object.annotations[VolumeAnnotation.bindCompleted] != nil }
    var selectedNode: String? { object.annotations[VolumeAnnotation.selectedNode] }
}

/// A PersistentVolume.
struct VolumeView {
    let object: APIObject
    let storageClass: String
    let accessModes: [String]
    let capacity: Quantity
    let volumeMode: String

    init(_ object: APIObject) {
        self.object = object
        let spec = object.spec
        storageClass = object.annotations[VolumeAnnotation.betaStorageClass] ?? spec["storageClassName"]?.string ?? ""
        accessModes = spec["accessModes"]?.elements.compactMap(\.string) ?? []
        capacity = Quantity(json: spec[path: "capacity", "storage"])
        volumeMode = spec["volumeMode"]?.string ?? "Filesystem"
    }

    var name: String { object.name }
    var claimReference: JSONValue? { object.spec["claimRef"] }
    var phase: String { object.status["phase"]?.string ?? "" }
    var reclaimPolicy: String { object.spec["persistentVolumeReclaimPolicy"]?.string ?? "Retain" }
    var provisioner: String { object.annotations[VolumeAnnotation.provisionedBy] ?? "" }

    /// The claim that it is meant for; nil when it is for any.
    var claimName: NamespacedName? {
        claimReference.map {
            NamespacedName(namespace: $0["namespace"]?.string ?? "", name: $0["name"]?.string ?? "")
        }
    }

    /// The UID of the claim that has it; empty while it is only meant for one of a name.
    var claimUID: String { claimReference?["uid"]?.string ?? "" }

    /// Whether it is this claim's, or reserved for one of its name.
    // Kubernetes: component-helpers/storage/volume/helpers.go IsVolumeBoundToClaim
    func isReserved(for claim: ClaimView) -> Bool {
        claimName == claim.object.key.name && (claimUID.isEmpty || claimUID == claim.uid)
    }

    /// What keeps it from being what `claim` asks for; nil when nothing does.
    // Kubernetes: pkg/controller/volume/persistentvolume/pv_controller.go checkVolumeSatisfyClaim
    func mismatch(with claim: ClaimView) -> String? {
        if capacity < claim.requested { return "requested PV is too small" }
        if storageClass != claim.storageClass { return "storageClassName does not match" }
        if volumeMode != claim.volumeMode { return "incompatible volumeMode" }
        if !Set(claim.accessModes).isSubset(of: accessModes) { return "incompatible accessMode" }
        return nil
    }
}

extension Quantity {
    /// The amount in a JSON value; zero for none.
    init(json value: JSONValue?) {
        do throws(QuantityError) {
            self = try Quantity(value?.string ?? "0")
        } catch {
            // What is stored was validated.
            self = .zero
        }
    }
}

/// Which of the volumes that are there a claim gets.
// Kubernetes: component-helpers/storage/volume/pv_helpers.go FindMatchingVolume
enum VolumeMatch {
    /// The smallest volume with the fewest access modes that suits; one that is reserved for the claim before all.
    /// - Parameter isDelayed: whether only a reserved one is taken, since the scheduler chooses among the others.
    static func best(of volumes: [VolumeView], for claim: ClaimView, isDelayed: Bool) -> VolumeView? {
        let usable = volumes.filter { volume in
            !volume.object.isTerminating && volume.volumeMode == claim.volumeMode
                && !(volume.capacity < claim.requested)
        }
        if let reserved = usable.first(where: { $0.isReserved(for: claim) }) { return reserved }
        if isDelayed { return nil }
        return usable.filter { isFree($0, for: claim) }.min { left, right in
            if left.accessModes.count != right.accessModes.count {
                return left.accessModes.count < right.accessModes.count
            }
            return left.capacity == right.capacity ? left.name < right.name : left.capacity < right.capacity
        }
    }

    private static func isFree(_ volume: VolumeView, for claim: ClaimView) -> Bool {
        volume.claimReference == nil && volume.phase == "Available" && volume.storageClass == claim.storageClass
            && Set(claim.accessModes).isSubset(of: volume.accessModes)
            && claim.selector?.matches(volume.object.labels) ?? true
    }
}
