// SPDX-License-Identifier: Apache-2.0
// `{a,b}` and `{1..3}` of bash.

import PodiumCodec
import PodiumRuntime

/// The words that one word with braces stands for.
struct BraceExpansion {
    /// The words of one range, of which bash says so, too.
    private static let maximumElements = 100_000
    /// What a word takes beside the bytes of its braces.
    private static let wordBytes = 96
    /// Braces behind and within braces.
    private static let maximumDepth = 200
    /// The bytes that are looked through for braces that close.
    private static let maximumScan = 32 << 20

    private let meter: WorkMeter
    /// What the words take that were made so far.
    private var made = 0
    private var scanned = 0
    private var depth = 0

    private init(_ meter: WorkMeter) { self.meter = meter }

    /// The words that a word stands for; itself without braces.
    static func expand(_ word: ShellWord, _ meter: WorkMeter) throws(ExpansionStop) -> [ShellWord] {
        var expansion = BraceExpansion(meter)
        return try expansion.expand(word)
    }

    private mutating func expand(_ word: ShellWord) throws(ExpansionStop) -> [ShellWord] {
        depth += 1
        defer { depth -= 1 }
        if depth > Self.maximumDepth { throw .failed("out of memory") }
        for (position, part) in word.parts.enumerated() {
            guard case .literal(let text) = part, text.utf8.contains(UInt8(ascii: "{")),
                let (before, inner, after) = try split(text)
            else { continue }
            let head = Array(word.parts[..<position])
            let tail = Array(word.parts[(position + 1)...])
            var words: [ShellWord] = []
            for choice in inner {
                var made = ShellWord(parts: head)
                let text = before + choice + after
                made.append(.literal(text))
                made.parts += tail
                try count(text.utf8.count)
                words += try expand(made)
            }
            return words
        }
        return [word]
    }

    /// Counts a word, as long as there is room for it.
    private mutating func count(_ bytes: Int) throws(ExpansionStop) {
        made += bytes + Self.wordBytes
        meter.charge(bytes: bytes + Self.wordBytes)
        if made > Expansion.maximumListBytes { throw .failed("out of memory") }
    }

    /// What stands before, in and after the first braces that hold a list or a range.
    private mutating func split(_ text: String) throws(ExpansionStop) -> (String, [String], String)? {
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
                try scan(index - start)
                let before = units[..<start].text
                let after = units[(index + 1)...].text
                if !commas.isEmpty {
                    let edges = [start] + commas + [index]
                    return (before, zip(edges, edges.dropFirst()).map { units[($0 + 1)..<$1].text }, after)
                }
                if let range = try range(units[(start + 1)..<index].text) { return (before, range, after) }
                break
            }
            if depth > 0 { try scan(units.count - start) }
        }
        return nil
    }

    /// Counts bytes that were looked through.
    private mutating func scan(_ bytes: Int) throws(ExpansionStop) {
        scanned += bytes
        meter.charge(bytes: bytes)
        if scanned > Self.maximumScan { throw .failed("out of memory") }
    }

    private mutating func range(_ text: String) throws(ExpansionStop) -> [String]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: true).map(String.init)
        guard text.contains(".."), parts.count == 2 || parts.count == 3 else { return nil }
        let given = parts.count == 3 ? Int(parts[2]) : 1
        guard let step = given.map({ max(1, $0.magnitude) }) else { return nil }
        if let first = Int(parts[0]), let last = Int(parts[1]) {
            let distance = UInt(bitPattern: first <= last ? last &- first : first &- last)
            // What bash cannot count stays as it is written.
            guard distance < UInt(Int.max) else { return nil }
            guard distance / step < UInt(Self.maximumElements) else {
                throw .failed("brace expansion: failed to allocate memory for \(distance / step) elements")
            }
            let isPadded = parts[..<2].contains { Self.hasZero($0) }
            let width = isPadded ? max(parts[0].utf8.count, parts[1].utf8.count) : 0
            // Each is at least as long as that, however small the numbers are.
            try count(Int(distance / step + 1) * max(width, 1))
            return (0...distance / step).map { count in
                let way = Int(bitPattern: count * step)
                return Self.padded(first <= last ? first &+ way : first &- way, width)
            }
        }
        guard let first = parts[0].utf8.first, let last = parts[1].utf8.first, parts[0].utf8.count == 1,
            parts[1].utf8.count == 1, first.isLetter, last.isLetter
        else { return nil }
        let units = first <= last ? Array(first...last) : Array((last...first).reversed())
        return stride(from: 0, to: units.count, by: Int(min(step, UInt(units.count))))
            .map { String(UnicodeScalar(units[$0])) }
    }

    /// Whether a number is written with a zero before it.
    private static func hasZero(_ number: String) -> Bool {
        let digits = number.hasPrefix("-") ? number.dropFirst() : number[...]
        return digits.utf8.count > 1 && digits.hasPrefix("0")
    }

    /// A number with zeros before it, the sign counted.
    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number.magnitude)
        let sign = number < 0 ? "-" : ""
        return sign + String(repeating: "0", count: max(0, width - digits.utf8.count - sign.utf8.count)) + digits
    }
}
