// SPDX-License-Identifier: Apache-2.0
// Patterns of `case`, `${x#…}` and file names.

import PodiumRuntime

/// A pattern with `*`, `?`, `[…]`; a backslash takes away the meaning of what follows.
struct ShellPattern: Hashable, Sendable {
    private enum Element: Hashable {
        case unit(UInt8)
        case any
        case many
        case set(ranges: [ClosedRange<UInt8>], isNegated: Bool)
    }

    private var elements: [Element] = []
    /// Whether it matches nothing but one text.
    let isPlain: Bool

    init(_ text: String) {
        var rest = Array(text.utf8)[...]
        // Without a bracket that closes, those that open are plain; looking for one each time would take too long.
        let lastClosing = rest.lastIndex(of: UInt8(ascii: "]")) ?? -1
        while let unit = rest.popFirst() {
            switch unit {
            case UInt8(ascii: "\\"): elements.append(.unit(rest.popFirst() ?? unit))
            case UInt8(ascii: "?"): elements.append(.any)
            case UInt8(ascii: "*"): if elements.last != .many { elements.append(.many) }
            case UInt8(ascii: "["):
                elements.append((rest.startIndex <= lastClosing ? Self.set(&rest) : nil) ?? .unit(unit))
            default: elements.append(.unit(unit))
            }
        }
        isPlain = elements.allSatisfy { if case .unit = $0 { true } else { false } }
    }

    /// The set after `[`; nil, and nothing taken, when it is not closed.
    private static func set(_ rest: inout ArraySlice<UInt8>) -> Element? {
        var cursor = rest
        var ranges: [ClosedRange<UInt8>] = []
        let isNegated = cursor.first == UInt8(ascii: "!") || cursor.first == UInt8(ascii: "^")
        if isNegated { cursor = cursor.dropFirst() }
        var isFirst = true
        while let unit = cursor.popFirst() {
            if unit == UInt8(ascii: "]"), !isFirst {
                rest = cursor
                return .set(ranges: ranges, isNegated: isNegated)
            }
            isFirst = false
            if unit == UInt8(ascii: "["), cursor.first == UInt8(ascii: ":"), let named = namedClass(&cursor) {
                ranges += named
                continue
            }
            let low = unit == UInt8(ascii: "\\") ? cursor.popFirst() ?? unit : unit
            if cursor.first == UInt8(ascii: "-"), let high = cursor.dropFirst().first, high != UInt8(ascii: "]") {
                cursor = cursor.dropFirst(2)
                if low <= high { ranges.append(low...high) }
            } else {
                ranges.append(low...low)
            }
        }
        return nil
    }

    /// The ranges of `:alpha:]` and its kin at the cursor.
    static func namedClass(_ cursor: inout ArraySlice<UInt8>) -> [ClosedRange<UInt8>]? {
        guard let end = cursor.dropFirst().firstIndex(of: UInt8(ascii: ":")),
            cursor[end...].dropFirst().first == UInt8(ascii: "]"),
            let ranges = classes[cursor[(cursor.startIndex + 1)..<end].text]
        else { return nil }
        cursor = cursor[(end + 2)...]
        return ranges
    }

    private static let classes: [String: [ClosedRange<UInt8>]] = [
        "alpha": [0x41...0x5A, 0x61...0x7A], "digit": [0x30...0x39], "alnum": [0x30...0x39, 0x41...0x5A, 0x61...0x7A],
        "upper": [0x41...0x5A], "lower": [0x61...0x7A], "space": [0x09...0x0D, 0x20...0x20],
        "blank": [0x09...0x09, 0x20...0x20], "punct": [0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E],
        "xdigit": [0x30...0x39, 0x41...0x46, 0x61...0x66], "cntrl": [0x00...0x1F, 0x7F...0x7F],
        "print": [0x20...0x7E], "graph": [0x21...0x7E],
    ]

    /// Whether the whole text matches.
    func matches(_ text: String, _ meter: WorkMeter? = nil) -> Bool {
        var left = Self.maximumComparisons
        defer { meter?.charge(bytes: Self.maximumComparisons - left) }
        return matches(Array(text.utf8)[...], &left)
    }

    /// Whether all the bytes match. Only the last star is ever widened; what stands behind it may be compared anew at
    /// each place, so that long texts that almost match run out of comparisons, and do not match.
    private func matches(_ text: ArraySlice<UInt8>, _ left: inout Int) -> Bool {
        var element = 0
        var unit = text.startIndex
        var star: (element: Int, unit: Int)?
        while unit < text.endIndex {
            left -= 1
            if left < 0 { return false }
            if element < elements.count {
                if elements[element] == .many {
                    star = (element, unit)
                    element += 1
                    continue
                }
                if let next = step(elements[element], text, unit) {
                    element += 1
                    unit = next
                    continue
                }
            }
            guard let (starElement, starUnit) = star else { return false }
            star = (starElement, starUnit + 1)
            element = starElement + 1
            unit = starUnit + 1
        }
        return elements[element...].allSatisfy { $0 == .many }
    }

    /// The position after what one element takes; nil when it does not match.
    private func step(_ element: Element, _ text: ArraySlice<UInt8>, _ index: Int) -> Int? {
        switch element {
        case .unit(let unit): return text[index] == unit ? index + 1 : nil
        case .any:
            var next = index + 1
            while next < text.endIndex, text[next] & 0xC0 == 0x80 { next += 1 }
            return next
        case .set(let ranges, let isNegated):
            return ranges.contains { $0.contains(text[index]) } != isNegated ? index + 1 : nil
        case .many: return nil
        }
    }

    /// The text with everything special taken literally.
    static func escaped(_ text: String) -> String {
        var units: [UInt8] = []
        for unit in text.utf8 {
            if "*?[]\\-!^".utf8.contains(unit) { units.append(UInt8(ascii: "\\")) }
            units.append(unit)
        }
        return units.text
    }
}

extension ShellPattern {
    /// The units that are compared for one `${…}`, `case` or `[[`; a text that needs more does not match.
    private static let maximumComparisons = 16_000_000

    /// The text without the prefix that matches.
    func removingPrefix(of text: String, longest: Bool, _ meter: WorkMeter) -> String {
        let units = Array(text.utf8)
        guard let end = firstEnd(of: units, from: 0, longest: longest, meter) else { return text }
        return units[end...].text
    }

    /// The text without the suffix that matches.
    func removingSuffix(of text: String, longest: Bool, _ meter: WorkMeter) -> String {
        let units = Array(text.utf8)
        guard let start = firstStart(of: units, longest: longest, meter) else { return text }
        return units[..<start].text
    }

    /// Where the suffix that matches begins.
    private func firstStart(of units: [UInt8], longest: Bool, _ meter: WorkMeter) -> Int? {
        var left = Self.maximumComparisons
        defer { meter.charge(bytes: Self.maximumComparisons - left) }
        for offset in 0...units.count where left > 0 {
            let start = longest ? offset : units.count - offset
            left -= 1
            if matches(units[start...], &left) { return start }
        }
        return nil
    }

    /// Where the prefix that matches ends, from `start` on.
    private func firstEnd(of units: [UInt8], from start: Int, longest: Bool, _ meter: WorkMeter) -> Int? {
        var left = Self.maximumComparisons
        defer { meter.charge(bytes: Self.maximumComparisons - left) }
        for offset in 0...(units.count - start) where left > 0 {
            let end = longest ? units.count - offset : start + offset
            left -= 1
            if matches(units[start..<end], &left) { return end }
        }
        return nil
    }

    /// The text with what matches replaced: the first longest match, all of them (`/`), or one at the start or the end.
    ///
    /// What grows beyond a word is not gone on with: it is refused by whoever asked.
    func replacing(
        in text: String,
        with replacement: String,
        anchor: String,
        _ meter: WorkMeter
    ) -> String {
        let units = Array(text.utf8)
        let new = Array(replacement.utf8)
        switch anchor {
        case "%": return firstStart(of: units, longest: true, meter).map { (units[..<$0] + new).text } ?? text
        case "#": return firstEnd(of: units, from: 0, longest: true, meter).map { (new + units[$0...]).text } ?? text
        default: break
        }
        var result: [UInt8] = []
        var index = 0
        var left = Self.maximumComparisons
        defer { meter.charge(bytes: Self.maximumComparisons - left + result.count) }
        while index < units.count, left > 0, result.count <= Expansion.maximumWordBytes {
            guard let end = longestEnd(in: units, from: index, &left) else {
                result.append(units[index])
                index += 1
                continue
            }
            result += new
            index = end
            if anchor != "/" { break }
        }
        return (result + units[index...]).text
    }

    /// Where the longest match that begins at `start` ends; nil when there is none that takes anything.
    private func longestEnd(in units: [UInt8], from start: Int, _ left: inout Int) -> Int? {
        // A pattern without stars takes as many characters as it has elements, of four bytes at most.
        let longest = hasMany ? units.count : min(units.count, start + 4 * elements.count)
        var end = longest
        while end > start, left > 0 {
            left -= 1
            if matches(units[start..<end], &left) { return end }
            end -= 1
        }
        return nil
    }

    private var hasMany: Bool { elements.contains(.many) }
}
