// SPDX-License-Identifier: Apache-2.0
// sort: how lines are compared.

import PodiumCodec
import PodiumRuntime

/// How a key, or a whole line, is compared.
struct SortOrder: Sendable {
    enum Kind: Sendable { case text, number, general, human, month, version }

    var kind = Kind.text
    var isReversed = false
    var foldsCase = false
    /// Only letters, digits and blanks count.
    var isDictionary = false
    /// Only what can be printed counts.
    var ignoresControls = false
    var skipsBlanks = false
    /// Whether some letter said so.
    var isSet = false

    /// Takes a letter in; false when it is none of these.
    mutating func take(_ letter: Character) -> Bool {
        switch letter {
        case "n": kind = .number
        case "g": kind = .general
        case "h": kind = .human
        case "M": kind = .month
        case "V": kind = .version
        case "r": isReversed = true
        case "f": foldsCase = true
        case "d": isDictionary = true
        case "i": ignoresControls = true
        case "b": skipsBlanks = true
        default: return false
        }
        isSet = true
        return true
    }

    /// Below zero, zero or above it, without regard to the direction.
    func compare(_ first: ArraySlice<UInt8>, _ second: ArraySlice<UInt8>) -> Int {
        switch kind {
        case .text: return Self.order(filtered(first), filtered(second))
        case .number, .general: return Self.order(NumberPrefix.value(of: first), NumberPrefix.value(of: second))
        case .human: return Self.order(Self.human(first), Self.human(second))
        case .month: return Self.order(Self.month(first), Self.month(second))
        case .version: return Self.versionOrder(Array(first), Array(second))
        }
    }

    private func filtered(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard foldsCase || isDictionary || ignoresControls else { return text }
        var kept = Array(text)
        if isDictionary { kept.removeAll { !$0.isAlphanumeric && !$0.isBlank } }
        if ignoresControls { kept.removeAll { $0 < 0x20 || $0 > 0x7E } }
        return (foldsCase ? kept.map(\.uppercased) : kept)[...]
    }

    private static func order<Value: Comparable>(_ first: Value, _ second: Value) -> Int {
        first < second ? -1 : first > second ? 1 : 0
    }

    static func order(_ first: ArraySlice<UInt8>, _ second: ArraySlice<UInt8>) -> Int {
        first.lexicographicallyPrecedes(second) ? -1 : second.lexicographicallyPrecedes(first) ? 1 : 0
    }

    /// The rank of a letter that multiplies comes before the number.
    private static func human(_ text: ArraySlice<UInt8>) -> Double {
        let value = NumberPrefix.value(of: text)
        let letter = text.drop { $0.isBlank || $0.isDigit || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") }.first
        let rank = letter.flatMap { Array("KMGTPEZY".utf8).firstIndex(of: $0.uppercased) }.map { $0 + 1 } ?? 0
        return (0..<rank).reduce(value) { product, _ in product * 1024 }
    }

    private static func month(_ text: ArraySlice<UInt8>) -> Int {
        let names = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
        let word = Array(text.drop(while: \.isBlank).prefix(3).map(\.uppercased)).text
        return names.firstIndex(of: word).map { $0 + 1 } ?? 0
    }

    /// Runs of digits count as numbers, those that begin with a zero as fractions.
    static func versionOrder(_ first: [UInt8], _ second: [UInt8]) -> Int {
        var (i, j) = (0, 0)
        while i < first.count, j < second.count {
            guard first[i].isDigit, second[j].isDigit else {
                if first[i] != second[j] { return first[i] < second[j] ? -1 : 1 }
                i += 1
                j += 1
                continue
            }
            let left = first[i...].prefix(while: \.isDigit)
            let right = second[j...].prefix(while: \.isDigit)
            i += left.count
            j += right.count
            if left.first == 0x30 || right.first == 0x30 {
                let order = order(left, right)
                if order != 0 { return order }
            } else if left.count != right.count {
                return left.count < right.count ? -1 : 1
            } else {
                let order = order(left, right)
                if order != 0 { return order }
            }
        }
        return order(first.count - i, second.count - j)
    }
}

/// Why a key makes no sense.
struct SortKeyFault: Error {
    var gnu: String
    var busybox = "bad field specification"
}

/// `-k 2.1n,3`: from where to where a key reaches, and how it is compared.
struct SortKey: Sendable {
    private var firstField = 1
    private var firstCharacter = 1
    private var lastField = 0
    private var lastCharacter = 0
    private(set) var order = SortOrder()

    /// Reads a key.
    init(_ text: String) throws(SortKeyFault) {
        let halves = text.split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false)
        let first = try Self.place(halves[0], "at field start", of: text, &order)
        if first.character == 0 { throw Self.fault("character offset is zero", text) }
        (firstField, firstCharacter) = (first.field, first.character ?? 1)
        guard halves.count > 1 else { return }
        let last = try Self.place(halves[1], "after ','", of: text, &order)
        (lastField, lastCharacter) = (last.field, last.character ?? 0)
    }

    private static func fault(_ words: String, _ text: String) -> SortKeyFault {
        SortKeyFault(gnu: "\(words): invalid field specification '\(text)'")
    }

    private static func place(
        _ half: Substring,
        _ spot: String,
        of text: String,
        _ order: inout SortOrder
    ) throws(SortKeyFault) -> (field: Int, character: Int?) {
        var rest = half
        func number(_ place: String) throws(SortKeyFault) -> Int {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            guard let number = OptionNumber.count(String(digits)) else {
                throw SortKeyFault(gnu: "invalid number \(place): invalid count at start of '\(rest)'")
            }
            rest = rest.dropFirst(digits.count)
            return number
        }
        let field = try number(spot)
        if field == 0 { throw fault("field number is zero", text) }
        var character: Int?
        if rest.first == "." {
            rest = rest.dropFirst()
            character = try number("after '.'")
        }
        for letter in rest where !order.take(letter) {
            let words = "stray character in field spec: invalid field specification '\(text)'"
            throw SortKeyFault(gnu: words, busybox: "unknown sort type")
        }
        return (field, character)
    }

    /// The part of a line that is compared. Without a separator the blanks before a field belong to it.
    func part(of line: ArraySlice<UInt8>, _ separator: UInt8?, _ order: SortOrder) -> ArraySlice<UInt8> {
        var start = Self.start(ofField: firstField, in: line, separator)
        if order.skipsBlanks { while start < line.endIndex, line[start].isBlank { start += 1 } }
        start = min(line.endIndex, start + firstCharacter - 1)
        var end = line.endIndex
        if lastField > 0 {
            if lastCharacter > 0 {
                var from = Self.start(ofField: lastField, in: line, separator)
                if order.skipsBlanks { while from < line.endIndex, line[from].isBlank { from += 1 } }
                end = min(line.endIndex, from + lastCharacter)
            } else {
                end = Self.end(ofField: lastField, in: line, separator)
            }
        }
        return line[start..<max(start, end)]
    }

    private static func start(ofField field: Int, in line: ArraySlice<UInt8>, _ separator: UInt8?) -> Int {
        var index = line.startIndex
        var left = field - 1
        while left > 0, index < line.endIndex {
            index = skipField(in: line, from: index, separator)
            if separator != nil, index < line.endIndex { index += 1 }
            left -= 1
        }
        return index
    }

    private static func end(ofField field: Int, in line: ArraySlice<UInt8>, _ separator: UInt8?) -> Int {
        skipField(in: line, from: start(ofField: field, in: line, separator), separator)
    }

    private static func skipField(in line: ArraySlice<UInt8>, from index: Int, _ separator: UInt8?) -> Int {
        var index = index
        if let separator {
            while index < line.endIndex, line[index] != separator { index += 1 }
        } else {
            while index < line.endIndex, line[index].isBlank { index += 1 }
            while index < line.endIndex, !line[index].isBlank { index += 1 }
        }
        return index
    }
}
