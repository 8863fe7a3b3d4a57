// SPDX-License-Identifier: Apache-2.0
// tr: bytes in the place of others.

import PodiumCodec
import PodiumMachinery
import PodiumRuntime

/// `tr`.
struct Translation: StreamProcessor {
    static let tables = OptionTables(
        "tr",
        busybox: OptionTable(letters: "cCds", stops: true),
        gnu: OptionTable(
            letters: "cCdst",
            long: ["complement": "c", "delete": "d", "squeeze-repeats": "s", "truncate-set1": "t"],
            stops: true
        )
    )

    /// What stands for each byte; nil for those that are left out.
    private var map: [UInt8?] = (0...255).map { UInt8($0) }
    private var squeezed = ByteSet()
    private var last: UInt8?

    init(_ options: AppletOptions, _ machine: inout Machine) throws(OptionRefusal) {
        let deletes = options.has("d")
        let (squeezes, isComplement) = (options.has("s"), options.has("c") || options.has("C"))
        try Self.checkWords(options, &machine)
        let words = options.words
        let isTranslation = !deletes && words.count > 1
        var first = try TranslationSet(words[0], tables: Self.tables, &machine).units(filling: nil)
        if isComplement {
            let known = ByteSet(first.map { $0...$0 })
            first = (0...255).filter { !known.contains($0) }
        }
        var second: [UInt8] = []
        if words.count > 1 {
            let set = try TranslationSet(words[1], tables: Self.tables, &machine)
            if machine.isGNU, isTranslation, set.hasEquivalents {
                let text = "[=c=] expressions may not appear in string2 when translating"
                throw Self.tables.fault(&machine, gnu: text, busybox: "")
            }
            second = set.units(filling: isTranslation ? first.count : nil)
        }
        if isTranslation {
            let truncates = options.has("t")
            if second.isEmpty, !first.isEmpty, !(truncates && machine.isGNU) {
                let gnu = "when not truncating set1, string2 must be non-empty"
                throw Self.tables.fault(&machine, gnu: gnu, busybox: "STRING2 cannot be empty")
            }
            for (index, unit) in first.enumerated() {
                if index < second.count {
                    map[Int(unit)] = second[index]
                } else if !truncates, let end = second.last {
                    map[Int(unit)] = end
                }
            }
        } else if deletes {
            for unit in first { map[Int(unit)] = nil }
        }
        if squeezes { squeezed = ByteSet((words.count > 1 ? second : first).map { $0...$0 }) }
    }

    private static func checkWords(_ options: AppletOptions, _ machine: inout Machine) throws(OptionRefusal) {
        let (words, isGNU) = (options.words, machine.isGNU)
        guard let first = words.first else { throw tables.refusal(&machine, isGNU ? "missing operand" : nil) }
        guard isGNU else { return }
        let (deletes, squeezes) = (options.has("d"), options.has("s"))
        let least = deletes == squeezes ? 2 : 1
        let most = deletes && !squeezes ? 1 : 2
        if words.count < least {
            let why =
                deletes
                ? "Two strings must be given when both deleting and squeezing repeats."
                : "Two strings must be given when translating."
            throw tables.refusal(&machine, "missing operand after '\(first)'\n\(why)")
        }
        if words.count > most {
            let why = most == 1 ? "\nOnly one string may be given when deleting without squeezing repeats." : ""
            throw tables.refusal(&machine, "extra operand '\(words[most])'\(why)")
        }
    }

    mutating func take(_ bytes: [UInt8], _ machine: inout Machine) -> Int? {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        for unit in bytes {
            guard let result = map[Int(unit)] else { continue }
            if result == last, squeezed.contains(result) { continue }
            last = result
            output.append(result)
        }
        if !output.isEmpty { machine.write(output, to: 1) }
        return nil
    }
}

/// A set of `tr` as it was written.
struct TranslationSet: Sendable {
    private enum Item: Sendable {
        case units([UInt8])
        /// `[x*3]`; without a number as often as the other set needs.
        case repeated(UInt8, Int?)
    }

    /// More of one byte can stand for nothing.
    private static let maximumRepeats = 1 << 10

    private var items: [Item] = []
    /// Whether `[=x=]` stands in it.
    private(set) var hasEquivalents = false

    init(_ text: String, tables: OptionTables, _ machine: inout Machine) throws(OptionRefusal) {
        var rest = EscapedText.resolve(Array(text.utf8), .format).bytes[...]
        let isGNU = machine.isGNU
        while let unit = rest.popFirst() {
            if unit == UInt8(ascii: "["), let item = try named(&rest, tables, &machine) {
                items.append(item)
            } else if rest.first == UInt8(ascii: "-"), let high = rest.dropFirst().first {
                rest = rest.dropFirst(2)
                if high < unit {
                    let range = "\([unit].text)-\([high].text)"
                    let text = "range-endpoints of '\(range)' are in reverse collating sequence order"
                    if isGNU { throw tables.fault(&machine, gnu: text, busybox: "") }
                    // busybox's has no bytes for that.
                    continue
                }
                items.append(.units(Array(unit...high)))
            } else {
                items.append(.units([unit]))
            }
        }
    }

    /// What stands in brackets behind the opening one; nil when they stand for themselves.
    private mutating func named(
        _ rest: inout ArraySlice<UInt8>,
        _ tables: OptionTables,
        _ machine: inout Machine
    ) throws(OptionRefusal) -> Item? {
        if rest.first == UInt8(ascii: ":") {
            if let ranges = ShellPattern.namedClass(&rest) { return .units(ranges.flatMap { Array($0) }) }
            guard machine.isGNU, let end = rest.dropFirst().firstRange(of: Array(":]".utf8)) else { return nil }
            let name = Array(rest.dropFirst()[..<end.lowerBound]).text
            throw tables.fault(&machine, gnu: "invalid character class '\(name)'", busybox: "")
        }
        if rest.first == UInt8(ascii: "="), rest.count > 3, let unit = rest.dropFirst().first,
            rest.dropFirst(2).starts(with: "=]".utf8)
        {
            rest = rest.dropFirst(4)
            hasEquivalents = true
            return .units([unit])
        }
        guard machine.isGNU, let unit = rest.first, rest.dropFirst().first == UInt8(ascii: "*"),
            let end = rest.dropFirst(2).firstIndex(of: UInt8(ascii: "]"))
        else { return nil }
        let digits = Array(rest.dropFirst(2)[..<end]).text
        guard digits.utf8.allSatisfy(\.isDigit) else { return nil }
        // A number that begins with 0 is octal.
        let count = digits.isEmpty ? 0 : Int(digits, radix: digits.hasPrefix("0") ? 8 : 10) ?? Self.maximumRepeats
        rest = rest[(end + 1)...]
        return .repeated(unit, count == 0 ? nil : min(count, Self.maximumRepeats))
    }

    /// The bytes; a repeat without a number fills up to as many as are wanted.
    func units(filling wanted: Int?) -> [UInt8] {
        let given = items.reduce(0) { sum, item in
            switch item {
            case .units(let units): sum + units.count
            case .repeated(_, let count): sum + (count ?? 0)
            }
        }
        var left = max(0, (wanted ?? 0) - given)
        return items.flatMap { item -> [UInt8] in
            switch item {
            case .units(let units): return units
            case .repeated(let unit, let count?): return Array(repeating: unit, count: count)
            case .repeated(let unit, nil):
                defer { left = 0 }
                return Array(repeating: unit, count: left)
            }
        }
    }
}
