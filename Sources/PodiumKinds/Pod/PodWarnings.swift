// SPDX-License-Identifier: Apache-2.0
// What is allowed in a pod but hardly meant.

package import PodiumCodec
package import PodiumMachinery
package import PodiumRegistry

/// The texts of `Warning` headers about pods and pod templates.
// Kubernetes: pkg/api/pod/warnings.go, pkg/registry/core/pod/strategy.go WarningsOnCreate
package enum PodWarnings {
    /// About a new pod, prepared for storage.
    /// - Parameter known: where it may stand what is warned of in its spec.
    package static func forNewPod(_ object: JSONValue, known: SoundValues? = nil) -> [String] {
        let pod = PodField(object, at: .root)
        var warnings = appArmorWarnings(pod)
        let problems = NameValidation.dns1123Label(pod["metadata"]["name"].text)
        if !problems.isEmpty {
            warnings.append(
                "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; "
                    + "a DNS label is recommended: [\(problems.joined(separator: " "))]"
            )
        }
        // Annotations may be worth a warning because of the spec.
        if pod["metadata"]["annotations"].count == 0, let spec = pod["spec"].value,
            let found = known?.finding(about: spec)
        {
            return warnings + found
        }
        return warnings + specWarnings(pod)
    }

    /// About the spec of a new pod without annotations.
    static func forSpec(_ spec: JSONValue) -> [String] { specWarnings(PodField(["spec": spec], at: .root)) }

    /// About a new pod that may still be refused.
    static func forUncheckedPod(_ pod: JSONValue) -> [String] { appArmorWarnings(PodField(pod, at: .root)) }

    /// About the template of a workload's pods at `path`.
    package static func forTemplate(_ template: JSONValue, at path: FieldPath) -> [String] {
        let template = PodField(template, at: path)
        return specWarnings(template, isTemplate: true)
    }

    /// About a reported status.
    package static func forStatus(_ pod: JSONValue) -> [String] {
        let status = PodField(pod["status"], at: FieldPath("status"))
        return ["podIPs", "hostIPs"].flatMap { status[$0].elements }.flatMap {
            NameValidation.ipWarnings($0["ip"].path, $0["ip"].text)
        }
    }

    private static func specWarnings(_ owner: PodField, isTemplate: Bool = false) -> [String] {
        let spec = owner["spec"]
        let annotations = owner["metadata"]["annotations"]
        var warnings = nodeLabelWarnings(spec)
        warnings += deprecatedAnnotations.filter { annotations.value?[$0.key] != nil }.map {
            "\(annotations.path.key($0.key)): \($0.problem)"
        }
        warnings += volumeWarnings(spec["volumes"])
        warnings += overlapWarnings(spec["volumes"])
        warnings += duplicateWarnings(spec["hostAliases"], "ip")
        warnings += duplicateWarnings(spec["imagePullSecrets"], "name")
        for secret in spec["imagePullSecrets"].elements where secret["name"].text.isEmpty {
            warnings.append("\(secret["name"].path): invalid empty name \"\"")
        }
        warnings += ["memory", "ephemeral-storage"].flatMap { fractionWarnings(spec["overhead"], $0) }
        warnings += seccompWarnings(spec, annotations, PodAnnotations.seccompPod)
        let containers = ["initContainers", "containers", "ephemeralContainers"].flatMap { spec[$0].elements }
        let hasProfile = spec["securityContext"]["appArmorProfile"].isSet
        for container in containers {
            let name = container["name"].text
            warnings += seccompWarnings(container, annotations, PodAnnotations.seccompContainerPrefix + name)
            if isTemplate, !hasProfile, !container["securityContext"]["appArmorProfile"].isSet {
                warnings += appArmorWarning(annotations, PodAnnotations.appArmorPrefix + name)
            }
            warnings += containerWarnings(container)
        }
        warnings += portWarnings(containers)
        let period = spec["terminationGracePeriodSeconds"]
        if period.integer < 0 {
            warnings.append("\(period.path): must be >= 0; negative values are invalid and will be treated as 1")
        }
        return warnings + podAffinityWarnings(spec["affinity"]) + addressWarnings(spec)
    }

    private static let deprecatedAnnotations: [(key: String, problem: String)] = [
        (
            "scheduler.alpha.kubernetes.io/critical-pod",
            #"non-functional in v1.16+; use the "priorityClassName" field instead"#
        ),
        ("security.alpha.kubernetes.io/sysctls", #"non-functional in v1.11+; use the "sysctls" field instead"#),
        ("security.alpha.kubernetes.io/unsafe-sysctls", #"non-functional in v1.11+; use the "sysctls" field instead"#),
    ]

    private static func duplicateWarnings(_ list: PodField, _ name: String) -> [String] {
        var seen: Set<String> = []
        return list.elements.map { $0[name] }.filter { !seen.insert($0.text).inserted }.map {
            "\($0.path): duplicate \(name) \(FieldError.quoted($0.text))"
        }
    }

    private static func seccompWarnings(_ owner: PodField, _ annotations: PodField, _ key: String) -> [String] {
        guard !owner["securityContext"]["seccompProfile"].isSet, annotations.value?[key] != nil else { return [] }
        return [#"\#(annotations.path.key(key)): non-functional in v1.27+; use the "seccompProfile" field instead"#]
    }

    private static func appArmorWarning(_ annotations: PodField, _ key: String) -> [String] {
        guard annotations.value?[key] != nil else { return [] }
        return [#"\#(annotations.path.key(key)): deprecated since v1.30; use the "appArmorProfile" field instead"#]
    }

    /// Annotations that gave, or failed to give, a container its profile, unless they agree with the pod's.
    private static func appArmorWarnings(_ pod: PodField) -> [String] {
        let annotations = pod["metadata"]["annotations"]
        let spec = pod["spec"]
        guard annotations.count > 0, spec["os"]["name"].text != "windows" else { return [] }
        return ["initContainers", "containers", "ephemeralContainers"].flatMap { spec[$0].elements }.flatMap {
            let key = PodAnnotations.appArmorPrefix + $0["name"].text
            guard let annotation = annotations.value?[key]?.string else { return [String]() }
            let own = $0["securityContext"]["appArmorProfile"].value
            let named = PodPreparation.appArmorProfile(annotation)
            return own == named ? appArmorWarning(annotations, key) : []
        }
    }

    private static func podAffinityWarnings(_ affinity: PodField) -> [String] {
        ["podAffinity", "podAntiAffinity"].map { affinity[$0] }.filter(\.isSet).flatMap { kind in
            kind["requiredDuringSchedulingIgnoredDuringExecution"].elements.map { $0["labelSelector"] }
                + kind["preferredDuringSchedulingIgnoredDuringExecution"].elements.map {
                    $0["podAffinityTerm"]["labelSelector"]
                }
        }.filter { !$0.isSet }.map { "\($0.path): a null labelSelector results in matching no pod" }
    }

    private static func addressWarnings(_ spec: PodField) -> [String] {
        (spec["dnsConfig"]["nameservers"].elements + spec["hostAliases"].elements.map { $0["ip"] }).flatMap {
            NameValidation.ipWarnings($0.path, $0.text)
        }
    }
}
