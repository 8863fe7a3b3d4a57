// SPDX-License-Identifier: Apache-2.0
// Which fields a field selector takes: `metadata.name=a,status.phase!=Running`.

/// A conjunction of requirements on selectable fields. Without any it takes everything.
// Kubernetes: apimachinery/pkg/fields/selector.go
package struct FieldSelector: Hashable, Sendable, CustomStringConvertible {
    /// A requirement on one field.
    package struct Requirement: Hashable, Sendable {
        package var field: String
        package var value: String
        /// Whether the field must have another value than this.
        package var isNegated: Bool

        package init(_ field: String, _ value: String, isNegated: Bool = false) {
            self.field = field
            self.value = value
            self.isNegated = isNegated
        }
    }

    /// All of them must be met.
    package var requirements: [Requirement]

    package init(_ requirements: [Requirement]) { self.requirements = requirements }

    /// Takes everything.
    package static let everything = FieldSelector([])

    /// Whether everything is taken.
    package var isEverything: Bool { requirements.isEmpty }

    /// Reads a `fieldSelector` query value; `\` escapes `,`, `=` and itself in values.
    package init(query: String) throws(SelectorError) {
        requirements = []
        for term in Self.terms(of: query).sorted() where !term.isEmpty {
            guard let (field, isNegated, value) = Self.split(term) else {
                throw SelectorError("invalid selector: '\(query)'; can't understand '\(term)'")
            }
            requirements.append(Requirement(field, try Self.unescape(value), isNegated: isNegated))
        }
    }

    /// Whether the object called `name` meets all requirements, whose other fields `value` gives; an absent field is
    /// the empty text.
    package func matches(_ name: NamespacedName, _ value: (String) -> String?) -> Bool {
        for requirement in requirements {
            let found =
                switch requirement.field {
                case "metadata.name": name.name
                case "metadata.namespace": name.namespace
                default: value(requirement.field) ?? ""
                }
            if (found == requirement.value) == requirement.isNegated { return false }
        }
        return true
    }

    /// The value that `field` must have, when there is just one.
    package func exactValue(of field: String) -> String? {
        requirements.first { $0.field == field && !$0.isNegated }?.value
    }

    /// In the syntax of a query.
    package var description: String {
        requirements.map { requirement in
            let value = requirement.value.reduce(into: "") { text, character in
                if character == "\\" || character == "," || character == "=" { text.append("\\") }
                text.append(character)
            }
            return "\(requirement.field)\(requirement.isNegated ? "!=" : "=")\(value)"
        }.joined(separator: ",")
    }

    /// Splits at commas that are not escaped.
    private static func terms(of query: String) -> [String] {
        var terms: [String] = []
        var term = String.UnicodeScalarView()
        var isEscaped = false
        for scalar in query.unicodeScalars {
            if scalar == ",", !isEscaped {
                terms.append(String(term))
                term = String.UnicodeScalarView()
                continue
            }
            isEscaped = scalar == "\\" && !isEscaped
            term.append(scalar)
        }
        return terms + [String(term)]
    }

    private static func split(_ term: String) -> (field: String, isNegated: Bool, value: Substring)? {
        let units = term.utf8
        guard let equals = units.firstIndex(of: UInt8(ascii: "=")) else { return nil }
        let after = units.index(after: equals)
        if equals > units.startIndex, units[units.index(before: equals)] == UInt8(ascii: "!") {
            return (String(term[..<units.index(before: equals)]), true, term[after...])
        }
        let isDouble = after < units.endIndex && units[after] == UInt8(ascii: "=")
        return (String(term[..<equals]), false, term[(isDouble ? units.index(after: after) : after)...])
    }

    private static func unescape(_ value: Substring) throws(SelectorError) -> String {
        var result = String.UnicodeScalarView()
        var isEscaped = false
        for scalar in value.unicodeScalars {
            let isSpecial = scalar == "\\" || scalar == "," || scalar == "="
            if isEscaped {
                guard isSpecial else {
                    throw SelectorError("invalid field selector: invalid escape sequence: \\\(scalar)")
                }
                result.append(scalar)
                isEscaped = false
            } else if scalar == "\\" {
                isEscaped = true
            } else if isSpecial {
                throw SelectorError("invalid field selector: unescaped character in value: \(scalar.value)")
            } else {
                result.append(scalar)
            }
        }
        if isEscaped { throw SelectorError("invalid field selector: invalid escape sequence: \\") }
        return String(result)
    }
}
