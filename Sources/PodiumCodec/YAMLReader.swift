// SPDX-License-Identifier: Apache-2.0
// Reads YAML into the same tree as JSON, with the scalar rules of Kubernetes' YAML library (YAML 1.1).

import OrderedCollections
import Yams

/// Why a text is not YAML.
package struct YAMLError: Error, Equatable, CustomStringConvertible {
    /// The sentence that reaches the client.
    package let message: String

    package var description: String { message }
}

extension JSONDocument {
    /// Reads the first document of a YAML text. An empty text is `null`.
    package init(yaml bytes: [UInt8]) throws(YAMLError) {
        let text = String(decoding: bytes, as: UTF8.self)
        let node: Node?
        do {
            node = try Parser(yaml: text).singleRoot()
        } catch let error as YamlError {
            throw YAMLError(message: Self.message(of: error))
        } catch {
            throw YAMLError(message: "yaml: \(error)")
        }
        var converter = YAMLConverter()
        let value = try node.map { node throws(YAMLError) in try converter.convert(node, depth: 0) } ?? .null
        self.init(value: value, duplicates: converter.duplicates)
    }

    private static func message(of error: YamlError) -> String {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            "yaml: line \(mark.line): \(problem)"
        case .duplicatedKeysInMapping(let duplicates, let context):
            "yaml: line \(context.mark.line): key \"\(duplicates.first ?? "")\" already set in map"
        default: "yaml: \(error)"
        }
    }
}

/// Turns Yams' nodes into a JSON tree.
private struct YAMLConverter {
    private(set) var duplicates: [String] = []

    mutating func convert(_ node: Node, depth: Int) throws(YAMLError) -> JSONValue {
        if depth > JSONLimits.maximumDepth { throw YAMLError(message: "yaml: exceeded max depth") }
        switch node {
        case .scalar(let scalar): return YAMLScalar.resolve(scalar)
        case .sequence(let sequence):
            var elements: [JSONValue] = []
            for element in sequence { elements.append(try convert(element, depth: depth + 1)) }
            return .array(elements)
        case .mapping(let mapping):
            var members: JSONObject = [:]
            for (key, value) in mapping {
                members[try memberName(key)] = try convert(value, depth: depth + 1)
            }
            return .object(members)
        case .alias:
            throw YAMLError(message: "yaml: unresolved alias")
        }
    }

    private func memberName(_ key: Node) throws(YAMLError) -> String {
        guard case .scalar(let scalar) = key else {
            throw YAMLError(message: "error converting YAML to JSON: unsupported map key")
        }
        return switch YAMLScalar.resolve(scalar) {
        case .string(let text): text
        case .integer(let number): String(number)
        case .number(let number): number.text
        case .bool(let flag): flag ? "true" : "false"
        default: scalar.string
        }
    }
}

/// The scalar rules of YAML 1.1 as go-yaml applies them.
private enum YAMLScalar {
    static func resolve(_ scalar: Node.Scalar) -> JSONValue {
        switch scalar.style {
        case .singleQuoted, .doubleQuoted, .literal, .folded: return .string(scalar.string)
        default: break
        }
        return plain(scalar.string)
    }

    private static func plain(_ text: String) -> JSONValue {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE", "y", "Y", "yes", "Yes", "YES", "on", "On", "ON": return .bool(true)
        case "false", "False", "FALSE", "n", "N", "no", "No", "NO", "off", "Off", "OFF": return .bool(false)
        default: return number(text) ?? .string(text)
        }
    }

    private static func number(_ text: String) -> JSONValue? {
        guard let first = text.utf8.first, (0x30...0x39).contains(first) || first == 0x2D || first == 0x2B || first == 0x2E
        else { return nil }
        let digits = text.replacing("_", with: "")
        let negative = digits.hasPrefix("-")
        let magnitude = negative || digits.hasPrefix("+") ? String(digits.dropFirst()) : digits
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where magnitude.hasPrefix(prefix) {
            return Int64(magnitude.dropFirst(2), radix: radix).map { .integer(negative ? -$0 : $0) }
        }
        if magnitude.count > 1, magnitude.hasPrefix("0"), let value = Int64(magnitude, radix: 8) {
            return .integer(negative ? -value : value)
        }
        if let value = Int64(digits) { return .integer(value) }
        guard isFloat(magnitude), let value = Double(digits), value.isFinite else { return nil }
        if value == value.rounded(), abs(value) < 1e15 { return .integer(Int64(value)) }
        return .number(JSONNumber(text: "\(value)"))
    }

    /// `digits [. digits] [e [sign] digits]` with at least one digit in front of the exponent.
    private static func isFloat(_ text: String) -> Bool {
        var sawDigit = false
        var sawExponent = false
        var sawPoint = false
        var previous: UInt8 = 0
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39: sawDigit = true
            case 0x2E where !sawPoint && !sawExponent: sawPoint = true
            case 0x65, 0x45:
                if !sawDigit || sawExponent { return false }
                sawExponent = true
            case 0x2B where previous | 0x20 == 0x65: break
            case 0x2D where previous | 0x20 == 0x65: break
            default: return false
            }
            previous = byte
        }
        return sawDigit && (0x30...0x39).contains(previous) || previous == 0x2E && sawDigit
    }
}
