// SPDX-License-Identifier: Apache-2.0
// Rules of what may be reported about a pod.

package import PodiumCodec
package import PodiumMachinery

/// The rules of updates of a pod's status.
// Kubernetes: pkg/apis/core/validation/validation.go ValidatePodStatusUpdate
package enum PodStatusValidation {
    /// What is wrong with an update of the status of `old` to that of `pod`, metadata apart.
    package static func updateErrors(_ pod: JSONValue, old: JSONValue) -> [FieldError] {
        let status = PodField(pod["status"], at: FieldPath("status"))
        let before = PodField(old["status"], at: FieldPath("status"))
        let spec = PodField(pod["spec"], at: FieldPath("spec"))
        var errors = PodValidation(options: .pod).annotationUpdateErrors(pod, old: old)
        errors += conditionErrors(status["conditions"])
        if pod[path: "spec", "nodeName"] != old[path: "spec", "nodeName"] {
            errors.append(.forbidden(status.path.child("nodeName"), "may not be changed directly"))
        }
        errors += nominationErrors(status["nominatedNodeName"], before, isBound: !spec["nodeName"].text.isEmpty)
        if status["observedGeneration"].integer < 0 {
            errors.append(status["observedGeneration"].invalidNumber("must be a non-negative integer"))
        }
        if status["qosClass"].text != before["qosClass"].text {
            errors.append(status["qosClass"].invalid("field is immutable"))
        }
        errors += transitionErrors(status, before, spec)
        errors += claimErrors(status["resourceClaimStatuses"], spec)
        errors += extendedClaimErrors(status["extendedResourceClaimStatus"], spec)
        errors += podAddressErrors(status, before)
        errors += hostAddressErrors(status, before)
        let lists = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"]
        errors += lists.flatMap { status[$0].elements }.flatMap { userErrors($0["user"]["linux"], spec["os"]) }
        return errors + allocationErrors(status, spec)
    }

    private static func conditionErrors(_ conditions: PodField) -> [FieldError] {
        conditions.elements.flatMap { condition -> [FieldError] in
            let generation = condition["observedGeneration"]
            var errors: [FieldError] = []
            if generation.integer < 0 { errors.append(generation.invalidNumber("must be a non-negative integer")) }
            let type = condition["type"]
            if ["PodScheduled", "Ready", "Initialized"].contains(type.text) { return errors }
            return errors + PodField(.string(type.text), at: condition.path.child("Type")).qualifiedNameErrors
        }
    }

    private static func nominationErrors(_ name: PodField, _ before: PodField, isBound: Bool) -> [FieldError] {
        guard !name.text.isEmpty, name.text != before["nominatedNodeName"].text else { return [] }
        let text = "may not be set on pods that are already bound to a node"
        return name.dnsSubdomainErrors + (isBound ? [name.forbidden(text)] : [])
    }

    // MARK: States

    /// Containers that ended stay so, unless they may be started again.
    private static func transitionErrors(_ status: PodField, _ before: PodField, _ spec: PodField) -> [FieldError] {
        let lists = [
            ("containerStatuses", "containers"), ("initContainerStatuses", "initContainers"),
            ("ephemeralContainerStatuses", nil),
        ]
        return lists.flatMap { name, list -> [FieldError] in
            // A container that restarts all others lets any of them leave its end.
            if list != nil, restartsAllContainers(spec) { return [] }
            let containers = list.map { named(spec[$0].elements) } ?? [:]
            let statuses = named(status[name].elements)
            return before[name].elements.enumerated().compactMap { index, old in
                let end = old["state"]["terminated"]
                guard end.isSet,
                    let new = statuses[old["name"].text],
                    !new["state"]["terminated"].isSet
                else { return nil }
                if let container = containers[old["name"].text],
                    mayRestart(container, in: spec, exitCode: end["exitCode"].integer)
                {
                    return nil
                }
                let path = status[name].path.index(index).child("state")
                return .forbidden(path, "may not be transitioned to non-terminated state")
            }
        }
    }

    /// The first of those with each name.
    private static func named(_ elements: [PodField]) -> [String: PodField] {
        Dictionary(elements.map { ($0["name"].text, $0) }, uniquingKeysWith: { first, _ in first })
    }

    private static func restartsAllContainers(_ spec: PodField) -> Bool {
        ["containers", "initContainers"].flatMap { spec[$0].elements }.flatMap { $0["restartPolicyRules"].elements }
            .contains { $0["action"].text == "RestartAllContainers" }
    }

    /// Whether `container` is started again after it ended with `exitCode`.
    // Kubernetes: pkg/api/v1/pod/util.go ContainerShouldRestart
    private static func mayRestart(_ container: PodField, in spec: PodField, exitCode: Int64) -> Bool {
        for rule in container["restartPolicyRules"].elements {
            let codes = rule["exitCodes"]
            let isListed = codes["values"].elements.contains { $0.integer == exitCode }
            let applies =
                switch codes["operator"].text {
                case "In": isListed
                case "NotIn": !isListed
                default: false
                }
            if applies { return rule["action"].text == "Restart" }
        }
        let own = container["restartPolicy"]
        switch own.isSet ? own.text : spec["restartPolicy"].text {
        case "Always": return true
        case "OnFailure": return exitCode != 0
        default: return false
        }
    }

    // MARK: Claims

    private static func claimErrors(_ statuses: PodField, _ spec: PodField) -> [FieldError] {
        let known = Set(spec["resourceClaims"].elements.map { $0["name"].text })
        var names: Set<String> = []
        return statuses.elements.flatMap { status -> [FieldError] in
            let name = status["name"]
            var errors: [FieldError] = []
            if !known.contains(name.text) {
                errors.append(name.invalid("must match the name of an entry in `spec.resourceClaims`"))
            }
            if !names.insert(name.text).inserted { errors.append(name.duplicate()) }
            let claim = status["resourceClaimName"]
            return errors + (claim.isSet ? claim.placed(at: name.path).dnsSubdomainErrors : [])
        }
    }

    private static func extendedClaimErrors(_ status: PodField, _ spec: PodField) -> [FieldError] {
        guard status.isSet else { return [] }
        let mappings = status["requestMappings"]
        var errors = mappings.count == 0 ? [mappings.required("at least one request mapping is required")] : []
        let containers = named(["containers", "initContainers"].flatMap { spec[$0].elements })
        var seen: Set<[String]> = []
        for mapping in mappings.elements {
            let fields = ["containerName", "resourceName", "requestName"].map { mapping[$0] }
            if let container = containers[fields[0].text] {
                if container["resources"]["requests"].value?[fields[1].text] == nil {
                    let text =
                        "must match the extended resource name of an entry in "
                        + "spec.initContainers.resources.requests or spec.containers.resources.requests"
                    errors.append(fields[1].invalid(text))
                }
            } else {
                let text = "must match the name of an entry in spec.initContainers.name or spec.containers.name"
                errors.append(fields[0].invalid(text))
            }
            errors += fields[2].placed(at: status.path.child("requestName")).dnsLabelErrors
            if !seen.insert(fields.map(\.text)).inserted { errors += fields.map { $0.duplicate() } }
        }
        let claim = status["resourceClaimName"]
        return errors + (claim.text.isEmpty ? [claim.required()] : claim.dnsSubdomainErrors)
    }

    // MARK: Addresses

    private static func podAddressErrors(_ status: PodField, _ before: PodField) -> [FieldError] {
        addressErrors(status["podIPs"], kept: before["podIPs"])
    }

    private static func hostAddressErrors(_ status: PodField, _ before: PodField) -> [FieldError] {
        guard let first = status["hostIPs"].elements.first else { return [] }
        var errors: [FieldError] = []
        if first["ip"].text != status["hostIP"].text {
            errors.append(first["ip"].invalid("must be equal to `hostIP`"))
        }
        return errors + addressErrors(status["hostIPs"], kept: before["hostIPs"])
    }

    /// At most one address of each family, whereby addresses that were there before are not looked at again.
    private static func addressErrors(_ list: PodField, kept: PodField) -> [FieldError] {
        let known = Set(kept.elements.map { $0["ip"].text })
        let texts = list.elements.map { $0["ip"].text }
        var errors = list.elements.flatMap { address -> [FieldError] in
            let text = address["ip"].text
            return known.contains(text) ? [] : PodField(.string(text), at: address.path).ipErrors
        }
        guard texts.count > 1 else { return errors }
        let addresses = texts.compactMap { IPAddress($0) }
        if addresses.count != texts.count, let bad = texts.first(where: { IPAddress($0) == nil }) {
            let text = "failed to check for dual stack with error:invalid IP \(FieldError.quoted(bad))"
            errors.append(.internalError(list.path, text))
        }
        let isDualStack = addresses.count == texts.count && Set(addresses.map(\.family)).count == 2
        if !isDualStack || texts.count > 2 {
            let printed = JSONValue.array(texts.map { ["IP": .string($0)] })
            errors.append(.invalid(list.path, printed, "may specify no more than one IP for each IP family"))
        }
        return errors
    }

    // MARK: Containers

    private static func userErrors(_ user: PodField, _ os: PodField) -> [FieldError] {
        guard user.isSet else { return [] }
        if os["name"].text == "windows" { return [user.forbidden("cannot be set for a windows pod")] }
        guard !os.isSet || os["name"].text == "linux" else { return [] }
        return user["uid"].userOrGroupErrors + user["gid"].userOrGroupErrors
            + user["supplementalGroups"].elements.flatMap(\.userOrGroupErrors)
    }

    private static func allocationErrors(_ status: PodField, _ spec: PodField) -> [FieldError] {
        var errors: [FieldError] = []
        for (list, containers) in [("containerStatuses", "containers"), ("initContainerStatuses", "initContainers")] {
            let containers = named(spec[containers].elements)
            for entry in status[list].elements where entry["allocatedResourcesStatus"].count > 0 {
                let container = containers[entry["name"].text]
                let claims = Set(container?["resources"]["claims"].elements.map(claimText) ?? [])
                errors += entry["allocatedResourcesStatus"].elements.flatMap { healthErrors($0, container, claims) }
            }
        }
        for entry in status["ephemeralContainerStatuses"].elements where entry["allocatedResourcesStatus"].count > 0 {
            let text = "must not be specified in container status"
            errors.append(entry["allocatedResourcesStatus"].forbidden(text))
        }
        return errors
    }

    private static func claimText(_ claim: PodField) -> String {
        let request = claim["request"].text
        return "claim:\(claim["name"].text)" + (request.isEmpty ? "" : "/\(request)")
    }

    private static func healthErrors(
        _ resource: PodField,
        _ container: PodField?,
        _ claims: Set<String>
    ) -> [FieldError] {
        var errors: [FieldError] = []
        let name = resource["name"]
        if let container {
            if name.text.hasPrefix("claim:") {
                if !claims.contains(name.text) {
                    let text =
                        "must match one of the container's resource claims in a format "
                        + "'claim:<claimName>/<request>' or 'claim:<claimName>' if request is empty"
                    errors.append(name.invalid(text))
                }
            } else if container["resources"]["requests"].value?[name.text] == nil {
                errors.append(name.invalid("must match one of the container's resource requests"))
            }
        }
        var ids: Set<String> = []
        for unit in resource["resources"].elements {
            errors += unit["health"].oneOf(["Healthy", "Unhealthy", "Unknown"])
            let message = unit["message"]
            if message.isSet, message.text.isEmpty { errors.append(message.required("must be non-empty if specified")) }
            if !ids.insert(unit["resourceID"].text).inserted { errors.append(unit["resourceID"].duplicate()) }
        }
        return errors
    }
}
