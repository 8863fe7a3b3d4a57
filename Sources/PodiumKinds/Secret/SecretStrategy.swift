// SPDX-License-Identifier: Apache-2.0
// Secrets: plain text folded into bytes, and what each type of secret must hold.

import PodiumCodec
import PodiumMachinery
import PodiumRegistry

/// What is special about Secrets.
// Kubernetes: pkg/registry/core/secret/strategy.go, pkg/apis/core/validation/validation.go ValidateSecret
struct SecretStrategy: KindStrategy {
    private static let maximumDataBytes = 1024 * 1024

    func applyDefaults(_ object: inout JSONValue) {
        object.setDefault("type", "Opaque")
        guard let plain = object["stringData"]?.object else { return }
        object.updateObject { members in
            members["stringData"] = nil
            guard !plain.isEmpty else { return }
            members["data", default: .emptyObject].updateObject { data in
                for (key, value) in plain { data[key] = .string(Base64.encode((value.string ?? "").utf8)) }
            }
        }
    }

    func validate(_ object: JSONValue, context: StrategyContext) -> [FieldError] {
        var errors: [FieldError] = []
        var size = 0
        let path = FieldPath("data")
        for (key, value) in object["data"]?.object ?? [:] {
            errors += NameValidation.configMapKey(key).map { .invalid(path.key(key), .string(key), $0) }
            size += Base64.decodedCount(value.string ?? "")
        }
        if size > Self.maximumDataBytes { errors.append(.tooLong(path, maximum: Self.maximumDataBytes)) }
        return errors + Self.typeErrors(object, at: path)
    }

    func validateUpdate(_ object: JSONValue, old: JSONValue, context: StrategyContext) -> [FieldError] {
        PodField("type", of: object).immutableErrors(old: old["type"])
            + ImmutableContents.errors(object, old: old, fields: ["data"])
            + validate(object, context: context)
    }

    private static func typeErrors(_ object: JSONValue, at path: FieldPath) -> [FieldError] {
        let data = object["data"]?.object ?? [:]
        func missing(_ keys: String...) -> [FieldError] {
            keys.filter { data[$0] == nil }.map { .required(path.key($0)) }
        }
        switch object["type"]?.string {
        case "kubernetes.io/service-account-token":
            let key = "kubernetes.io/service-account.name"
            let name = object[path: "metadata", "annotations", key]?.string ?? ""
            return name.isEmpty ? [.required(FieldPath("metadata", "annotations").key(key))] : []
        case "kubernetes.io/dockercfg": return missing(".dockercfg") + jsonErrors(data, ".dockercfg", at: path)
        case "kubernetes.io/dockerconfigjson":
            return missing(".dockerconfigjson") + jsonErrors(data, ".dockerconfigjson", at: path)
        case "kubernetes.io/basic-auth":
            return data["username"] == nil && data["password"] == nil ? missing("username", "password") : []
        case "kubernetes.io/ssh-auth":
            let isEmpty = (data["ssh-privatekey"]?.string ?? "").isEmpty
            return isEmpty ? [.required(path.key("ssh-privatekey"))] : []
        case "kubernetes.io/tls": return missing("tls.crt", "tls.key")
        default: return []
        }
    }

    /// The value of `key` must be a JSON object.
    private static func jsonErrors(_ data: JSONObject, _ key: String, at path: FieldPath) -> [FieldError] {
        guard let text = data[key]?.string else { return [] }
        let problem: String
        do throws(JSONError) {
            switch try JSONValue(json: Base64.bytes(of: text)) {
            case .object, .null: return []
            case .array: problem = "array"
            case .string: problem = "string"
            case .bool: problem = "bool"
            case .integer, .number: problem = "number"
            }
        } catch {
            return [.invalid(path.key(key), "<secret contents redacted>", error.message)]
        }
        let detail = "json: cannot unmarshal \(problem) into Go value of type map[string]interface {}"
        return [.invalid(path.key(key), "<secret contents redacted>", detail)]
    }
}
