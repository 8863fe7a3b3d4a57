// SPDX-License-Identifier: Apache-2.0
// The functions that the language of awk has.

import Glibc
import PodiumCodec
import PodiumMachinery
import PodiumRuntime

/// The functions of mathematics.
enum AwkMath {
    static func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }

    static func apply(_ function: AwkBuiltin, _ first: Double, _ second: Double) -> Double {
        switch function {
        case .atan2: atan2(first, second)
        case .cos: cos(first)
        case .exp: exp(first)
        case .int: first.rounded(.towardZero)
        case .log: log(first)
        case .sin: sin(first)
        case .sqrt: first.squareRoot()
        default: bits(function, whole(first), whole(second))
        }
    }

    private static func whole(_ value: Double) -> UInt64 {
        value >= 9.2e18 && value < 1.8e19 ? UInt64(value) : UInt64(bitPattern: Int64(AwkNumber.integer(value)))
    }

    private static func bits(_ function: AwkBuiltin, _ first: UInt64, _ second: UInt64) -> Double {
        switch function {
        case .and: Double(first & second)
        case .or: Double(first | second)
        case .xor: Double(first ^ second)
        case .lshift: Double(first << second)
        case .rshift: Double(first >> second)
        default: Double(~first)
        }
    }
}

/// The numbers of `rand`, made of the C library's as busybox does.
struct AwkRandom: Sendable {
    private static let size = 34
    private static let warmUp = 310

    private(set) var seed: UInt32 = 1
    private var values: [UInt32] = []

    /// Begins again with a seed.
    mutating func begin(_ seed: UInt32) {
        self.seed = seed
        values = []
    }

    private mutating func fill() {
        var word = Int64(Int32(bitPattern: seed == 0 ? 1 : seed))
        values = [UInt32(truncatingIfNeeded: word)]
        for _ in 1..<31 {
            word = 16_807 * word % 2_147_483_647
            if word < 0 { word += 2_147_483_647 }
            values.append(UInt32(truncatingIfNeeded: word))
        }
        for index in 31..<Self.size { values.append(values[index - 31]) }
        for _ in 0..<Self.warmUp { _ = next() }
    }

    private mutating func next() -> UInt32 {
        let value = values[values.count - 3] &+ values[values.count - 31]
        values.append(value)
        if values.count > 1000 { values.removeFirst(values.count - Self.size) }
        return value >> 1
    }

    /// The next number from 0 to 1.
    mutating func draw() -> Double {
        if values.isEmpty { fill() }
        let low = UInt64(next() & 0xFFFF) << 17
        let middle = UInt64(next()) << 1
        return Double(UInt64(next()) << 33 ^ middle ^ low) / 0x1p64
    }
}

extension AwkInterpreter {
    private typealias Special = AwkProgram.Special

    /// Calls a function that ends at once.
    mutating func call(_ function: AwkBuiltin, _ count: Int, _ machine: inout Machine) throws(AwkFault) {
        let arguments = Array(stack.suffix(count))
        stack.removeLast(count)
        func argument(_ index: Int) -> AwkValue { index < arguments.count ? arguments[index] : .none }
        switch function {
        case .length: push(.number(Double(try length(arguments))))
        case .index:
            let found = find(text(argument(1)), in: text(argument(0)))
            push(.number(Double(found.map { $0 + 1 } ?? 0)))
        case .substr: try push(bounded: substring(arguments, isNarrow: machine.hasBusybox))
        case .tolower: try push(bounded: text(argument(0)).map(\.lowercased))
        case .toupper: try push(bounded: text(argument(0)).map(\.uppercased))
        case .sprintf: try push(bounded: try formatted(arguments))
        case .split: try split(arguments)
        case .match: try match(argument(0), argument(1))
        case .gensub: try generalSubstitution(arguments, &machine)
        case .strftime:
            let format = count > 0 ? text(argument(0)).text : "%a %b %e %H:%M:%S %Z %Y"
            let moment = count > 1 ? Self.moment(argument(1).number) : machine.now
            push(.text(Array(CivilTime(moment).formatted(format).utf8)))
        case .systime: push(.number(Double(machine.now.seconds)))
        case .mktime: push(.number(Self.seconds(text(argument(0)).text)))
        case .rand: push(.number(random.draw()))
        case .srand:
            let old = random.seed
            let seed = count > 0 ? argument(0).number : Double(machine.now.seconds)
            random.begin(UInt32(truncatingIfNeeded: AwkNumber.integer(seed)))
            push(.number(Double(old)))
        case .fflush: push(.number(0))
        default: push(.number(AwkMath.apply(function, argument(0).number, argument(1).number)))
        }
    }

    private mutating func length(_ arguments: [AwkValue]) throws(AwkFault) -> Int {
        guard let argument = arguments.first else { return try recordText().count }
        if case .array(let number) = argument { return arrays[number]?.count ?? 0 }
        return text(argument).count
    }

    private func find(_ part: [UInt8], in text: [UInt8]) -> Int? {
        guard let first = part.first else { return nil }
        var start = 0
        while let index = text[start...].firstIndex(of: first), index + part.count <= text.count {
            let same = zip(text[index...], part).prefix { $0 == $1 }.count
            meter.charge(bytes: index - start + same)
            if same == part.count { return index }
            start = index + 1
        }
        meter.charge(bytes: text.count - start)
        return nil
    }

    private func substring(_ arguments: [AwkValue], isNarrow: Bool) -> [UInt8] {
        let whole = isNarrow ? AwkNumber.narrow : AwkNumber.integer
        let text = text(arguments[0])
        let start = min(max(0, whole(arguments[1].number - 1)), text.count)
        guard arguments.count > 2 else { return Array(text[start...]) }
        return Array(text[start...].prefix(max(0, whole(arguments[2].number))))
    }

    private static func moment(_ seconds: Double) -> Timestamp {
        // What is no number counts as zero.
        Timestamp(seconds: Int64(AwkNumber.integer(min(max(seconds, -62_000_000_000), 250_000_000_000))))
    }

    /// The seconds of `YYYY MM DD HH MM SS`.
    private static func seconds(_ text: String) -> Double {
        let parts = text.split(separator: " ").compactMap { Int($0) }.map { min(max($0, -1_000_000), 1_000_000) }
        guard parts.count >= 6, (1...9999).contains(parts[0]) else { return -1 }
        let month = parts[1] - 1
        let year = parts[0] + (month >= 0 ? month / 12 : -1)
        let first =
            "\(PrintFormatter.zeros(year, 4))-\(PrintFormatter.zeros((month % 12 + 12) % 12 + 1, 2))-01T00:00:00Z"
        guard let start = Timestamp(rfc3339: first) else { return -1 }
        return Double(start.seconds) + Double((parts[2] - 1) * 86_400 + parts[3] * 3600 + parts[4] * 60 + parts[5])
    }

    /// The pieces that a text is split into.
    private static let maximumPieces = 1 << 18

    private mutating func split(_ arguments: [AwkValue]) throws(AwkFault) {
        guard case .array(let number) = arguments[1] else { throw fault("Not an array") }
        let separator = arguments.count > 2 ? arguments[2] : globals[Special.fieldSeparator.rawValue]
        let pieces = try fields(of: text(arguments[0]), by: separator, limit: Self.maximumPieces)
        if pieces.count == Self.maximumPieces { throw fault("Out of memory") }
        clear(number)
        for (index, piece) in pieces.enumerated() {
            try set(number, Array(String(index + 1).utf8), .input(piece))
        }
        push(.number(Double(pieces.count)))
    }

    private mutating func match(_ value: AwkValue, _ pattern: AwkValue) throws(AwkFault) {
        let match = try expression(pattern).firstMatch(in: text(value), meter)
        let start = match.map { $0.range.lowerBound + 1 } ?? 0
        globals[Special.matchStart.rawValue] = .number(Double(start))
        globals[Special.matchLength.rawValue] = .number(Double(match?.range.count ?? -1))
        push(.number(Double(start)))
    }

    // Substitution

    /// `sub` and `gsub`.
    mutating func substitute(
        _ isGlobal: Bool,
        _ target: AwkTarget?,
        _ machine: inout Machine
    ) throws(AwkFault) {
        // Without a target the value itself stands here, and what comes of it is thrown away.
        let last = target?.hasKey ?? true ? pop() : .none
        let replacement = text(pop())
        let expression = try expression(pop())
        let old = try target.map { target throws(AwkFault) in try load(target, key: last) } ?? last
        let replacing = AwkReplacing(replacement, first: 1, isGlobal: isGlobal, hasGroups: false)
        let (result, count) = try replace(expression, in: text(old), replacing, &machine)
        try self.count(built: result.count)
        if let target, count > 0 { try store(target, key: last, .text(result)) }
        push(.number(Double(count)))
    }

    private mutating func generalSubstitution(
        _ arguments: [AwkValue],
        _ machine: inout Machine
    ) throws(AwkFault) {
        let how = text(arguments[2])
        let isGlobal = how.first.map { $0 | 0x20 == UInt8(ascii: "g") } ?? false
        let replacing = AwkReplacing(
            text(arguments[1]),
            first: isGlobal ? 1 : max(1, AwkNumber.integer(arguments[2].number)),
            isGlobal: isGlobal,
            hasGroups: true
        )
        let old = arguments.count > 3 ? text(arguments[3]) : try recordText()
        let expression = try expression(arguments[0])
        try push(bounded: try replace(expression, in: old, replacing, &machine).result)
    }

    private func replace(
        _ expression: RegularExpression,
        in text: [UInt8],
        _ replacing: AwkReplacing,
        _ machine: inout Machine
    ) throws(AwkFault) -> (result: [UInt8], count: Int) {
        meter.charge(bytes: replacing.size)
        var result: [UInt8] = []
        var start = 0
        var matches = 0
        var count = 0
        var end = -1
        while start <= text.count, let match = expression.firstMatch(in: text, from: start, meter) {
            machine.spend()
            // What stands before the match and what comes instead of it, before it is built.
            let length = match.range.upperBound - start + replacing.length(match)
            if result.count + length > Self.maximumTextBytes { throw fault("Out of memory") }
            meter.charge(bytes: length)
            result += text[start..<match.range.lowerBound]
            // Nothing right behind a match is no further match, except for busybox.
            if !match.range.isEmpty || match.range.lowerBound != end || machine.hasBusybox {
                matches += 1
                if matches >= replacing.first {
                    replacing.append(match, of: text, to: &result)
                    count += 1
                } else {
                    result += text[match.range]
                }
            }
            end = match.range.upperBound
            start = end
            if match.range.isEmpty {
                if start < text.count { result.append(text[start]) }
                start += 1
            }
            if count > 0, !replacing.isGlobal { break }
        }
        if start < text.count { result += text[start...] }
        if result.count > Self.maximumTextBytes { throw fault("Out of memory") }
        return (result, count)
    }
}

/// Which matches are replaced and by what.
struct AwkReplacing {
    /// What a replacement consists of.
    private enum Piece {
        case text([UInt8])
        /// What a group matched; that of number 0 is the whole match.
        case group(Int)
    }

    /// The match that is replaced first.
    let first: Int
    let isGlobal: Bool
    private var pieces: [Piece] = []
    /// The bytes of the replacement as it is written.
    let size: Int

    /// Reads a replacement. Backslashes before `&` and, where groups count, digits decide what those mean.
    init(_ replacement: [UInt8], first: Int, isGlobal: Bool, hasGroups: Bool) {
        self.first = first
        self.isGlobal = isGlobal
        size = replacement.count
        var literal: [UInt8] = []
        var backslashes = 0
        for unit in replacement {
            literal.append(unit)
            if unit == UInt8(ascii: "\\") {
                backslashes += 1
                continue
            }
            if unit == UInt8(ascii: "&") || hasGroups && unit.isDigit {
                literal.removeLast((backslashes + 3) >> 1)
                var group = 0
                if unit != UInt8(ascii: "&") {
                    group = Int(unit - 0x30)
                    backslashes += 1
                }
                if backslashes % 2 != 0 {
                    literal.append(unit)
                } else {
                    pieces += [.text(literal), .group(group)]
                    literal = []
                }
            }
            backslashes = 0
        }
        pieces.append(.text(literal))
    }

    private static func range(_ group: Int, _ match: RegularExpression.Match) -> Range<Int>? {
        group == 0 ? match.range : group < match.groups.count ? match.groups[group] : nil
    }

    /// The bytes that stand instead of a match.
    func length(_ match: RegularExpression.Match) -> Int {
        pieces.reduce(0) { sum, piece in
            switch piece {
            case .text(let text): sum + text.count
            case .group(let group): sum + (Self.range(group, match)?.count ?? 0)
            }
        }
    }

    /// Writes what stands instead of a match.
    func append(_ match: RegularExpression.Match, of text: [UInt8], to result: inout [UInt8]) {
        for piece in pieces {
            switch piece {
            case .text(let literal): result += literal
            case .group(let group): if let range = Self.range(group, match) { result += text[range] }
            }
        }
    }
}
