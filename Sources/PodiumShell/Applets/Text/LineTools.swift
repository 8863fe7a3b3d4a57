// SPDX-License-Identifier: Apache-2.0
// cat, nl, fold, expand, unexpand, strings, dos2unix and the like: lines that come out changed.

import PodiumMachinery
import PodiumRuntime

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
    static let tables = OptionTables(
        "nl",
        busybox: OptionTable(
            letters: "pb:i:n:s:v:w:",
            long: [
                "body-numbering": "b", "line-increment": "i", "number-format": "n", "number-separator": "s",
                "starting-line-number": "v", "number-width": "w", "no-renumber": "p",
            ]
        ),
        gnu: OptionTable(
            letters: "pb:d:f:h:i:l:n:s:v:w:",
            long: [
                "body-numbering": "b", "line-increment": "i", "number-format": "n", "number-separator": "s",
                "starting-line-number": "v", "number-width": "w", "no-renumber": "p", "section-delimiter": "d",
                "footer-numbering": "f", "header-numbering": "h", "join-blank-lines": "l",
            ]
        )
    )
    /// Wider numbers are not padded any further.
    private static let maximumWidth = 1000

    private let numbersAll: Bool
    private let numbersNone: Bool
    private let separator: String
    private let width: Int
    private let step: Int
    /// Whether numbers stand at the left of their columns, or have zeros before them.
    private let isLeft: Bool
    private let hasZeros: Bool
    private var number: Int

    init(_ options: AppletOptions, _ machine: inout Machine) throws(OptionRefusal) {
        let tables = Self.tables
        if let style = options["b"], !["a", "t", "n"].contains(style) {
            throw tables.refusal(&machine, machine.isGNU ? "invalid body numbering style: '\(style)'" : nil)
        }
        func signed(_ letter: String, _ gnu: String) throws(OptionRefusal) -> Int? {
            guard let text = options[letter] else { return nil }
            let digits = text.hasPrefix("-") ? String(text.dropFirst()) : text
            let number = try tables.count(&machine, digits, gnu)
            return number.map { text.hasPrefix("-") ? -$0 : $0 }
        }
        (numbersAll, numbersNone) = (options["b"] == "a", options["b"] == "n")
        separator = options["s"] ?? "\t"
        let words = "invalid line number field width: '%'"
        let given =
            machine.isGNU
            ? try tables.positive(&machine, options["w"], words, highest: OptionNumber.maximum)
            : try tables.count(&machine, options["w"], words)
        width = min(given ?? 6, Self.maximumWidth)
        step = try signed("i", "invalid line number increment: '%'") ?? 1
        number = try signed("v", "invalid starting line number: '%'") ?? 1
        (isLeft, hasZeros) = (options["n"] == "ln", options["n"] == "rz")
    }

    mutating func line(_ line: [UInt8], isWhole: Bool, _ machine: inout Machine) -> Int? {
        guard !numbersNone, numbersAll || !line.isEmpty else {
            let blanks = [UInt8](repeating: 0x20, count: width + separator.utf8.count)
            machine.write(blanks + line + [0x0A], to: 1)
            return nil
        }
        let text = hasZeros ? Applets.digits(number, radix: 10, width: width) : String(number)
        let head = PrintFormatter.padded(text, width, left: isLeft) + separator
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

    var heldBytes: Int { run.count }

    static let tables = OptionTables(
        "strings",
        busybox: OptionTable(letters: "afoe:n:t:"),
        gnu: OptionTable(
            letters: "afoe:n:t:wds:T:",
            long: ["all": "a", "print-file-name": "f", "bytes": "n", "radix": "t", "encoding": "e", "data": "d"]
        )
    )

    init(_ options: AppletOptions, _ machine: inout Machine) throws(OptionRefusal) {
        least = try Self.tables.count(&machine, options["n"], "invalid integer argument %") ?? 4
        if least == 0 {
            let gnu = "invalid minimum string length 0"
            throw Self.tables.fault(&machine, gnu: gnu, busybox: "number 0 is not in 1..2147483647 range")
        }
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

extension Applets {
    static let lineApplets: [String: WaitingApplet] = [
        "cat": catTables.applet { _, options in
            if ShownLines.isNeeded(options) {
                return StreamProgram("cat", inputs: options.words, Lines(ShownLines(options)))
            }
            return StreamProgram("cat", inputs: options.words, Copying())
        },
        "nl": NumberedLines.tables.applet { machine, options throws(OptionRefusal) in
            StreamProgram("nl", inputs: options.words, Lines(try NumberedLines(options, &machine)))
        },
        "fold": foldTables.applet(fold),
        "expand": ExpandedTabs.tables.applet { machine, options throws(OptionRefusal) in
            let stops = try TabStops(options, ExpandedTabs.tables, &machine)
            return StreamProgram("expand", inputs: options.words, ExpandedTabs(stops, onlyFirst: options.has("i")))
        },
        "unexpand": unexpandTables.applet { machine, options throws(OptionRefusal) in
            let stops = try TabStops(options, unexpandTables, &machine)
            let all = (options.has("a") || options["t"] != nil) && !options.has("f")
            return lineTool("unexpand", options) { unexpanded($0, stops.width, all: all) }
        },
        "strings": PrintableRuns.tables.applet { machine, options throws(OptionRefusal) in
            StreamProgram("strings", inputs: options.words, try PrintableRuns(options, &machine))
        },
        "split": SplitProcessor.tables.applet { machine, options throws(OptionRefusal) in
            try SplitProcessor.program(options, &machine)
        },
        "rev": revTables.applet { _, options in lineTool("rev", options) { Array($0.reversed()) } },
        "paste": PasteProgram.tables.applet { _, options in PasteProgram(options) },
        "comm": CommonLinesProgram.tables.applet { machine, options throws(OptionRefusal) in
            try CommonLinesProgram(options, &machine)
        },
        "dos2unix": { words in changedEnds("dos2unix", words) },
        "unix2dos": { words in changedEnds("unix2dos", words) },
        "tsort": { words in
            StreamProgram(
                "tsort",
                inputs: AppletOptions(words).words,
                Whole(perFile: false, parts: .words) { bytes, _, machine in topologicalSort(bytes, &machine) }
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
                Whole(perFile: false, parts: .words) { bytes, _, machine in
                    factors(bytes.text.split(whereSeparator: \.isWhitespace).map(String.init), &machine)
                }
            )
        },
    ]

    private static let catTables = OptionTables(
        "cat",
        busybox: OptionTable(letters: "nbvteuA"),
        gnu: OptionTable(
            letters: "AbeEnstTuv",
            long: [
                "show-all": "A", "number-nonblank": "b", "show-ends": "E", "number": "n", "squeeze-blank": "s",
                "show-tabs": "T", "show-nonprinting": "v",
            ]
        )
    )
    private static let foldTables = OptionTables(
        "fold",
        busybox: OptionTable(letters: "bsw:", long: ["bytes": "b", "spaces": "s", "width": "w"]),
        gnu: OptionTable(letters: "bsw:", long: ["bytes": "b", "spaces": "s", "width": "w"]),
        number: "w"
    )
    private static let unexpandTables = OptionTables(
        "unexpand",
        busybox: OptionTable(letters: "fat:", long: ["first-only": "f", "tabs": "t", "all": "a"]),
        gnu: OptionTable(letters: "at:", long: ["first-only": "f", "tabs": "t", "all": "a"])
    )
    private static let revTables = OptionTables("rev", busybox: OptionTable(letters: ""), gnu: OptionTable(letters: ""))

    private static func fold(
        _ machine: inout Machine,
        _ options: AppletOptions
    ) throws(OptionRefusal) -> any Program {
        let words = "invalid number of columns: '%'"
        let width = try foldTables.positive(&machine, options["w"], words, highest: 10_000) ?? 80
        let atBlanks = options.has("s")
        return lineTool("fold", options) { folded($0, width, atBlanks: atBlanks) }
    }

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
