// SPDX-License-Identifier: Apache-2.0
// What uniq, cut, tr and wc do with their input.

import PodiumMachinery

/// Writes everything on.
struct Copying: StreamProcessor {
    mutating func take(_ bytes: [UInt8], _ machine: inout Machine) -> Int? {
        machine.write(bytes, to: 1)
        return nil
    }
}

/// Writes a changed form of each line.
struct MappedLines: LineProcessor {
    let change: @Sendable ([UInt8]) -> [UInt8]

    init(_ change: @escaping @Sendable ([UInt8]) -> [UInt8]) { self.change = change }

    mutating func line(_ line: [UInt8], isWhole: Bool, _ machine: inout Machine) -> Int? {
        machine.write(change(line) + (isWhole ? [0x0A] : []), to: 1)
        return nil
    }
}

/// `uniq`.
struct UniqueLines: LineProcessor {
    private let options: AppletOptions
    private let skippedFields: Int
    private let skippedBytes: Int
    private let width: Int
    private let end: UInt8
    private let path: String?
    private var output: [UInt8] = []
    private var last: [UInt8]?
    private var count = 0

    init(_ options: AppletOptions) {
        self.options = options
        skippedFields = options["f"].flatMap { Int($0) } ?? 0
        skippedBytes = options["s"].flatMap { Int($0) } ?? 0
        width = options["w"].flatMap { Int($0) } ?? .max
        end = options.has("z") ? 0 : 0x0A
        path = options.words.dropFirst().first
    }

    var openFault: String { "can't open '%'" }

    private func key(_ line: [UInt8]) -> [UInt8] {
        var rest = line[...]
        for _ in 0..<min(skippedFields, line.count) {
            rest = rest.drop(while: \.isBlank).drop { !$0.isBlank }
        }
        let kept = Array(rest.dropFirst(skippedBytes).prefix(width))
        return options.has("i") ? kept.map(\.lowercased) : kept
    }

    mutating func line(_ line: [UInt8], isWhole: Bool, _ machine: inout Machine) -> Int? {
        if let last, key(last) == key(line) {
            count += 1
            return nil
        }
        flush(&machine)
        last = line
        count = 1
        return nil
    }

    private mutating func flush(_ machine: inout Machine) {
        guard let last else { return }
        if options.has("d"), count < 2 { return }
        if options.has("u"), count > 1 { return }
        let prefix = options.has("c") ? PrintFormatter.padded(String(count), 7, left: false) + " " : ""
        let bytes = Array(prefix.utf8) + last + [end]
        if path == nil { machine.write(bytes, to: 1) } else { output += bytes }
    }

    mutating func finish(_ code: Int, _ machine: inout Machine) -> Int {
        flush(&machine)
        guard let path else { return code }
        return Applets.attempt(&machine, "uniq", path) { machine throws(Errno) in
            try machine.replace(path, with: output)
        }
    }
}

/// `cut`.
struct CutLines: LineProcessor {
    private let separator: UInt8
    private let ranges: [ClosedRange<Int>]
    private let cutsFields: Bool
    private let skipsPlain: Bool

    init(_ options: AppletOptions) {
        separator = options["d"]?.utf8.first ?? 0x09
        cutsFields = options["f"] != nil
        skipsPlain = options.has("s")
        let list = options["f"] ?? options["c"] ?? options["b"] ?? "1-"
        ranges = list.split(separator: ",").compactMap { text in
            let parts = text.split(separator: "-", omittingEmptySubsequences: false)
            let low = Int(parts[0]) ?? 1
            let high = parts.count == 1 ? low : Int(parts[1]) ?? .max
            return low >= 1 && high >= low ? low...high : nil
        }
    }

    /// Why options make no sense.
    static func fault(_ options: AppletOptions) -> String? {
        guard let list = options["f"] ?? options["c"] ?? options["b"] else {
            return "expected a list of bytes, characters, or fields"
        }
        let parts = list.split { $0 == "," || $0 == "-" }
        return parts.first { Int($0) == nil }.map { "invalid number '\($0)'" }
    }

    var openFault: String { "%" }

    mutating func line(_ line: [UInt8], isWhole: Bool, _ machine: inout Machine) -> Int? {
        machine.charge(bytes: line.count * (1 + ranges.count))
        func isChosen(_ index: Int) -> Bool { ranges.contains { $0.contains(index + 1) } }
        var output: [UInt8]
        if cutsFields {
            let fields = line.split(separator: separator, omittingEmptySubsequences: false)
            if fields.count == 1 {
                if skipsPlain { return nil }
                output = line
            } else {
                output = Array(
                    fields.enumerated().filter { isChosen($0.offset) }.map(\.element).joined(separator: [separator])
                )
            }
        } else {
            output = line.enumerated().filter { isChosen($0.offset) }.map(\.element)
        }
        output.append(0x0A)
        machine.write(output, to: 1)
        return nil
    }
}

/// `tr`.
struct Translation: StreamProcessor {
    private let from: [UInt8]
    private let to: [UInt8]
    private let deletes: Bool
    private let squeezes: Bool
    private let isComplement: Bool
    private var last: UInt8?

    init(_ words: [String]) {
        let options = AppletOptions(words)
        let sets = options.words.map { Self.set($0) }
        from = sets.first ?? []
        to = sets.count > 1 ? sets[1] : []
        deletes = options.has("d")
        squeezes = options.has("s")
        isComplement = options.has("c") || options.has("C")
    }

    private static func set(_ text: String) -> [UInt8] {
        let units = EscapedText.resolve(Array(text.utf8), .format).bytes
        var result: [UInt8] = []
        var rest = units[...]
        while let unit = rest.popFirst() {
            if unit == UInt8(ascii: "["), rest.first == UInt8(ascii: ":"), let named = ShellPattern.namedClass(&rest) {
                result += named.flatMap { Array($0) }
            } else if rest.first == UInt8(ascii: "-"), let high = rest.dropFirst().first, high >= unit {
                rest = rest.dropFirst(2)
                result += Array(unit...high)
            } else {
                result.append(unit)
            }
        }
        return result
    }

    mutating func take(_ bytes: [UInt8], _ machine: inout Machine) -> Int? {
        // Each byte is looked for in the sets.
        machine.charge(bytes: bytes.count * (1 + from.count / 16))
        var output: [UInt8] = []
        let squeezed = to.isEmpty || deletes ? (deletes ? to : from) : to
        for unit in bytes {
            let position = from.lastIndex(of: unit)
            let isIn = (position != nil) != isComplement
            var result = unit
            if isIn, deletes { continue }
            if isIn, !to.isEmpty, let end = to.last {
                result = isComplement ? end : position.map { $0 < to.count ? to[$0] : end } ?? unit
            }
            let isSqueezed = squeezed.contains(result) != (isComplement && to.isEmpty && !deletes)
            if squeezes, result == last, isSqueezed { continue }
            last = result
            output.append(result)
        }
        if !output.isEmpty { machine.write(output, to: 1) }
        return nil
    }
}

/// `wc`.
struct CountProcessor: StreamProcessor {
    private let options: AppletOptions
    /// What `wc` counts.
    private struct Counts {
        var lines = 0
        var words = 0
        var bytes = 0
        var longest = 0
    }

    private var counts = Counts()
    private var total = Counts()
    private var column = 0
    private var isInWord = false
    private var files = 0

    init(_ options: AppletOptions) { self.options = options }

    var openFault: String { "%" }

    mutating func take(_ bytes: [UInt8], _ machine: inout Machine) -> Int? {
        counts.bytes += bytes.count
        for unit in bytes {
            if unit == 0x0A {
                counts.lines += 1
                column = 0
            } else {
                column = unit == 0x09 ? (column / 8 + 1) * 8 : column + 1
                counts.longest = max(counts.longest, column)
            }
            if unit.isBlank {
                isInWord = false
            } else if !isInWord {
                isInWord = true
                counts.words += 1
            }
        }
        return nil
    }

    mutating func end(_ name: String, _ machine: inout Machine) -> Int? {
        show(counts, name == "-" ? "" : name, &machine)
        total.lines += counts.lines
        total.words += counts.words
        total.bytes += counts.bytes
        total.longest = max(total.longest, counts.longest)
        counts = Counts()
        column = 0
        isInWord = false
        files += 1
        return nil
    }

    /// The width of columns: that of GNU is that of the largest number there can be.
    private func width(_ machine: Machine) -> Int {
        if machine.hasBusybox { return 9 }
        let isUnknown = options.words.contains { name in
            name == "-" || machine.node(name).map { $0.kind != .file } ?? false
        }
        if options.words.isEmpty || isUnknown { return 7 }
        return String(options.words.reduce(0) { $0 + (machine.node($1)?.content.size ?? 0) }).utf8.count
    }

    private func show(_ counts: Counts, _ name: String, _ machine: inout Machine) {
        let isPlain = options.flags.isEmpty
        var columns: [Int] = []
        if isPlain || options.has("l") { columns.append(counts.lines) }
        if isPlain || options.has("w") { columns.append(counts.words) }
        if isPlain || options.has("c") || options.has("m") { columns.append(counts.bytes) }
        if options.has("L") { columns.append(counts.longest) }
        let width = columns.count == 1 && options.words.count < 2 ? 1 : width(machine)
        var text = columns.map { PrintFormatter.padded(String($0), width, left: false) }.joined(separator: " ")
        if !name.isEmpty { text += " " + name }
        machine.print(text + "\n")
    }

    mutating func finish(_ code: Int, _ machine: inout Machine) -> Int {
        if files > 0, options.words.count > 1 { show(total, "total", &machine) }
        return code
    }
}
