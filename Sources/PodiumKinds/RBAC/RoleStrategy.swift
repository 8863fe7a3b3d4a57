// SPDX-License-Identifier: Apache-2.0
// Roles and bindings: complete rules, known subjects, and a role that a binding keeps.

import PodiumCodec
import PodiumMachinery
import PodiumRegistry

/// What is special about Roles and ClusterRoles.
// Kubernetes: pkg/registry/rbac/role/strategy.go, pkg/apis/rbac/validation/validation.go
struct RoleStrategy: KindStrategy {
    let isNamespaced: Bool

    var allowsCreateOnUpdate: Bool { true }

    func nameErrors(_ name: String, isPrefix: Bool) -> [String] {
        NameValidation.pathSegmentName(name, isPrefix: isPrefix)
    }

    func validate(_ object: JSONValue, context: StrategyContext) -> [FieldError] {
        var errors = PodField("rules", of: object).elements.flatMap(ruleErrors)
        let aggregation = PodField("aggregationRule", of: object)
        guard !isNamespaced, aggregation.isSet else { return errors }
        let selectors = aggregation["clusterRoleSelectors"]
        if selectors.count == 0 {
            let detail = "at least one clusterRoleSelector required if aggregationRule is non-nil"
            errors.append(selectors.required(detail))
        }
        return errors + selectors.elements.flatMap { LabelSelector.validate($0.value, at: $0.path) }
    }

    func validateUpdate(_ object: JSONValue, old: JSONValue, context: StrategyContext) -> [FieldError] {
        validate(object, context: context)
    }

    private func ruleErrors(_ rule: PodField) -> [FieldError] {
        var errors: [FieldError] = []
        if rule["verbs"].count == 0 { errors.append(rule["verbs"].required("verbs must contain at least one value")) }
        let urls = rule["nonResourceURLs"]
        if urls.count > 0 {
            if isNamespaced { errors.append(urls.invalid("namespaced rules cannot apply to non-resource URLs")) }
            if ["apiGroups", "resources", "resourceNames"].contains(where: { rule[$0].count > 0 }) {
                errors.append(urls.invalid("rules cannot apply to both regular resources and non-resource URLs"))
            }
            return errors
        }
        if rule["apiGroups"].count == 0 {
            errors.append(rule["apiGroups"].required("resource rules must supply at least one api group"))
        }
        if rule["resources"].count == 0 {
            errors.append(rule["resources"].required("resource rules must supply at least one resource"))
        }
        return errors
    }
}

/// What is special about RoleBindings and ClusterRoleBindings.
// Kubernetes: pkg/registry/rbac/rolebinding/strategy.go, pkg/apis/rbac/validation/validation.go
struct RoleBindingStrategy: KindStrategy {
    private static let group = "rbac.authorization.k8s.io"

    let isNamespaced: Bool

    var allowsCreateOnUpdate: Bool { true }

    func nameErrors(_ name: String, isPrefix: Bool) -> [String] {
        NameValidation.pathSegmentName(name, isPrefix: isPrefix)
    }

    func applyDefaults(_ object: inout JSONValue) {
        object.updateMember("roleRef") { $0.setDefault("apiGroup", .string(Self.group)) }
        object.updateElements(of: "subjects") { subject in
            switch subject["kind"]?.string {
            case "User", "Group": subject.setDefault("apiGroup", .string(Self.group))
            default: break
            }
        }
    }

    func validate(_ object: JSONValue, context: StrategyContext) -> [FieldError] {
        let role = PodField("roleRef", of: object)
        var errors = role["apiGroup"].oneOf([Self.group])
        errors += role["kind"].oneOf(isNamespaced ? ["Role", "ClusterRole"] : ["ClusterRole"])
        errors +=
            role["name"].text.isEmpty
            ? [role["name"].required()] : role["name"].invalid(each: NameValidation.pathSegmentName(role["name"].text))
        return errors + PodField("subjects", of: object).elements.flatMap(subjectErrors)
    }

    private func subjectErrors(_ subject: PodField) -> [FieldError] {
        var errors = subject["name"].text.isEmpty ? [subject["name"].required()] : []
        switch subject["kind"].text {
        case "ServiceAccount":
            if !subject["name"].text.isEmpty { errors += subject["name"].dnsSubdomainErrors }
            if !subject["apiGroup"].text.isEmpty { errors.append(subject["apiGroup"].notSupported([""])) }
            if !isNamespaced, subject["namespace"].text.isEmpty { errors.append(subject["namespace"].required()) }
        case "User", "Group": errors += subject["apiGroup"].oneOf([Self.group])
        default: errors.append(subject["kind"].notSupported(["ServiceAccount", "User", "Group"]))
        }
        return errors
    }

    func validateUpdate(_ object: JSONValue, old: JSONValue, context: StrategyContext) -> [FieldError] {
        let errors = validate(object, context: context)
        guard object["roleRef"] != old["roleRef"] else { return errors }
        let role = PodField("roleRef", of: object)
        let printed: JSONValue = [
            "APIGroup": .string(role["apiGroup"].text), "Kind": .string(role["kind"].text),
            "Name": .string(role["name"].text),
        ]
        return errors + [.invalid(role.path, printed, "cannot change roleRef")]
    }
}
