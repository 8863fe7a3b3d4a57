// SPDX-License-Identifier: Apache-2.0
// Fields under construction: what is quoted, what is a pattern, where a value is split.

import PodiumCodec
import PodiumRuntime

/// A field with what of it is a pattern.
struct ExpandedField: Hashable, Sendable {
    /// What a field counts for beside its bytes: itself and the array that text and pattern mostly share, in a list
    /// that grows to twice its length.
    static let ownBytes = 112

    var units: [UInt8] = []
    /// The same text as a pattern, with everything quoted escaped.
    var pattern: [UInt8] = []
    var hasPattern = false
    /// An empty field that stays only if it was really quoted, unlike `"$@"` without parameters.
    var vanishesIfEmpty = false

    mutating func append(_ text: [UInt8], isQuoted: Bool) {
        if units.isEmpty, pattern.isEmpty, !isQuoted || !text.contains(where: Self.isSpecial) {
            // Both share what they hold.
            (units, pattern) = (text, text)
            hasPattern = hasPattern || !isQuoted && text.contains { $0 == 0x2A || $0 == 0x3F || $0 == 0x5B }
            return
        }
        units += text
        if isQuoted {
            for unit in text {
                if Self.isSpecial(unit) { pattern.append(UInt8(ascii: "\\")) }
                pattern.append(unit)
            }
        } else {
            pattern += text
            hasPattern = hasPattern || text.contains { $0 == 0x2A || $0 == 0x3F || $0 == 0x5B }
        }
    }

    /// Whether a unit means something in a pattern.
    private static func isSpecial(_ unit: UInt8) -> Bool { "*?[]\\-!^".utf8.contains(unit) }

    mutating func append(_ other: ExpandedField) {
        units += other.units
        pattern += other.pattern
        hasPattern = hasPattern || other.hasPattern
    }
}

/// Puts the fields of one word together.
struct FieldBuilder {
    /// The units of `IFS`; nil where nothing is split.
    private let separators: [UInt8]?
    private var done: [ExpandedField] = []
    private var current: ExpandedField?
    /// Whether white space ended the last field, so that one other separator may follow without making an empty field.
    private var endedBySpace = false
    private(set) var byteCount = 0

    /// What the fields take.
    var heldBytes: Int { byteCount + done.count * ExpandedField.ownBytes }

    /// Whether more than any list of words may take is there; nothing is added then, and whoever expands says so.
    private var isOverfull: Bool { heldBytes > Expansion.maximumListBytes }

    /// How many fields are done.
    var count: Int { done.count }

    init(separators: [UInt8]?) { self.separators = separators }

    /// Whether values are split.
    var splits: Bool { separators != nil }

    /// Adds text of the word itself.
    mutating func add(_ text: [UInt8], isQuoted: Bool) {
        if text.isEmpty, !isQuoted { return }
        // In place: a copy of the field for each piece of it would make long words slow.
        if current == nil { current = ExpandedField() }
        current?.append(text, isQuoted: isQuoted)
        endedBySpace = false
        byteCount += text.count
    }

    /// Adds a value, split unless it is quoted.
    mutating func addValue(_ value: String, isQuoted: Bool) {
        let units = Array(value.utf8)
        guard !isQuoted, let separators else { return add(units, isQuoted: isQuoted) }
        var start = units.startIndex
        for index in units.indices where separators.contains(units[index]) {
            add(Array(units[start..<index]), isQuoted: false)
            separate(isSpace: units[index].isBlank)
            start = index + 1
            if isOverfull { return }
        }
        add(Array(units[start...]), isQuoted: false)
    }

    private mutating func separate(isSpace: Bool) {
        if let field = current {
            done.append(field)
            current = nil
            endedBySpace = isSpace
        } else if !isSpace {
            if !endedBySpace { done.append(ExpandedField()) }
            endedBySpace = false
        }
    }

    /// Adds elements as fields of their own; the first and the last join with what stands beside them.
    mutating func addList(_ elements: [String], isQuoted: Bool) {
        if elements.isEmpty, isQuoted, current == nil || current?.units.isEmpty == true {
            current = current ?? ExpandedField()
            current?.vanishesIfEmpty = true
        }
        for (index, element) in elements.enumerated() where !isOverfull {
            if index > 0, let field = current {
                done.append(field)
                current = nil
            }
            addValue(element, isQuoted: isQuoted)
        }
    }

    /// The fields.
    mutating func finish() -> [ExpandedField] {
        if let field = current, !(field.units.isEmpty && field.vanishesIfEmpty) { done.append(field) }
        current = nil
        return done
    }
}
