// SPDX-License-Identifier: Apache-2.0
// Endpoints: addresses that lead somewhere, and ports by number.

import PodiumCodec
import PodiumMachinery
import PodiumRegistry

/// What is special about Endpoints.
// Kubernetes: pkg/registry/core/endpoint/strategy.go, pkg/apis/core/validation/validation.go ValidateEndpoints
struct EndpointsStrategy: KindStrategy {
    var allowsCreateOnUpdate: Bool { true }

    func applyDefaults(_ object: inout JSONValue) {
        object.updateElements(of: "subsets") { subset in
            subset.updateElements(of: "ports") { $0.setDefault("protocol", "TCP") }
        }
    }

    func validate(_ object: JSONValue, context: StrategyContext) -> [FieldError] {
        PodField("subsets", of: object).elements.flatMap { subset -> [FieldError] in
            var errors: [FieldError] = []
            if subset["addresses"].count == 0, subset["notReadyAddresses"].count == 0 {
                errors.append(subset.required("must specify `addresses` or `notReadyAddresses`"))
            }
            for list in ["addresses", "notReadyAddresses"] { errors += subset[list].elements.flatMap(addressErrors) }
            let needsName = subset["ports"].count > 1
            return errors + subset["ports"].elements.flatMap { portErrors($0, needsName: needsName) }
        }
    }

    func validateUpdate(_ object: JSONValue, old: JSONValue, context: StrategyContext) -> [FieldError] {
        validate(object, context: context)
    }

    private func addressErrors(_ address: PodField) -> [FieldError] {
        var errors = address["ip"].ipErrors
        if !address["hostname"].text.isEmpty { errors += address["hostname"].dnsLabelErrors }
        if address["nodeName"].isSet { errors += address["nodeName"].dnsSubdomainErrors }
        return errors + NameValidation.nonSpecialIP(address["ip"].path, address["ip"].text)
    }

    private func portErrors(_ port: PodField, needsName: Bool) -> [FieldError] {
        var errors: [FieldError] = []
        if !port["name"].text.isEmpty {
            errors += port["name"].dnsLabelErrors
        } else if needsName {
            errors.append(port["name"].required())
        }
        errors += port["port"].rangeErrors(1, 65535)
        errors += PortProtocol.errors(port["protocol"])
        return errors + (port["appProtocol"].isSet ? port["appProtocol"].qualifiedNameErrors : [])
    }
}

/// What is special about EndpointSlices.
// Kubernetes: pkg/registry/discovery/endpointslice/strategy.go, pkg/apis/discovery/validation/validation.go
struct EndpointSliceStrategy: KindStrategy {
    private static let maximumEndpoints = 1000
    private static let maximumPorts = 20000
    private static let maximumAddresses = 100

    var countsGenerations: Bool { true }

    func applyDefaults(_ object: inout JSONValue) {
        object.updateElements(of: "ports") { port in
            if !port.isSet("name") { port["name"] = "" }
            if !port.isSet("protocol") { port["protocol"] = "TCP" }
        }
    }

    func validate(_ object: JSONValue, context: StrategyContext) -> [FieldError] {
        let type = PodField("addressType", of: object)
        var errors = type.text.isEmpty ? [type.required()] : type.oneOf(["FQDN", "IPv4", "IPv6"])
        let endpoints = PodField("endpoints", of: object)
        if endpoints.count > Self.maximumEndpoints {
            errors.append(.tooMany(endpoints.path, actual: endpoints.count, maximum: Self.maximumEndpoints))
            return errors
        }
        errors += endpoints.elements.flatMap { endpointErrors($0, type: type.text) }
        return errors + portErrors(PodField("ports", of: object))
    }

    func validateUpdate(_ object: JSONValue, old: JSONValue, context: StrategyContext) -> [FieldError] {
        validate(object, context: context)
            + PodField("addressType", of: object).immutableErrors(old: old["addressType"])
    }

    private func endpointErrors(_ endpoint: PodField, type: String) -> [FieldError] {
        let addresses = endpoint["addresses"]
        var errors: [FieldError] = []
        if addresses.count == 0 {
            errors.append(addresses.required("must contain at least 1 address"))
        } else if addresses.count > Self.maximumAddresses {
            errors.append(.tooMany(addresses.path, actual: addresses.count, maximum: Self.maximumAddresses))
        }
        for address in addresses.elements {
            switch type {
            case "IPv4", "IPv6":
                let family = IPAddress(address.text)?.family
                if family == nil {
                    errors += address.ipErrors
                } else if family != type {
                    errors.append(address.invalid("must be a valid \(type) address"))
                } else {
                    errors += NameValidation.nonSpecialIP(address.path, address.text)
                }
            case "FQDN": errors += NameValidation.fullyQualifiedName(address.path, address.text)
            default: break
            }
        }
        if endpoint["nodeName"].isSet { errors += endpoint["nodeName"].dnsSubdomainErrors }
        if endpoint["hostname"].isSet { errors += endpoint["hostname"].dnsLabelErrors }
        return errors
    }

    private func portErrors(_ ports: PodField) -> [FieldError] {
        if ports.count > Self.maximumPorts {
            return [.tooMany(ports.path, actual: ports.count, maximum: Self.maximumPorts)]
        }
        var names: Set<String> = []
        return ports.elements.flatMap { port -> [FieldError] in
            var errors = port["name"].text.isEmpty ? [] : port["name"].dnsLabelErrors
            if !names.insert(port["name"].text).inserted { errors.append(port["name"].duplicate()) }
            errors += PortProtocol.errors(port["protocol"])
            return errors + (port["appProtocol"].isSet ? port["appProtocol"].qualifiedNameErrors : [])
        }
    }
}
