// SPDX-License-Identifier: Apache-2.0
// cut: parts of lines.

import PodiumMachinery
import PodiumRuntime

/// `cut`.
struct CutLines: LineProcessor {
    /// A Greek letter has a long name only.
    static let tables = OptionTables(
        "cut",
        busybox: OptionTable(letters: "b:c:f:d:O:snD"),
        gnu: OptionTable(
            letters: "b:c:d:f:nszo:κ",
            long: [
                "bytes": "b", "characters": "c", "fields": "f", "delimiter": "d", "only-delimited": "s",
                "output-delimiter": "o", "complement": "κ", "zero-terminated": "z",
            ]
        )
    )

    private let separator: UInt8
    private let gap: [UInt8]?
    /// Ranges from the lowest on, which do not touch; with `isOrdered` as they were given.
    private let ranges: [ClosedRange<Int>]
    private let cutsFields: Bool
    private let skipsPlain: Bool
    private let isComplement: Bool
    private let isOrdered: Bool
    let end: UInt8

    init(_ options: AppletOptions, _ machine: inout Machine) throws(OptionRefusal) {
        let isGNU = machine.isGNU
        let lists = ["f", "c", "b"].compactMap { options[$0] }
        guard let list = lists.first else {
            let busybox = "expected a list of bytes, characters, or fields"
            throw Self.refusal(&machine, "you must specify a list of bytes, characters, or fields", busybox)
        }
        if ["f", "c", "b"].reduce(0, { $0 + (options.lists[$1]?.count ?? 0) }) > 1 {
            throw Self.tables.refusal(&machine, isGNU ? "only one list may be specified" : nil)
        }
        cutsFields = options["f"] != nil
        if !cutsFields, options["d"] != nil {
            let busybox = "a delimiter may be specified only when operating on fields"
            throw Self.refusal(&machine, "an input delimiter may be specified only when operating on fields", busybox)
        }
        if !cutsFields, options.has("s") {
            let text = "suppressing non-delimited lines makes sense"
            let rest = "only when operating on fields"
            throw Self.refusal(&machine, "\(text)\n\t\(rest)", "\(text) \(rest)")
        }
        if isGNU, let text = options["d"], text.utf8.count > 1 {
            throw Self.tables.refusal(&machine, "the delimiter must be a single character")
        }
        separator = options["d"].map { $0.utf8.first ?? 0 } ?? 0x09
        gap = (options["o"] ?? options["O"]).map { $0.isEmpty ? [0] : Array($0.utf8) }
        skipsPlain = options.has("s")
        isComplement = options.has("κ")
        isOrdered = options.has("D")
        end = options.has("z") ? 0 : 0x0A
        let given = isGNU ? try Self.gnu(list, options, &machine) : try Self.busybox(list, &machine)
        if isOrdered {
            ranges = given
            return
        }
        var merged: [ClosedRange<Int>] = []
        for range in given.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            // What only touches stays apart, since something may be put between.
            if let last = merged.last, range.lowerBound <= last.upperBound {
                merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        ranges = merged
    }

    private static func refusal(_ machine: inout Machine, _ gnu: String, _ busybox: String) -> OptionRefusal {
        if machine.isGNU { return tables.refusal(&machine, gnu) }
        return tables.fault(&machine, gnu: "", busybox: busybox)
    }

    // coreutils: src/set-fields.c
    private static func gnu(
        _ list: String,
        _ options: AppletOptions,
        _ machine: inout Machine
    ) throws(OptionRefusal) -> [ClosedRange<Int>] {
        let isField = options["f"] != nil
        let zero = isField ? "fields are numbered from 1" : "byte/character positions are numbered from 1"
        var ranges: [ClosedRange<Int>] = []
        for part in list.split(omittingEmptySubsequences: false, whereSeparator: { $0 == "," || $0 == " " }) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
            if ends.count > 2 {
                let text = isField ? "invalid field range" : "invalid byte or character range"
                throw tables.refusal(&machine, text)
            }
            if part == "-" { throw tables.refusal(&machine, "invalid range with no endpoint: -") }
            var numbers: [Int?] = []
            for text in ends {
                guard !text.isEmpty else {
                    numbers.append(nil)
                    continue
                }
                let kind = isField ? "field" : "byte/character"
                guard let number = OptionNumber.count(text) else {
                    let what = isField ? "field value" : "byte/character position"
                    throw tables.refusal(&machine, "invalid \(what) '\(text)'")
                }
                if number == OptionNumber.maximum {
                    let what = isField ? "number" : "offset"
                    throw tables.refusal(&machine, "\(kind) \(what) '\(text)' is too large")
                }
                numbers.append(number)
            }
            let low = numbers[0] ?? (numbers.count > 1 ? 1 : 0)
            if low == 0 { throw tables.refusal(&machine, zero) }
            let high = numbers.count > 1 ? numbers[1] ?? .max : low
            if high < low { throw tables.refusal(&machine, "invalid decreasing range") }
            ranges.append(low...high)
        }
        return ranges
    }

    // busybox: coreutils/cut.c
    private static func busybox(_ list: String, _ machine: inout Machine) throws(OptionRefusal) -> [ClosedRange<Int>] {
        var ranges: [ClosedRange<Int>] = []
        for part in list.split(separator: ",") {
            let ends = part.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            var numbers: [Int] = []
            for (index, text) in ends.enumerated() {
                guard !text.isEmpty else {
                    numbers.append(index == 0 ? 1 : .max)
                    continue
                }
                guard let number = OptionNumber.count(text), number < OptionNumber.maximum else {
                    throw tables.fault(&machine, gnu: "", busybox: "invalid number '\(text)'")
                }
                numbers.append(number)
            }
            let (low, high) = (numbers[0], numbers.count > 1 ? numbers[1] : numbers[0])
            if high < low { throw tables.fault(&machine, gnu: "", busybox: "\(high)<\(low)") }
            if high > 0 { ranges.append(max(1, low)...high) }
        }
        return ranges
    }

    var openFault: String { "%" }

    /// The parts of a line with so many places that are chosen, as ranges from 0 on.
    private func chosen(_ count: Int) -> [Range<Int>] {
        let found = ranges.filter { $0.lowerBound <= count }.map { $0.lowerBound - 1..<min($0.upperBound, count) }
        guard isComplement else { return found }
        var result: [Range<Int>] = []
        var start = 0
        for range in found {
            if range.lowerBound > start { result.append(start..<range.lowerBound) }
            start = range.upperBound
        }
        if start < count { result.append(start..<count) }
        return result
    }

    mutating func line(_ line: [UInt8], isWhole: Bool, _ machine: inout Machine) -> Int? {
        machine.charge(bytes: line.count + 8 * ranges.count)
        var output: [UInt8] = []
        if cutsFields {
            let fields = line.split(separator: separator, omittingEmptySubsequences: false)
            if fields.count == 1, line.last != separator {
                if skipsPlain { return nil }
                output = line
            } else {
                let gap = gap ?? [separator]
                output = Array(chosen(fields.count).flatMap { fields[$0] }.joined(separator: gap))
            }
        } else {
            let parts = chosen(line.count).map { line[$0] }
            output = gap.map { Array(parts.joined(separator: $0)) } ?? Array(parts.joined())
        }
        output.append(end)
        machine.write(output, to: 1)
        return nil
    }
}
