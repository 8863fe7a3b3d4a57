// SPDX-License-Identifier: Apache-2.0
// Quotas and limit ranges: which resources they may name, and amounts that fit each other.

import PodiumCodec
import PodiumMachinery
import PodiumRegistry

/// What is special about ResourceQuotas.
// Kubernetes: pkg/registry/core/resourcequota/strategy.go, pkg/apis/core/validation/validation.go
struct ResourceQuotaStrategy: KindStrategy {
    var emptyStatus: JSONValue? { .emptyObject }

    private static let scopes: Set<String> = [
        "Terminating", "NotTerminating", "BestEffort", "NotBestEffort", "PriorityClass", "CrossNamespacePodAffinity",
        "VolumeAttributesClass",
    ]
    private static let computeResources: Set<String> = [
        "cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory",
    ]

    func applyDefaults(_ object: inout JSONValue) {
        object.updateMember("spec") { PodSpecDefaults.roundToMilli(&$0, "hard") }
        object.updateMember("status") { status in
            PodSpecDefaults.roundToMilli(&status, "hard")
            PodSpecDefaults.roundToMilli(&status, "used")
        }
    }

    func validate(_ object: JSONValue, context: StrategyContext) -> [FieldError] {
        let spec = PodField("spec", of: object)
        return Self.amountErrors(spec["hard"]) + scopeErrors(spec) + selectorErrors(spec)
    }

    func validateUpdate(_ object: JSONValue, old: JSONValue, context: StrategyContext) -> [FieldError] {
        let errors = validate(object, context: context)
        let scopes = PodField("spec", of: object)["scopes"]
        let before = PodField("spec", of: old)["scopes"]
        if Set(scopes.texts) == Set(before.texts) { return errors }
        return errors + [.invalid(scopes.path, scopes.value ?? .null, "field is immutable")]
    }

    func validateStatus(_ object: JSONValue, old: JSONValue) -> [FieldError] {
        let status = PodField("status", of: object)
        return Self.amountErrors(status["hard"]) + Self.amountErrors(status["used"])
    }

    private static func amountErrors(_ amounts: PodField) -> [FieldError] {
        amounts.entries.flatMap { name, amount in
            var errors = ResourceAmounts.nameErrors(name, at: amount.path)
            if !name.utf8.contains(UInt8(ascii: "/")), !isQuotaResource(name) {
                errors.append(.invalid(amount.path, .string(name), "must be a standard resource for quota"))
            }
            return errors + ResourceAmounts.errors(name, amount)
        }
    }

    /// Whether quotas know the unprefixed resource `name`.
    static func isQuotaResource(_ name: String) -> Bool { name != "storage" && ResourceNames.isStandard(name) }

    private static func fits(_ scope: String, _ resource: String) -> Bool {
        switch scope {
        case "BestEffort": resource == "pods"
        case "VolumeAttributesClass": resource == "persistentvolumeclaims"
        default: resource == "pods" || computeResources.contains(resource)
        }
    }

    private func scopeErrors(_ spec: PodField) -> [FieldError] {
        let scopes = spec["scopes"]
        var errors: [FieldError] = []
        for scope in scopes.texts {
            errors += nameErrors(scope, spec, wrong: scopes.invalid("unsupported scope"), blamed: scopes)
        }
        return errors + conflictErrors(scopes.texts, scopes)
    }

    private func nameErrors(
        _ scope: String,
        _ spec: PodField,
        wrong: FieldError,
        blamed: PodField
    ) -> [FieldError] {
        var errors = Self.scopes.contains(scope) ? [] : [wrong]
        guard Self.scopes.contains(scope) else { return errors }
        for resource in spec["hard"].entries.map(\.key)
        where Self.isQuotaResource(resource) && !Self.fits(scope, resource) {
            errors.append(.invalid(blamed.path, blamed.value ?? .null, "unsupported scope applied to resource"))
        }
        return errors
    }

    private func conflictErrors(_ names: [String], _ scopes: PodField) -> [FieldError] {
        [["BestEffort", "NotBestEffort"], ["Terminating", "NotTerminating"]].filter { pair in
            pair.allSatisfy(names.contains)
        }.map { _ in .invalid(scopes.path, scopes.value ?? .null, "conflicting scopes") }
    }

    private func selectorErrors(_ spec: PodField) -> [FieldError] {
        let selector = spec["scopeSelector"]
        guard selector.isSet else { return [] }
        let list = selector["matchExpressions"]
        var errors: [FieldError] = []
        for requirement in list.elements.map({ PodField($0.value, at: list.path) }) {
            let scope = requirement["scopeName"]
            errors += nameErrors(scope.text, spec, wrong: scope.invalid("unsupported scope"), blamed: list)
            errors += operatorErrors(requirement, scope.text)
        }
        return errors + conflictErrors(list.elements.map { $0["scopeName"].text }, list)
    }

    private func operatorErrors(_ requirement: PodField, _ scope: String) -> [FieldError] {
        var errors: [FieldError] = []
        let operation = requirement["operator"]
        let values = requirement["values"]
        let onlyExists = [
            "BestEffort", "NotBestEffort", "Terminating", "NotTerminating", "CrossNamespacePodAffinity",
        ]
        if onlyExists.contains(scope), operation.text != "Exists" {
            errors.append(
                operation.invalid(
                    "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, "
                        + "ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, "
                        + "ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"
                )
            )
        }
        switch operation.text {
        case "In", "NotIn":
            if values.count == 0 {
                let detail = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"
                errors.append(values.required(detail))
            }
        case "Exists", "DoesNotExist":
            if values.count > 0 {
                let detail = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"
                errors.append(values.invalid(detail))
            }
        default: errors.append(operation.invalid("not a valid selector operator"))
        }
        return errors
    }
}

/// What is special about LimitRanges.
// Kubernetes: pkg/apis/core/v1/defaults.go SetDefaults_LimitRangeItem, pkg/apis/core/validation/validation.go,
// pkg/registry/core/limitrange/strategy.go
struct LimitRangeStrategy: KindStrategy {
    var allowsCreateOnUpdate: Bool { true }

    private static let lists = ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"]

    func applyDefaults(_ object: inout JSONValue) {
        object.updateMember("spec") { spec in
            spec.updateElements(of: "limits") { item in
                for list in Self.lists { PodSpecDefaults.roundToMilli(&item, list) }
                guard item["type"]?.string == "Container" else { return }
                Self.fill(&item, "default", from: "max")
                Self.fill(&item, "defaultRequest", from: "default")
                Self.fill(&item, "defaultRequest", from: "min")
            }
        }
    }

    private static func fill(_ item: inout JSONValue, _ list: String, from source: String) {
        for (name, amount) in item[source]?.object ?? [:] where item[path: list, name] == nil {
            item[path: list, name] = amount
        }
    }

    func validate(_ object: JSONValue, context: StrategyContext) -> [FieldError] {
        var types: Set<String> = []
        return PodField("spec", of: object)["limits"].elements.flatMap { limit -> [FieldError] in
            var errors = typeErrors(limit["type"])
            if !types.insert(limit["type"].text).inserted { errors.append(limit["type"].duplicate()) }
            return errors + itemErrors(limit)
        }
    }

    func validateUpdate(_ object: JSONValue, old: JSONValue, context: StrategyContext) -> [FieldError] {
        validate(object, context: context)
    }

    private func typeErrors(_ type: PodField) -> [FieldError] {
        let errors = type.qualifiedNameErrors
        guard errors.isEmpty, !type.text.utf8.contains(UInt8(ascii: "/")),
            !["Pod", "Container", "PersistentVolumeClaim"].contains(type.text)
        else { return errors }
        return [type.invalid("must be a standard limit type or fully qualified")]
    }

    private func itemErrors(_ limit: PodField) -> [FieldError] {
        let type = limit["type"].text
        var errors: [FieldError] = []
        for list in ["max", "min"] { errors += nameErrors(limit[list], type) }
        for list in ["default", "defaultRequest"] {
            if type != "Pod" {
                errors += nameErrors(limit[list], type)
            } else if limit[list].count > 0 {
                errors.append(limit[list].forbidden("may not be specified when `type` is 'Pod'"))
            }
        }
        let hasStorage = ["min", "max"].contains { limit[$0]["storage"].isSet }
        if type == "PersistentVolumeClaim", !hasStorage {
            let detail = "either minimum or maximum storage value is required, but neither was provided"
            errors.append(limit["limits"].required(detail))
        }
        errors += nameErrors(limit["maxLimitRequestRatio"], type)
        let names = Set(Self.lists.flatMap { limit[$0].entries.map(\.key) }).sorted()
        return errors + names.flatMap { LimitRangeAmounts(limit, resource: $0).errors }
    }

    private func nameErrors(_ list: PodField, _ type: String) -> [FieldError] {
        list.entries.flatMap { name, amount -> [FieldError] in
            let errors = ResourceAmounts.nameErrors(name, at: amount.path)
            guard type == "Pod" || type == "Container" else { return errors }
            if !name.utf8.contains(UInt8(ascii: "/")) {
                let isKnown = ResourceNames.isStandardForContainers(name)
                return isKnown
                    ? errors
                    : errors + [.invalid(amount.path, .string(name), "must be a standard resource for containers")]
            }
            guard !ResourceNames.isNative(name), !ResourceNames.isExtended(name) else { return errors }
            return errors + [.invalid(amount.path, .string(name), "doesn't follow extended resource name standard")]
        }
    }
}

/// The amounts that a limit range has for one resource, and how they must fit each other.
private struct LimitRangeAmounts {
    let limit: PodField
    let resource: String

    init(_ limit: PodField, resource: String) {
        self.limit = limit
        self.resource = resource
    }

    private func amount(_ list: String) -> Quantity? { Quantity(json: limit[list].value?[resource]) }

    private func invalid(_ list: String, _ value: Quantity, _ detail: String) -> FieldError {
        .invalid(limit[list].path.key(resource), value.jsonValue, detail)
    }

    var errors: [FieldError] {
        let (min, max) = (amount("min"), amount("max"))
        let (standard, request) = (amount("default"), amount("defaultRequest"))
        var errors: [FieldError] = []
        if let min, let max, min > max {
            errors.append(invalid("min", min, "min value \(min) is greater than max value \(max)"))
        }
        if let request, let min, min > request {
            let detail = "min value \(min) is greater than default request value \(request)"
            errors.append(invalid("defaultRequest", request, detail))
        }
        if let request, let max, request > max {
            let detail = "default request value \(request) is greater than max value \(max)"
            errors.append(invalid("defaultRequest", request, detail))
        }
        if let request, let standard, request > standard {
            let detail = "default request value \(request) is greater than default limit value \(standard)"
            errors.append(invalid("defaultRequest", request, detail))
        }
        if let standard, let min, min > standard {
            errors.append(invalid("default", min, "min value \(min) is greater than default value \(standard)"))
        }
        if let standard, let max, standard > max {
            errors.append(invalid("default", max, "default value \(standard) is greater than max value \(max)"))
        }
        errors += ratioErrors(min: min, max: max)
        if let standard, let request, !ResourceNames.isOvercommitAllowed(resource), standard != request {
            let detail = "default value \(standard) must equal to defaultRequest value \(request) in \(resource)"
            errors.append(invalid("defaultRequest", request, detail))
        }
        return errors
    }

    private func ratioErrors(min: Quantity?, max: Quantity?) -> [FieldError] {
        guard let ratio = amount("maxLimitRequestRatio") else { return [] }
        var errors: [FieldError] = []
        if ratio < Quantity(1) {
            errors.append(invalid("maxLimitRequestRatio", ratio, "ratio \(ratio) is less than 1"))
        }
        guard let min, let max, !min.isZero else { return errors }
        let limit = max.double / min.double
        if ratio.double > limit {
            let detail = "ratio \(ratio) is greater than max/min = \(FixedPoint.text(limit))"
            errors.append(invalid("maxLimitRequestRatio", ratio, detail))
        }
        return errors
    }
}

/// Numbers with six decimals, as Go's `%f` prints them.
package enum FixedPoint {
    package static func text(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e12 else { return value > 0 ? "+Inf" : "NaN" }
        let millionths = Int64((abs(value) * 1_000_000).rounded(.toNearestOrEven))
        let fraction = String(millionths % 1_000_000 + 1_000_000).dropFirst()
        return "\(value < 0 ? "-" : "")\(millionths / 1_000_000).\(fraction)"
    }
}
