// SPDX-License-Identifier: Apache-2.0
// What keys and values may look like: labels, ports, environment variables, header names, percentages.

import PodiumCodec

// Kubernetes: apimachinery/pkg/api/validate/content/kube.go, apimachinery/pkg/util/validation/validation.go
extension NameValidation {
    /// `name` or `prefix/name`: the form of label keys.
    package static func qualifiedName(_ value: String) -> [String] {
        let parts = value.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count <= 2, let name = parts.last else { return [NameTexts.keyShape] }
        var errors: [String] = []
        if parts.count == 2 {
            if parts[0].isEmpty {
                errors.append("prefix part must be non-empty")
            } else {
                if parts[0].count > 253 { errors.append("prefix part \(maximumBytes(253))") }
                if !isSubdomain(parts[0]) { errors.append("prefix part \(NameTexts.dns1123Subdomain)") }
            }
        }
        if name.isEmpty {
            errors.append("name part must be non-empty")
        } else if name.count > 63 {
            errors.append("name part \(maximumBytes(63))")
        }
        if !isKeyName(name) { errors.append("name part \(NameTexts.keyName)") }
        return errors
    }

    /// The value of a label; may be empty.
    package static func labelValue(_ value: String) -> [String] {
        var errors: [String] = []
        if value.utf8.count > 63 { errors.append(maximumBytes(63)) }
        if !value.isEmpty, !isKeyName(value.utf8[...]) { errors.append(NameTexts.labelValue) }
        return errors
    }

    /// The name of a port (RFC 6335, in lower case).
    package static func portName(_ value: String) -> [String] {
        var errors: [String] = []
        if value.utf8.count > 15 { errors.append(maximumLength(15)) }
        if value.isEmpty || !value.utf8.allSatisfy(isLabelUnit) {
            errors.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
        }
        if !value.utf8.contains(where: { (0x61...0x7A).contains($0) }) {
            errors.append("must contain at least one letter (a-z)")
        }
        if value.contains("--") { errors.append("must not contain consecutive hyphens") }
        if value.utf8.first == UInt8(ascii: "-") || value.utf8.last == UInt8(ascii: "-") {
            errors.append("must not begin or end with a hyphen")
        }
        return errors
    }

    /// The number of a port.
    package static func portNumber(_ value: Int) -> [String] { inRange(value, 1, 65535) }

    /// A number within inclusive bounds.
    package static func inRange(_ value: Int, _ low: Int, _ high: Int) -> [String] {
        value >= low && value <= high ? [] : [range(low, high)]
    }

    /// The name of an environment variable: printable ASCII without `=`.
    package static func relaxedEnvVarName(_ value: String) -> [String] {
        if value.isEmpty { return ["environment variable name must be non-empty"] }
        let isGood = value.utf8.allSatisfy { (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "=") }
        return isGood ? [] : [NameTexts.relaxedEnvironmentName]
    }

    /// A key in the data of a ConfigMap or Secret.
    package static func configMapKey(_ value: String) -> [String] {
        var errors: [String] = []
        if value.utf8.count > 253 { errors.append(maximumLength(253)) }
        if value.isEmpty || !value.utf8.allSatisfy(isConfigKeyUnit) { errors.append(NameTexts.configKey) }
        return errors + pathTraversal(value)
    }

    /// An identifier of the language C.
    package static func cIdentifier(_ value: String) -> [String] {
        let isGood =
            value.utf8.allSatisfy { $0.isAlphanumeric || $0 == UInt8(ascii: "_") }
            && value.utf8.first.map { !$0.isDigit } ?? false
        return isGood ? [] : [NameTexts.cIdentifier]
    }

    /// The name of an HTTP header field.
    package static func httpHeaderName(_ value: String) -> [String] {
        let isGood = !value.isEmpty && value.utf8.allSatisfy { $0.isAlphanumeric || $0 == UInt8(ascii: "-") }
        return isGood ? [] : [NameTexts.httpHeaderName]
    }

    /// Digits and a percent sign.
    package static func percent(_ value: String) -> [String] {
        let digits = value.utf8.dropLast()
        let isGood =
            value.utf8.last == UInt8(ascii: "%") && !digits.isEmpty
            && digits.allSatisfy(\.isDigit)
        return isGood ? [] : [NameTexts.percent]
    }

    /// `must be no more than N bytes`.
    package static func maximumBytes(_ length: Int) -> String { "must be no more than \(length) bytes" }

    private static func isKeyName(_ text: Substring.UTF8View) -> Bool {
        matches(text, first: \.isAlphanumeric, middle: isConfigKeyUnit)
    }

    private static func isConfigKeyUnit(_ unit: UInt8) -> Bool {
        unit.isAlphanumeric || unit == UInt8(ascii: "-") || unit == UInt8(ascii: "_") || unit == UInt8(ascii: ".")
    }

    private static func pathTraversal(_ value: String) -> [String] {
        switch value {
        case ".": ["must not be '.'"]
        case "..": ["must not be '..'"]
        case _ where value.hasPrefix(".."): ["must not start with '..'"]
        default: []
        }
    }
}
