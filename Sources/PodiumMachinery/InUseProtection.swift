// SPDX-License-Identifier: Apache-2.0
// Which finalizers keep claims and volumes while something uses them.

/// The finalizers that admission puts on claims and volumes, and that controllers take off again.
// Kubernetes: pkg/volume/util/finalizer.go
package enum InUseProtection {
    /// The finalizer of a collection; nil where nothing is protected.
    package static func finalizer(of resource: GroupResource) -> String? {
        switch resource {
        case .persistentVolumeClaims: "kubernetes.io/pvc-protection"
        case .persistentVolumes: "kubernetes.io/pv-protection"
        default: nil
        }
    }
}
