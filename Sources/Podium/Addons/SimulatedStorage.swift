// SPDX-License-Identifier: Apache-2.0
// Volumes for claims, as the storage of a distribution makes them.

import PodiumClient
import PodiumCodec
import PodiumControllers
import PodiumKinds
import PodiumMachinery
import PodiumPodModel
import PodiumRegistry
import PodiumStorage

/// Makes volumes for claims of classes that name it as provisioner, takes them away again, and lets them grow.
///
/// What is in a volume is kept by the kubelets. Its volumes can be reached from every node, and by several at a time.
// Kubernetes: sig-storage-lib-external-provisioner/controller/controller.go
final class SimulatedStorage: InformedReconciler {
    static let name = "storage-provisioner"
    /// What storage classes call it.
    static let provisioner = "podium.dev/storage"

    enum Key: Hashable, Sendable {
        case claim(NamespacedName)
        case volume(String)
    }

    /// The class that claims without one get.
    static let storageClass: JSONValue = [
        "kind": "StorageClass", "apiVersion": "storage.k8s.io/v1",
        "metadata": ["name": "standard", "annotations": ["storageclass.kubernetes.io/is-default-class": "true"]],
        "provisioner": .string(provisioner), "reclaimPolicy": "Delete", "allowVolumeExpansion": true,
        "volumeBindingMode": "Immediate",
    ]

    /// Says that nothing has to be attached to a node.
    static let driver: JSONValue = [
        "kind": "CSIDriver", "apiVersion": "storage.k8s.io/v1", "metadata": ["name": .string(provisioner)],
        "spec": [
            "attachRequired": false, "podInfoOnMount": false, "volumeLifecycleModes": ["Persistent"],
            "storageCapacity": false, "fsGroupPolicy": "ReadWriteOnceWithFSType", "requiresRepublish": false,
            "seLinuxMount": false,
        ],
    ]

    private let informers: SharedInformers
    private let recorder: EventRecorder

    init(informers: SharedInformers) {
        self.informers = informers
        recorder = EventRecorder(client: informers.client, component: Self.provisioner, queue: informers.queue)
    }

    private var client: ResourceClient { informers.client }

    func watch(_ controller: Controller<Key>) {
        informers.handle(.persistentVolumeClaims) { event in
            if case .deleted = event { return }
            controller.add(.claim(event.object.key.name))
        }
        informers.handle(.persistentVolumes) { event in
            if case .deleted = event { return }
            controller.add(.volume(event.object.name))
        }
    }

    func reconcile(_ key: Key) throws -> ReconcileResult {
        switch key {
        case .claim(let name): try reconcileClaim(name)
        case .volume(let name): try reconcileVolume(name)
        }
        return .done
    }

    private func reconcileClaim(_ name: NamespacedName) throws {
        guard let claim = try client.get(ObjectKey(.persistentVolumeClaims, name)), !claim.isTerminating,
            let storageClass = try storageClass(of: claim)
        else { return }
        if claim.spec["volumeName"]?.string ?? "" != "" { return try grow(claim) }
        let waits = storageClass.value["volumeBindingMode"] == "WaitForFirstConsumer"
        guard VolumeAnnotation.provisioners.contains(where: { claim.annotations[$0] == Self.provisioner }),
            !waits || claim.annotations[VolumeAnnotation.selectedNode] != nil
        else { return }
        try provision(claim, storageClass)
    }

    /// The class of a claim, if its volumes are made here.
    private func storageClass(of claim: APIObject) throws(StatusError) -> APIObject? {
        guard let name = claim.spec["storageClassName"]?.string, !name.isEmpty else { return nil }
        let found = try client.get(ObjectKey(.storageClasses, name: name))
        return found?.value["provisioner"]?.string == Self.provisioner ? found : nil
    }

    // MARK: Making volumes

    private func provision(_ claim: APIObject, _ storageClass: APIObject) throws(StatusError) {
        if claim.spec["dataSource"] != nil || claim.spec["dataSourceRef"] != nil {
            let message =
                "failed to provision volume with StorageClass \"\(storageClass.name)\": "
                + "volumes with content from elsewhere are not simulated"
            return record(claim, .warning, "ProvisioningFailed", message)
        }
        let name = "pvc-\(claim.uid)"
        record(
            claim,
            .normal,
            "Provisioning",
            "External provisioner is provisioning volume for claim \"\(claim.key.name)\""
        )
        do throws(StatusError) {
            try client.create(.persistentVolumes, Self.volume(name, for: claim, storageClass))
        } catch let error where error.reason == .alreadyExists {
            return
        }
        record(claim, .normal, "ProvisioningSucceeded", "Successfully provisioned volume \(name)")
    }

    private static func volume(_ name: String, for claim: APIObject, _ storageClass: APIObject) -> JSONValue {
        var spec: JSONObject = [
            "capacity": ["storage": claim.spec[path: "resources", "requests", "storage"] ?? "0"],
            "csi": [
                "driver": .string(provisioner), "volumeHandle": .string(claim.uid),
                "volumeAttributes": ["storage.kubernetes.io/csiProvisionerIdentity": .string(provisioner)],
            ],
            "accessModes": claim.spec["accessModes"] ?? [],
            "claimRef": [
                "kind": "PersistentVolumeClaim", "namespace": .string(claim.namespace), "name": .string(claim.name),
                "uid": .string(claim.uid), "apiVersion": "v1",
                "resourceVersion": .string(claim.revision.description),
            ],
            "persistentVolumeReclaimPolicy": storageClass.value["reclaimPolicy"] ?? "Delete",
            "storageClassName": .string(storageClass.name),
        ]
        spec["mountOptions"] = storageClass.value["mountOptions"]
        spec["volumeMode"] = claim.spec["volumeMode"]
        return [
            "kind": "PersistentVolume", "apiVersion": "v1",
            "metadata": ["name": .string(name), "annotations": [VolumeAnnotation.provisionedBy: .string(provisioner)]],
            "spec": .object(spec),
        ]
    }

    // MARK: Taking them away

    private func reconcileVolume(_ name: String) throws {
        guard let volume = try client.get(ObjectKey(.persistentVolumes, name: name)), !volume.isTerminating,
            volume.annotations[VolumeAnnotation.provisionedBy] == Self.provisioner,
            volume.status["phase"] == "Released",
            volume.spec["persistentVolumeReclaimPolicy"] == "Delete"
        else { return }
        try StatusError.ignoringAbsence { () throws(StatusError) in
            try client.delete(volume.key, uid: volume.uid)
        }
    }

    // MARK: Letting them grow

    /// Gives the volume of a claim the size that the claim asks for; none shrinks.
    // Kubernetes: external-resizer/pkg/controller/controller.go; pkg/volume/util/resize_util.go
    private func grow(_ claim: APIObject) throws {
        guard claim.status["phase"] == "Bound",
            let wanted = claim.spec[path: "resources", "requests", "storage"]?.string,
            let present = claim.status[path: "capacity", "storage"]?.string,
            try Quantity(present) < Quantity(wanted), let name = claim.spec["volumeName"]?.string
        else { return }
        record(claim, .normal, "Resizing", "External resizer is resizing volume \(name)")
        let size = JSONValue.string(wanted)
        try StatusError.ignoringAbsence { () throws(StatusError) in
            try client.update(ObjectKey(.persistentVolumes, name: name)) { value in
                if value[path: "spec", "capacity", "storage"] == size { return false }
                value[path: "spec", "capacity", "storage"] = size
                return true
            }
            try client.updateStatus(claim.key, uid: claim.uid) { value in
                value[path: "status", "capacity", "storage"] = size
                return true
            }
        }
        record(claim, .normal, "VolumeResizeSuccessful", "Resize volume succeeded")
    }

    private func record(_ claim: APIObject, _ type: EventType, _ reason: String, _ message: String) {
        recorder.event(about: claim, type: type, reason: reason, message: message)
    }
}
