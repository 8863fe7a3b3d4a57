// SPDX-License-Identifier: Apache-2.0
// sed: runs a script over lines.

import PodiumMachinery

/// The command line of sed.
enum SedProgram {
    private static let busybox = OptionTable(
        letters: "i::rEsne:f:",
        long: [
            "in-place": "i", "regexp-extended": "r", "quiet": "n", "silent": "n", "expression": "e", "file": "f",
            "version": "V",
        ]
    )
    private static let gnu = OptionTable(
        letters: busybox.letters + "uzbl:",
        long: busybox.long.merging([
            "separate": "s", "unbuffered": "u", "null-data": "z", "binary": "b", "line-length": "l",
            "follow-symlinks": "F", "posix": "p", "sandbox": "S", "debug": "d",
        ]) { first, _ in first }
    )

    /// Reads a command line and the script, which may be in files.
    static func begin(_ machine: inout Machine, _ words: [String]) -> BeginningProgram.Beginning {
        let isGNU = machine.isGNU
        let table = machine.hasBusybox ? busybox : gnu
        guard let options = AppletOptions.read(&machine, words, table) else { return .code(1) }
        if options.has("V") {
            machine.print(isGNU ? "sed (GNU sed) 4.9\n" : "This is not GNU sed version 4.0\n")
            return .code(0)
        }
        var inputs = options.words
        var texts = options.lists["e"] ?? []
        let files = options.lists["f"] ?? []
        if texts.isEmpty, files.isEmpty {
            if inputs.isEmpty { return .code(Applets.usage(&machine, "sed")) }
            texts = [inputs.removeFirst()]
        }
        for file in files {
            do throws(Errno) {
                texts.append(try machine.contents(file).text)
            } catch {
                let code = Applets.fail(&machine, "sed", isGNU ? "couldn't open file \(file)" : file, error)
                return .code(isGNU ? InputFault.panic : code)
            }
        }
        var setting = SedSetting(
            isQuiet: options.has("n"),
            suffix: options["i"],
            followsLinks: options.has("F"),
            isSeparate: options.has("s") || options["i"] != nil,
            lineEnd: options.has("z") ? 0 : 0x0A
        )
        if setting.suffix != nil {
            if inputs.isEmpty {
                let code = Applets.fail(&machine, "sed", "no input files")
                return .code(isGNU ? InputFault.panic : code)
            }
            // What comes behind something that is no file has no turn any more.
            if isGNU, let index = inputs.firstIndex(where: { machine.node($0).map { $0.kind != .file } ?? false }) {
                setting.refusal = "couldn't edit \(inputs[index]): not a regular file"
                inputs.removeSubrange(index...)
            }
        }
        var parser = SedParser(
            texts.joined(separator: "\n"),
            isExtended: options.has("E") || options.has("r")
        )
        do throws(SedFault) {
            let script = try parser.parse()
            var outputs = SedOutputs()
            for file in script.writtenFiles {
                do throws(Errno) {
                    try outputs.open(file, &machine)
                } catch {
                    let code = Applets.fail(&machine, "sed", isGNU ? "couldn't open file \(file)" : file, error)
                    return .code(isGNU ? InputFault.panic : code)
                }
            }
            let lines = SedLines(script, setting, outputs)
            if let refusal = setting.refusal, inputs.isEmpty {
                _ = Applets.fail(&machine, "sed", refusal)
                return .code(InputFault.panic)
            }
            let missingCode = isGNU ? 2 : 1
            let work = Lines(lines, end: setting.lineEnd)
            return .program(StreamProgram("sed", inputs: inputs, work, missingCode: missingCode))
        } catch {
            return .code(Applets.fail(&machine, "sed", error.text))
        }
    }
}

/// The options of sed.
struct SedSetting: Sendable {
    var isQuiet: Bool
    /// The suffix of the copies that `-i` keeps, empty for none; nil without `-i`.
    var suffix: String?
    /// Whether `-i` writes what a link leads to rather than putting a file in the place of the link.
    var followsLinks: Bool
    /// Whether each file has its own last line.
    var isSeparate: Bool
    /// What ends a line.
    var lineEnd: UInt8
    /// What is said at the end of a file that cannot be edited in place.
    var refusal: String?
}

/// The state of sed between two lines.
struct SedLines: LineProcessor {
    /// The bytes of the pattern and of the hold space.
    private static let maximumSpace = 256 << 10
    /// The letters that make the name of a draft its own.
    private static let draftLetters = 6

    private let script: SedScript
    private let setting: SedSetting
    private let looksAhead: Bool
    private var pattern: [UInt8] = []
    private var hold: [UInt8] = []
    private var lineNumber = 0
    /// The line that waits for the next one, so that it is known whether it is the last.
    private var waiting: (line: [UInt8], isWhole: Bool)?
    /// The command with which to go on in the next turn.
    private var suspension: Int?
    /// Whether the last line is being worked on.
    private var isEnding = false
    /// Where to go on with the next line, for `n` and `N`.
    private var resumption: (command: Int, appends: Bool)?
    private var active: [Int: Int] = [:]
    private var lastPattern: RegularExpression?
    private var replaced = false
    private var afterwards: [UInt8] = []
    private var isWhole = true
    private var isLast = false
    private var output: [UInt8] = []
    private var outputs: SedOutputs
    private var name = "-"

    init(_ script: SedScript, _ setting: SedSetting, _ outputs: SedOutputs) {
        self.script = script
        self.setting = setting
        self.outputs = outputs
        looksAhead = script.asksForLast
    }

    var heldBytes: Int { pattern.count + hold.count + afterwards.count + output.count }

    private var editsInPlace: Bool { setting.suffix != nil && name != "-" }

    mutating func begin(_ name: String, _ machine: inout Machine) {
        self.name = name
        if setting.isSeparate { lineNumber = 0 }
        output = []
    }

    mutating func line(_ line: [UInt8], isWhole: Bool, _ machine: inout Machine) -> Int? {
        guard looksAhead else { return process(line, isWhole: isWhole, &machine) }
        let previous = waiting
        waiting = (line, isWhole)
        guard let previous else { return nil }
        return process(previous.line, isWhole: true, &machine)
    }

    mutating func end(_ name: String, _ machine: inout Machine) -> Int? {
        setting.isSeparate ? endInput(&machine) : nil
    }

    mutating func conclude(_ machine: inout Machine) -> Int? { setting.isSeparate ? nil : endInput(&machine) }

    var isBusy: Bool { suspension != nil }

    mutating func goOn(_ machine: inout Machine) -> Int? {
        guard let index = suspension else { return nil }
        suspension = nil
        if let code = run(from: index, &machine) { return code }
        return isEnding && suspension == nil ? afterLastLine(&machine) : nil
    }

    mutating func finish(_ code: Int, _ machine: inout Machine) -> Int {
        guard let refusal = setting.refusal else { return code }
        _ = Applets.fail(&machine, "sed", refusal)
        return InputFault.panic
    }

    /// Puts a new file in the place of the one that was read: a link becomes a file, and other names of the old one
    /// keep what it was. A code when that cannot be.
    private mutating func store(_ machine: inout Machine) -> Int? {
        let isGNU = machine.isGNU
        let target = setting.followsLinks ? machine.canonicalPath(name) ?? name : name
        let folder = target.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        let start = isGNU ? (target.contains("/") ? folder + "/sed" : "./sed") : target
        let draft = start + machine.kernel.randomName(Self.draftLetters)
        defer { output = [] }
        var text = isGNU ? "couldn't open temporary file \(draft)" : "can't create temp file '\(draft)'"
        do throws(Errno) {
            try machine.replace(draft, with: output)
            let old = machine.node(target)
            try machine.changeNode(draft) { node in
                guard let old else { return }
                (node.mode, node.owner, node.group) = (old.mode, old.owner, old.group)
            }
            if let suffix = setting.suffix, !suffix.isEmpty {
                let last = target.lastComponent
                let backup = isGNU && suffix.contains("*") ? suffix.replacing("*", with: last) : last + suffix
                let path = backup.contains("/") || !target.contains("/") ? backup : folder + "/" + backup
                text = isGNU ? "cannot rename \(target)" : "can't move '\(target)' to '\(path)'"
                try machine.rename(target, to: path)
            }
            text = isGNU ? "cannot rename \(draft)" : "can't move '\(draft)' to '\(target)'"
            try machine.rename(draft, to: target)
            return nil
        } catch {
            let code = Applets.fail(&machine, "sed", text, error)
            // Nothing is left behind; what cannot be removed was not made.
            try? machine.remove(draft)
            return isGNU ? InputFault.panic : code
        }
    }

    private mutating func endInput(_ machine: inout Machine) -> Int? {
        isLast = true
        isEnding = true
        if let last = waiting {
            waiting = nil
            if let code = process(last.line, isWhole: last.isWhole, &machine) { return code }
        }
        return suspension == nil ? afterLastLine(&machine) : nil
    }

    private mutating func afterLastLine(_ machine: inout Machine) -> Int? {
        isEnding = false
        defer { isLast = false }
        // `N` without a next line prints what is there; `n` has done so before.
        if let pending = resumption {
            resumption = nil
            if pending.appends, !setting.isQuiet { emit(pattern, &machine) }
            flushAfterwards(&machine)
        }
        return editsInPlace ? store(&machine) : nil
    }

    // One line

    private mutating func process(_ line: [UInt8], isWhole: Bool, _ machine: inout Machine) -> Int? {
        lineNumber += 1
        self.isWhole = isWhole
        guard let resumption else {
            pattern = line
            replaced = false
            return run(from: 0, &machine)
        }
        self.resumption = nil
        flushAfterwards(&machine)
        if resumption.appends {
            machine.charge(bytes: line.count)
            append(line, to: &pattern)
        } else {
            pattern = line
        }
        return run(from: resumption.command, &machine)
    }

    private enum Flow {
        case next
        case go(Int)
        case endLine(prints: Bool)
        case restart
        case needsLine
        case quit(Int, prints: Bool)
    }

    private mutating func run(from start: Int, _ machine: inout Machine) -> Int? {
        var index = start
        while index < script.commands.count {
            if machine.mustYield {
                suspension = index
                return nil
            }
            machine.spend()
            let command = script.commands[index]
            let isSelected = selects(command, at: index, machine) != command.isNegated
            if !isSelected {
                if case .begin(let end) = command.action { index = end } else { index += 1 }
                continue
            }
            switch perform(command, index, &machine) {
            case .next: index += 1
            case .go(let place): index = place
            case .restart: index = 0
            case .needsLine: return nil
            case .endLine(let prints):
                endLine(prints: prints, &machine)
                return nil
            case .quit(let code, let prints):
                endLine(prints: prints, &machine)
                return (editsInPlace ? store(&machine) : nil) ?? code
            }
        }
        endLine(prints: true, &machine)
        return nil
    }

    private mutating func endLine(prints: Bool, _ machine: inout Machine) {
        if prints, !setting.isQuiet { emit(pattern, &machine) }
        flushAfterwards(&machine)
    }

    private mutating func flushAfterwards(_ machine: inout Machine) {
        let text = afterwards
        afterwards = []
        if !text.isEmpty { put(text, &machine) }
    }

    private mutating func emit(_ line: [UInt8], _ machine: inout Machine) {
        put(line + (isWhole || !isLast && looksAhead ? [setting.lineEnd] : []), &machine)
    }

    private mutating func put(_ bytes: [UInt8], _ machine: inout Machine) {
        if editsInPlace { output += bytes } else { machine.write(bytes, to: 1) }
    }

    // Addresses

    private mutating func selects(_ command: SedCommand, at index: Int, _ machine: Machine) -> Bool {
        guard let from = command.from else { return true }
        guard let to = command.to else { return matches(from, machine) }
        if let begun = active[index] {
            switch to {
            case .line(let last):
                if lineNumber >= last { active[index] = nil }
                return lineNumber <= last
            case .following(let count):
                if lineNumber - begun >= count { active[index] = nil }
                return true
            default:
                if matches(to, machine) { active[index] = nil }
                return true
            }
        }
        guard matches(from, machine) else { return false }
        switch to {
        case .line(let last) where last <= lineNumber: break
        case .following(0): break
        default: active[index] = lineNumber
        }
        return true
    }

    private mutating func matches(_ address: SedAddress, _ machine: Machine) -> Bool {
        switch address {
        case .line(let line): return lineNumber == line
        case .last: return isLast && waiting == nil
        case .every(let first, let step):
            return step > 0 ? lineNumber >= first && (lineNumber - first) % step == 0 : lineNumber == first
        case .following: return false
        case .pattern(let expression):
            lastPattern = expression
            return expression.matches(pattern, machine.meter)
        case .lastPattern: return lastPattern?.matches(pattern, machine.meter) ?? false
        }
    }

    // Commands

    private mutating func perform(_ command: SedCommand, _ index: Int, _ machine: inout Machine) -> Flow {
        switch command.action {
        case .begin, .nothing: return .next
        case .substitute(let substitution): return substitute(substitution, &machine)
        case .transliterate(let table):
            machine.charge(bytes: 8 * pattern.count)
            pattern = pattern.map { table[$0] ?? $0 }
        case .append(let text): afterwards += text
        case .insert(let text): put(text, &machine)
        case .change(let text):
            if command.to == nil || active[index] == nil { put(text, &machine) }
            return .endLine(prints: false)
        case .readFile(let path): afterwards += (try? machine.contents(path)) ?? []
        case .writeFile(let path): append(to: path, &machine)
        case .branch(let label): return jump(label)
        case .branchIfReplaced(let label):
            guard replaced else { return .next }
            replaced = false
            return jump(label)
        case .branchUnlessReplaced(let label):
            guard replaced else { return jump(label) }
            replaced = false
        case .quit(let code, let prints): return .quit(code, prints: prints)
        case .simple(let name): return simple(name, index, &machine)
        }
        return .next
    }

    private func jump(_ label: String) -> Flow {
        guard !label.isEmpty, let place = script.labels[label] else { return .endLine(prints: true) }
        return .go(place)
    }

    /// Adds a line to a space, in place, as far as there is room.
    private func append(_ line: [UInt8], to space: inout [UInt8]) {
        space.append(setting.lineEnd)
        space += line.prefix(max(0, Self.maximumSpace - space.count))
    }

    private mutating func simple(_ name: UInt8, _ index: Int, _ machine: inout Machine) -> Flow {
        let firstLine =
            name == UInt8(ascii: "P") || name == UInt8(ascii: "D")
            ? Array(pattern.prefix { $0 != setting.lineEnd }) : []
        machine.charge(bytes: firstLine.count)
        switch name {
        case UInt8(ascii: "p"): put(pattern + [setting.lineEnd], &machine)
        case UInt8(ascii: "P"): put(firstLine + [setting.lineEnd], &machine)
        case UInt8(ascii: "="): put(Array("\(lineNumber)\n".utf8), &machine)
        case UInt8(ascii: "F"): put(Array("\(self.name)\n".utf8), &machine)
        case UInt8(ascii: "l"): put(pattern + Array("$\n".utf8), &machine)
        case UInt8(ascii: "g"): pattern = hold
        case UInt8(ascii: "G"):
            machine.charge(bytes: pattern.count + hold.count)
            append(hold, to: &pattern)
        case UInt8(ascii: "h"): hold = pattern
        case UInt8(ascii: "H"):
            machine.charge(bytes: pattern.count + hold.count)
            append(pattern, to: &hold)
        case UInt8(ascii: "x"): swap(&pattern, &hold)
        case UInt8(ascii: "d"): return .endLine(prints: false)
        case UInt8(ascii: "D"):
            guard firstLine.count < pattern.count else { return .endLine(prints: false) }
            machine.charge(bytes: pattern.count)
            pattern.removeFirst(firstLine.count + 1)
            flushAfterwards(&machine)
            return .restart
        case UInt8(ascii: "n"):
            if isLast, waiting == nil { return .endLine(prints: true) }
            if !setting.isQuiet { emit(pattern, &machine) }
            resumption = (index + 1, false)
            return .needsLine
        case UInt8(ascii: "N"):
            resumption = (index + 1, true)
            return .needsLine
        default: break
        }
        return .next
    }

    /// Adds the pattern space to a file.
    private mutating func append(to path: String, _ machine: inout Machine) {
        guard let descriptor = outputs.descriptor(of: path) else { return }
        outputs.write(pattern, end: setting.lineEnd, to: descriptor, &machine)
    }

    private mutating func substitute(_ command: SedSubstitution, _ machine: inout Machine) -> Flow {
        guard let expression = command.pattern ?? lastPattern else { return .next }
        lastPattern = expression
        var result: [UInt8] = []
        var start = 0
        var count = 0
        var matched = -1
        var done = false
        // What does not fit is not put together.
        while !done, start <= pattern.count, result.count < Self.maximumSpace,
            let match = expression.firstMatch(in: pattern, from: start, machine.meter)
        {
            machine.spend(2)
            result += pattern[start..<match.range.lowerBound]
            if match.range.isEmpty, match.range.lowerBound == matched {
                // Nothing right behind a match is no further match.
                if match.range.lowerBound < pattern.count { result.append(pattern[match.range.lowerBound]) }
                start = match.range.lowerBound + 1
                continue
            }
            count += 1
            matched = match.range.upperBound
            if count >= command.occurrence {
                let size = result.count
                Self.add(command.replacement, match, in: pattern, to: &result)
                machine.charge(bytes: command.replacement.count + result.count - size)
                replaced = true
                done = !command.isGlobal
            } else {
                result += pattern[match.range]
            }
            start = match.range.upperBound
            if match.range.isEmpty {
                // After an empty match one unit is passed over, or it would be found again.
                if start < pattern.count { result.append(pattern[start]) }
                start += 1
            }
        }
        machine.charge(bytes: pattern.count)
        guard count >= command.occurrence else { return .next }
        if start < pattern.count { result += pattern[start...] }
        pattern = Array(result.prefix(Self.maximumSpace))
        if command.prints { put(pattern + [setting.lineEnd], &machine) }
        if let file = command.file { append(to: file, &machine) }
        return .next
    }

    /// Adds what a match is replaced by, as far as there is room; parts that refer to it can ask for far more.
    private static func add(
        _ parts: [SedReplacementPart],
        _ match: RegularExpression.Match,
        in text: [UInt8],
        to result: inout [UInt8]
    ) {
        var lasting = SedCase.none
        var once = SedCase.none
        for part in parts where result.count < maximumSpace {
            let start = result.count
            switch part {
            case .text(let bytes): result += bytes
            case .group(0): result += text[match.range]
            case .group(let number):
                if number < match.groups.count, let range = match.groups[number] { result += text[range] }
            case .caseChange(let change):
                switch change {
                case .upperNext, .lowerNext: once = change
                default: lasting = change
                }
            }
            guard start < result.count else { continue }
            if lasting == .upper || lasting == .lower {
                for index in start..<result.count {
                    result[index] = lasting == .upper ? result[index].uppercased : result[index].lowercased
                }
            }
            if once == .upperNext { result[start] = result[start].uppercased }
            if once == .lowerNext { result[start] = result[start].lowercased }
            once = .none
        }
    }
}
