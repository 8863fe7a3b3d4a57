// SPDX-License-Identifier: Apache-2.0
// Which services make sense: type and fields, ports, affinity, policies.

import PodiumCodec
import PodiumMachinery

/// The rules of services.
// Kubernetes: pkg/apis/core/validation/validation.go ValidateService
enum ServiceValidation {
    static func errors(_ object: JSONValue) -> [FieldError] {
        let spec = PodField("spec", of: object)
        var errors = topologyErrors(object)
        errors += typeErrors(spec)
        errors += portErrors(spec)
        errors += ObjectMetaValidation.labels(spec["selector"].value, at: spec["selector"].path)
        errors += affinityErrors(spec)
        errors += addressErrors(spec)
        errors += spec["externalIPs"].elements.flatMap { address in
            let errors = address.ipErrors
            return errors.isEmpty ? NameValidation.nonSpecialIP(address.path, address.text) : errors
        }
        if spec["type"].text.isEmpty {
            errors.append(spec["type"].required())
        } else {
            errors += spec["type"].oneOf(["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"])
        }
        errors += duplicatePortErrors(spec)
        errors += balancerErrors(spec, object[path: "metadata", "annotations"])
        errors += loadBalancerClassErrors(spec, old: nil)
        errors += externalPolicyErrors(spec)
        errors += internalPolicyErrors(spec)
        let distribution = spec["trafficDistribution"]
        if distribution.isSet {
            errors += distribution.oneOf(["PreferClose", "PreferSameZone", "PreferSameNode"])
        }
        return errors
    }

    private static func topologyErrors(_ object: JSONValue) -> [FieldError] {
        let annotations = PodField(object[path: "metadata", "annotations"], at: FieldPath("metadata", "annotations"))
        let oldName = "service.kubernetes.io/topology-aware-hints"
        let newName = "service.kubernetes.io/topology-mode"
        guard annotations[oldName].isSet, annotations[newName].isSet,
            annotations[oldName].text != annotations[newName].text
        else { return [] }
        let field = annotations[newName].placed(at: annotations.path.key(newName))
        return [field.invalid("must match annotations[\(oldName)] when both are specified")]
    }

    private static func typeErrors(_ spec: PodField) -> [FieldError] {
        var errors: [FieldError] = []
        let isHeadless = spec["clusterIPs"].texts == ["None"]
        let type = spec["type"].text
        if spec["ports"].count == 0, !isHeadless, type != "ExternalName" { errors.append(spec["ports"].required()) }
        switch type {
        case "LoadBalancer" where isHeadless, "NodePort" where isHeadless:
            let address = spec["clusterIPs"].elements[0]
            errors.append(address.invalid("may not be set to 'None' for \(type) services"))
        case "ExternalName":
            for list in ["clusterIPs", "ipFamilies"] where spec[list].count > 0 {
                errors.append(spec[list].forbidden("may not be set for ExternalName services"))
            }
            if spec["ipFamilyPolicy"].isSet {
                errors.append(spec["ipFamilyPolicy"].forbidden("may not be set for ExternalName services"))
            }
            let name = spec["externalName"]
            let text = name.text.hasSuffix(".") ? String(name.text.dropLast()) : name.text
            errors += text.isEmpty ? [name.required()] : PodField(.string(text), at: name.path).dnsSubdomainErrors
        default: break
        }
        return errors
    }

    private static func portErrors(_ spec: PodField) -> [FieldError] {
        var names: Set<String> = []
        let needsName = spec["ports"].count > 1
        return spec["ports"].elements.flatMap { port -> [FieldError] in
            var errors: [FieldError] = []
            let name = port["name"]
            if name.text.isEmpty {
                if needsName { errors.append(name.required()) }
            } else {
                errors += name.dnsLabelErrors
                if !names.insert(name.text).inserted { errors.append(name.duplicate()) }
            }
            errors += port["port"].rangeErrors(1, 65535)
            errors += PortProtocol.errors(port["protocol"])
            errors += port["targetPort"].portErrors
            if port["appProtocol"].isSet { errors += port["appProtocol"].qualifiedNameErrors }
            return errors
        }
    }

    private static func duplicatePortErrors(_ spec: PodField) -> [FieldError] {
        var errors: [FieldError] = []
        let ports = spec["ports"].elements
        if spec["type"].text == "ClusterIP" {
            errors += ports.filter { $0["nodePort"].integer != 0 }.map {
                $0["nodePort"].forbidden("may not be used when `type` is 'ClusterIP'")
            }
        }
        var nodePorts: Set<String> = []
        for port in ports where port["nodePort"].integer != 0 {
            if !nodePorts.insert("\(port["protocol"].text) \(port["nodePort"].integer)").inserted {
                errors.append(.duplicate(port["nodePort"].path, .integer(port["nodePort"].integer)))
            }
        }
        var numbers: Set<String> = []
        for port in ports where !numbers.insert("\(port["protocol"].text) \(port["port"].integer)").inserted {
            let printed: JSONValue = [
                "Name": "", "Protocol": .string(port["protocol"].text), "AppProtocol": .null,
                "Port": .integer(port["port"].integer), "TargetPort": 0, "NodePort": 0,
            ]
            errors.append(.duplicate(port.path, printed))
        }
        return errors
    }

    private static func affinityErrors(_ spec: PodField) -> [FieldError] {
        let affinity = spec["sessionAffinity"]
        let config = spec["sessionAffinityConfig"]
        switch affinity.text {
        case "": return [affinity.required()]
        case "None":
            return config.isSet ? [config.forbidden("must not be set when session affinity is None")] : []
        case "ClientIP":
            if !config.isSet { return [config.required("when session affinity type is ClientIP")] }
            let client = config["clientIP"]
            if !client.isSet { return [client.required("when session affinity type is ClientIP")] }
            let timeout = client["timeoutSeconds"]
            if !timeout.isSet { return [timeout.required("when session affinity type is ClientIP")] }
            let isGood = (1...86400).contains(timeout.integer)
            return isGood ? [] : [timeout.invalidNumber("must be greater than 0 and less than 86400")]
        default: return [affinity.notSupported(["ClientIP", "None"])]
        }
    }

    private static func externalPolicyErrors(_ spec: PodField) -> [FieldError] {
        var errors: [FieldError] = []
        let policy = spec["externalTrafficPolicy"]
        let value = spec.value ?? .emptyObject
        if !ServiceStrategy.isExternallyAccessible(value) {
            if !policy.text.isEmpty {
                errors.append(policy.invalid("may only be set for externally-accessible services"))
            }
        } else {
            errors += policy.text.isEmpty ? [policy.required()] : policy.oneOf(["Cluster", "Local"])
        }
        let port = spec["healthCheckNodePort"]
        if !ServiceStrategy.needsHealthCheck(value) {
            if port.integer != 0 {
                let detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
                errors.append(port.invalidNumber(detail))
            }
        } else {
            errors += port.integer == 0 ? [port.required()] : port.rangeErrors(1, 65535)
        }
        return errors
    }

    private static func internalPolicyErrors(_ spec: PodField) -> [FieldError] {
        let policy = spec["internalTrafficPolicy"]
        if policy.isSet { return policy.oneOf(["Cluster", "Local"]) }
        return ["ClusterIP", "NodePort", "LoadBalancer"].contains(spec["type"].text) ? [policy.required()] : []
    }

    static func statusErrors(_ object: JSONValue) -> [FieldError] {
        PodField("status", of: object)["loadBalancer"]["ingress"].elements.flatMap { ingress -> [FieldError] in
            var errors = ingress["ip"].text.isEmpty ? [] : ingress["ip"].ipErrors
            let mode = ingress["ipMode"]
            if !mode.isSet {
                if !ingress["ip"].text.isEmpty { errors.append(mode.required("must be specified when `ip` is set")) }
            } else if ingress["ip"].text.isEmpty {
                errors.append(mode.forbidden("may not be specified when `ip` is not set"))
            } else {
                errors += mode.oneOf(["Proxy", "VIP"])
            }
            let host = ingress["hostname"]
            if !host.text.isEmpty {
                errors += host.dnsSubdomainErrors
                if IPAddress(host.text) != nil { errors.append(host.invalid("must be a DNS name, not an IP address")) }
            }
            return errors
        }
    }
}

/// The protocols of ports.
enum PortProtocol {
    /// What is wrong with the protocol of a port.
    static func errors(_ field: PodField) -> [FieldError] {
        field.text.isEmpty ? [field.required()] : field.oneOf(["SCTP", "TCP", "UDP"])
    }
}
