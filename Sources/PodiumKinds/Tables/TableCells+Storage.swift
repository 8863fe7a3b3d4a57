// SPDX-License-Identifier: Apache-2.0
// The cells of volumes, claims and storage drivers.

import PodiumCodec
import PodiumMachinery
import PodiumRegistry

extension TableCells {
    var persistentVolume: [JSONValue] {
        let claim = object.at(["spec", "claimRef"]).map { "\($0.text("namespace"))/\($0.text("name"))" } ?? ""
        return [
            name, .string(object.amount("spec", "capacity", "storage", or: "0")),
            .string(Self.accessModes(object.texts("spec", "accessModes"))),
            .string(object.text("spec", "persistentVolumeReclaimPolicy")), phase, .string(claim),
            .string(storageClassName), .string(object.text("spec", "volumeAttributesClassName", or: "<unset>")),
            .string(object.text("status", "reason")), age, .string(object.text("spec", "volumeMode", or: "<unset>")),
        ]
    }

    var persistentVolumeClaim: [JSONValue] {
        let volume = object.text("spec", "volumeName")
        let isBound = !volume.isEmpty
        return [
            name, phase, .string(volume),
            .string(isBound ? object.amount("status", "capacity", "storage", or: "0") : ""),
            .string(isBound ? Self.accessModes(object.texts("status", "accessModes")) : ""), .string(storageClassName),
            .string(object.text("spec", "volumeAttributesClassName", or: "<unset>")), age,
            .string(object.text("spec", "volumeMode", or: "<unset>")),
        ]
    }

    /// The class by the old annotation, else by the field.
    private var storageClassName: String {
        object.at(["metadata", "annotations", "volume.beta.kubernetes.io/storage-class"])?.string
            ?? object.text("spec", "storageClassName")
    }

    private static func accessModes(_ modes: [String]) -> String {
        let short = [
            ("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"), ("ReadWriteOncePod", "RWOP"),
        ]
        return short.filter { modes.contains($0.0) }.map(\.1).joined(separator: ",")
    }

    func className(_ annotation: String) -> JSONValue {
        let isDefault = object.at(["metadata", "annotations", annotation])?.string == "true"
        return .string(object.text("metadata", "name") + (isDefault ? " (default)" : ""))
    }

    var storageClass: [JSONValue] {
        let annotation = "storageclass.kubernetes.io/is-default-class"
        let beta = "storageclass.beta.kubernetes.io/is-default-class"
        let isBeta = object.at(["metadata", "annotations", beta])?.string == "true"
        return [
            className(isBeta ? beta : annotation), .string(object.text("provisioner")),
            .string(object.text("reclaimPolicy", or: "Delete")),
            .string(object.text("volumeBindingMode", or: "Immediate")), .bool(object.flag("allowVolumeExpansion")), age,
        ]
    }

    var csiDriver: [JSONValue] {
        let modes = object.texts("spec", "volumeLifecycleModes").joined(separator: ",")
        let requests = object.at(["spec", "tokenRequests"])?.elements.map { $0.text("audience") }
        return [
            name, .bool(object.flag("spec", "attachRequired", or: true)), .bool(object.flag("spec", "podInfoOnMount")),
            .bool(object.flag("spec", "storageCapacity")), .string(requests?.joined(separator: ",") ?? "<unset>"),
            .bool(object.flag("spec", "requiresRepublish")), .string(modes.isEmpty ? "<none>" : modes), age,
        ]
    }

    var volumeAttachment: [JSONValue] {
        [
            name, .string(object.text("spec", "attacher")),
            .string(object.text("spec", "source", "persistentVolumeName")), .string(object.text("spec", "nodeName")),
            .bool(object.flag("status", "attached")), age,
        ]
    }
}
