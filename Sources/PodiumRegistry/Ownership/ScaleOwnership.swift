// SPDX-License-Identifier: Apache-2.0
// Who owns the replicas of a workload, as its Scale shows it and takes it.

package import PodiumSchema

/// Carries the account of a workload over to its Scale, and back.
// Kubernetes: apimachinery/pkg/util/managedfields/scalehandler.go
package struct ScaleOwnership {
    private static let scaleVersion = "autoscaling/v1"
    /// Where the replicas are, in the workload as in its Scale.
    private static let replicas: [PathElement] = [.field("spec"), .field("replicas")]
    private static let replicasSet = FieldSet(paths: [replicas])

    private let workload: ManagedFields
    /// The version of the workload.
    private let apiVersion: String

    package init(workload: ManagedFields, apiVersion: String) {
        self.workload = workload
        self.apiVersion = apiVersion
    }

    /// The account of the Scale: who owns the replicas.
    package var ofScale: ManagedFields {
        var managed = ManagedFields()
        for owned in workload.entries where ownsReplicas(owned) {
            managed.set(
                OwnedFields(
                    owner: owned.owner.inVersion(Self.scaleVersion),
                    apiVersion: Self.scaleVersion,
                    fields: Self.replicasSet,
                    time: owned.time
                )
            )
        }
        return managed
    }

    /// The account of the workload once that of its Scale has become `scale`.
    package func ofWorkload(after scale: ManagedFields) -> ManagedFields {
        var managed = workload
        var rest = scale
        managed.updateAll { owned in
            guard ownsReplicas(owned) else { return }
            let owner = owned.owner.inVersion(Self.scaleVersion)
            if let shown = scale[owner], shown.fields.contains(Self.replicas[...]) {
                rest.remove(owner)
            } else {
                owned.fields = owned.fields.subtracting(Self.replicasSet)
            }
        }
        for owned in rest.entries where owned.fields.contains(Self.replicas[...]) {
            managed.set(
                OwnedFields(
                    owner: owned.owner.inVersion(apiVersion),
                    apiVersion: apiVersion,
                    fields: Self.replicasSet
                )
            )
        }
        return managed
    }

    private func ownsReplicas(_ owned: OwnedFields) -> Bool {
        owned.apiVersion == apiVersion && owned.fields.contains(Self.replicas[...])
    }
}
