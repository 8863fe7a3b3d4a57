// SPDX-License-Identifier: Apache-2.0
// diff: compares files, and directories file by file.

import PodiumCodec
import PodiumMachinery
import PodiumRuntime

/// `diff`. busybox's shows the unified form only, GNU's the one that is asked for.
struct DiffProgram: Program {
    /// The lines that are shown around a difference.
    private static let maximumContext = 1 << 20
    private static let tabWidth = 8

    /// What is shown between two looks at the clock.
    private static let pieceBytes = 8 << 10

    private static let tables: OptionTables = {
        let table = OptionTable(
            letters: "abdiL:NqrsS:tTU:wupB",
            long: [
                "text": "a", "ignore-space-change": "b", "minimal": "d", "ignore-case": "i", "label": "L",
                "new-file": "N", "brief": "q", "recursive": "r", "report-identical-files": "s", "starting-file": "S",
                "expand-tabs": "t", "initial-tab": "T", "unified": "u", "ignore-all-space": "w",
                "ignore-blank-lines": "B",
            ]
        )
        // Some of the letters have a long name only.
        let gnu = table.adding(
            "cC:x:neEZyW:",
            [
                "side-by-side": "y", "width": "W", "suppress-common-lines": "σ",
                "context": "c", "exclude": "x", "normal": "n", "ed": "e", "ignore-tab-expansion": "E",
                "ignore-trailing-space": "Z", "color": "D", "strip-trailing-cr": "R", "no-dereference": "P",
                "speed-large-files": "H",
            ]
        )
        return OptionTables("diff", busybox: table, gnu: gnu, code: 2, hint: .named)
    }()

    /// Two files that have their turn, or what is said of a name that only one directory has.
    private enum Task: Sendable {
        case compare(String, String, depth: Int)
        case say(String, code: Int)

        /// The bytes that it keeps.
        var size: Int {
            switch self {
            case .compare(let first, let second, _): first.utf8.count + second.utf8.count
            case .say(let text, _): text.utf8.count
            }
        }
    }

    /// Two texts that are being compared.
    private struct Comparison: Sendable {
        var difference: LineDifference
        var paths: [String]
        var isMissing: [Bool]
        var depth: Int
    }

    private let options: AppletOptions
    private let style: DifferenceStyle
    private let excluded: [ShellPattern]
    /// The options as they were given, which GNU's repeats for each file in a directory.
    private let given: String
    private var inputs = ComparedInputs()
    private var pending: [Task]
    private var pendingBytes = 0
    /// Two texts that are being compared, and the differences that are being shown.
    private var comparison: Comparison?
    private var printer: DifferencePrinter?
    private var output = PendingOutput()
    private var code = 0

    /// Reads a command line.
    static func begin(_ machine: inout Machine, _ words: [String]) -> BeginningProgram.Beginning {
        let isGNU = machine.isGNU
        do throws(OptionRefusal) {
            let options = try tables.read(&machine, words.map { plain($0, isGNU: !machine.hasBusybox) })
            guard options.words.count > 1 else {
                let text = "missing operand after '\(options.words.first ?? "diff")'"
                throw tables.refusal(&machine, isGNU ? text : nil)
            }
            if options.words.count > 2 {
                throw tables.refusal(&machine, isGNU ? "extra operand '\(options.words[2])'" : nil)
            }
            let isUnified = options.has("u") || options["U"] != nil
            let isContext = options.has("c") || options["C"] != nil
            let styles = [isUnified, isContext, options.has("n"), options.has("e"), options.has("y")]
            if isGNU, styles.count(where: { $0 }) > 1 {
                throw tables.refusal(&machine, "conflicting output style options")
            }
            for letter in ["U", "C"] {
                guard let text = options[letter], OptionNumber.count(text) == nil else { continue }
                if isGNU { throw tables.refusal(&machine, "invalid context length '\(text)'") }
                throw tables.fault(&machine, gnu: "", busybox: "invalid number '\(text)'")
            }
            if let text = options["W"], OptionNumber.count(text) ?? 0 == 0 {
                throw tables.refusal(&machine, "invalid width '\(text)'")
            }
            let given = words.dropFirst().filter { !options.words.contains($0) }.map { " " + $0 }.joined()
            return .program(DiffProgram(options, given: given, isGNU: isGNU))
        } catch {
            return .code(error.code)
        }
    }

    /// `--unified=3` and GNU's `-u3` are `-U3`.
    private static func plain(_ word: String, isGNU: Bool) -> String {
        for (name, letter) in [("--unified=", "-U"), ("--context=", "-C")] where word.hasPrefix(name) {
            return letter + word.dropFirst(name.count)
        }
        let count = word.reversed().prefix { $0.isNumber }.count
        let letters = word.dropLast(count)
        guard isGNU, count > 0, letters.hasPrefix("-"), let last = letters.last, last == "u" || last == "c",
            !letters.contains(where: { tables.gnu.valued.contains($0) || $0 == "=" }), !letters.hasPrefix("--")
        else { return word }
        return letters.dropLast() + last.uppercased() + word.suffix(count)
    }

    private init(_ options: AppletOptions, given: String, isGNU: Bool) {
        self.options = options
        self.given = given
        excluded = (options.lists["x"] ?? []).map { ShellPattern($0) }
        func count(_ letter: String) -> Int? {
            options[letter].map { min(OptionNumber.count($0) ?? 3, Self.maximumContext) }
        }
        if options.has("y") {
            let width = min(count("W") ?? 130, DifferenceColumns.maximumWidth)
            style = .columns(DifferenceColumns(width: width, hidesEqual: options.has("σ")))
        } else if options.has("c") || options["C"] != nil {
            style = .context(count("C") ?? 3)
        } else {
            let isNormal = options.has("n") || isGNU && !options.has("u") && options["U"] == nil
            style = options.has("e") ? .script : isNormal ? .normal : .unified(count("U") ?? 3)
        }
        let task = Task.compare(options.words[0], options.words[1], depth: 0)
        (pending, pendingBytes) = ([task], task.size)
    }

    var heldBytes: Int {
        let comparison = comparison.map { $0.difference.heldBytes } ?? printer.map { $0.difference.heldBytes } ?? 0
        return inputs.count + pendingBytes + output.count + comparison
    }

    mutating func run(_ machine: inout Machine) -> Progress {
        for path in options.words where ComparedInputs.isClosed(path, machine) {
            return .exited(Applets.fail(&machine, "diff", path, .badFile) + 1)
        }
        if let progress = inputs.read(options.words, &machine) { return progress }
        while true {
            guard output.drain(to: 1, &machine) else { return .ready }
            if machine.mustYield { return .ready }
            machine.spend()
            if let step = comparison?.difference.step(machine.meter) {
                switch step {
                case .working: continue
                case .tooLarge: return .exited(Applets.fail(&machine, "diff", "memory exhausted") + 1)
                case .done: conclude(&machine)
                }
            } else if let piece = printer?.output(Self.pieceBytes) {
                output.add(piece)
            } else if let task = pending.popLast() {
                printer = nil
                pendingBytes -= task.size
                switch task {
                case .compare(let first, let second, let depth): compare(first, second, depth: depth, &machine)
                case .say(let text, let code): say(text, code: code)
                }
            } else {
                return .exited(code)
            }
        }
    }

    private mutating func say(_ text: String, code: Int) {
        self.code = max(self.code, code)
        output.add(Array((text + "\n").utf8))
    }

    private mutating func compare(_ first: String, _ second: String, depth: Int, _ machine: inout Machine) {
        var paths = [first, second]
        let kinds = paths.map { ComparedInputs.isStream($0) ? nil : machine.node($0)?.kind }
        if kinds[0] == .directory, kinds[1] == .directory || kinds[1] == nil && depth > 0 {
            return compareDirectories(first, second, depth: depth, &machine)
        }
        if kinds[1] == .directory, kinds[0] == nil, depth > 0 {
            return compareDirectories(first, second, depth: depth, &machine)
        }
        if depth > 0, kinds.contains(.directory) {
            let names = kinds.map { $0 == .directory ? "directory" : "regular file" }
            return say("File \(first) is a \(names[0]) while file \(second) is a \(names[1])", code: 1)
        }
        // A file is compared with the one of its name in a directory.
        for (index, kind) in kinds.enumerated() where kind == .directory {
            paths[index] = paths[index].appending(component: paths[1 - index].lastComponent)
        }
        // busybox's does not even say of a file that it is what it is.
        if !machine.isGNU, kinds.allSatisfy({ $0 == .file }), machine.isSameFile(paths[0], paths[1]) { return }
        var texts: [[UInt8]] = []
        var isMissing: [Bool] = []
        for (index, path) in paths.enumerated() {
            do throws(Errno) {
                texts.append(try inputs.bytes(path, machine))
                isMissing.append(false)
            } catch {
                isMissing.append(true)
                if options.has("N"), error == .noEntry, kinds[1 - index] != nil { continue }
                _ = Applets.fail(&machine, "diff", machine.isGNU ? path : "can't stat '\(path)'", error)
                code = 2
            }
        }
        if let missing = isMissing.firstIndex(of: true), options.has("N"), texts.count == 1 {
            texts.insert([], at: missing)
        }
        guard texts.count == 2 else { return }
        compareTexts(texts, paths, isMissing, depth: depth, &machine)
    }

    private mutating func compareTexts(
        _ texts: [[UInt8]],
        _ paths: [String],
        _ isMissing: [Bool],
        depth: Int,
        _ machine: inout Machine
    ) {
        machine.charge(bytes: 4 * (texts[0].count + texts[1].count))
        let isEqual = texts[0] == texts[1]
        let (names, isBrief) = ("\(paths[0]) and \(paths[1])", options.has("q"))
        // Side by side, equal texts are shown as well.
        let isShown = options.has("y") && !isBrief
        if isEqual, !isShown || texts[0].isEmpty { return sayIdentical(names) }
        if !options.has("a") || isBrief, texts.contains(where: { $0.prefix(1024).contains(0) }) {
            return say("\(machine.isGNU && !isBrief ? "Binary files" : "Files") \(names) differ", code: 1)
        }
        let options = options
        if isBrief, !"ibwBEZR".contains(where: { options.has($0) }) { return say("Files \(names) differ", code: 1) }
        let (old, new) = (ComparedText(texts[0]), ComparedText(texts[1]))
        comparison = Comparison(
            difference: LineDifference(old, new, horizon: style.context) { Self.key($0, $1, options) },
            paths: paths,
            isMissing: isMissing,
            depth: depth
        )
    }

    private mutating func sayIdentical(_ names: String) {
        if options.has("s") { say("Files \(names) are identical", code: 0) }
    }

    /// Two texts are compared: shows what differs.
    private mutating func conclude(_ machine: inout Machine) {
        guard let comparison else { return }
        self.comparison = nil
        let (difference, paths) = (comparison.difference, comparison.paths)
        let names = "\(paths[0]) and \(paths[1])"
        if difference.changes.isEmpty || options.has("B") && hasOnlyEmptyLines(difference, &machine) {
            if options.has("y"), !options.has("q") {
                // Equal texts are shown as well, and what is said of them comes behind.
                printer = DifferencePrinter(difference, style, ("", ""), skipsBlank: false)
                guard options.has("s") else { return }
                let task = Task.say("Files \(names) are identical", code: 0)
                pending.append(task)
                pendingBytes += task.size
                return
            }
            return sayIdentical(names)
        }
        if options.has("q") { return say("Files \(names) differ", code: 1) }
        if machine.isGNU, comparison.depth > 0 {
            output.add(Array("diff\(given) \(paths[0]) \(paths[1])\n".utf8))
        }
        let labels = options.lists["L"] ?? []
        let heads = paths.indices.map { index -> String in
            let isMissing = comparison.isMissing[index]
            if index < labels.count { return labels[index] }
            guard machine.isGNU else { return isMissing ? "/dev/null" : paths[index] }
            let node = ComparedInputs.isStream(paths[index]) ? nil : machine.node(paths[index])
            let time = isMissing ? Timestamp(seconds: 0) : node?.time ?? machine.now
            return paths[index] + "\t" + CivilTime.full(time)
        }
        code = max(code, 1)
        printer = DifferencePrinter(difference, style, (heads[0], heads[1]), skipsBlank: options.has("B"))
    }

    private func hasOnlyEmptyLines(_ difference: LineDifference, _ machine: inout Machine) -> Bool {
        machine.charge(bytes: difference.texts[0].bytes.count + difference.texts[1].bytes.count)
        return difference.changes.indices.allSatisfy { difference.isBlank(difference.hunk(from: $0, context: 0)) }
    }

    /// A line with blanks in the place of its tabs.
    private static func expanded(_ line: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        for unit in line {
            let count = unit == 0x09 ? tabWidth - result.count % tabWidth : 1
            result += repeatElement(unit == 0x09 ? 0x20 : unit, count: count)
        }
        return result
    }

    /// What of a line counts.
    private static func key(_ text: ComparedText, _ index: Int, _ options: AppletOptions) -> [UInt8] {
        let line = Array(text.line(index))
        var key = options.has("i") ? line.map(\.lowercased) : line
        if options.has("R"), key.last == 0x0D { key.removeLast() }
        if options.has("Z") { key.removeLast(key.reversed().prefix(while: \.isBlank).count) }
        if options.has("E") { key = expanded(key) }
        if options.has("w") {
            key.removeAll(where: \.isBlank)
        } else if options.has("b") {
            key = Array(key.split(whereSeparator: \.isBlank).joined(separator: [0x20]))
            if line.first?.isBlank == true { key.insert(0x20, at: 0) }
        } else if text.lacksEnd(index) {
            // A line without a newline is none that has one, and no line holds a newline.
            key.append(0x0A)
        }
        return key
    }

    private mutating func compareDirectories(
        _ first: String,
        _ second: String,
        depth: Int,
        _ machine: inout Machine
    ) {
        if depth > 0, !options.has("r") {
            return say("Common subdirectories: \(first) and \(second)", code: 0)
        }
        // One of the two may be missing, and is then taken for empty.
        let names = [first, second].map { Set((try? machine.names(in: $0)) ?? []) }
        let all = names[0].union(names[1]).filter { name in !excluded.contains { $0.matches(name) } }
        let start = options["S"] ?? ""
        let ordered = all.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
        machine.charge(components: 2 * all.count)
        var tasks: [Task] = []
        for name in ordered where depth > 0 || !Array(name.utf8).lexicographicallyPrecedes(Array(start.utf8)) {
            let isInBoth = names[0].contains(name) && names[1].contains(name)
            if isInBoth || options.has("N") {
                let paths = (first.appending(component: name), second.appending(component: name))
                tasks.append(.compare(paths.0, paths.1, depth: depth + 1))
            } else {
                tasks.append(.say("Only in \(names[0].contains(name) ? first : second): \(name)", code: 1))
            }
        }
        pending += tasks.reversed()
        pendingBytes += tasks.reduce(0) { $0 + $1.size }
    }
}
