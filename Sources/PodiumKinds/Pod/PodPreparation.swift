// SPDX-License-Identifier: Apache-2.0
// What the server decides about a new pod: its first status, and fields that follow from others.

import PodiumCodec
import PodiumMachinery

/// The steps before a pod is checked and stored.
// Kubernetes: pkg/registry/core/pod/strategy.go, pkg/api/pod/util.go
enum PodPreparation {
    /// Makes `pod` a new one.
    static func prepareNew(_ pod: inout JSONValue, now: Timestamp) {
        // A class that the client gives is believed.
        let given = pod[path: "status", "qosClass"]?.string ?? ""
        let computed = PodQOS.compute(pod["spec"] ?? .emptyObject).rawValue
        pod[path: "metadata", "generation"] = 1
        pod["status"] = ["phase": "Pending", "qosClass": .string(given.isEmpty ? computed : given)]
        dropDisabledFields(&pod)
        if !(pod[path: "spec", "schedulingGates"]?.elements ?? []).isEmpty {
            pod[path: "status", "conditions"] = [
                [
                    "type": "PodScheduled",
                    "status": "False",
                    "lastProbeTime": .null,
                    "lastTransitionTime": .string(now.rfc3339),
                    "reason": "SchedulingGated",
                    "message": "Scheduling is blocked due to non-empty scheduling gates",
                ]
            ]
        }
        mergeLabelKeys(&pod)
        adoptAppArmorAnnotations(&pod)
    }

    /// Removes fields of features that Kubernetes does not enable by default.
    static func dropDisabledFields(_ pod: inout JSONValue) {
        pod.updateMember("spec") { dropDisabledFields(fromSpec: &$0) }
    }

    /// Removes such fields from the spec of a pod or of a template.
    static func dropDisabledFields(fromSpec spec: inout JSONValue) {
        for list in ["containers", "initContainers", "ephemeralContainers"] {
            spec.updateElements(of: list) { container in
                guard container[path: "lifecycle", "stopSignal"] != nil else { return }
                container[path: "lifecycle", "stopSignal"] = nil
                if container["lifecycle"]?.object?.isEmpty == true { container["lifecycle"] = nil }
            }
        }
        spec.updateElements(of: "volumes") { volume in
            volume.updateMember("projected") { projected in
                projected.updateElements(of: "sources") { source in
                    source["clusterTrustBundle"] = nil
                    source["podCertificate"] = nil
                }
            }
        }
        spec["schedulingGroup"] = nil
        spec["workloadRef"] = nil
    }

    // MARK: Label keys

    /// Selectors take the values of the pod's own labels for the keys that `matchLabelKeys` and its opposite name.
    private static func mergeLabelKeys(_ pod: inout JSONValue) {
        let labels = pod[path: "metadata", "labels"]?.stringMap ?? [:]
        pod.updateMember("spec") { spec in
            spec.updateMember("affinity") { affinity in
                for kind in ["podAffinity", "podAntiAffinity"] {
                    affinity.updateMember(kind) { mergeLabelKeys(intoAffinity: &$0, labels) }
                }
            }
            spec.updateElements(of: "topologySpreadConstraints") { mergeLabelKeys(intoTerm: &$0, labels) }
        }
    }

    private static func mergeLabelKeys(intoAffinity affinity: inout JSONValue, _ labels: [String: String]) {
        affinity.updateElements(of: "requiredDuringSchedulingIgnoredDuringExecution") {
            mergeLabelKeys(intoTerm: &$0, labels)
        }
        affinity.updateElements(of: "preferredDuringSchedulingIgnoredDuringExecution") { weighted in
            weighted.updateMember("podAffinityTerm") { mergeLabelKeys(intoTerm: &$0, labels) }
        }
    }

    private static func mergeLabelKeys(intoTerm term: inout JSONValue, _ labels: [String: String]) {
        guard term.isSet("labelSelector") else { return }
        var expressions = term[path: "labelSelector", "matchExpressions"]?.elements ?? []
        let count = expressions.count
        for (list, comparison) in [("matchLabelKeys", "In"), ("mismatchLabelKeys", "NotIn")] {
            for key in term[list]?.elements ?? [] {
                guard let value = labels[key.string ?? ""] else { continue }
                expressions.append(["key": key, "operator": .string(comparison), "values": [.string(value)]])
            }
        }
        if expressions.count > count { term[path: "labelSelector", "matchExpressions"] = .array(expressions) }
    }

    // MARK: AppArmor

    /// Fills the field from the annotation that it replaced, where it says something else than the pod's.
    private static func adoptAppArmorAnnotations(_ pod: inout JSONValue) {
        guard pod[path: "spec", "os", "name"]?.string != "windows",
            let annotations = pod[path: "metadata", "annotations"]?.object,
            annotations.keys.contains(where: { $0.hasPrefix(PodAnnotations.appArmorPrefix) })
        else { return }
        let ofPod = pod[path: "spec", "securityContext", "appArmorProfile"]
        pod.updateMember("spec") { spec in
            for list in ["containers", "initContainers", "ephemeralContainers"] {
                spec.updateElements(of: list) { container in
                    let key = PodAnnotations.appArmorPrefix + (container["name"]?.string ?? "")
                    guard container[path: "securityContext", "appArmorProfile"] == nil,
                        let annotation = annotations[key]?.string,
                        let profile = appArmorProfile(annotation), profile != ofPod
                    else { return }
                    container[path: "securityContext", "appArmorProfile"] = profile
                }
            }
        }
    }

    /// The profile that an annotation names; nil when it names none.
    static func appArmorProfile(_ annotation: String) -> JSONValue? {
        switch annotation {
        case "unconfined": return ["type": "Unconfined"]
        case "runtime/default": return ["type": "RuntimeDefault"]
        default:
            guard annotation.hasPrefix("localhost/") else { return nil }
            let profile: JSONValue = [
                "type": "Localhost", "localhostProfile": .string(String(annotation.dropFirst(10))),
            ]
            let field = PodField(profile, at: .root)
            return PodValidation(options: .pod).appArmorErrors(field).isEmpty ? profile : nil
        }
    }
}
