// SPDX-License-Identifier: Apache-2.0
// head: the beginning of files, by lines or bytes, or all but their end.

import PodiumMachinery
import PodiumRuntime

/// `head`.
struct HeadProcessor: StreamProcessor {
    static let tables = OptionTables(
        "head",
        busybox: OptionTable(letters: "n:c:qv"),
        gnu: OptionTable(
            letters: "c:n:qvz",
            long: [
                "bytes": "c", "lines": "n", "quiet": "q", "silent": "q", "verbose": "v", "zero-terminated": "z",
            ]
        )
    )

    /// The first word may be `-5` or, with GNU's, `-5q`.
    static let applet = tables.applet(preparing: obsolete) { machine, options throws(OptionRefusal) in
        StreamProgram("head", inputs: options.words, try HeadProcessor(options, &machine))
    }

    @Sendable
    private static func obsolete(_ words: [String], isGNU: Bool) -> [String] {
        guard words.count > 1, words[1].hasPrefix("-") else { return words }
        let digits = words[1].dropFirst().prefix { $0.isASCII && $0.isNumber }
        let letters = words[1].dropFirst(1 + digits.count)
        guard !digits.isEmpty else { return words }
        let units = letters.prefix { "bkm".contains($0) }
        let rest = letters.dropFirst(units.count)
        guard isGNU, letters.allSatisfy({ "bkmclqvz".contains($0) }) else {
            return words.prefix(1) + ["-n\(digits)\(letters)"] + words.dropFirst(2)
        }
        let isBytes = rest.contains("c") || !units.isEmpty
        let others = rest.filter { "qvz".contains($0) }
        return words.prefix(1) + ["\(isBytes ? "-c" : "-n")\(digits)\(units)"] + (others.isEmpty ? [] : ["-\(others)"])
            + words.dropFirst(2)
    }

    /// A number with its unit; busybox's programs know three of them only. Nil when it is none.
    static func number(_ text: String, _ machine: Machine) -> Int? {
        guard machine.hasBusybox, let unit = text.last, !unit.isNumber else { return OptionNumber.size(text) }
        return "bkm".contains(unit) ? OptionNumber.size(text) : nil
    }

    private let count: Int
    private let end: UInt8
    private let countsBytes: Bool
    /// Whether it is the end that is left out.
    private let isRest: Bool
    private let showsNames: Bool
    /// Whether nothing follows that would have to be read.
    private let isAlone: Bool
    private var left = 0
    private var held: [UInt8] = []
    private var files = 0

    init(_ options: AppletOptions, _ machine: inout Machine) throws(OptionRefusal) {
        countsBytes = options["c"] != nil
        let text = options["c"] ?? options["n"] ?? "10"
        isRest = text.hasPrefix("-")
        let isSigned = isRest || text.hasPrefix("+") && !machine.hasBusybox
        let digits = String(isSigned ? text.dropFirst() : text[...])
        guard let number = Self.number(digits, machine) else {
            let words = "invalid number of \(countsBytes ? "bytes" : "lines"): '\(digits)'"
            throw Self.tables.fault(&machine, gnu: words, busybox: "invalid number '\(digits)'")
        }
        count = number
        end = options.has("z") ? 0 : 0x0A
        showsNames = options.has("v") || options.words.count > 1 && !options.has("q")
        isAlone = options.words.count < 2
    }

    var heldBytes: Int { held.count }

    var openFault: String { "%" }

    mutating func begin(_ name: String, _ machine: inout Machine) {
        left = count
        held = []
        if showsNames {
            machine.print("\(files > 0 ? "\n" : "")==> \(name == "-" ? "standard input" : name) <==\n")
        }
        files += 1
    }

    mutating func take(_ bytes: [UInt8], _ machine: inout Machine) -> Int? {
        if isRest {
            if held.count + bytes.count > Whole.maximumBytes { return machine.refuseMemory() }
            held += bytes
            return nil
        }
        var end = 0
        if countsBytes {
            end = min(left, bytes.count)
            left -= end
        } else {
            while left > 0, end < bytes.count {
                guard let newline = bytes[end...].firstIndex(of: self.end) else {
                    end = bytes.count
                    break
                }
                end = newline + 1
                left -= 1
            }
        }
        if end > 0 { machine.write(Array(bytes[..<end]), to: 1) }
        return left == 0 && isAlone ? 0 : nil
    }

    mutating func end(_ name: String, _ machine: inout Machine) -> Int? {
        guard isRest else { return nil }
        machine.charge(bytes: held.count)
        var end = held.count
        if countsBytes {
            end = max(0, end - count)
        } else {
            var lines = count
            if held.last != self.end, lines > 0, end > 0 {
                end = (held.lastIndex(of: self.end) ?? -1) + 1
                lines -= 1
            }
            while lines > 0, end > 0 {
                end = (held[..<(end - 1)].lastIndex(of: self.end) ?? -1) + 1
                lines -= 1
            }
        }
        if end > 0 { machine.write(Array(held[..<end]), to: 1) }
        held = []
        return nil
    }
}
