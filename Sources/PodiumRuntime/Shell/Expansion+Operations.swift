// SPDX-License-Identifier: Apache-2.0
// What `${name…}` makes of a value.

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

/// `{a,b}` and `{1..3}` of bash.
enum BraceExpansion {
    /// The words that one word with braces stands for.
    private static let maximumWords = 10_000

    /// The words that a word stands for; itself without braces.
    static func expand(_ word: ShellWord) -> [ShellWord] {
        for (position, part) in word.parts.enumerated() {
            guard case .literal(let text) = part, text.contains("{"), let (before, inner, after) = split(text) else {
                continue
            }
            let head = Array(word.parts[..<position])
            let tail = Array(word.parts[(position + 1)...])
            var words: [ShellWord] = []
            for choice in inner.prefix(maximumWords) {
                var made = ShellWord(parts: head)
                made.append(.literal(before + choice + after))
                made.parts += tail
                words += expand(made)
                if words.count > maximumWords { break }
            }
            return words
        }
        return [word]
    }

    /// What stands before, in and after the first braces that hold a list or a range.
    private static func split(_ text: String) -> (String, [String], String)? {
        let units = Array(text.utf8)
        for start in units.indices where units[start] == UInt8(ascii: "{") {
            var depth = 0
            var commas: [Int] = []
            for index in start..<units.count {
                if units[index] == UInt8(ascii: "{") { depth += 1 }
                if units[index] == UInt8(ascii: ","), depth == 1 { commas.append(index) }
                guard units[index] == UInt8(ascii: "}") else { continue }
                depth -= 1
                guard depth == 0 else { continue }
                let before = units[..<start].text
                let after = units[(index + 1)...].text
                if !commas.isEmpty {
                    let edges = [start] + commas + [index]
                    return (before, zip(edges, edges.dropFirst()).map { units[($0 + 1)..<$1].text }, after)
                }
                if let range = range(units[(start + 1)..<index].text) { return (before, range, after) }
                break
            }
        }
        return nil
    }

    private static func range(_ text: String) -> [String]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: true).map(String.init)
        guard text.contains(".."), parts.count == 2 || parts.count == 3 else { return nil }
        if let first = Int(parts[0]), let last = Int(parts[1]) {
            let step = max(1, (parts.count == 3 ? Int(parts[2]) ?? 1 : 1).magnitude)
            let distance = UInt(bitPattern: first <= last ? last &- first : first &- last)
            guard distance / step < UInt(maximumWords) else { return nil }
            let width = parts[0].hasPrefix("0") ? parts[0].utf8.count : 0
            return (0...distance / step).map { count in
                let way = Int(bitPattern: count * step)
                let digits = String(first <= last ? first &+ way : first &- way)
                return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
            }
        }
        guard let first = parts[0].utf8.first, let last = parts[1].utf8.first, parts[0].utf8.count == 1,
            parts[1].utf8.count == 1, first.isLetter, last.isLetter
        else { return nil }
        let units = first <= last ? Array(first...last) : Array((last...first).reversed())
        return units.map { String(UnicodeScalar($0)) }
    }
}
