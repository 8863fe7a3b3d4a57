// SPDX-License-Identifier: Apache-2.0
// Which rules a pod's spec must meet, and in which order they are told.

package import PodiumCodec
package import PodiumMachinery
package import PodiumRegistry

/// The rules of pods and pod templates.
///
/// Errors come in upstream's order.
// Kubernetes: pkg/apis/core/validation/validation.go
package struct PodValidation: Sendable {
    /// What is checked.
    package struct Options: Sendable {
        /// Whether the spec is a pod's own; templates leave some fields to the pods made of them.
        package var isPod: Bool

        package init(isPod: Bool) { self.isPod = isPod }

        /// A pod.
        package static let pod = Options(isPod: true)
        /// The template of a workload's pods.
        package static let template = Options(isPod: false)
    }

    package let options: Options
    /// What needs no second look; nil where everything is judged.
    private let known: SoundValues?

    package init(options: Options, known: SoundValues? = nil) {
        self.options = options
        self.known = known
    }

    /// The rules of pods in a cluster, which judges equal specs once.
    init(_ context: StrategyContext) { self.init(options: .pod, known: context.api.soundValues) }

    /// What is wrong with a new pod, metadata apart.
    package func createErrors(_ pod: JSONValue) -> [FieldError] {
        var errors = podErrors(pod)
        let spec = PodField(pod["spec"], at: FieldPath("spec"))
        if spec["ephemeralContainers"].count > 0 {
            errors.append(spec["ephemeralContainers"].forbidden("cannot be set on create"))
        }
        if !spec["nodeName"].text.isEmpty, spec["schedulingGates"].count > 0 {
            errors.append(spec["nodeName"].forbidden("cannot be set until all schedulingGates have been cleared"))
        }
        let annotations = PodField(pod[path: "metadata", "annotations"], at: FieldPath("metadata", "annotations"))
        errors += seccompAnnotationMatchErrors(annotations, spec)
        errors += appArmorAnnotationMatchErrors(annotations, spec)
        return errors
    }

    /// What is wrong with a pod as it stands, metadata apart.
    package func podErrors(_ pod: JSONValue) -> [FieldError] {
        let metadata = PodField(pod["metadata"], at: FieldPath("metadata"))
        let spec = PodField(pod["spec"], at: FieldPath("spec"))
        var errors = annotationErrors(metadata["annotations"], spec)
        guard let known, let value = spec.value, !Self.asksForMetadata(spec) else {
            return errors + ownSpecErrors(spec, metadata)
        }
        _ = known.finding(about: value) {
            // Judged without what is not remembered, so that no rule can look at it.
            let found = ownSpecErrors(spec, nil)
            errors += found
            let warnings = found.isEmpty ? PodWarnings.forSpec(value) : []
            // Of the next pod the volume with the token has another name.
            return found.isEmpty && !warnings.contains { $0.contains("\(TokenVolume.namePrefix)") } ? warnings : nil
        }
        return errors
    }

    /// Whether rules of the spec look at the pod's metadata: its name goes into those of claims that are made for it.
    static func asksForMetadata(_ spec: PodField) -> Bool {
        spec["resourceClaims"].count > 0 || spec["volumes"].elements.contains { $0["ephemeral"].isSet }
    }

    /// What is wrong with the spec of a pod itself, not of a template.
    private func ownSpecErrors(_ spec: PodField, _ metadata: PodField?) -> [FieldError] {
        var errors = specErrors(spec, podMetadata: metadata)
        if spec["serviceAccountName"].text.isEmpty {
            for volume in spec["volumes"].elements {
                for source in volume["projected"]["sources"].elements where source["serviceAccountToken"].isSet {
                    let token = source["serviceAccountToken"]
                    errors.append(token.forbidden("must not be specified when serviceAccountName is not set"))
                }
            }
        }
        for list in ["containers", "initContainers"] {
            errors += spec[list].elements.flatMap { imageSpaceErrors($0["image"]) }
        }
        return errors
    }

    /// What is wrong with the template of a workload's pods at `path`.
    // Kubernetes: pkg/apis/core/validation/validation.go ValidatePodTemplateSpec
    package func templateErrors(_ template: JSONValue, at path: FieldPath) -> [FieldError] {
        let template = PodField(template, at: path)
        let metadata = template["metadata"]
        // Upstream leaves `metadata` out of these paths.
        let annotations = metadata["annotations"].placed(at: path.child("annotations"))
        var errors = metadata["labels"].placed(at: path.child("labels")).labelsErrors
        errors += annotationKeyErrors(annotations)
        errors += annotationErrors(annotations, template["spec"])
        errors += specErrors(template["spec"], podMetadata: nil)
        errors += seccompAnnotationMatchErrors(annotations, template["spec"])
        if template["spec"]["ephemeralContainers"].count > 0 {
            let field = template["spec"]["ephemeralContainers"]
            errors.append(field.forbidden("ephemeral containers not allowed in pod template"))
        }
        return errors
    }

    /// What is wrong with a pod's spec at `path`.
    package func specErrors(_ spec: JSONValue, at path: FieldPath) -> [FieldError] {
        specErrors(PodField(spec, at: path), podMetadata: nil)
    }
}

extension PodValidation {
    func specErrors(_ spec: PodField, podMetadata: PodField?) -> [FieldError] {
        var errors: [FieldError] = []
        if !spec["terminationGracePeriodSeconds"].isSet {
            errors.append(spec["terminationGracePeriodSeconds"].required())
        }
        let (volumes, volumeErrors) = self.volumes(spec["volumes"], podName: podMetadata?["name"].text ?? "")
        errors += volumeErrors
        errors += resourceClaimErrors(spec["resourceClaims"], podMetadata)
        let scope = ContainerScope(spec, volumes: volumes)
        errors += containerErrors(spec["containers"], scope)
        errors += initContainerErrors(spec["initContainers"], scope)
        errors += ephemeralContainerErrors(spec["ephemeralContainers"], scope)
        errors += podResourceErrors(spec)
        errors += hostNetworkPortErrors(spec)
        errors += choiceErrors(spec["restartPolicy"], ["Always", "OnFailure", "Never"])
        errors += choiceErrors(spec["dnsPolicy"], ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"])
        errors += spec["nodeSelector"].labelsErrors
        errors += podSecurityContextErrors(spec)
        errors += affinityErrors(spec["affinity"])
        errors += dnsConfigErrors(spec)
        errors += spec["readinessGates"].elements.flatMap { $0["conditionType"].qualifiedNameErrors }
        errors += schedulingGateErrors(spec["schedulingGates"])
        errors += spreadErrors(spec["topologySpreadConstraints"])
        errors += hostProcessErrors(spec)
        errors += hostUsersErrors(spec)
        errors += hostnameOverrideErrors(spec)
        errors += namedFieldErrors(spec)
        errors += osErrors(spec)
        errors += schedulingGroupErrors(spec["schedulingGroup"])
        errors += fileKeyVolumeErrors(spec)
        return errors
    }

    /// Names, numbers and lists that need no other field.
    private func namedFieldErrors(_ spec: PodField) -> [FieldError] {
        var errors: [FieldError] = []
        for name in ["serviceAccountName", "nodeName"] where !spec[name].text.isEmpty {
            errors += spec[name].dnsSubdomainErrors
        }
        if spec["activeDeadlineSeconds"].isSet {
            errors += spec["activeDeadlineSeconds"].rangeErrors(1, Int64(Int32.max))
        }
        for name in ["hostname", "subdomain"] where !spec[name].text.isEmpty { errors += spec[name].dnsLabelErrors }
        errors += tolerationErrors(spec["tolerations"])
        errors += hostAliasErrors(spec["hostAliases"])
        if !spec["priorityClassName"].text.isEmpty { errors += spec["priorityClassName"].dnsSubdomainErrors }
        if spec["runtimeClassName"].isSet { errors += spec["runtimeClassName"].dnsSubdomainErrors }
        if spec["preemptionPolicy"].isSet {
            errors += choiceErrors(spec["preemptionPolicy"], ["PreemptLowerPriority", "Never"])
        }
        if spec["overhead"].isSet { errors += overheadErrors(spec["overhead"]) }
        return errors
    }

    /// A text that must be there and be one of those given.
    func choiceErrors(_ field: PodField, _ supported: [String]) -> [FieldError] {
        field.text.isEmpty ? [field.required()] : field.oneOf(supported)
    }

    private func schedulingGateErrors(_ gates: PodField) -> [FieldError] {
        var seen: Set<String> = []
        return gates.elements.flatMap { gate in
            let name = PodField(.string(gate["name"].text), at: gate.path)
            return name.qualifiedNameErrors + (seen.insert(name.text).inserted ? [] : [name.duplicate()])
        }
    }

    private func hostAliasErrors(_ aliases: PodField) -> [FieldError] {
        aliases.elements.flatMap { alias in
            alias["ip"].ipErrors + alias["hostnames"].elements.flatMap(\.dnsSubdomainErrors)
        }
    }

    private func schedulingGroupErrors(_ group: PodField) -> [FieldError] {
        guard group.isSet else { return [] }
        let name = group["podGroupName"]
        if !name.isSet { return [.invalid(name.path, .null, "must specify one of: `podGroupName`")] }
        return name.text.isEmpty ? [name.invalid("must not be empty")] : name.dnsSubdomainErrors
    }

    private func hostnameOverrideErrors(_ spec: PodField) -> [FieldError] {
        let name = spec["hostnameOverride"]
        guard name.isSet else { return [] }
        var errors: [FieldError] = []
        if spec["setHostnameAsFQDN"].flag {
            errors.append(name.forbidden("may not be specified when setHostnameAsFQDN is true"))
        }
        if spec["hostNetwork"].flag {
            errors.append(name.forbidden("may not be specified when hostNetwork is true"))
        }
        if name.text.utf8.count > 64 { errors.append(name.tooLong(maximum: 64)) }
        return errors + name.dnsSubdomainErrors
    }
}
