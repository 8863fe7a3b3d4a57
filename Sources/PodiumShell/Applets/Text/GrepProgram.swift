// SPDX-License-Identifier: Apache-2.0
// grep: which options it has, what it looks for, and where.

import PodiumMachinery
import PodiumRuntime

/// `grep` before its patterns are read.
struct GrepProgram: Program {
    /// A Greek letter has a long name only.
    private static let tables = OptionTables(
        "grep",
        busybox: OptionTable(letters: "lnqvscFiyHhe:f:LorRm:wxA:B:C:EzaIχ::", long: ["color": "χ"]),
        gnu: OptionTable(
            letters: "EFGPe:f:iywxzsvVm:bnHhoqaId:D:rRLlcTZB:A:C:UuXδλ:ι:ξ:ψ:ζ:β:νχ::φ:",
            long: [
                "extended-regexp": "E", "fixed-strings": "F", "basic-regexp": "G", "perl-regexp": "P", "regexp": "e",
                "file": "f", "ignore-case": "i", "no-ignore-case": "ν", "word-regexp": "w", "line-regexp": "x",
                "null-data": "z", "no-messages": "s", "invert-match": "v", "version": "V", "max-count": "m",
                "byte-offset": "b", "line-number": "n", "line-buffered": "δ", "with-filename": "H",
                "no-filename": "h", "label": "λ", "only-matching": "o", "quiet": "q", "silent": "q",
                "binary-files": "β", "text": "a", "directories": "d", "devices": "D", "recursive": "r",
                "dereference-recursive": "R", "include": "ι", "exclude": "ξ", "exclude-from": "φ",
                "exclude-dir": "ψ", "files-without-match": "L", "files-with-matches": "l", "count": "c",
                "initial-tab": "T", "null": "Z", "before-context": "B", "after-context": "A", "context": "C",
                "group-separator": "ζ", "no-group-separator": "X", "color": "χ", "colour": "χ", "binary": "U",
                "unix-byte-offsets": "u",
            ]
        ),
        code: 2,
        busyboxCode: 2,
        hint: .usage("Usage: grep [OPTION]... PATTERNS [FILE]..."),
        number: "C"
    )

    let words: [String]
    let isExtended: Bool
    var isFixed = false
    /// Standard input on its way into memory, when the patterns stand there.
    private var input = GatheredInput()

    init(words: [String], isExtended: Bool, isFixed: Bool = false) {
        self.words = words
        self.isExtended = isExtended
        self.isFixed = isFixed
    }

    var heldBytes: Int { input.bytes.count }

    mutating func run(_ machine: inout Machine) -> Progress {
        do throws(OptionRefusal) {
            let options = try Self.tables.read(&machine, words)
            if options.lists["f"]?.contains("-") == true, let progress = input.read(0, &machine) { return progress }
            return .replaced(try program(options, &machine))
        } catch {
            return .exited(error.code)
        }
    }

    private func program(
        _ options: AppletOptions,
        _ machine: inout Machine
    ) throws(OptionRefusal) -> any Program {
        let isGNU = machine.isGNU
        if isGNU, "EFGP".count(where: { options.has($0) }) > 1 {
            throw Self.tables.fault(&machine, gnu: "conflicting matchers specified", busybox: "")
        }
        var inputs = options.words
        let texts = try patterns(options, &inputs, &machine)
        var expressions: [GrepExpression] = []
        for text in texts {
            guard let expression = GrepExpression(text, options, isExtended: isExtended, isFixed: isFixed) else {
                throw refusal(of: text, options, &machine)
            }
            expressions.append(expression)
        }
        // busybox's reads standard input when no path is given, and GNU's the working directory.
        let isRecursive =
            (options.has("r") || options.has("R") || options["d"] == "recurse") && (isGNU || !inputs.isEmpty)
        let isAlone = inputs.count == 1 && (!isRecursive || machine.node(inputs[0])?.kind == .file)
        let showsNames = !options.has("h") && (options.has("H") || !isAlone && (isRecursive || inputs.count > 1))
        let lines = try GrepLines(expressions, options, Self.tables, showsNames: showsNames, &machine)
        if isRecursive { return RecursiveGrepProgram(inputs, options, lines) }
        if options["d"] == "skip" {
            inputs = inputs.filter { machine.node($0)?.kind != .directory }
            if inputs.isEmpty, !options.words.isEmpty { throw OptionRefusal(code: 1) }
        }
        let end: UInt8 = options.has("z") ? 0 : 0x0A
        return StreamProgram("grep", inputs: inputs, Lines(lines, end: end), missingCode: 2)
    }

    private func patterns(
        _ options: AppletOptions,
        _ inputs: inout [String],
        _ machine: inout Machine
    ) throws(OptionRefusal) -> [String] {
        var texts = options.lists["e"] ?? []
        for path in options.lists["f"] ?? [] {
            do throws(Errno) {
                let bytes = try path == "-" ? input.bytes : machine.contents(path)
                texts += Applets.lines(of: bytes).map(\.text)
            } catch {
                let gnu = "\(path): \(error.text)"
                throw Self.tables.fault(&machine, gnu: gnu, busybox: "can't open '\(path)': \(error.text)")
            }
        }
        if options.lists["e"] == nil, options.lists["f"] == nil {
            guard !inputs.isEmpty else { throw Self.tables.refusal(&machine, nil) }
            texts = [inputs.removeFirst()]
        }
        return texts.flatMap { $0.split(separator: "\n", omittingEmptySubsequences: false) }.map(String.init)
    }

    private func refusal(
        of pattern: String,
        _ options: AppletOptions,
        _ machine: inout Machine
    ) -> OptionRefusal {
        if options.has("P") {
            let gnu = "Perl matching not supported in a --disable-perl-regexp build"
            return Self.tables.fault(&machine, gnu: gnu, busybox: "bad regex '\(pattern)'")
        }
        let open = isExtended || options.has("E") ? "(" : "\\("
        let close = isExtended || options.has("E") ? ")" : "\\)"
        let count = pattern.ranges(of: open).count - pattern.ranges(of: close).count
        let gnu =
            count > 0
            ? "Unmatched ( or \\("
            : count < 0
                ? "Unmatched ) or \\)" : pattern.hasSuffix("\\") ? "Trailing backslash" : "Invalid regular expression"
        return Self.tables.fault(&machine, gnu: gnu, busybox: "bad regex '\(pattern)'")
    }
}

/// `grep -r`.
struct RecursiveGrepProgram: Program {
    /// The bytes that are searched between two looks at the clock, and what each costs in bytes that are only read.
    private static let pieceBytes = 8 << 10
    private static let weight = 4

    /// A path that has its turn.
    private struct Visit: Sendable {
        var path: String
        var isGiven: Bool
    }

    private var pending: [Visit]
    private var lines: GrepLines
    private let follows: Bool
    private let isSilent: Bool
    private let included: [ShellPattern]
    private let excluded: [ShellPattern]
    private let excludedDirectories: [ShellPattern]
    private let end: UInt8
    /// What GNU's leaves out before paths that were found in the directory that nobody named.
    private let hidden: Bool
    /// The file that is being searched, and how far.
    private var stream: Lines<GrepLines>?
    private var path = ""
    private var content = FileContent()
    private var offset = 0
    private var code = 0

    init(_ paths: [String], _ options: AppletOptions, _ lines: GrepLines) {
        pending = (paths.isEmpty ? ["."] : paths).reversed().map { Visit(path: $0, isGiven: true) }
        self.lines = lines
        follows = options.has("R")
        isSilent = options.has("s")
        hidden = paths.isEmpty
        end = options.has("z") ? 0 : 0x0A
        func patterns(_ letter: String) -> [ShellPattern] { (options.lists[letter] ?? []).map { ShellPattern($0) } }
        included = patterns("ι")
        excluded = patterns("ξ")
        excludedDirectories = patterns("ψ")
    }

    var heldBytes: Int { pending.reduce(stream?.heldBytes ?? lines.heldBytes) { $0 + $1.path.utf8.count } }

    mutating func run(_ machine: inout Machine) -> Progress {
        while true {
            if machine.mustYield { return .ready }
            if stream != nil {
                if let code = search(&machine) { return .exited(code) }
            } else if let visit = pending.popLast() {
                machine.spend(2)
                enter(visit, &machine)
            } else {
                return .exited(lines.finish(code, &machine))
            }
        }
    }

    private mutating func enter(_ visit: Visit, _ machine: inout Machine) {
        let path = visit.path
        guard let node = machine.node(path, follow: follows || visit.isGiven) else {
            if !isSilent { _ = Applets.fail(&machine, "grep", path, .noEntry) }
            code = 2
            return
        }
        let name = path.lastComponent
        machine.charge(bytes: (included.count + excluded.count + excludedDirectories.count) * path.utf8.count)
        if node.kind == .directory, path != "/proc" {
            if excludedDirectories.contains(where: { $0.matches(name) || $0.matches(path) }) { return }
            let names = (try? machine.names(in: path)) ?? []
            pending += names.reversed().map { name in
                let isBare = hidden && machine.isGNU && path == "."
                return Visit(path: isBare ? name : path.appending(component: name), isGiven: false)
            }
        } else if node.kind == .file {
            if !included.isEmpty, !included.contains(where: { $0.matches(name) }) { return }
            if excluded.contains(where: { $0.matches(name) }) { return }
            (self.path, content, offset) = (path, node.content, 0)
            stream = Lines(lines, end: end)
            stream?.begin(path, &machine)
        }
    }

    /// Searches a piece of the present file.
    private mutating func search(_ machine: inout Machine) -> Int? {
        let bytes = content.read(at: offset, count: Self.pieceBytes)
        machine.charge(bytes: Self.weight * bytes.count)
        offset += bytes.count
        if !bytes.isEmpty { return stream?.take(bytes, &machine) }
        let code = stream?.end(path, &machine)
        if let inner = stream?.inner { lines = inner }
        (stream, content) = (nil, FileContent())
        return code
    }
}
