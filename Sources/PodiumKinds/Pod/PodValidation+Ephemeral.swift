// SPDX-License-Identifier: Apache-2.0
// Rules of adding ephemeral containers to a pod.

package import PodiumCodec
package import PodiumMachinery

extension PodValidation {
    /// What is wrong with an update of `old` to `pod`, which differ in their ephemeral containers only.
    // Kubernetes: pkg/apis/core/validation/validation.go ValidatePodEphemeralContainersUpdate
    package func ephemeralUpdateErrors(_ pod: JSONValue, old: JSONValue) -> [FieldError] {
        if old[path: "metadata", "annotations", PodAnnotations.mirror] != nil {
            return [.forbidden(.root, "static pods do not support ephemeral containers")]
        }
        var errors = podErrors(pod)
        errors += annotationUpdateErrors(pod, old: old)
        let path = FieldPath("spec", "ephemeralContainers")
        let containers = pod[path: "spec", "ephemeralContainers"]?.elements ?? []
        for before in old[path: "spec", "ephemeralContainers"]?.elements ?? [] {
            let name = FieldError.quoted(before["name"]?.string ?? "")
            let after = containers.last { $0["name"] == before["name"] }
            if let after, after != before {
                let change = PodDifference.text(before, after)
                errors.append(.forbidden(path, "existing ephemeral containers \(name) may not be changed\(change)"))
            } else if after == nil {
                // The line break is upstream's.
                errors.append(.forbidden(path, "existing ephemeral containers \(name) may not be removed\n"))
            }
        }
        return errors
    }
}
