// SPDX-License-Identifier: Apache-2.0
// ConfigMaps: keys that can be file names, a limit of size, and data that can be sealed.

import PodiumCodec
import PodiumMachinery
import PodiumRegistry

/// What is special about ConfigMaps.
// Kubernetes: pkg/registry/core/configmap/strategy.go, pkg/apis/core/validation/validation.go ValidateConfigMap
struct ConfigMapStrategy: KindStrategy {
    /// How many bytes all values may have together.
    static let maximumDataBytes = 1024 * 1024

    func validate(_ object: JSONValue, context: StrategyContext) -> [FieldError] {
        var errors: [FieldError] = []
        var size = 0
        let binary = object["binaryData"]?.object ?? [:]
        for (key, value) in object["data"]?.object ?? [:] {
            let path = FieldPath("data").key(key)
            errors += NameValidation.configMapKey(key).map { .invalid(path, .string(key), $0) }
            if binary[key] != nil {
                errors.append(.invalid(path, .string(key), "duplicate of key present in binaryData"))
            }
            size += value.string?.utf8.count ?? 0
        }
        for (key, value) in binary {
            let path = FieldPath("binaryData").key(key)
            errors += NameValidation.configMapKey(key).map { .invalid(path, .string(key), $0) }
            size += Base64.decodedCount(value.string ?? "")
        }
        // The whole object is to blame, which upstream prints as an empty index.
        if size > Self.maximumDataBytes { errors.append(.tooLong(FieldPath("[]"), maximum: Self.maximumDataBytes)) }
        return errors
    }

    func validateUpdate(_ object: JSONValue, old: JSONValue, context: StrategyContext) -> [FieldError] {
        ImmutableContents.errors(object, old: old, fields: ["data", "binaryData"]) + validate(object, context: context)
    }
}

/// Data that its owner declared immutable.
enum ImmutableContents {
    /// What an update changes of `fields` although `old` is immutable.
    static func errors(_ object: JSONValue, old: JSONValue, fields: [String]) -> [FieldError] {
        guard old["immutable"]?.bool == true else { return [] }
        let detail = "field is immutable when `immutable` is set"
        var errors: [FieldError] = []
        if object["immutable"]?.bool != true { errors.append(.forbidden(FieldPath("immutable"), detail)) }
        for field in fields where (object[field] ?? .emptyObject) != (old[field] ?? .emptyObject) {
            errors.append(.forbidden(FieldPath(field), detail))
        }
        return errors
    }
}
