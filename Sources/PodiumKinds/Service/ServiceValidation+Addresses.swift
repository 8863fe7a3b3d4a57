// SPDX-License-Identifier: Apache-2.0
// Which addresses, families and load balancers a service may name, and which of them may change.

import PodiumCodec
import PodiumMachinery

// Kubernetes: pkg/apis/core/validation/validation.go ValidateServiceClusterIPsRelatedFields
extension ServiceValidation {
    static func addressErrors(_ spec: PodField) -> [FieldError] {
        guard spec["type"].text != "ExternalName" else { return [] }
        var errors: [FieldError] = []
        let single = spec["clusterIP"].text
        let list = spec["clusterIPs"]
        if single.isEmpty {
            if list.count > 0 { errors.append(list.invalid("must be empty when `clusterIP` is not specified")) }
        } else if list.count == 0 {
            errors.append(list.required())
        } else if list.texts.first != single {
            errors.append(list.invalid("first value must match `clusterIP`"))
        }
        var seen: Set<String> = []
        for family in spec["ipFamilies"].elements {
            errors += family.oneOf(["IPv4", "IPv6"])
            if !seen.insert(family.text).inserted { errors.append(family.duplicate()) }
        }
        if spec["ipFamilyPolicy"].isSet {
            errors += spec["ipFamilyPolicy"].oneOf(["PreferDualStack", "RequireDualStack", "SingleStack"])
        }
        var invalid: [FieldError] = []
        for (index, address) in list.elements.enumerated() {
            if index == 0, address.text == "None" {
                if list.count > 1 { invalid.append(list.invalid("'None' must be the first and only value")) }
            } else {
                invalid += address.ipErrors
            }
        }
        errors += invalid
        if list.count > 2 { errors.append(list.invalid("may only hold up to 2 values")) }
        return invalid.isEmpty ? errors + familyErrors(spec, list) : errors
    }

    private static func familyErrors(_ spec: PodField, _ list: PodField) -> [FieldError] {
        guard list.texts != ["None"] else { return [] }
        var errors: [FieldError] = []
        let families = list.texts.map { IPAddress($0)?.family ?? "" }
        if list.count > 1, Set(families).count != 2 {
            errors.append(list.invalid("may specify no more than one IP for each IP family"))
        }
        for (index, (expected, actual)) in zip(spec["ipFamilies"].texts, families).enumerated()
        where expected != actual {
            let article = expected == "IPv4" ? "an IPv4" : "an IPv6"
            errors.append(
                list.elements[index].invalid("expected \(article) value as indicated by `ipFamilies[\(index)]`")
            )
        }
        return errors
    }

    static func balancerErrors(_ spec: PodField, _ annotations: JSONValue?) -> [FieldError] {
        var errors: [FieldError] = []
        let isBalancer = spec["type"].text == "LoadBalancer"
        let onlyBalancers = "may only be used when `type` is 'LoadBalancer'"
        let ranges = spec["loadBalancerSourceRanges"].placed(at: FieldPath("spec", "LoadBalancerSourceRanges"))
        let key = "service.beta.kubernetes.io/load-balancer-source-ranges"
        if ranges.count > 0 {
            if !isBalancer { errors.append(ranges.forbidden(onlyBalancers)) }
            errors += ranges.elements.flatMap { rangeErrors($0.text, at: $0.path) }
        } else if let list = annotations?[key]?.string {
            let path = FieldPath("metadata", "annotations").key(key)
            if !isBalancer { errors.append(.forbidden(path, onlyBalancers)) }
            for range in list.split(separator: ",") { errors += rangeErrors(String(range), at: path) }
        }
        let allocates = spec["allocateLoadBalancerNodePorts"]
        if allocates.isSet, !isBalancer { errors.append(allocates.forbidden(onlyBalancers)) }
        if !allocates.isSet, isBalancer { errors.append(.required(FieldPath("allocateLoadBalancerNodePorts"))) }
        return errors
    }

    private static func rangeErrors(_ text: String, at path: FieldPath) -> [FieldError] {
        let trimmed = String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        return PodField(.string(trimmed), at: path).invalid(each: NameValidation.cidr(trimmed))
    }

    static func loadBalancerClassErrors(_ spec: PodField, old: PodField?) -> [FieldError] {
        let name = spec["loadBalancerClass"]
        guard spec["type"].text == "LoadBalancer" else {
            return name.isSet ? [name.forbidden("may only be used when `type` is 'LoadBalancer'")] : []
        }
        var errors: [FieldError] = []
        if let old, old["type"].text == "LoadBalancer", old["loadBalancerClass"].value != name.value {
            errors.append(.invalid(name.path, name.value ?? .null, "may not change once set"))
        }
        return errors + (name.isSet ? name.qualifiedNameErrors : [])
    }

    /// What an update may not change.
    static func updateErrors(_ object: JSONValue, old: JSONValue) -> [FieldError] {
        let spec = PodField("spec", of: object)
        let before = PodField("spec", of: old)
        var errors: [FieldError] = []
        if spec["type"].text != "ExternalName", before["type"].text != "ExternalName" {
            errors += addressChangeErrors(spec, before)
            errors += familyChangeErrors(spec, before)
        }
        errors += loadBalancerClassErrors(spec, old: before)
        let port = spec["healthCheckNodePort"]
        if ServiceStrategy.needsHealthCheck(spec.value ?? .null),
            ServiceStrategy.needsHealthCheck(before.value ?? .null),
            port.integer != before["healthCheckNodePort"].integer
        {
            errors.append(port.forbidden("field is immutable"))
        }
        return errors
    }

    private static func addressChangeErrors(_ spec: PodField, _ before: PodField) -> [FieldError] {
        let list = spec["clusterIPs"]
        let addresses = list.texts
        let old = before["clusterIPs"].texts
        if addresses == ["None"], old == ["None"] { return [] }
        func changed(_ index: Int) -> FieldError {
            .invalid(list.path.index(index), list.value ?? .null, "may not change once set")
        }
        if addresses.count == old.count { return addresses.indices.filter { addresses[$0] != old[$0] }.map(changed) }
        if addresses.count > old.count { return old.isEmpty || addresses[0] == old[0] ? [] : [changed(0)] }
        guard let first = addresses.first else {
            return [.invalid(list.path.index(0), list.value ?? .null, "primary clusterIP can not be unset")]
        }
        var errors = first == old[0] ? [] : [changed(0)]
        let policy = spec["ipFamilyPolicy"]
        if addresses.count == 1, policy.text != "SingleStack" {
            let detail = "must be set to 'SingleStack' when releasing the secondary clusterIP"
            errors.append(.invalid(policy.path, policy.value ?? .null, detail))
        }
        return errors
    }

    private static func familyChangeErrors(_ spec: PodField, _ before: PodField) -> [FieldError] {
        let isHeadless = spec["clusterIPs"].texts == ["None"]
        guard !isHeadless, before["clusterIPs"].texts != ["None"] else { return [] }
        let list = spec["ipFamilies"]
        let families = list.texts
        let old = before["ipFamilies"].texts
        let changed = FieldError.invalid(list.path.index(0), list.value ?? .null, "may not change once set")
        if families.count == old.count { return zip(families, old).filter { $0 != $1 }.map { _ in changed } }
        guard let first = families.first, let oldFirst = old.first else { return [] }
        var errors = first == oldFirst ? [] : [changed]
        let policy = spec["ipFamilyPolicy"]
        if families.count < old.count, families.count == 1, policy.text != "SingleStack" {
            let detail = "must be set to 'SingleStack' when releasing the secondary ipFamily"
            errors.append(.invalid(policy.path, policy.value ?? .null, detail))
        }
        return errors
    }
}
