// SPDX-License-Identifier: Apache-2.0
// Fields that hold a number or a text: ports by number or name, counts or percentages.

package import PodiumCodec

/// A number or a text.
// Kubernetes: apimachinery/pkg/util/intstr/intstr.go
package enum IntOrString: Hashable, Sendable, CustomStringConvertible {
    case int(Int)
    case string(String)

    /// The value of a JSON number or string; nil for anything else.
    package init?(_ value: JSONValue?) {
        switch value {
        case .integer(let number)?: self = .int(Int(number))
        case .string(let text)?: self = .string(text)
        default: return nil
        }
    }

    /// The number, or the text itself.
    package var description: String {
        switch self {
        case .int(let number): String(number)
        case .string(let text): text
        }
    }

    /// As it stands in JSON.
    package var jsonValue: JSONValue {
        switch self {
        case .int(let number): .integer(Int64(number))
        case .string(let text): .string(text)
        }
    }

    /// The number in a percentage such as `25%`; nil for anything else.
    package var percent: Int? {
        guard case .string(let text) = self, text.utf8.last == UInt8(ascii: "%") else { return nil }
        let digits = text.utf8.dropLast()
        guard !digits.isEmpty, digits.allSatisfy(\.isDigit) else { return nil }
        return Int(text.dropLast())
    }

    /// A number as it is; a percentage of `total`, rounded up or down; nil for any other text.
    package func scaled(to total: Int, roundingUp: Bool) -> Int? {
        if case .int(let number) = self { return number }
        guard let percent else { return nil }
        let (product, overflow) = percent.multipliedReportingOverflow(by: total)
        guard !overflow else { return .max }
        return roundingUp ? product / 100 + (product % 100 > 0 ? 1 : 0) : product / 100
    }
}
