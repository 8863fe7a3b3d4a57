// SPDX-License-Identifier: Apache-2.0
// Ingresses, their classes, and network policies.

import PodiumCodec
import PodiumMachinery
import PodiumRegistry

/// What is special about Ingresses.
// Kubernetes: pkg/registry/networking/ingress/strategy.go, pkg/apis/networking/validation/validation.go
struct IngressStrategy: KindStrategy {
    var emptyStatus: JSONValue? { ["loadBalancer": [:]] }
    var countsGenerations: Bool { true }

    func validate(_ object: JSONValue, context: StrategyContext) -> [FieldError] {
        let spec = PodField("spec", of: object)
        var errors: [FieldError] = []
        if spec["rules"].count == 0, !spec["defaultBackend"].isSet {
            let detail = "either `defaultBackend` or `rules` must be specified"
            errors.append(.invalid(spec.path, spec["rules"].value ?? .null, detail))
        }
        if spec["defaultBackend"].isSet { errors += backendErrors(spec["defaultBackend"]) }
        errors += spec["rules"].elements.flatMap(ruleErrors)
        for tls in spec["tls"].elements { errors += tls["hosts"].elements.flatMap(hostErrors) }
        if spec["ingressClassName"].isSet { errors += spec["ingressClassName"].dnsSubdomainErrors }
        return errors
    }

    func validateUpdate(_ object: JSONValue, old: JSONValue, context: StrategyContext) -> [FieldError] {
        validate(object, context: context)
    }

    private func hostErrors(_ host: PodField) -> [FieldError] {
        host.text.contains("*")
            ? host.invalid(each: NameValidation.wildcardDNS1123Subdomain(host.text)) : host.dnsSubdomainErrors
    }

    private func ruleErrors(_ rule: PodField) -> [FieldError] {
        var errors: [FieldError] = []
        let host = rule["host"]
        if !host.text.isEmpty {
            if IPAddress(host.text) != nil { errors.append(host.invalid("must be a DNS name, not an IP address")) }
            errors += hostErrors(host)
        }
        guard rule["http"].isSet else { return errors }
        let paths = rule["http"]["paths"]
        if paths.count == 0 { errors.append(paths.required()) }
        return errors + paths.elements.flatMap(pathErrors)
    }

    private func pathErrors(_ path: PodField) -> [FieldError] {
        let type = path["pathType"]
        guard type.isSet else { return [type.required("pathType must be specified")] + backendErrors(path["backend"]) }
        var errors: [FieldError] = []
        let text = path["path"]
        switch type.text {
        case "Exact", "Prefix":
            if !text.text.hasPrefix("/") { errors.append(text.invalid("must be an absolute path")) }
            for part in ["//", "/./", "/../", "%2f", "%2F"] where text.text.contains(part) {
                errors.append(text.invalid("must not contain '\(part)'"))
            }
            for end in ["/..", "/."] where text.text.hasSuffix(end) {
                errors.append(text.invalid("cannot end with '\(end)'"))
            }
        case "ImplementationSpecific":
            if !text.text.isEmpty, !text.text.hasPrefix("/") { errors.append(text.invalid("must be an absolute path")) }
        default: errors.append(type.notSupported(["Exact", "ImplementationSpecific", "Prefix"]))
        }
        return errors + backendErrors(path["backend"])
    }

    private func backendErrors(_ backend: PodField) -> [FieldError] {
        let service = backend["service"]
        let resource = backend["resource"]
        if service.isSet, resource.isSet {
            return [.invalid(backend.path, "", "cannot set both resource and service backends")]
        }
        if resource.isSet { return [] }
        guard service.isSet else { return [backend.required("resource or service backend is required")] }
        let name = service["name"]
        var errors =
            name.text.isEmpty ? [name.required()] : name.invalid(each: NameValidation.dns1123Label(name.text))
        let port = service["port"]
        switch (port["name"].text.isEmpty, port["number"].integer == 0) {
        case (true, true): errors.append(port.required("port name or number is required"))
        case (false, false): errors.append(.invalid(port.path, "", "cannot set both port name & port number"))
        case (false, true): errors += port["name"].invalid(each: NameValidation.portName(port["name"].text))
        case (true, false): errors += port["number"].rangeErrors(1, 65535)
        }
        return errors
    }
}

/// What is special about IngressClasses.
// Kubernetes: pkg/registry/networking/ingressclass/strategy.go
struct IngressClassStrategy: KindStrategy {
    private static let maximumControllerLength = 250

    var countsGenerations: Bool { true }

    func applyDefaults(_ object: inout JSONValue) {
        object.updateMember("spec") { spec in
            spec.updateMember("parameters") { if !$0.isSet("scope") { $0["scope"] = "Cluster" } }
        }
    }

    func validate(_ object: JSONValue, context: StrategyContext) -> [FieldError] {
        let controller = PodField("spec", of: object)["controller"]
        if controller.text.utf8.count > Self.maximumControllerLength {
            return [controller.tooLong(maximum: Self.maximumControllerLength)]
        }
        if controller.text.isEmpty { return [controller.required()] }
        let parts = controller.text.split(separator: "/", maxSplits: 1).map(String.init)
        guard parts.count == 2 else {
            return [controller.invalid("must be a domain-prefixed path (such as \"acme.io/foo\")")]
        }
        return NameValidation.dns1123Subdomain(parts[0]).map { .invalid(controller.path, .string(parts[0]), $0) }
    }

    func validateUpdate(_ object: JSONValue, old: JSONValue, context: StrategyContext) -> [FieldError] {
        PodField("spec", of: object)["controller"].immutableErrors(old: old[path: "spec", "controller"])
    }
}

/// What is special about NetworkPolicies.
// Kubernetes: pkg/registry/networking/networkpolicy/strategy.go, pkg/apis/networking/validation/validation.go
struct NetworkPolicyStrategy: KindStrategy {
    var countsGenerations: Bool { true }

    func applyDefaults(_ object: inout JSONValue) {
        object.updateMember("spec") { spec in
            if spec["policyTypes"]?.elements.isEmpty ?? true {
                let hasEgress = !(spec["egress"]?.elements.isEmpty ?? true)
                spec["policyTypes"] = hasEgress ? ["Ingress", "Egress"] : ["Ingress"]
            }
            for direction in ["ingress", "egress"] {
                spec.updateElements(of: direction) { rule in
                    rule.updateElements(of: "ports") { if !$0.isSet("protocol") { $0["protocol"] = "TCP" } }
                }
            }
        }
    }

    func validate(_ object: JSONValue, context: StrategyContext) -> [FieldError] {
        let spec = PodField("spec", of: object)
        var errors = LabelSelector.validate(spec["podSelector"].value, at: spec["podSelector"].path)
        for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
            for rule in spec[direction].elements {
                errors += rule["ports"].elements.flatMap(portErrors)
                errors += rule[peers].elements.flatMap(peerErrors)
            }
        }
        let types = spec["policyTypes"]
        if types.count > 2 {
            return errors + [types.invalid("may not specify more than two policyTypes")]
        }
        return errors + types.elements.flatMap { $0.oneOf(["Egress", "Ingress"]) }
    }

    func validateUpdate(_ object: JSONValue, old: JSONValue, context: StrategyContext) -> [FieldError] {
        validate(object, context: context)
    }

    private func portErrors(_ port: PodField) -> [FieldError] {
        var errors = port["protocol"].isSet ? port["protocol"].oneOf(["SCTP", "TCP", "UDP"]) : []
        let last = port["endPort"]
        guard port["port"].isSet else {
            return errors + (last.isSet ? [last.required("may not be specified when `port` is not specified")] : [])
        }
        errors += port["port"].portErrors
        guard last.isSet else { return errors }
        switch IntOrString(port["port"].value) {
        case .int(let first)?:
            if last.integer < Int64(first) {
                errors.append(last.invalidNumber("must be greater than or equal to `port`"))
            }
            return errors + last.rangeErrors(1, 65535)
        default:
            return errors + [last.required("may not be specified when `port` is non-numeric")]
        }
    }

    private func peerErrors(_ peer: PodField) -> [FieldError] {
        var errors: [FieldError] = []
        let selectors = ["podSelector", "namespaceSelector"].map { peer[$0] }.filter(\.isSet)
        errors += selectors.flatMap { LabelSelector.validate($0.value, at: $0.path) }
        let block = peer["ipBlock"]
        if block.isSet { errors += blockErrors(block) }
        if selectors.isEmpty, !block.isSet {
            errors.append(peer.required("must specify a peer"))
        } else if !selectors.isEmpty, block.isSet {
            errors.append(peer.forbidden("may not specify both ipBlock and another peer"))
        }
        return errors
    }

    private func blockErrors(_ block: PodField) -> [FieldError] {
        if block["cidr"].text.isEmpty { return [block["cidr"].required()] }
        let errors = block["cidr"].invalid(each: NameValidation.cidr(block["cidr"].text))
        guard errors.isEmpty, let whole = CIDR(block["cidr"].text) else { return errors }
        return block["except"].elements.flatMap { part -> [FieldError] in
            let errors = part.invalid(each: NameValidation.cidr(part.text))
            guard errors.isEmpty, let range = CIDR(part.text) else { return errors }
            let isInside = whole.contains(range.address) && range.prefixLength > whole.prefixLength
            return isInside ? [] : [part.invalid("must be a strict subset of `cidr`")]
        }
    }
}
