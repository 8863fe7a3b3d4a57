// SPDX-License-Identifier: Apache-2.0
// cat, nl, fold, expand, unexpand, strings, dos2unix and the like: lines that come out changed.

import PodiumMachinery

/// `cat` with one of its options.
struct ShownLines: LineProcessor {
    private let numbersAll: Bool
    private let numbersFilled: Bool
    private let squeezes: Bool
    private let showsEnds: Bool
    private let showsTabs: Bool
    private let showsControls: Bool
    private var number = 0
    private var wasEmpty = false

    init(_ options: AppletOptions) {
        func has(_ letters: String) -> Bool { letters.contains { options.has($0) } }
        numbersFilled = has("b")
        numbersAll = has("n")
        squeezes = has("s")
        showsEnds = has("AeE")
        showsTabs = has("AtT")
        showsControls = has("Aetv")
    }

    var openFault: String { "can't open '%'" }

    /// Whether `cat` has to look at lines at all.
    static func isNeeded(_ options: AppletOptions) -> Bool { "nbsAeEtTv".contains { options.has($0) } }

    mutating func line(_ line: [UInt8], isWhole: Bool, _ machine: inout Machine) -> Int? {
        if squeezes, line.isEmpty, wasEmpty { return nil }
        wasEmpty = line.isEmpty
        var output: [UInt8] = []
        if numbersFilled ? !line.isEmpty : numbersAll {
            number += 1
            output += Array((PrintFormatter.padded(String(number), 6, left: false) + "\t").utf8)
        }
        for unit in line { output += shown(unit) }
        if isWhole || numbersAll || numbersFilled {
            if showsEnds { output.append(UInt8(ascii: "$")) }
            output.append(0x0A)
        }
        machine.write(output, to: 1)
        return nil
    }

    private func shown(_ unit: UInt8) -> [UInt8] {
        if unit == 0x09 { return showsTabs ? Array("^I".utf8) : [unit] }
        return showsControls ? Self.printable(unit) : [unit]
    }

    /// A byte as `^A`, `M-A` or `M-^A` when it cannot be printed.
    static func printable(_ unit: UInt8) -> [UInt8] {
        let prefix = unit >= 0x80 ? Array("M-".utf8) : []
        let low = unit & 0x7F
        if low < 0x20 { return prefix + [UInt8(ascii: "^"), low + 0x40] }
        return low == 0x7F ? prefix + Array("^?".utf8) : prefix + [low]
    }
}

/// `nl`.
struct NumberedLines: LineProcessor {
    private let numbersAll: Bool
    private let numbersNone: Bool
    private let separator: String
    private let width: Int
    private let step: Int
    private var number: Int

    init(_ options: AppletOptions) {
        numbersAll = options["b"] == "a"
        numbersNone = options["b"] == "n"
        separator = options["s"] ?? "\t"
        width = max(1, min(options["w"].flatMap { Int($0) } ?? 6, 1000))
        step = options["i"].flatMap { Int($0) } ?? 1
        number = options["v"].flatMap { Int($0) } ?? 1
    }

    mutating func line(_ line: [UInt8], isWhole: Bool, _ machine: inout Machine) -> Int? {
        guard !numbersNone, numbersAll || !line.isEmpty else {
            let blanks = [UInt8](repeating: 0x20, count: width + separator.utf8.count)
            machine.write(blanks + line + [0x0A], to: 1)
            return nil
        }
        let head = PrintFormatter.padded(String(number), width, left: false) + separator
        number &+= step
        machine.write(Array(head.utf8) + line + [0x0A], to: 1)
        return nil
    }
}

/// `strings`.
struct PrintableRuns: StreamProcessor {
    /// A longer run is shown in pieces.
    private static let maximumRunBytes = 1 << 16

    private let least: Int
    private let radix: Int?
    private let showsName: Bool
    private var name = ""
    private var run: [UInt8] = []
    private var offset = 0

    init(_ options: AppletOptions) {
        least = max(1, options["n"].flatMap { Int($0) } ?? 4)
        radix = options.has("o") ? 8 : options["t"].flatMap { ["d": 10, "o": 8, "x": 16][$0] }
        showsName = options.has("f")
    }

    mutating func begin(_ name: String, _ machine: inout Machine) {
        self.name = name == "-" ? "{standard input}" : name
        offset = 0
    }

    mutating func take(_ bytes: [UInt8], _ machine: inout Machine) -> Int? {
        for unit in bytes {
            if (0x20...0x7E).contains(unit) || unit == 0x09 {
                run.append(unit)
                if run.count > Self.maximumRunBytes { flush(&machine) }
            } else {
                flush(&machine)
            }
            offset += 1
        }
        return nil
    }

    mutating func end(_ name: String, _ machine: inout Machine) -> Int? {
        flush(&machine)
        return nil
    }

    private mutating func flush(_ machine: inout Machine) {
        defer { run = [] }
        guard run.count >= least else { return }
        var head = showsName ? name + ": " : ""
        if let radix { head += PrintFormatter.padded(String(offset - run.count, radix: radix), 7, left: false) + " " }
        machine.write(Array(head.utf8) + run + [0x0A], to: 1)
    }
}

/// `split`: each piece of an input as a file of its own.
struct SplitProcessor: StreamProcessor {
    /// The files that one program makes.
    private static let maximumFiles = 10_000

    private let limit: Int
    private let countsBytes: Bool
    private let width: Int
    private let prefix: String
    private var files = 0
    private var left = 0
    private var piece: [UInt8] = []

    init(_ options: AppletOptions) {
        countsBytes = options["b"] != nil
        limit = max(1, (options["b"] ?? options["l"]).flatMap { Applets.size($0) } ?? 1000)
        width = max(1, options["a"].flatMap { Int($0) } ?? 2)
        prefix = options.words.dropFirst().first ?? "x"
        left = limit
    }

    var openFault: String { "%" }

    private var name: String {
        var rest = files
        var letters: [UInt8] = []
        for _ in 0..<width {
            letters.append(UInt8(0x61 + rest % 26))
            rest /= 26
        }
        return prefix + Array(letters.reversed()).text
    }

    mutating func take(_ bytes: [UInt8], _ machine: inout Machine) -> Int? {
        for unit in bytes {
            piece.append(unit)
            if countsBytes || unit == 0x0A { left -= 1 }
            if left == 0, let code = flush(&machine) { return code }
        }
        return nil
    }

    private mutating func flush(_ machine: inout Machine) -> Int? {
        let path = name
        let bytes = piece
        piece = []
        left = limit
        files += 1
        if files > Self.maximumFiles { return Applets.fail(&machine, "split", "suffixes exhausted") }
        let code = Applets.attempt(&machine, "split", path) { machine throws(Errno) in
            try machine.replace(path, with: bytes)
        }
        return code == 0 ? nil : code
    }

    mutating func finish(_ code: Int, _ machine: inout Machine) -> Int {
        piece.isEmpty ? code : flush(&machine) ?? code
    }
}

extension Applets {
    static let lineApplets: [String: WaitingApplet] = [
        "cat": { words in
            let options = AppletOptions(words)
            if ShownLines.isNeeded(options) {
                return StreamProgram("cat", inputs: options.words, Lines(ShownLines(options)))
            }
            return StreamProgram("cat", inputs: options.words, Copying())
        },
        "nl": { words in
            let options = AppletOptions(words, valued: "bdfhilnsvw")
            return StreamProgram("nl", inputs: options.words, Lines(NumberedLines(options)))
        },
        "fold": { words in
            let options = AppletOptions(words, valued: "w")
            let width = max(1, options["w"].flatMap { Int($0) } ?? 80)
            let atBlanks = options.has("s")
            return lineTool("fold", options) { folded($0, width, atBlanks: atBlanks) }
        },
        "expand": { words in
            let options = AppletOptions(words, valued: "t")
            let width = max(1, (options["t"] ?? options["tabs"]).flatMap { Int($0) } ?? 8)
            let onlyFirst = options.has("i")
            return lineTool("expand", options) { expanded($0, width, onlyFirst: onlyFirst) }
        },
        "unexpand": { words in
            let options = AppletOptions(words, valued: "t")
            let width = max(1, (options["t"] ?? options["tabs"]).flatMap { Int($0) } ?? 8)
            let all = (options.has("a") || options["t"] != nil) && !options.has("f")
            return lineTool("unexpand", options) { unexpanded($0, width, all: all) }
        },
        "strings": { words in
            let options = AppletOptions(words, valued: "nt")
            return StreamProgram("strings", inputs: options.words, PrintableRuns(options))
        },
        "split": { words in
            let options = AppletOptions(words, valued: "bla")
            return StreamProgram("split", inputs: Array(options.words.prefix(1)), SplitProcessor(options))
        },
        "rev": { words in
            lineTool("rev", AppletOptions(words)) { Array($0.reversed()) }
        },
        "paste": { PasteProgram(words: $0) },
        "comm": { CommonLinesProgram(words: $0) },
        "dos2unix": { words in changedEnds("dos2unix", words) },
        "unix2dos": { words in changedEnds("unix2dos", words) },
        "tsort": { words in
            StreamProgram(
                "tsort",
                inputs: AppletOptions(words).words,
                Whole(perFile: false) { bytes, _, machine in topologicalSort(bytes, &machine) }
            )
        },
        "factor": { words in
            guard words.count < 2 else {
                return ImmediateProgram(
                    applet: { machine, words in factors(words.dropFirst(), &machine) },
                    words: words
                )
            }
            return StreamProgram(
                "factor",
                inputs: ["-"],
                Whole(perFile: false) { bytes, _, machine in
                    factors(bytes.text.split(whereSeparator: \.isWhitespace).map(String.init), &machine)
                }
            )
        },
    ]

    private static func lineTool(
        _ name: String,
        _ options: AppletOptions,
        _ change: @escaping @Sendable ([UInt8]) -> [UInt8]
    ) -> any Program {
        StreamProgram(name, inputs: options.words, Lines(MappedLines(change)))
    }

    private static func folded(_ line: [UInt8], _ width: Int, atBlanks: Bool) -> [UInt8] {
        var result: [UInt8] = []
        var rest = line[...]
        while rest.count > width {
            var piece = rest.prefix(width)
            if atBlanks, let blank = piece.lastIndex(of: 0x20) { piece = piece[...blank] }
            result += piece + [0x0A]
            rest = rest.dropFirst(piece.count)
        }
        return result + rest
    }

    private static func expanded(_ line: [UInt8], _ width: Int, onlyFirst: Bool) -> [UInt8] {
        var result: [UInt8] = []
        var isFirst = true
        for unit in line {
            if unit != 0x09 && unit != 0x20 { isFirst = false }
            if unit == 0x09, isFirst || !onlyFirst {
                result += Array(repeating: 0x20, count: width - result.count % width)
            } else {
                result.append(unit)
            }
        }
        return result
    }

    private static func unexpanded(_ line: [UInt8], _ width: Int, all: Bool) -> [UInt8] {
        var result: [UInt8] = []
        var column = 0
        var blanks = 0
        var isFirst = true
        func flush(_ result: inout [UInt8]) {
            var start = column - blanks
            // One blank before a stop stays a blank.
            while blanks > 1 || blanks == 1 && start % width == 0 && width == 1 {
                let stop = (start / width + 1) * width
                guard stop <= column else { break }
                result.append(0x09)
                start = stop
                blanks = column - start
            }
            result += Array(repeating: 0x20, count: column - start)
            blanks = 0
        }
        for unit in line {
            if unit == 0x20, isFirst || all {
                blanks += 1
                column += 1
            } else if unit == 0x09, isFirst || all {
                let stop = (column / width + 1) * width
                blanks += stop - column
                column = stop
            } else {
                flush(&result)
                isFirst = false
                result.append(unit)
                column += 1
            }
        }
        flush(&result)
        return result
    }

    private static func changedEnds(_ name: String, _ words: [String]) -> any Program {
        let options = AppletOptions(words)
        let toUnix = (name == "dos2unix") != options.has("d") || options.has("u")
        @Sendable func changed(_ bytes: [UInt8]) -> [UInt8] {
            var result: [UInt8] = []
            for unit in bytes where unit != 0x0D {
                if unit == 0x0A, !toUnix { result.append(0x0D) }
                result.append(unit)
            }
            return result
        }
        guard options.words.isEmpty else {
            let convert: ImmediateApplet = { machine, _ in
                forEach(&machine, options.words) { machine, path in
                    attempt(&machine, name, path) { machine throws(Errno) in
                        try machine.replace(path, with: changed(try machine.contents(path)))
                    }
                }
            }
            return ImmediateProgram(applet: convert, words: words)
        }
        return StreamProgram(
            name,
            inputs: ["-"],
            Whole(perFile: false) { bytes, _, machine in
                machine.write(changed(bytes), to: 1)
                return 0
            }
        )
    }

    private static func topologicalSort(_ bytes: [UInt8], _ machine: inout Machine) -> Int {
        let words = bytes.text.split(whereSeparator: \.isWhitespace).map(String.init)
        guard words.count % 2 == 0 else { return fail(&machine, "tsort", "odd input") }
        var order: [String] = []
        var known: Set<String> = []
        var before: [String: Int] = [:]
        var behind: [String: [String]] = [:]
        for index in stride(from: 0, to: words.count, by: 2) {
            let (first, second) = (words[index], words[index + 1])
            for word in [first, second] where known.insert(word).inserted { order.append(word) }
            guard first != second else { continue }
            behind[first, default: []].append(second)
            before[second, default: 0] += 1
        }
        var ready = order.filter { before[$0] == nil }[...]
        var shown = 0
        while let word = ready.popFirst() {
            machine.print(word + "\n")
            shown += 1
            for next in behind[word] ?? [] {
                before[next, default: 1] -= 1
                if before[next] == 0 { ready.append(next) }
            }
        }
        guard shown < order.count else { return 0 }
        return fail(&machine, "tsort", "cycle at \(order.first { (before[$0] ?? 0) > 0 } ?? "")")
    }

    /// Candidates that are tried for one number.
    private static let maximumDivisor = 1_000_000
    /// The numbers that one program takes apart.
    private static let maximumFactored = 100

    private static func factors(_ words: some Sequence<String>, _ machine: inout Machine) -> Int {
        var code = 0
        for word in words.prefix(maximumFactored) {
            guard var rest = UInt64(word) else {
                code = fail(&machine, "factor", "invalid number '\(word)'")
                continue
            }
            var text = "\(rest):"
            var divisor: UInt64 = 2
            while divisor <= maximumDivisor, divisor * divisor <= rest {
                while rest % divisor == 0 {
                    text += " \(divisor)"
                    rest /= divisor
                }
                divisor += divisor == 2 ? 1 : 2
            }
            machine.spend(Int(divisor >> 6))
            if rest > 1 { text += " \(rest)" }
            machine.print(text + "\n")
        }
        return code
    }
}
