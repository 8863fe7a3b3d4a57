// SPDX-License-Identifier: Apache-2.0
// Rules of tolerated taints and of how pods spread over nodes.

import PodiumCodec
import PodiumMachinery

extension PodValidation {
    func tolerationErrors(_ tolerations: PodField) -> [FieldError] {
        tolerations.elements.flatMap { toleration -> [FieldError] in
            let key = toleration["key"]
            let effect = toleration["effect"]
            let comparison = toleration["operator"]
            var errors = key.text.isEmpty ? [] : key.qualifiedNameErrors
            if key.text.isEmpty, comparison.text != "Exists" {
                let text = #"operator must be Exists when `key` is empty, which means "match all values and all keys""#
                errors.append(comparison.invalid(text))
            }
            if toleration["tolerationSeconds"].isSet, effect.text != "NoExecute" {
                errors.append(effect.invalid("effect must be 'NoExecute' when `tolerationSeconds` is set"))
            }
            errors += operatorErrors(toleration)
            if !effect.text.isEmpty { errors += effect.oneOf(["NoSchedule", "PreferNoSchedule", "NoExecute"]) }
            return errors
        }
    }

    /// Upstream blames the operator for the value.
    private func operatorErrors(_ toleration: PodField) -> [FieldError] {
        let comparison = toleration["operator"]
        let value = toleration["value"].text
        switch comparison.text {
        case "Equal", "":
            let details = NameValidation.labelValue(value)
            return details.isEmpty ? [] : [.invalid(comparison.path, .string(value), details.joined(separator: ";"))]
        case "Exists":
            return value.isEmpty
                ? [] : [.invalid(comparison.path, .string(value), "value must be empty when `operator` is 'Exists'")]
        case "Lt", "Gt":
            // Comparisons of numbers are not enabled; the message offers them all the same.
            return [comparison.notSupported(["Equal", "Exists", "Lt", "Gt"])]
        default: return [comparison.notSupported(["Equal", "Exists"])]
        }
    }

    func spreadErrors(_ constraints: PodField) -> [FieldError] {
        let elements = constraints.elements
        var last: [[String]: Int] = [:]
        for (index, constraint) in elements.enumerated() { last[spreadIdentity(constraint)] = index }
        return elements.enumerated().flatMap { index, constraint in
            spreadErrors(constraint, isRepeated: last[spreadIdentity(constraint)] != index)
        }
    }

    private func spreadIdentity(_ constraint: PodField) -> [String] {
        [constraint["topologyKey"].text, constraint["whenUnsatisfiable"].text]
    }

    private func spreadErrors(_ constraint: PodField, isRepeated: Bool) -> [FieldError] {
        let skew = constraint["maxSkew"]
        let key = constraint["topologyKey"]
        let action = constraint["whenUnsatisfiable"]
        var errors = skew.integer <= 0 ? [skew.invalidNumber("must be greater than zero")] : []
        if key.text.isEmpty { errors.append(key.required("can not be empty")) }
        errors += action.oneOf(["DoNotSchedule", "ScheduleAnyway"])
        if isRepeated {
            let path = constraint.path.child("{topologyKey, whenUnsatisfiable}")
            errors.append(.duplicate(path, "{\(key.text), \(action.text)}"))
        }
        let domains = constraint["minDomains"]
        if domains.isSet {
            if domains.integer <= 0 { errors.append(domains.invalidNumber("must be greater than zero")) }
            if action.text != "DoNotSchedule" {
                let text = "can only use minDomains if whenUnsatisfiable=DoNotSchedule, not \(action.text)"
                errors.append(domains.invalidNumber(text))
            }
        }
        for policy in ["nodeAffinityPolicy", "nodeTaintsPolicy"] where constraint[policy].isSet {
            errors += constraint[policy].oneOf(["Honor", "Ignore"])
        }
        errors += labelKeyErrors(constraint)
        return errors + constraint["labelSelector"].labelSelectorErrors
    }
}
