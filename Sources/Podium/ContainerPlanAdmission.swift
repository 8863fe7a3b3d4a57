// SPDX-License-Identifier: Apache-2.0
// Refuses pods whose plan annotations cannot be read, so that a slip of the pen is not taken for a plan.

import PodiumAPIServer
import PodiumCodec
import PodiumMachinery
import PodiumRegistry
import PodiumRuntime

/// Reads the `podium.dev/plan.CONTAINER` annotations of every pod that is written.
///
/// An annotation that is no plan is refused with 422 and the column of the mistake; one for a container that the pod
/// does not have is only warned of.
struct ContainerPlanAdmission: AdmissionPlugin {
    let name = "ContainerPlan"

    func validate(
        _ object: JSONValue,
        _ attributes: AdmissionAttributes,
        _ context: StrategyContext,
        _ warnings: inout [String]
    ) throws(StatusError) {
        guard attributes.resource.groupResource == .pods, attributes.subresource.isEmpty,
            attributes.operation == .create || attributes.operation == .update
        else { return }
        let annotations = object[path: "metadata", "annotations"]?.object ?? [:]
        let containers = ["initContainers", "containers", "ephemeralContainers"].flatMap { list in
            (object[path: "spec", list]?.elements ?? []).compactMap { $0["name"]?.string }
        }
        var errors: [FieldError] = []
        for (key, value) in annotations where key.hasPrefix(ContainerPlan.annotationPrefix) {
            let container = String(key.dropFirst(ContainerPlan.annotationPrefix.count))
            if !containers.contains(container) {
                warnings.append("metadata.annotations[\(key)]: the pod has no container \"\(container)\"")
            }
            do throws(PlanError) {
                _ = try ContainerPlan(parsing: value.string ?? "")
            } catch {
                errors.append(.invalid(FieldPath("metadata", "annotations").key(key), value, error.message))
            }
        }
        if errors.isEmpty { return }
        let name = object[path: "metadata", "name"]?.string ?? ""
        throw .invalid(group: "", kind: "Pod", name: name, errors)
    }
}
