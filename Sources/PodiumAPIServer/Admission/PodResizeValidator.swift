// SPDX-License-Identifier: Apache-2.0
// No pod is resized beyond what its node could ever give.

import OrderedCollections
package import PodiumCodec
import PodiumKinds
package import PodiumMachinery
package import PodiumRegistry
import PodiumStorage

/// Refuses resizes that the node of the pod could not grant even if it were empty.
// Kubernetes: plugin/pkg/admission/podresize/admission.go
package struct PodResizeValidator: AdmissionPlugin {
    package let name = "PodResizeValidator"

    package init() {}

    package func validate(
        _ object: JSONValue,
        _ attributes: AdmissionAttributes,
        _ context: StrategyContext,
        _ warnings: inout [String]
    ) throws(StatusError) {
        guard attributes.resource.groupResource == .pods, attributes.subresource == "resize",
            attributes.operation == .update,
            let nodeName = object[path: "spec", "nodeName"]?.string, !nodeName.isEmpty,
            // What leaves the spec as it was is no resize.
            object[path: "metadata", "generation"] != attributes.oldObject?[path: "metadata", "generation"]
        else { return }
        guard let node = try context.storage.object(ObjectKey(.nodes, name: nodeName))?.value() else {
            throw attributes.forbidden(object, "node \(FieldError.quoted(nodeName)) not found")
        }
        let system = node[path: "metadata", "labels", "kubernetes.io/os"]?.string ?? "linux"
        if system != "linux" {
            let place = "node \(FieldError.quoted(nodeName)) is \(FieldError.quoted(system))"
            let problem = "pod resize is only supported on linux nodes, \(place)"
            throw refusal(of: object, attributes, problem, cause: "UnsupportedPlatform")
        }
        let shortages = Self.shortages(of: object, on: node)
        if !shortages.isEmpty {
            let problem = "node didn't have enough allocatable resources: \(shortages.joined(separator: "; "))"
            throw refusal(of: object, attributes, problem, cause: "NodeCapacity")
        }
    }

    /// What the node has too little of: CPU in thousandths, memory in bytes.
    private static func shortages(of pod: JSONValue, on node: JSONValue) -> [String] {
        let requests = PodResources.requests(of: pod["spec"] ?? [:])
        func shortage(_ name: String, _ number: (Quantity) -> Int64) -> String? {
            let allocatable = node[path: "status", "allocatable", name].flatMap(Quantity.init(json:)) ?? Quantity(0)
            guard let requested = requests[name], requested > allocatable else { return nil }
            return "\(name), requested: \(number(requested)), allocatable: \(number(allocatable))"
        }
        return [shortage("cpu", \.milliValue), shortage("memory", \.value)].compactMap(\.self)
    }

    private func refusal(
        of pod: JSONValue,
        _ attributes: AdmissionAttributes,
        _ problem: String,
        cause: String
    ) -> StatusError {
        var error = attributes.forbidden(pod, problem)
        error.details?.causes.append(StatusError.Cause(reason: cause, message: ""))
        return error
    }
}
