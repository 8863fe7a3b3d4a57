// SPDX-License-Identifier: Apache-2.0
// sed: runs a script over lines.

import PodiumMachinery

/// The command line of sed.
enum SedProgram {
    /// The program of a command line.
    static func make(_ words: [String]) -> any Program {
        // `-i` takes its suffix only when it is joined.
        var suffix: String?
        var plain: [String] = []
        for word in words {
            if word.hasPrefix("-i"), plain.count > 0 {
                suffix = String(word.dropFirst(2))
            } else if word.hasPrefix("--in-place") {
                suffix = word.split(separator: "=").dropFirst().first.map(String.init) ?? ""
            } else {
                plain.append(word)
            }
        }
        let options = AppletOptions(plain, valued: "ef")
        var inputs = options.words
        var texts = options.lists["e"] ?? []
        if let long = options["expression"] { texts.append(long) }
        let files = options.lists["f"] ?? []
        if texts.isEmpty, files.isEmpty {
            guard !inputs.isEmpty else {
                return ImmediateProgram(applet: { machine, _ in Applets.usage(&machine, "sed") }, words: words)
            }
            texts = [inputs.removeFirst()]
        }
        let setting = SedSetting(
            isQuiet: options.has("n") || options["quiet"] != nil,
            isExtended: options.has("E") || options.has("r") || options["regexp-extended"] != nil,
            suffix: suffix,
            isSeparate: options.has("s") || suffix != nil
        )
        return StartedSed(texts: texts, files: files, inputs: inputs, setting: setting)
    }
}

/// The options of sed.
struct SedSetting: Sendable {
    var isQuiet: Bool
    var isExtended: Bool
    /// The suffix of the copies that `-i` keeps, empty for none; nil without `-i`.
    var suffix: String?
    /// Whether each file has its own last line.
    var isSeparate: Bool
}

/// sed before it has read its script, which may be in files.
private struct StartedSed: Program {
    let texts: [String]
    let files: [String]
    let inputs: [String]
    let setting: SedSetting

    mutating func run(_ machine: inout Machine) -> Progress {
        var text = texts
        for file in files {
            guard let content = try? machine.contents(file) else {
                return .exited(Applets.fail(&machine, "sed", "can't open '\(file)'", .noEntry))
            }
            text.append(content.text)
        }
        var parser = SedParser(text.joined(separator: "\n"), isExtended: setting.isExtended)
        do {
            let lines = SedLines(try parser.parse(), setting)
            return .replaced(StreamProgram("sed", inputs: inputs, Lines(lines)))
        } catch {
            return .exited(Applets.fail(&machine, "sed", error.text))
        }
    }
}

/// The state of sed between two lines.
struct SedLines: LineProcessor {
    /// Commands run for one line; a script that branches for ever is ended there.
    private static let maximumSteps = 100_000
    /// The bytes of the pattern and of the hold space.
    private static let maximumSpace = 256 << 10

    private let script: SedScript
    private let setting: SedSetting
    private let looksAhead: Bool
    private var pattern: [UInt8] = []
    private var hold: [UInt8] = []
    private var lineNumber = 0
    /// The line that waits for the next one, so that it is known whether it is the last.
    private var waiting: (line: [UInt8], isWhole: Bool)?
    /// Where to go on with the next line, for `n` and `N`.
    private var resumption: (command: Int, appends: Bool)?
    private var active: [Int: Int] = [:]
    private var lastPattern: RegularExpression?
    private var replaced = false
    private var afterwards: [UInt8] = []
    private var isWhole = true
    private var isLast = false
    private var output: [UInt8] = []
    private var written: Set<String> = []
    private var name = "-"

    init(_ script: SedScript, _ setting: SedSetting) {
        self.script = script
        self.setting = setting
        looksAhead = script.asksForLast
    }

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
        guard setting.isSeparate else { return nil }
        let code = endInput(&machine)
        if editsInPlace { store(&machine) }
        return code
    }

    mutating func finish(_ code: Int, _ machine: inout Machine) -> Int {
        if !setting.isSeparate, let quit = endInput(&machine) { return quit }
        return code
    }

    private mutating func store(_ machine: inout Machine) {
        if let suffix = setting.suffix, !suffix.isEmpty, let old = try? machine.contents(name) {
            try? machine.replace(name + suffix, with: old)
        }
        do {
            try machine.replace(name, with: output)
        } catch {
            _ = Applets.fail(&machine, "sed", name, error)
        }
        output = []
    }

    private mutating func endInput(_ machine: inout Machine) -> Int? {
        isLast = true
        defer { isLast = false }
        if let last = waiting {
            waiting = nil
            if let code = process(last.line, isWhole: last.isWhole, &machine) { return code }
        }
        // `N` without a next line prints what is there; `n` has done so before.
        if let pending = resumption {
            resumption = nil
            if pending.appends, !setting.isQuiet { emit(pattern, &machine) }
            flushAfterwards(&machine)
        }
        return nil
    }

    // One line

    private mutating func process(_ line: [UInt8], isWhole: Bool, _ machine: inout Machine) -> Int? {
        lineNumber += 1
        self.isWhole = isWhole
        guard let resumption else {
            pattern = line
            return run(from: 0, &machine)
        }
        self.resumption = nil
        flushAfterwards(&machine)
        if resumption.appends {
            machine.charge(bytes: line.count)
            Self.append(line, to: &pattern)
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
        var steps = 0
        if start == 0 { replaced = false }
        while index < script.commands.count {
            steps += 1
            machine.spend()
            if steps > Self.maximumSteps { break }
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
                if editsInPlace { store(&machine) }
                return code
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
        put(line + (isWhole || !isLast && looksAhead ? [0x0A] : []), &machine)
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
                if lineNumber >= begun + count { active[index] = nil }
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
        case .writeFile(let path): append(pattern + [0x0A], to: path, &machine)
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
    private static func append(_ line: [UInt8], to space: inout [UInt8]) {
        space.append(0x0A)
        space += line.prefix(max(0, maximumSpace - space.count))
    }

    private mutating func simple(_ name: UInt8, _ index: Int, _ machine: inout Machine) -> Flow {
        let firstLine =
            name == UInt8(ascii: "P") || name == UInt8(ascii: "D") ? Array(pattern.prefix { $0 != 0x0A }) : []
        machine.charge(bytes: firstLine.count)
        switch name {
        case UInt8(ascii: "p"): put(pattern + [0x0A], &machine)
        case UInt8(ascii: "P"): put(firstLine + [0x0A], &machine)
        case UInt8(ascii: "="): put(Array("\(lineNumber)\n".utf8), &machine)
        case UInt8(ascii: "F"): put(Array("\(name)\n".utf8), &machine)
        case UInt8(ascii: "l"): put(pattern + Array("$\n".utf8), &machine)
        case UInt8(ascii: "g"): pattern = hold
        case UInt8(ascii: "G"):
            machine.charge(bytes: pattern.count + hold.count)
            Self.append(hold, to: &pattern)
        case UInt8(ascii: "h"): hold = pattern
        case UInt8(ascii: "H"):
            machine.charge(bytes: pattern.count + hold.count)
            Self.append(pattern, to: &hold)
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

    private mutating func append(_ bytes: [UInt8], to path: String, _ machine: inout Machine) {
        if path == "/dev/stdout" { return put(bytes, &machine) }
        let isFirst = written.insert(path).inserted
        let old = isFirst ? [] : (try? machine.contents(path)) ?? []
        try? machine.replace(path, with: Array((old + bytes).prefix(FileContent.maximumStoredBytes)))
    }

    private mutating func substitute(_ command: SedSubstitution, _ machine: inout Machine) -> Flow {
        guard let expression = command.pattern ?? lastPattern else { return .next }
        lastPattern = expression
        var result: [UInt8] = []
        var start = 0
        var count = 0
        var matched = -1
        var done = false
        while !done, start <= pattern.count,
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
                result += Self.replacement(command.replacement, match, in: pattern)
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
        machine.charge(bytes: result.count)
        guard count >= command.occurrence else { return .next }
        if start < pattern.count { result += pattern[start...] }
        pattern = Array(result.prefix(Self.maximumSpace))
        if command.prints { put(pattern + [0x0A], &machine) }
        if let file = command.file { append(pattern + [0x0A], to: file, &machine) }
        return .next
    }

    private static func replacement(
        _ parts: [SedReplacementPart],
        _ match: RegularExpression.Match,
        in text: [UInt8]
    ) -> [UInt8] {
        var result: [UInt8] = []
        var lasting = SedCase.none
        var once = SedCase.none
        func add(_ bytes: some Collection<UInt8>) {
            var bytes = Array(bytes)
            switch lasting {
            case .upper: bytes = bytes.map(\.uppercased)
            case .lower: bytes = bytes.map(\.lowercased)
            default: break
            }
            guard let first = bytes.first else { return }
            if once == .upperNext { bytes[0] = first.uppercased }
            if once == .lowerNext { bytes[0] = first.lowercased }
            once = .none
            result += bytes
        }
        for part in parts {
            switch part {
            case .text(let bytes): add(bytes)
            case .group(0): add(text[match.range])
            case .group(let number):
                if number < match.groups.count, let range = match.groups[number] { add(text[range]) }
            case .caseChange(let change):
                switch change {
                case .upperNext, .lowerNext: once = change
                default: lasting = change
                }
            }
        }
        return result
    }
}
