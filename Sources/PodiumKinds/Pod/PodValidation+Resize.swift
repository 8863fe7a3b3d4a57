// SPDX-License-Identifier: Apache-2.0
// Rules of changing what the containers of a pod may use.

package import PodiumCodec
package import PodiumMachinery

extension PodValidation {
    /// What is wrong with a resize of `old` to `pod`, which differ in resources and resize policies only.
    // Kubernetes: pkg/apis/core/validation/validation.go ValidatePodResize
    package func resizeErrors(_ pod: JSONValue, old: JSONValue) -> [FieldError] {
        if old[path: "metadata", "annotations", PodAnnotations.mirror] != nil {
            return [.forbidden(.root, "static pods cannot be resized")]
        }
        if old[path: "spec", "os", "name"]?.string == "windows" {
            return [.forbidden(.root, "windows pods cannot be resized")]
        }
        let path = FieldPath("spec")
        let spec = pod["spec"] ?? .emptyObject
        let oldSpec = old["spec"] ?? .emptyObject
        var errors = podErrors(pod)
        let oldClass = old[path: "status", "qosClass"]?.string ?? PodQOS.compute(oldSpec).rawValue
        if oldClass != PodQOS.compute(spec).rawValue {
            let text = "Pod QOS Class may not change as a result of resizing"
            errors.append(.invalid(path, .string(pod[path: "status", "qosClass"]?.string ?? ""), text))
        }
        if !isResizeSupported(old) {
            errors.append(.forbidden(path, "Pod running on node without support for resize"))
        }
        var masked = spec
        if PodLevelResources.isUsed(in: spec) || PodLevelResources.isUsed(in: oldSpec) {
            errors += podLevelResizeErrors(&masked, oldSpec)
        }
        let orderErrors = containerOrderErrors(spec, oldSpec)
        if !orderErrors.isEmpty { return errors + orderErrors }
        errors += removedResourceErrors(spec, oldSpec)
        errors += otherResourceErrors(&masked, oldSpec)
        if errors.isEmpty, masked != oldSpec {
            errors.append(.forbidden(path, "only cpu and memory resources are mutable"))
        }
        return errors
    }

    /// A kubelet that knows resizing reports the resources of running containers.
    private func isResizeSupported(_ pod: JSONValue) -> Bool {
        let running = pod[path: "status", "containerStatuses"]?.elements.first {
            $0[path: "state", "running"]?.object != nil
        }
        return running?["resources"]?.object != nil || running == nil
    }

    private func containerOrderErrors(_ spec: JSONValue, _ old: JSONValue) -> [FieldError] {
        ["containers", "initContainers"].flatMap { list -> [FieldError] in
            let path = FieldPath("spec", list)
            let names = spec[list]?.elements.map { $0["name"] } ?? []
            let oldNames = old[list]?.elements.map { $0["name"] } ?? []
            if names.count != oldNames.count {
                return [.forbidden(path, "\(list) may not be added or removed on resize")]
            }
            return names.indices.filter { names[$0] != oldNames[$0] }.map {
                .forbidden(path.index($0).child("name"), "\(list) may not be renamed or reordered on resize")
            }
        }
    }

    private func removedResourceErrors(_ spec: JSONValue, _ old: JSONValue) -> [FieldError] {
        var errors: [FieldError] = []
        for list in ["initContainers", "containers"] {
            let containers = zip(spec[list]?.elements ?? [], old[list]?.elements ?? [])
            for (index, (new, before)) in containers.enumerated() {
                if list == "initContainers", before["restartPolicy"]?.string != "Always" { continue }
                for kind in ["requests", "limits"] where Self.removes(kind, from: before, in: new) {
                    let path = FieldPath("spec", list).index(index).child("resources", kind)
                    errors.append(.forbidden(path, "resource \(kind) cannot be removed"))
                }
            }
        }
        return errors
    }

    private static func removes(_ kind: String, from old: JSONValue, in new: JSONValue) -> Bool {
        let names = Set((new[path: "resources", kind]?.object ?? [:]).keys)
        return !(old[path: "resources", kind]?.object ?? [:]).keys.allSatisfy { names.contains($0) }
    }

    /// Takes CPU and memory back to what they were, and finds whether anything else changed.
    private func otherResourceErrors(_ masked: inout JSONValue, _ old: JSONValue) -> [FieldError] {
        let path = FieldPath("spec")
        var errors: [FieldError] = []
        for list in ["containers", "initContainers"] {
            let before = old[list]?.elements ?? []
            masked.updateElements(
                of: list,
                indexed: { index, container in
                    guard index < before.count else { return }
                    let isSidecar = container["restartPolicy"]?.string == "Always"
                    if list == "containers" || isSidecar {
                        Self.restoreCPUAndMemory(of: &container, from: before[index])
                    }
                    guard container != before[index] else { return }
                    let text =
                        if list == "containers" {
                            "only cpu and memory resources are mutable"
                        } else if isSidecar {
                            "only cpu and memory resources for sidecar containers are mutable"
                        } else {
                            "resources for non-sidecar init containers are immutable"
                        }
                    errors.append(.forbidden(path, text))
                }
            )
        }
        return errors
    }

    private func podLevelResizeErrors(_ masked: inout JSONValue, _ old: JSONValue) -> [FieldError] {
        let path = FieldPath("spec", "resources")
        var errors: [FieldError] = []
        if old.isSet("resources") {
            if !masked.isSet("resources") { return [.forbidden(path, "pod-level resources cannot be removed")] }
            for kind in ["requests", "limits"] where Self.removes(kind, from: old, in: masked) {
                errors.append(.forbidden(path.child(kind), "pod-level resource \(kind) cannot be removed"))
            }
        }
        Self.restoreCPUAndMemory(of: &masked, from: old)
        if !old.isSet("resources"), masked["resources"]?.object?.isEmpty == true { masked["resources"] = nil }
        if masked["resources"] != old["resources"] {
            errors.append(.forbidden(FieldPath("spec"), "only cpu and memory resources are mutable at pod-level"))
        }
        return errors
    }

    private static func restoreCPUAndMemory(of owner: inout JSONValue, from old: JSONValue) {
        for kind in ["limits", "requests"] {
            let before = old[path: "resources", kind]?.object
            var amounts = owner[path: "resources", kind]?.object ?? [:]
            for name in ["cpu", "memory"] { amounts[name] = before?[name] }
            owner[path: "resources", kind] = amounts.isEmpty && before == nil ? nil : .object(amounts)
        }
    }
}
