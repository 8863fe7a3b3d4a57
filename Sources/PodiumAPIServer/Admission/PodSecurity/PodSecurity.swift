// SPDX-License-Identifier: Apache-2.0
// Holds pods to the security standard of their namespace.

package import PodiumCodec
package import PodiumMachinery
package import PodiumRegistry
import PodiumStorage

/// Refuses pods, and warns of templates, that violate what their namespace's labels ask for.
// Kubernetes: pod-security-admission/admission/admission.go
package struct PodSecurity: AdmissionPlugin {
    package let name = "PodSecurity"

    /// How many pods are looked at when a namespace becomes stricter.
    private static let maximumPodsChecked = 3000

    /// Where the kinds that make pods have their template.
    private static let templates: [GroupResource: [String]] = [
        GroupResource(group: "", resource: "podtemplates"): ["template"],
        GroupResource(group: "", resource: "replicationcontrollers"): ["spec", "template"],
        GroupResource(group: "apps", resource: "replicasets"): ["spec", "template"],
        GroupResource(group: "apps", resource: "deployments"): ["spec", "template"],
        GroupResource(group: "apps", resource: "statefulsets"): ["spec", "template"],
        GroupResource(group: "apps", resource: "daemonsets"): ["spec", "template"],
        GroupResource(group: "batch", resource: "jobs"): ["spec", "template"],
        GroupResource(group: "batch", resource: "cronjobs"): ["spec", "jobTemplate", "spec", "template"],
    ]

    package init() {}

    package func validate(
        _ object: JSONValue,
        _ attributes: AdmissionAttributes,
        _ context: StrategyContext,
        _ warnings: inout [String]
    ) throws(StatusError) {
        guard attributes.operation == .create || attributes.operation == .update else { return }
        let resource = attributes.resource.groupResource
        if resource == .namespaces {
            try validateNamespace(object, attributes, context, &warnings)
        } else if resource == .pods {
            try validatePod(object, attributes, context, &warnings)
        } else if attributes.subresource.isEmpty, let path = Self.templates[resource] {
            let template = path.reduce(object as JSONValue?) { $0?[$1] }
            guard let spec = template?["spec"] else { return }
            warn(template?["metadata"], spec, try labels(attributes, context), &warnings)
        }
    }

    /// The labels of the namespace of the request.
    private func labels(
        _ attributes: AdmissionAttributes,
        _ context: StrategyContext
    ) throws(StatusError) -> JSONValue {
        let stored = try context.storage.object(ObjectKey(.namespaces, name: attributes.namespace))
        let labels = stored?.facts.labels ?? [:]
        return .object(JSONObject(uniqueKeysWithValues: labels.map { ($0, JSONValue.string($1)) }))
    }

    private func warn(_ metadata: JSONValue?, _ spec: JSONValue, _ labels: JSONValue, _ warnings: inout [String]) {
        let policy = PodSecurityPolicy.read("warn", from: labels).policy
        let findings = PodSecurityChecks(metadata: metadata, spec: spec, policy: policy).findings
        guard !findings.isEmpty else { return }
        warnings.append("would violate PodSecurity \"\(policy)\": \(PodSecurityFinding.text(findings))")
    }

    private func validatePod(
        _ pod: JSONValue,
        _ attributes: AdmissionAttributes,
        _ context: StrategyContext,
        _ warnings: inout [String]
    ) throws(StatusError) {
        guard ["", "ephemeralcontainers", "resize"].contains(attributes.subresource) else { return }
        if attributes.operation == .update, let old = attributes.oldObject, !isSignificant(pod, old) { return }
        let labels = try labels(attributes, context)
        let policy = PodSecurityPolicy.read("enforce", from: labels).policy
        let spec = pod["spec"] ?? .emptyObject
        let findings = PodSecurityChecks(metadata: pod["metadata"], spec: spec, policy: policy).findings
        if !findings.isEmpty {
            let text = PodSecurityFinding.text(findings)
            throw attributes.forbidden(pod, "violates PodSecurity \"\(policy)\": \(text)")
        }
        warn(pod["metadata"], spec, labels, &warnings)
    }

    /// Whether an update of a pod can change what the checks find: other containers, or other images in them.
    private func isSignificant(_ pod: JSONValue, _ old: JSONValue) -> Bool {
        ["containers", "initContainers", "ephemeralContainers"].contains { list in
            pod[path: "spec", list] != old[path: "spec", list]
        } || pod[path: "metadata", "annotations"] != old[path: "metadata", "annotations"]
    }

    private func validateNamespace(
        _ namespace: JSONValue,
        _ attributes: AdmissionAttributes,
        _ context: StrategyContext,
        _ warnings: inout [String]
    ) throws(StatusError) {
        guard attributes.subresource.isEmpty else { return }
        let labels = namespace[path: "metadata", "labels"]
        let oldLabels = attributes.oldObject?[path: "metadata", "labels"]
        let errors = PodSecurityPolicy.errors(in: labels)
        if !errors.isEmpty, attributes.operation == .create || errors != PodSecurityPolicy.errors(in: oldLabels) {
            throw .invalid(group: "", kind: "Namespace", name: attributes.displayName(of: namespace), errors)
        }
        guard attributes.operation == .update else { return }
        let policy = PodSecurityPolicy.read("enforce", from: labels).policy
        let old = PodSecurityPolicy.read("enforce", from: oldLabels).policy
        let isStricter = policy.level > old.level || policy.minor != old.minor
        guard policy != old, policy.level != .privileged, isStricter else { return }
        warnings += try podWarnings(attributes.name, policy, context)
    }

    /// Warnings about the pods that a stricter policy would not let in.
    private func podWarnings(
        _ namespace: String,
        _ policy: PodSecurityPolicy,
        _ context: StrategyContext
    ) throws(StatusError) -> [String] {
        let (storage, limit) = (context.storage, Self.maximumPodsChecked)
        let snapshot = try storage.snapshot(of: .pods, in: .namespace(namespace), limit: limit)
        var names: [String: [String]] = [:]
        for object in snapshot.objects {
            let pod = object.value()
            let checks = PodSecurityChecks(metadata: pod["metadata"], spec: pod["spec"] ?? .emptyObject, policy: policy)
            let findings = checks.findings
            guard !findings.isEmpty else { continue }
            names[PodSecurityFinding.reasons(findings), default: []].append(object.key.name.name)
        }
        var warnings: [String] = []
        if snapshot.remaining > 0 {
            let total = snapshot.objects.count + snapshot.remaining
            warnings.append(
                "new PodSecurity enforce level only checked against the first \(snapshot.objects.count) of \(total) "
                    + "existing pods"
            )
        }
        guard !names.isEmpty else { return warnings }
        warnings.append(
            "existing pods in namespace \"\(namespace)\" violate the new PodSecurity enforce level \"\(policy)\""
        )
        return warnings
            + names.map { reasons, pods in
                let others = pods.count - 1
                let more = others == 0 ? "" : " (and \(others) other pod\(others == 1 ? "" : "s"))"
                return "\(pods.min() ?? "")\(more): \(reasons)"
            }.sorted()
    }
}
