// SPDX-License-Identifier: Apache-2.0
// uniq: lines that are like the one before.

import PodiumCodec
import PodiumMachinery
import PodiumRuntime

/// `uniq`.
struct UniqueLines: LineProcessor {
    /// A Greek letter has a long name only.
    static let tables = OptionTables(
        "uniq",
        busybox: OptionTable(letters: "cduf:s:w:iz"),
        gnu: OptionTable(
            letters: "cdDuf:s:w:izα::γ::",
            long: [
                "count": "c", "repeated": "d", "all-repeated": "α", "skip-fields": "f", "group": "γ",
                "ignore-case": "i", "skip-chars": "s", "unique": "u", "zero-terminated": "z", "check-chars": "w",
            ]
        ),
        number: "f"
    )

    /// Where empty lines stand around groups of equal lines.
    private enum Gap: String, CaseIterable { case none, prepend, append, separate, both }

    private let options: AppletOptions
    private let skippedFields: Int
    private let skippedBytes: Int
    private let width: Int
    private let end: UInt8
    private let path: String?
    /// Whether lines are shown as they come rather than one of each group.
    private let showsAll: Bool
    private let gap: Gap
    private var output: [UInt8] = []
    private var last: [UInt8]?
    private var lastKey: [UInt8] = []
    private var count = 0
    private var groups = 0

    init(_ options: AppletOptions, _ machine: inout Machine) throws(OptionRefusal) {
        let tables = Self.tables
        if options.words.count > 2 {
            throw tables.refusal(&machine, machine.isGNU ? "extra operand '\(options.words[2])'" : nil)
        }
        self.options = options
        skippedFields = try tables.count(&machine, options["f"], "%: invalid number of fields to skip") ?? 0
        skippedBytes = try tables.count(&machine, options["s"], "%: invalid number of bytes to skip") ?? 0
        width = try tables.count(&machine, options["w"], "%: invalid number of bytes to compare") ?? .max
        end = options.has("z") ? 0 : 0x0A
        path = options.words.dropFirst().first
        let repeats = options.has("D") || options["α"] != nil
        showsAll = repeats || options["γ"] != nil
        if options["γ"] != nil, repeats || "cdu".contains(where: { options.has($0) }) {
            throw tables.refusal(&machine, "--group is mutually exclusive with -c/-d/-D/-u")
        }
        if repeats, options.has("c") {
            throw tables.refusal(&machine, "printing all duplicated lines and repeat counts is meaningless")
        }
        let name = options["γ"] != nil ? "group" : "all-repeated"
        let known: [Gap] = name == "group" ? [.prepend, .append, .separate, .both] : [.none, .prepend, .separate]
        let text = options["γ"] ?? options["α"] ?? ""
        guard !text.isEmpty else {
            gap = name == "group" ? .separate : .none
            return
        }
        guard let found = known.first(where: { $0.rawValue.hasPrefix(text) }) else {
            let list = known.map { "  - '\($0.rawValue)'" }.joined(separator: "\n")
            throw tables.refusal(&machine, "invalid argument '\(text)' for '--\(name)'\nValid arguments are:\n\(list)")
        }
        gap = found
    }

    var openFault: String { "can't open '%'" }

    var heldBytes: Int { output.count + (last?.count ?? 0) + lastKey.count }

    private func key(_ line: [UInt8]) -> [UInt8] {
        var rest = line[...]
        for _ in 0..<min(skippedFields, line.count) {
            rest = rest.drop(while: \.isBlank).drop { !$0.isBlank }
            if rest.isEmpty { break }
        }
        let kept = Array(rest.dropFirst(skippedBytes).prefix(width))
        return options.has("i") ? kept.map(\.lowercased) : kept
    }

    mutating func line(_ line: [UInt8], isWhole: Bool, _ machine: inout Machine) -> Int? {
        let key = key(line)
        if let last, lastKey == key {
            count += 1
            if showsAll {
                // That a line is not alone is known with the second one.
                if options["γ"] == nil, count == 2 {
                    separate(&machine)
                    write(last, &machine)
                }
                write(line, &machine)
            }
            return nil
        }
        flush(&machine)
        (last, lastKey, count) = (line, key, 1)
        if options["γ"] != nil {
            separate(&machine)
            write(line, &machine)
        }
        return output.count > Whole.maximumBytes ? machine.refuseMemory() : nil
    }

    private mutating func separate(_ machine: inout Machine) {
        groups += 1
        if gap == .prepend || gap == .both || groups > 1 && gap != .none { write([], &machine) }
    }

    private mutating func write(_ line: [UInt8], _ machine: inout Machine) {
        if path == nil { machine.write(line + [end], to: 1) } else { output += line + [end] }
    }

    private mutating func flush(_ machine: inout Machine) {
        guard let last, !showsAll else { return }
        if options.has("d"), count < 2 { return }
        if options.has("u"), count > 1 { return }
        let prefix = options.has("c") ? PrintFormatter.padded(String(count), 7, left: false) + " " : ""
        write(Array(prefix.utf8) + last, &machine)
    }

    mutating func finish(_ code: Int, _ machine: inout Machine) -> Int {
        flush(&machine)
        if gap == .append || gap == .both, groups > 0 { write([], &machine) }
        guard let path, path != "-" else { return code }
        return Applets.attempt(&machine, "uniq", path) { machine throws(Errno) in
            try machine.replace(path, with: output)
        }
    }
}
