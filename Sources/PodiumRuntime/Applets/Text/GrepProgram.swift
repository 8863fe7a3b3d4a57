// SPDX-License-Identifier: Apache-2.0
// grep: which lines match, and what is shown of them.

import PodiumMachinery

/// `grep` before its patterns are read.
struct GrepProgram: Program {
    let words: [String]
    let isExtended: Bool
    var isFixed = false

    mutating func run(_ machine: inout Machine) -> Progress {
        let options = AppletOptions(words, valued: "emABCf")
        var inputs = options.words
        var texts = options.lists["e"] ?? []
        if let long = options["regexp"] { texts.append(long) }
        for path in options.lists["f"] ?? [] {
            do {
                let bytes = try path == "-" ? [] : machine.contents(path)
                texts += Applets.lines(of: bytes).map(\.text)
            } catch {
                return .exited(Applets.fail(&machine, "grep", "can't open '\(path)'", error) + 1)
            }
        }
        if options.lists["e"] == nil, options.lists["f"] == nil, options["regexp"] == nil {
            guard !inputs.isEmpty else { return .exited(Applets.usage(&machine, "grep") + 1) }
            texts = [inputs.removeFirst()]
        }
        let patterns = texts.flatMap { $0.split(separator: "\n", omittingEmptySubsequences: false) }.map(String.init)
        var expressions: [RegularExpression] = []
        for pattern in patterns {
            guard let expression = expression(pattern, options) else {
                return .exited(Applets.fail(&machine, "grep", "bad regex '\(pattern)'") + 1)
            }
            expressions.append(expression)
        }
        let isRecursive = options.has("r") || options.has("R")
        let showsNames = (inputs.count > 1 || isRecursive || options.has("H")) && !options.has("h")
        let lines = GrepLines(expressions, options, showsNames: showsNames)
        if isRecursive {
            return .replaced(RecursiveGrepProgram(paths: inputs.isEmpty ? ["."] : inputs, lines: lines))
        }
        let end: UInt8 = options.has("z") ? 0 : 0x0A
        return .replaced(StreamProgram("grep", inputs: inputs, Lines(lines, end: end), missingCode: 2))
    }

    private func expression(_ pattern: String, _ options: AppletOptions) -> RegularExpression? {
        let isPlain = isFixed || options.has("F")
        var text = isPlain ? RegularExpression.escaped(pattern) : pattern
        let extended = isExtended || isPlain || options.has("E") || options.has("P")
        if options.has("w") || options.has("x") {
            let open = extended ? "(" : "\\("
            let close = extended ? ")" : "\\)"
            text = options.has("x") ? "^\(open)\(text)\(close)$" : "\\b\(open)\(text)\(close)\\b"
        }
        let ignoresCase = options.has("i") || options.has("y")
        return RegularExpression(text, isExtended: extended, ignoresCase: ignoresCase)
    }
}

/// What `grep` does with lines.
struct GrepLines: LineProcessor {
    private let expressions: [RegularExpression]
    private let options: AppletOptions
    private let showsNames: Bool
    private let before: Int
    private let after: Int
    private let limit: Int
    private let end: UInt8
    private var name = "-"
    private var number = 0
    private var found = 0
    private var foundAnywhere = false
    private var pending = 0
    private var earlier: [(Int, [UInt8])] = []
    /// The line that was shown last; nothing yet is 0.
    private var lastShown = 0
    private var hasShown = false

    init(_ expressions: [RegularExpression], _ options: AppletOptions, showsNames: Bool) {
        self.expressions = expressions
        self.options = options
        self.showsNames = showsNames
        let context = options["C"].flatMap { Int($0) } ?? 0
        before = options["B"].flatMap { Int($0) } ?? context
        after = options["A"].flatMap { Int($0) } ?? context
        limit = options["m"].flatMap { Int($0) } ?? .max
        end = options.has("z") ? 0 : 0x0A
    }

    /// A file that cannot be read is not told with `-s`.
    var openFault: String { options.has("s") ? "" : "%" }

    mutating func begin(_ name: String, _ machine: inout Machine) {
        self.name = name == "-" ? "(standard input)" : name
        number = 0
        found = 0
        pending = 0
        earlier = []
        lastShown = 0
    }

    mutating func line(_ line: [UInt8], isWhole: Bool, _ machine: inout Machine) -> Int? {
        number += 1
        guard found < limit || pending > 0 else { return nil }
        let meter = machine.meter
        let isMatch = found < limit && expressions.contains { $0.matches(line, meter) } != options.has("v")
        if isMatch {
            found += 1
            foundAnywhere = true
            if options.has("q") { return 0 }
            if options.has("c") || options.has("l") || options.has("L") { return nil }
            separate(before: number - earlier.count, &machine)
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

    /// Groups of lines that do not touch are told apart.
    private func separate(before number: Int, _ machine: inout Machine) {
        guard before > 0 || after > 0, hasShown, number > lastShown + 1 || lastShown == 0 else { return }
        machine.print("--\n")
    }

    private mutating func show(_ line: [UInt8], _ number: Int, mark: String, _ machine: inout Machine) {
        let prefix = (showsNames ? name + mark : "") + (options.has("n") ? "\(number)\(mark)" : "")
        machine.write(Array(prefix.utf8) + line + [end], to: 1)
        lastShown = number
        hasShown = true
    }

    private mutating func showParts(_ line: [UInt8], _ machine: inout Machine) {
        guard !options.has("v") else { return }
        let meter = machine.meter
        var start = 0
        while start <= line.count {
            let matches = expressions.compactMap { $0.firstMatch(in: line, from: start, meter) }
            let first = matches.min { left, right in
                (left.range.lowerBound, -left.range.count) < (right.range.lowerBound, -right.range.count)
            }
            guard let first else { return }
            if !first.range.isEmpty { show(Array(line[first.range]), number, mark: ":", &machine) }
            start = max(first.range.upperBound, first.range.lowerBound + 1)
        }
    }

    mutating func end(_ name: String, _ machine: inout Machine) -> Int? {
        if options.has("c") { machine.print((showsNames ? self.name + ":" : "") + "\(found)\n") }
        if options.has("l"), found > 0 { machine.print(self.name + "\n") }
        if options.has("L"), found == 0 { machine.print(self.name + "\n") }
        return nil
    }

    mutating func finish(_ code: Int, _ machine: inout Machine) -> Int {
        code != 0 ? code : foundAnywhere ? 0 : 1
    }
}

/// `grep -r`.
struct RecursiveGrepProgram: Program {
    private var pending: [String]
    private var lines: GrepLines
    private var code = 0

    init(paths: [String], lines: GrepLines) {
        pending = paths.reversed()
        self.lines = lines
    }

    mutating func run(_ machine: inout Machine) -> Progress {
        while let path = pending.popLast() {
            machine.spend(2)
            guard let node = machine.node(path) else {
                code = Applets.fail(&machine, "grep", path, .noEntry) + 1
                continue
            }
            if node.kind == .directory, path != "/proc" {
                let prefix = path.hasSuffix("/") ? path : path + "/"
                pending += ((try? machine.names(in: path)) ?? []).reversed().map { prefix + $0 }
            } else if node.kind == .file {
                let bytes = node.content.bytes
                machine.charge(bytes: 4 * bytes.count)
                var stream = Lines(lines)
                stream.begin(path, &machine)
                if let code = stream.take(bytes, &machine) ?? stream.end(path, &machine) {
                    return .exited(code)
                }
                lines = stream.inner
            }
            if machine.mustYield { return .ready }
        }
        return .exited(lines.finish(code, &machine))
    }
}
