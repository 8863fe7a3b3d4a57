// SPDX-License-Identifier: Apache-2.0
// What cat, grep, head, uniq, cut, tr and wc do with their input.

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

/// `cat -n` and `nl`.
struct NumberedLines: LineProcessor {
    private let numbersAll: Bool
    private var number = 0

    init(all: Bool) { numbersAll = all }

    var openFault: String { "can't open '%'" }

    mutating func line(_ line: [UInt8], isWhole: Bool, _ machine: inout Machine) -> Int? {
        guard numbersAll || !line.isEmpty else {
            machine.write(Array("       \n".utf8), to: 1)
            return nil
        }
        number += 1
        machine.write(Array("\(PrintFormatter.padded(String(number), 6, left: false))\t".utf8) + line + [0x0A], to: 1)
        return nil
    }
}

/// `head -n`.
struct HeadLines: LineProcessor {
    private let limit: Int
    private let showsNames: Bool
    private var count = 0
    private var isFirst = true

    init(limit: Int, showsNames: Bool) {
        self.limit = limit
        self.showsNames = showsNames
    }

    mutating func begin(_ name: String, _ machine: inout Machine) {
        count = 0
        if showsNames { machine.print("\(isFirst ? "" : "\n")==> \(name == "-" ? "standard input" : name) <==\n") }
        isFirst = false
    }

    mutating func line(_ line: [UInt8], isWhole: Bool, _ machine: inout Machine) -> Int? {
        guard count < limit else { return nil }
        machine.write(line + (isWhole ? [0x0A] : []), to: 1)
        count += 1
        return count == limit && !showsNames ? 0 : nil
    }
}

/// `head -c`.
struct HeadBytes: StreamProcessor {
    var limit: Int

    mutating func take(_ bytes: [UInt8], _ machine: inout Machine) -> Int? {
        let piece = Array(bytes.prefix(limit))
        machine.write(piece, to: 1)
        limit -= piece.count
        return limit <= 0 ? 0 : nil
    }
}

/// `grep`.
struct GrepLines: LineProcessor {
    private let expressions: [RegularExpression]
    private let options: AppletOptions
    private let showsNames: Bool
    private let before: Int
    private let after: Int
    private let limit: Int
    private var name = "-"
    private var number = 0
    private var found = 0
    private var foundAnywhere = false
    private var pending = 0
    private var earlier: [(Int, [UInt8])] = []

    init(_ patterns: [String], _ options: AppletOptions, isExtended: Bool, showsNames: Bool) {
        let isFixed = options.has("F")
        let wraps = options.has("w") || options.has("x")
        expressions = patterns.compactMap { pattern in
            var text = isFixed ? RegularExpression.escaped(pattern) : pattern
            let extended = isExtended || isFixed || options.has("E") || options.has("P")
            if wraps {
                let open = extended ? "(" : "\\("
                let close = extended ? ")" : "\\)"
                text = options.has("x") ? "^\(open)\(text)\(close)$" : "\\b\(open)\(text)\(close)\\b"
            }
            return RegularExpression(text, isExtended: extended, ignoresCase: options.has("i"))
        }
        self.options = options
        self.showsNames = showsNames || options.has("H")
        let context = options["C"].flatMap { Int($0) } ?? 0
        before = options["B"].flatMap { Int($0) } ?? context
        after = options["A"].flatMap { Int($0) } ?? context
        limit = options["m"].flatMap { Int($0) } ?? .max
    }

    mutating func begin(_ name: String, _ machine: inout Machine) {
        self.name = name == "-" ? "(standard input)" : name
        number = 0
        found = 0
        pending = 0
        earlier = []
    }

    mutating func line(_ line: [UInt8], isWhole: Bool, _ machine: inout Machine) -> Int? {
        number += 1
        guard found < limit else { return nil }
        let isMatch = expressions.contains { $0.matches(line, machine.meter) } != options.has("v")
        if isMatch {
            found += 1
            foundAnywhere = true
            if options.has("q") { return 0 }
            if options.has("c") || options.has("l") || options.has("L") { return nil }
            for (number, line) in earlier { show(line, number, mark: "-", &machine) }
            earlier = []
            pending = after
            if options.has("o") { showParts(line, &machine) } else { show(line, number, mark: ":", &machine) }
        } else if pending > 0 {
            pending -= 1
            show(line, number, mark: "-", &machine)
        } else if before > 0 {
            earlier.append((number, line))
            if earlier.count > before { earlier.removeFirst() }
        }
        return nil
    }

    private func show(_ line: [UInt8], _ number: Int, mark: String, _ machine: inout Machine) {
        let prefix = (showsNames ? name + mark : "") + (options.has("n") ? "\(number)\(mark)" : "")
        machine.write(Array(prefix.utf8) + line + [0x0A], to: 1)
    }

    private func showParts(_ line: [UInt8], _ machine: inout Machine) {
        for expression in expressions {
            var start = 0
            while start <= line.count, let match = expression.firstMatch(in: line, from: start, machine.meter) {
                if !match.range.isEmpty { show(Array(line[match.range]), number, mark: ":", &machine) }
                start = max(match.range.upperBound, match.range.lowerBound + 1)
            }
        }
    }

    mutating func end(_ name: String, _ machine: inout Machine) -> Int? {
        if options.has("c") { machine.print((showsNames ? self.name + ":" : "") + "\(found)\n") }
        if options.has("l"), found > 0 { machine.print(self.name + "\n") }
        if options.has("L"), found == 0 { machine.print(self.name + "\n") }
        return nil
    }

    mutating func finish(_ code: Int, _ machine: inout Machine) -> Int {
        code != 0 && !foundAnywhere ? code : foundAnywhere ? 0 : 1
    }
}

/// `grep -r`.
struct RecursiveGrepProgram: Program {
    let paths: [String]
    var lines: GrepLines

    mutating func run(_ machine: inout Machine) -> Progress {
        var files: [(String, [UInt8])] = []
        for path in paths {
            Applets.visit(&machine, path) { _, child, node, _ in
                if node.kind == .file { files.append((child, node.content.bytes)) }
            }
        }
        for (path, bytes) in files {
            machine.charge(bytes: StreamProgram<Lines<GrepLines>>.weight * bytes.count)
            var stream = Lines(lines)
            stream.begin(path, &machine)
            if let code = stream.take(bytes, &machine) ?? stream.end(path, &machine) { return .exited(code) }
            lines = stream.inner
        }
        return .exited(lines.finish(0, &machine))
    }
}

/// `uniq`.
struct UniqueLines: LineProcessor {
    private let options: AppletOptions
    private var last: [UInt8]?
    private var count = 0

    init(_ options: AppletOptions) { self.options = options }

    private func key(_ line: [UInt8]) -> [UInt8] { options.has("i") ? line.map(\.lowercased) : line }

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

    private func flush(_ machine: inout Machine) {
        guard let last else { return }
        if options.has("d"), count < 2 { return }
        if options.has("u"), count > 1 { return }
        let prefix = options.has("c") ? PrintFormatter.padded(String(count), 7, left: false) + " " : ""
        machine.write(Array(prefix.utf8) + last + [0x0A], to: 1)
    }

    mutating func finish(_ code: Int, _ machine: inout Machine) -> Int {
        flush(&machine)
        return code
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
    private var counts = (lines: 0, words: 0, bytes: 0)
    private var total = (lines: 0, words: 0, bytes: 0)
    private var isInWord = false
    private var files = 0

    init(_ options: AppletOptions) { self.options = options }

    var openFault: String { "%" }

    mutating func take(_ bytes: [UInt8], _ machine: inout Machine) -> Int? {
        counts.bytes += bytes.count
        for unit in bytes {
            if unit == 0x0A { counts.lines += 1 }
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
        total = (total.lines + counts.lines, total.words + counts.words, total.bytes + counts.bytes)
        counts = (0, 0, 0)
        isInWord = false
        files += 1
        return nil
    }

    private func show(_ counts: (lines: Int, words: Int, bytes: Int), _ name: String, _ machine: inout Machine) {
        let isPlain = options.flags.isEmpty
        var columns: [Int] = []
        if isPlain || options.has("l") { columns.append(counts.lines) }
        if isPlain || options.has("w") { columns.append(counts.words) }
        if isPlain || options.has("c") || options.has("m") { columns.append(counts.bytes) }
        var text =
            columns.count == 1
            ? "\(columns[0])" : columns.map { PrintFormatter.padded(String($0), 9, left: false) }.joined(separator: " ")
        if !name.isEmpty { text += " " + name }
        machine.print(text + "\n")
    }

    mutating func finish(_ code: Int, _ machine: inout Machine) -> Int {
        if files > 1 { show(total, "total", &machine) }
        return code
    }
}
