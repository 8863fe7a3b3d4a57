// SPDX-License-Identifier: Apache-2.0
// What a kubelet keeps of a Pod object: its identity, its manifest, and what others wrote into its status.

package import PodiumClient
import PodiumCodec
package import PodiumMachinery
import PodiumPodModel
import PodiumStorage

/// A Pod as its kubelet knows it.
package struct PodView: Sendable {
    package var name: NamespacedName
    package var uid: String
    package var generation: Int64
    package var labels: [String: String]
    package var annotations: [String: String]
    package var creation: Timestamp?
    package var deletion: Timestamp?
    package var deletionGraceSeconds: Int?
    package var spec: PodSpec
    /// The status as the API has it, with conditions of all owners.
    package var shown: ShownStatus

    /// Reads a Pod.
    package init(_ object: APIObject) {
        let metadata = object.metadata
        name = object.key.name
        uid = object.uid
        generation = metadata["generation"]?.integer ?? 0
        labels = object.labels
        annotations = object.annotations
        creation = object.creationTimestamp
        deletion = object.deletionTimestamp
        deletionGraceSeconds = metadata["deletionGracePeriodSeconds"]?.int
        spec = PodSpec(object.spec)
        shown = ShownStatus(object.status)
    }

    /// The claim that a volume stands for; nil for volumes of other kinds.
    func claim(of volume: VolumeSpec) -> NamespacedName? {
        switch volume.kind {
        case "persistentVolumeClaim":
            volume.source["claimName"]?.string.map { NamespacedName(namespace: name.namespace, name: $0) }
        case "ephemeral":
            NamespacedName(
                namespace: name.namespace,
                name: VolumeClaim.name(ofEphemeral: volume.name, of: name.name)
            )
        default: nil
        }
    }

    /// `name_namespace(uid)`, as messages name pods.
    package var description: String { "\(name.name)_\(name.namespace)(\(uid))" }

    /// The phase that the API shows.
    package var apiPhase: PodPhase? { shown.phase }

    /// Whether everything but the status is as in `other`, so that nothing needs to be done.
    package func isSameManifest(as other: PodView) -> Bool {
        generation == other.generation && deletion == other.deletion
            && deletionGraceSeconds == other.deletionGraceSeconds && labels == other.labels
            && annotations == other.annotations && spec == other.spec
    }

    /// Whether the pod is asked to go.
    package var isTerminating: Bool { deletion != nil }
}

/// The phases of a pod.
package enum PodPhase: String, Hashable, Sendable {
    case pending = "Pending"
    case running = "Running"
    case succeeded = "Succeeded"
    case failed = "Failed"
    case unknown = "Unknown"

    /// Whether the pod is over.
    package var isTerminal: Bool { self == .succeeded || self == .failed }
}
