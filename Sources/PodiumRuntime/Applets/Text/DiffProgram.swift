// SPDX-License-Identifier: Apache-2.0
// diff: compares files, and directories file by file.

import PodiumMachinery

/// `diff`. busybox's shows the unified form only, GNU's the one that is asked for.
struct DiffProgram: Program {
    /// The lines that are shown around a difference.
    private static let maximumContext = 1 << 20
    private static let tabWidth = 8

    private static let table = OptionTable(
        letters: "abdiL:NqrsS:tTU:wupB",
        long: [
            "text": "a", "ignore-space-change": "b", "minimal": "d", "ignore-case": "i", "label": "L", "new-file": "N",
            "brief": "q", "recursive": "r", "report-identical-files": "s", "starting-file": "S", "expand-tabs": "t",
            "initial-tab": "T", "unified": "u", "ignore-all-space": "w", "ignore-blank-lines": "B",
        ]
    )
    /// What GNU's knows beyond that.
    private static let further = OptionTable(
        letters: table.letters + "cC:x:nEZ",
        long: table.long.merging([
            "context": "c", "exclude": "x", "normal": "n", "ignore-tab-expansion": "E", "ignore-trailing-space": "Z",
            "color": "D", "strip-trailing-cr": "R", "no-dereference": "P", "speed-large-files": "H",
        ]) { first, _ in first }
    )

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

    private let options: AppletOptions
    private let style: DifferenceStyle
    private let excluded: [ShellPattern]
    /// The options as they were given, which GNU's repeats for each file in a directory.
    private let given: String
    private var inputs = ComparedInputs()
    private var pending: [Task]
    private var pendingBytes = 0
    private var output = PendingOutput()
    private var code = 0

    /// Reads a command line.
    static func begin(_ machine: inout Machine, _ words: [String]) -> BeginningProgram.Beginning {
        let known = machine.hasBusybox ? table : further
        let plain = words.map { Self.plain($0, isGNU: !machine.hasBusybox) }
        switch known.normalized(plain) {
        case .failure(let fault): return .code(refuse(fault.text, &machine))
        case .success(let normalized):
            let options = AppletOptions(normalized, valued: known.valued)
            guard options.words.count > 1 else {
                return .code(refuse("missing operand after '\(options.words.first ?? "diff")'", &machine))
            }
            let given = words.dropFirst().filter { !options.words.contains($0) }.map { " " + $0 }.joined()
            return .program(DiffProgram(options, given: given, isGNU: machine.isGNU))
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
            !letters.contains(where: { further.valued.contains($0) || $0 == "=" }), !letters.hasPrefix("--")
        else { return word }
        return letters.dropLast() + last.uppercased() + word.suffix(count)
    }

    private static func refuse(_ text: String, _ machine: inout Machine) -> Int {
        guard machine.isGNU else {
            if !text.hasPrefix("missing") { machine.complain("diff: \(text)") }
            return Applets.usage(&machine, "diff")
        }
        machine.complain("diff: \(text)\ndiff: Try 'diff --help' for more information.")
        return 2
    }

    private init(_ options: AppletOptions, given: String, isGNU: Bool) {
        self.options = options
        self.given = given
        excluded = (options.lists["x"] ?? []).map { ShellPattern($0) }
        func count(_ letter: String) -> Int? {
            options[letter].map { max(0, min(Int($0) ?? 3, Self.maximumContext)) }
        }
        if options.has("c") || options["C"] != nil {
            style = .context(count("C") ?? 3)
        } else {
            let isNormal = options.has("n") || isGNU && !options.has("u") && options["U"] == nil
            style = isNormal ? .normal : .unified(count("U") ?? 3)
        }
        let task = Task.compare(options.words[0], options.words[1], depth: 0)
        (pending, pendingBytes) = ([task], task.size)
    }

    var heldBytes: Int { inputs.count + pendingBytes + output.count }

    mutating func run(_ machine: inout Machine) -> Progress {
        if let progress = inputs.read(Array(options.words.prefix(2)), &machine) { return progress }
        while true {
            guard output.drain(to: 1, &machine) else { return .ready }
            if machine.mustYield { return .ready }
            guard let task = pending.popLast() else { return .exited(code) }
            machine.spend()
            pendingBytes -= task.size
            switch task {
            case .compare(let first, let second, let depth): compare(first, second, depth: depth, &machine)
            case .say(let text, let code): say(text, code: code)
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
        if !isEqual, !options.has("a") || isBrief, texts.contains(where: { $0.prefix(1024).contains(0) }) {
            return say("\(machine.isGNU && !isBrief ? "Binary files" : "Files") \(names) differ", code: 1)
        }
        let difference = LineDifference(ComparedText(texts[0]), ComparedText(texts[1]), machine.meter, key: key)
        if isEqual || difference.isEmpty || options.has("B") && Self.hasOnlyEmptyLines(difference) {
            if options.has("s") { say("Files \(names) are identical", code: 0) }
            return
        }
        if isBrief { return say("Files \(names) differ", code: 1) }
        if machine.isGNU, depth > 0 { output.add(Array("diff\(given) \(paths[0]) \(paths[1])\n".utf8)) }
        let labels = options.lists["L"] ?? []
        let heads = paths.indices.map { index -> String in
            if index < labels.count { return labels[index] }
            guard machine.isGNU else { return isMissing[index] ? "/dev/null" : paths[index] }
            let node = ComparedInputs.isStream(paths[index]) ? nil : machine.node(paths[index])
            let time = isMissing[index] ? Timestamp(seconds: 0) : node?.time ?? machine.now
            return paths[index] + "\t" + CivilTime.full(time)
        }
        code = max(code, 1)
        output.add(style.text(difference, (heads[0], heads[1])))
    }

    private static func hasOnlyEmptyLines(_ difference: LineDifference) -> Bool {
        difference.hunks(context: 0).allSatisfy { $0.lines.allSatisfy { $0.text.allSatisfy(\.isBlank) } }
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
    private func key(_ text: ComparedText, _ index: Int) -> [UInt8] {
        let line = text.lines[index]
        var key = options.has("i") ? line.map(\.lowercased) : line
        if options.has("R"), key.last == 0x0D { key.removeLast() }
        if options.has("Z") { key.removeLast(key.reversed().prefix(while: \.isBlank).count) }
        if options.has("E") { key = Self.expanded(key) }
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
