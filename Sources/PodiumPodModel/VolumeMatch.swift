// SPDX-License-Identifier: Apache-2.0
// Claims and volumes as their binder sees them, and which volume suits which claim.

package import PodiumCodec
package import PodiumMachinery

/// By what claims and volumes say how they came together.
// Kubernetes: pkg/controller/volume/persistentvolume/util/util.go
package enum VolumeAnnotation {
    /// The binder has finished; what it finds otherwise has been lost.
    package static let bindCompleted = "pv.kubernetes.io/bind-completed"
    /// It was the binder that chose the other one, and not a user.
    package static let boundByController = "pv.kubernetes.io/bound-by-controller"
    package static let provisionedBy = "pv.kubernetes.io/provisioned-by"
    /// The node on which the first pod of the claim is to run, as the scheduler says.
    package static let selectedNode = "volume.kubernetes.io/selected-node"
    package static let provisioners = [
        "volume.beta.kubernetes.io/storage-provisioner", "volume.kubernetes.io/storage-provisioner",
    ]
    package static let betaStorageClass = "volume.beta.kubernetes.io/storage-class"
    /// What stands for a class whose volumes are made by hand.
    package static let noProvisioner = "kubernetes.io/no-provisioner"
}

/// A PersistentVolumeClaim, as far as its binding depends on it.
package struct VolumeClaim: Sendable {
    package let name: NamespacedName
    package let uid: String
    package let storageClass: String
    package let accessModes: [String]
    package let requested: Quantity
    package let volumeMode: String
    /// Which volumes may be taken; nil for any.
    package let selector: LabelSelector?
    /// The volume that it has or is to have; empty while none is chosen.
    package let volumeName: String
    package let phase: String
    /// Whether its binder has finished.
    package let isComplete: Bool
    /// Where the first pod of the claim is to run; nil while nobody has said so.
    package let selectedNode: String?
    package let isTerminating: Bool

    /// The name of the claim behind a generic ephemeral volume of a pod.
    // Kubernetes: component-helpers/storage/ephemeral/ephemeral.go VolumeClaimName
    package static func name(ofEphemeral volume: String, of pod: String) -> String { "\(pod)-\(volume)" }

    package init(_ object: JSONValue) {
        let metadata = object["metadata"] ?? .null
        let spec = object["spec"] ?? .null
        let annotations = metadata["annotations"] ?? .null
        name = NamespacedName(
            namespace: metadata["namespace"]?.string ?? "",
            name: metadata["name"]?.string ?? ""
        )
        uid = metadata["uid"]?.string ?? ""
        storageClass =
            annotations[VolumeAnnotation.betaStorageClass]?.string ?? spec["storageClassName"]?.string ?? ""
        accessModes = spec["accessModes"]?.elements.compactMap(\.string) ?? []
        requested = Quantity(json: spec[path: "resources", "requests", "storage"])
        volumeMode = spec["volumeMode"]?.string ?? "Filesystem"
        selector = spec["selector"].map { LabelSelector(object: $0) }
        volumeName = spec["volumeName"]?.string ?? ""
        phase = object[path: "status", "phase"]?.string ?? ""
        isComplete = annotations[VolumeAnnotation.bindCompleted] != nil
        selectedNode = annotations[VolumeAnnotation.selectedNode]?.string
        isTerminating = metadata["deletionTimestamp"] != nil
    }
}

/// A PersistentVolume, as far as its binding depends on it.
package struct PersistentVolume: Sendable {
    package let name: String
    package let uid: String
    package let labels: [String: String]
    package let storageClass: String
    package let accessModes: [String]
    package let capacity: Quantity
    package let volumeMode: String
    package let phase: String
    package let reclaimPolicy: String
    /// Who made it; empty for one that was made by hand.
    package let provisioner: String
    /// The claim that it is meant for; nil when it is for any.
    package let claimName: NamespacedName?
    /// The UID of the claim that has it; empty while it is only meant for one of a name.
    package let claimUID: String
    package let isTerminating: Bool
    /// The nodes from which it can be reached; nil for all.
    package let nodeTerms: [NodeSelectorTerm]?

    package init(_ object: JSONValue) {
        let metadata = object["metadata"] ?? .null
        let spec = object["spec"] ?? .null
        let annotations = metadata["annotations"] ?? .null
        name = metadata["name"]?.string ?? ""
        uid = metadata["uid"]?.string ?? ""
        labels = metadata["labels"]?.stringMap ?? [:]
        storageClass =
            annotations[VolumeAnnotation.betaStorageClass]?.string ?? spec["storageClassName"]?.string ?? ""
        accessModes = spec["accessModes"]?.elements.compactMap(\.string) ?? []
        capacity = Quantity(json: spec[path: "capacity", "storage"])
        volumeMode = spec["volumeMode"]?.string ?? "Filesystem"
        phase = object[path: "status", "phase"]?.string ?? ""
        reclaimPolicy = spec["persistentVolumeReclaimPolicy"]?.string ?? "Retain"
        provisioner = annotations[VolumeAnnotation.provisionedBy]?.string ?? ""
        claimName = spec["claimRef"].map {
            NamespacedName(namespace: $0["namespace"]?.string ?? "", name: $0["name"]?.string ?? "")
        }
        claimUID = spec[path: "claimRef", "uid"]?.string ?? ""
        isTerminating = metadata["deletionTimestamp"] != nil
        nodeTerms = spec[path: "nodeAffinity", "required", "nodeSelectorTerms"]?.elements.map { NodeSelectorTerm($0) }
    }

    /// Whether it is this claim's, or reserved for one of its name.
    // Kubernetes: component-helpers/storage/volume/helpers.go IsVolumeBoundToClaim
    package func isReserved(for claim: VolumeClaim) -> Bool {
        claimName == claim.name && (claimUID.isEmpty || claimUID == claim.uid)
    }

    /// Whether the node can reach it.
    package func isReachable(from node: String, labels: [String: String]) -> Bool {
        nodeTerms?.contains { $0.matches(name: node, labels: labels) } ?? true
    }

    /// What keeps it from being what `claim` asks for; nil when nothing does.
    // Kubernetes: pkg/controller/volume/persistentvolume/pv_controller.go checkVolumeSatisfyClaim
    package func mismatch(with claim: VolumeClaim) -> String? {
        if capacity < claim.requested { return "requested PV is too small" }
        if storageClass != claim.storageClass { return "storageClassName does not match" }
        if volumeMode != claim.volumeMode { return "incompatible volumeMode" }
        if !Set(claim.accessModes).isSubset(of: accessModes) { return "incompatible accessMode" }
        return nil
    }
}

/// A storage class, as far as binding depends on it.
package struct VolumeClass: Sendable {
    package let provisioner: String
    /// Whether claims wait for a pod that uses them.
    package let waitsForConsumer: Bool
    /// The labels of the nodes where volumes can be made, any of these sets; empty for all nodes.
    private let topologies: [[(key: String, values: [String])]]

    package init(_ object: JSONValue) {
        provisioner = object["provisioner"]?.string ?? ""
        waitsForConsumer = object["volumeBindingMode"]?.string == "WaitForFirstConsumer"
        topologies = (object["allowedTopologies"]?.elements ?? []).map { term in
            (term["matchLabelExpressions"]?.elements ?? []).map { expression in
                (expression["key"]?.string ?? "", expression["values"]?.elements.compactMap(\.string) ?? [])
            }
        }
    }

    /// Whether somebody makes volumes of this class for pods on a node with these labels.
    package func canProvision(on labels: [String: String]) -> Bool {
        guard !provisioner.isEmpty, provisioner != VolumeAnnotation.noProvisioner else { return false }
        return topologies.isEmpty
            || topologies.contains { terms in
                terms.allSatisfy { term in labels[term.key].map(term.values.contains) ?? false }
            }
    }
}

extension Quantity {
    /// The amount in a JSON value; zero for none.
    fileprivate init(json value: JSONValue?) {
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
package enum VolumeMatch {
    /// The smallest volume with the fewest access modes that suits; one that is reserved for the claim before all.
    /// - Parameter isDelayed: whether only a reserved one is taken, since the scheduler chooses among the others.
    package static func best(
        of volumes: some Sequence<PersistentVolume>,
        for claim: VolumeClaim,
        isDelayed: Bool
    ) -> PersistentVolume? {
        let usable = volumes.filter { volume in
            !volume.isTerminating && volume.volumeMode == claim.volumeMode && !(volume.capacity < claim.requested)
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

    private static func isFree(_ volume: PersistentVolume, for claim: VolumeClaim) -> Bool {
        volume.claimName == nil && volume.phase == "Available" && volume.storageClass == claim.storageClass
            && Set(claim.accessModes).isSubset(of: volume.accessModes)
            && claim.selector?.matches(volume.labels) ?? true
    }
}
