// SPDX-License-Identifier: Apache-2.0
// Nodes: their addresses for pods, their taints, and capacities that are never negative.

import PodiumCodec
import PodiumMachinery
import PodiumRegistry

/// What is special about nodes.
///
/// A kubelet may bring a status along when it registers its node.
// Kubernetes: pkg/registry/core/node/strategy.go, pkg/apis/core/validation/validation.go ValidateNode
struct NodeStrategy: KindStrategy {
    func applyDefaults(_ object: inout JSONValue) {
        object.updateMember("spec") { spec in
            let range = spec["podCIDR"]?.string ?? ""
            let first = spec["podCIDRs"]?.elements.first?.string
            if !range.isEmpty, first != range { spec["podCIDRs"] = [.string(range)] }
            if range.isEmpty, let first { spec["podCIDR"] = .string(first) }
        }
        object.updateMember("status") { status in
            PodSpecDefaults.roundToMilli(&status, "capacity")
            if !status.isSet("allocatable"), status.isSet("capacity") { status["allocatable"] = status["capacity"] }
            PodSpecDefaults.roundToMilli(&status, "allocatable")
        }
    }

    func prepareSpec(_ object: inout JSONValue, context: StrategyContext) {
        if object["spec"]?.object != nil { object[path: "spec", "configSource"] = nil }
    }

    func prepareSpec(_ object: inout JSONValue, old: JSONValue, context: StrategyContext) {
        object.keepStatus(of: old)
        if old[path: "spec", "configSource"] == nil { prepareSpec(&object, context: context) }
    }

    var status: (any ResourceStrategy)? {
        StatusStrategy(of: self) { object, old in Self.updateErrors(object, old: old) }
    }

    func validate(_ object: JSONValue, context: StrategyContext) -> [FieldError] {
        let ranges = PodField("spec", of: object)["podCIDRs"]
        var errors = Self.taintErrors(object) + Self.amountErrors(object)
        errors += ranges.elements.flatMap { $0.invalid(each: NameValidation.cidr($0.text)) }
        guard ranges.count > 1 else { return errors }
        let families = ranges.texts.compactMap { CIDR($0)?.address.family }
        if ranges.count > 2 || Set(families).count != ranges.count {
            errors.append(ranges.invalid("may specify no more than one CIDR for each IP family"))
        }
        var seen: Set<String> = []
        errors += ranges.elements.filter { !seen.insert($0.text).inserted }.map { $0.duplicate() }
        return errors
    }

    func validateUpdate(_ object: JSONValue, old: JSONValue, context: StrategyContext) -> [FieldError] {
        Self.updateErrors(object, old: old)
    }

    private static func updateErrors(_ object: JSONValue, old: JSONValue) -> [FieldError] {
        var errors = amountErrors(object)
        let spec = PodField("spec", of: object)
        let before = PodField("spec", of: old)
        var addresses: Set<JSONValue> = []
        for address in PodField("status", of: object)["addresses"].elements {
            guard let value = address.value, !addresses.insert(value).inserted else { continue }
            let name: JSONValue = ["Type": value["type"] ?? "", "Address": value["address"] ?? ""]
            errors.append(.duplicate(address.path, name))
        }
        if before["podCIDRs"].count > 0, before["podCIDRs"].texts != spec["podCIDRs"].texts {
            errors.append(spec["podCIDRs"].forbidden("node updates may not change podCIDR except from \"\" to valid"))
        }
        if !before["providerID"].text.isEmpty, before["providerID"].text != spec["providerID"].text {
            errors.append(
                spec["providerID"].forbidden("node updates may not change providerID except from \"\" to valid")
            )
        }
        errors += taintErrors(object)
        if before["externalID"].text != spec["externalID"].text {
            errors.append(spec["externalID"].forbidden("may not be updated"))
        }
        return errors
    }

    private static func amountErrors(_ object: JSONValue) -> [FieldError] {
        let status = PodField("status", of: object)
        return ["capacity", "allocatable"].flatMap { list in
            status[list].entries.flatMap { name, amount in
                ResourceAmounts.errors(name, amount.placed(at: status[list].path.child(name)))
            }
        }
    }

    private static func taintErrors(_ object: JSONValue) -> [FieldError] {
        let taints = PodField(object[path: "spec", "taints"], at: FieldPath("metadata", "taints"))
        var seen: Set<[String]> = []
        return taints.elements.flatMap { taint in
            var errors = taint["key"].qualifiedNameErrors
            let value = NameValidation.labelValue(taint["value"].text)
            if !value.isEmpty { errors.append(taint["value"].invalid(value.joined(separator: ";"))) }
            errors += effectErrors(taint["effect"])
            if !seen.insert([taint["key"].text, taint["effect"].text]).inserted {
                let printed: JSONValue = [
                    "Key": .string(taint["key"].text), "Value": .string(taint["value"].text),
                    "Effect": .string(taint["effect"].text), "TimeAdded": taint["timeAdded"].value ?? .null,
                ]
                errors.append(
                    .duplicate(taint.path, printed, detail: "taints must be unique by key and effect pair")
                )
            }
            return errors
        }
    }

    private static func effectErrors(_ effect: PodField) -> [FieldError] {
        if effect.text.isEmpty { return [effect.required()] }
        return effect.oneOf(["NoSchedule", "PreferNoSchedule", "NoExecute"])
    }

    func warnings(_ object: JSONValue, old: JSONValue?, context: StrategyContext) -> [String] {
        guard !(object[path: "spec", "externalID"]?.string ?? "").isEmpty else { return [] }
        return ["spec.externalID: this field is deprecated, and is unused by Kubernetes"]
    }
}
