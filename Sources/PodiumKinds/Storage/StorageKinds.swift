// SPDX-License-Identifier: Apache-2.0
// What is known of volumes, claims and what provides them.

import PodiumCodec
import PodiumRegistry

extension BuiltInKind {
    static let persistentVolumes = BuiltInKind("persistentvolumes", PersistentVolumeStrategy()) { kind in
        kind.cells = { $0.persistentVolume }
    }

    static let persistentVolumeClaims = BuiltInKind("persistentvolumeclaims", PersistentVolumeClaimStrategy()) { kind in
        kind.cells = { $0.persistentVolumeClaim }
    }

    static let storageClasses = BuiltInKind("storageclasses", in: "storage.k8s.io", StorageClassStrategy()) { kind in
        kind.cells = { $0.storageClass }
        kind.rechecksMetadata = false
    }

    static let csiDrivers = BuiltInKind(
        "csidrivers",
        in: "storage.k8s.io",
        PlainStrategy(allowsUnconditionalUpdate: false)
    ) { kind in
        kind.cells = { $0.csiDriver }
    }
    static let csiNodes = BuiltInKind("csinodes", in: "storage.k8s.io", PlainStrategy(allowsUnconditionalUpdate: false))
    { kind in
        kind.cells = { [$0.name, .integer(Int64($0.object.count("spec", "drivers"))), $0.age] }
    }
    static let volumeAttachments = BuiltInKind(
        "volumeattachments",
        in: "storage.k8s.io",
        PlainStrategy(hasStatus: true, allowsUnconditionalUpdate: false)
    ) { kind in
        kind.cells = { $0.volumeAttachment }
    }
    static let volumeAttributesClasses = BuiltInKind("volumeattributesclasses", in: "storage.k8s.io", PlainStrategy()) {
        kind in
        kind.cells = {
            let annotation = "volumeattributesclass.alpha.kubernetes.io/is-default-class"
            return [$0.className(annotation), .string($0.object.text("driverName")), $0.age]
        }
    }
}
