// SPDX-License-Identifier: Apache-2.0
// Which amounts of a resource make sense: not negative, and whole where there are no halves.

import PodiumCodec
import PodiumMachinery

/// Checks of maps from resources to amounts.
enum ResourceAmounts {
    /// What is wrong with the amount of the resource `name`.
    // Kubernetes: pkg/apis/core/validation/validation.go ValidateResourceQuantityValue
    static func errors(_ name: String, _ amount: PodField) -> [FieldError] {
        guard let quantity = amount.quantity else { return [] }
        var errors: [FieldError] = []
        if quantity.sign < 0 {
            errors.append(.invalid(amount.path, quantity.jsonValue, "must be greater than or equal to 0"))
        }
        if ResourceNames.isInteger(name), !quantity.isInteger {
            errors.append(.invalid(amount.path, quantity.jsonValue, "must be an integer"))
        }
        return errors
    }

    /// What is wrong with `name` as the name of a resource, blamed on `path`.
    // Kubernetes: pkg/apis/core/validation/validation.go validateResourceName
    static func nameErrors(_ name: String, at path: FieldPath) -> [FieldError] {
        let field = PodField(.string(name), at: path)
        let errors = field.qualifiedNameErrors
        guard errors.isEmpty, !name.utf8.contains(UInt8(ascii: "/")), !ResourceNames.isStandard(name) else {
            return errors
        }
        return [field.invalid("must be a standard resource type or fully qualified")]
    }
}
