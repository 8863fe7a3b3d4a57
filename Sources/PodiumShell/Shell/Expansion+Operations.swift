// SPDX-License-Identifier: Apache-2.0
// What `${name…}` makes of a value.

import PodiumRuntime

extension Expansion {
    /// The value after an operation that changes it.
    mutating func apply(_ operation: ParameterOperation, to value: String) throws(ExpansionStop) -> String {
        meter.charge(bytes: 2 * value.utf8.count)
        switch operation {
        case .length: return String(value.unicodeScalars.count)
        case .removePrefix(let word, let longest):
            return ShellPattern(try pattern(word)).removingPrefix(of: value, longest: longest, meter)
        case .removeSuffix(let word, let longest):
            return ShellPattern(try pattern(word)).removingSuffix(of: value, longest: longest, meter)
        case .replace(let word, let with, let anchor):
            let pattern = ShellPattern(try pattern(word))
            return pattern.replacing(in: value, with: try text(with), anchor: anchor, meter)
        case .substring(let offset, let length): return try substring(of: value, offset, length)
        case .changeCase(let mark): return Self.changeCase(value, mark)
        default: return value
        }
    }

    private mutating func substring(
        of value: String,
        _ offset: ShellWord,
        _ length: ShellWord?
    ) throws(ExpansionStop) -> String {
        let scalars = Array(value.unicodeScalars)
        let start = try arithmetic(offset)
        let first = min(max(0, start < 0 ? scalars.count + start : start), scalars.count)
        var end = scalars.count
        if let length {
            let count = try arithmetic(length)
            end = count < 0 ? max(first, scalars.count + count) : min(scalars.count, first + min(count, scalars.count))
        }
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars[first..<end])
        return String(text)
    }

    private static func changeCase(_ value: String, _ mark: String) -> String {
        switch mark {
        case "^^": value.uppercased()
        case ",,": value.lowercased()
        case "^": value.prefix(1).uppercased() + value.dropFirst()
        default: value.prefix(1).lowercased() + value.dropFirst()
        }
    }
}
