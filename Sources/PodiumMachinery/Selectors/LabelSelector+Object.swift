// SPDX-License-Identifier: Apache-2.0
// Label selectors as API objects: `matchLabels` and `matchExpressions`, read and validated.

package import PodiumCodec

extension LabelSelector {
    /// The selector that a `LabelSelector` object describes: an absent one takes nothing, an empty one everything.
    ///
    /// Expressions with an unknown operator take nothing; validation refuses them.
    // Kubernetes: apimachinery/pkg/apis/meta/v1/helpers.go LabelSelectorAsSelector
    package init(object: JSONValue?) {
        guard case .object(let members)? = object else {
            self = .nothing
            return
        }
        var requirements: [Requirement] = []
        for (key, value) in members["matchLabels"]?.object ?? [:] {
            requirements.append(Requirement(key, .equals, [value.string ?? ""]))
        }
        for expression in members["matchExpressions"]?.elements ?? [] {
            let values = (expression["values"]?.elements ?? []).compactMap(\.string)
            let key = expression["key"]?.string ?? ""
            switch expression["operator"]?.string {
            case "In": requirements.append(Requirement(key, .in, values))
            case "NotIn": requirements.append(Requirement(key, .notIn, values))
            case "Exists": requirements.append(Requirement(key, .exists))
            case "DoesNotExist": requirements.append(Requirement(key, .doesNotExist))
            default:
                self = .nothing
                return
            }
        }
        self.init(requirements)
    }

    /// What is wrong with a `LabelSelector` object at `path`; nothing when it is absent.
    // Kubernetes: apimachinery/pkg/apis/meta/v1/validation/validation.go ValidateLabelSelector
    package static func validate(
        _ object: JSONValue?,
        at path: FieldPath,
        valuesAreChecked: Bool = true
    ) -> [FieldError] {
        guard case .object(let members)? = object else { return [] }
        var errors = ObjectMetaValidation.labels(members["matchLabels"], at: path.child("matchLabels"))
        for (index, expression) in (members["matchExpressions"]?.elements ?? []).enumerated() {
            let place = path.child("matchExpressions").index(index)
            errors += validate(expression: expression, at: place, valuesAreChecked: valuesAreChecked)
        }
        return errors
    }

    private static func validate(
        expression: JSONValue,
        at path: FieldPath,
        valuesAreChecked: Bool
    ) -> [FieldError] {
        let values = expression["values"]?.elements ?? []
        let operation = expression["operator"]?.string ?? ""
        var errors: [FieldError] = []
        switch operation {
        case "In", "NotIn":
            if values.isEmpty {
                errors.append(
                    .required(path.child("values"), "must be specified when `operator` is 'In' or 'NotIn'")
                )
            }
        case "Exists", "DoesNotExist":
            if !values.isEmpty {
                errors.append(
                    .forbidden(
                        path.child("values"),
                        "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
                    )
                )
            }
        default:
            errors.append(.invalid(path.child("operator"), .string(operation), "not a valid selector operator"))
        }
        errors += ObjectMetaValidation.labelKey(expression["key"]?.string ?? "", at: path.child("key"))
        guard valuesAreChecked else { return errors }
        for (index, value) in values.enumerated() {
            for detail in NameValidation.labelValue(value.string ?? "") {
                errors.append(.invalid(path.child("values").index(index), value, detail))
            }
        }
        return errors
    }
}
