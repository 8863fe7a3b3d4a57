// SPDX-License-Identifier: Apache-2.0
// What the commands of sed do, and which lines they are for.

import PodiumCodec
import PodiumMachinery
import PodiumRuntime

// Addresses

extension SedLines {
    mutating func selects(_ command: SedCommand, at index: Int, _ machine: inout Machine) -> Bool {
        guard let from = command.from else { return true }
        guard let to = command.to else { return matches(from, &machine) }
        if let last = active[index] {
            guard let last else {
                if matches(to, &machine) { active[index] = nil }
                return true
            }
            if lineNumber >= last { active[index] = nil }
            return lineNumber <= last
        }
        guard matches(from, &machine) else { return false }
        var last: Int?
        switch to {
        case .line(let line): last = line
        case .following(let count): last = lineNumber + count
        case .multiple(let step): last = step > 0 ? (lineNumber / step + 1) * step : lineNumber
        default: break
        }
        if last.map({ $0 > lineNumber }) ?? true { active[index] = .some(last) }
        return true
    }

    private mutating func matches(_ address: SedAddress, _ machine: inout Machine) -> Bool {
        switch address {
        case .line(let line): return lineNumber == line
        case .last: return isAtLast
        case .every(let first, let step): return lineNumber >= first && (lineNumber - first) % step == 0
        case .following, .multiple: return false
        case .pattern(let expression):
            let isMatch = expression.matches(pattern, machine.meter)
            if setting.isGNU || isMatch { lastPattern = expression }
            return isMatch
        case .lastPattern:
            guard let lastPattern else {
                fail(script.missingPattern, &machine)
                return false
            }
            return lastPattern.matches(pattern, machine.meter)
        }
    }
}

// Commands

extension SedLines {
    /// Does a command; the next step is that to the command behind it, unless it says otherwise.
    mutating func perform(_ command: SedCommand, _ index: Int, _ machine: inout Machine) {
        switch command.action {
        case .begin, .nothing: break
        case .substitute(let substitution): substitute(substitution, index, &machine)
        case .transliterate(let table):
            machine.charge(bytes: 8 * pattern.count)
            for place in pattern.indices { pattern[place] = table[Int(pattern[place])] }
        case .append(let text): keep(.text(text))
        case .insert(let text): files.print(ended(text), &machine)
        case .change(let text):
            if command.to == nil || active[index] == nil { files.print(ended(text), &machine) }
            endCycle(prints: false, &machine)
        case .readFile(let path): keep(.file(path))
        case .readLine(let path): keep(.line(path))
        case .writeFile(let path): files.write(pattern, end: wholeEnd, to: path, &machine)
        case .writeFirstLine(let path):
            files.write(pattern.prefix { $0 != setting.lineEnd }, end: setting.lineEnd, to: path, &machine)
        case .branch(let label): jump(label, &machine)
        case .branchIfReplaced(let label):
            if replaced { jump(label, &machine) }
            replaced = false
        case .branchUnlessReplaced(let label):
            if !replaced { jump(label, &machine) }
            replaced = false
        case .quit(let code, let prints):
            if !prints { forgetAppendices() }
            endCycle(prints: prints, then: .quit(code), &machine)
        case .list(let length): list(length ?? setting.lineLength, &machine)
        case .execute(let text): begin(text, replacesPattern: text == nil, index, &machine)
        case .simple(let name): simple(name, index, &machine)
        }
    }

    /// The end of the pattern space where it is written.
    private var wholeEnd: UInt8? { isWhole ? setting.lineEnd : nil }

    /// A text of `i` or `c`, which ends as lines do.
    private func ended(_ text: [UInt8]) -> [UInt8] { text.isEmpty ? [] : text.dropLast() + [setting.lineEnd] }

    private mutating func jump(_ label: String, _ machine: inout Machine) {
        if label.isEmpty { return step = .command(script.commands.count) }
        guard let place = script.labels[label] else { return fail("can't find label for jump to '\(label)'", &machine) }
        step = .command(place)
    }

    private mutating func simple(_ name: UInt8, _ index: Int, _ machine: inout Machine) {
        switch name {
        case UInt8(ascii: "p"): show(pattern, &machine)
        case UInt8(ascii: "="): files.print(Array("\(lineNumber)".utf8), end: setting.lineEnd, &machine)
        case UInt8(ascii: "F"): files.print(Array(self.name.utf8), end: setting.lineEnd, &machine)
        case UInt8(ascii: "z"): pattern = []
        case UInt8(ascii: "d"): endCycle(prints: false, &machine)
        case UInt8(ascii: "P"), UInt8(ascii: "D"): workOnFirstLine(name, &machine)
        case UInt8(ascii: "n"):
            if isAtLast { return endCycle(prints: true, &machine) }
            emit(&machine)
            needLine(index, appends: false)
        case UInt8(ascii: "N"): needLine(index, appends: true)
        default: workOnHold(name, &machine)
        }
    }

    private mutating func needLine(_ index: Int, appends: Bool) {
        resumption = (index + 1, appends)
        step = .idle
    }

    private mutating func workOnFirstLine(_ name: UInt8, _ machine: inout Machine) {
        let line = Array(pattern.prefix { $0 != setting.lineEnd })
        machine.charge(bytes: line.count)
        if name == UInt8(ascii: "P") { return files.print(line, end: setting.lineEnd, &machine) }
        guard line.count < pattern.count else { return endCycle(prints: false, &machine) }
        machine.charge(bytes: pattern.count)
        pattern.removeFirst(line.count + 1)
        endCycle(prints: false, then: .restart, &machine)
    }

    private mutating func workOnHold(_ name: UInt8, _ machine: inout Machine) {
        switch name {
        case UInt8(ascii: "g"): (pattern, isWhole) = (hold, setting.isGNU ? isHoldWhole : isWhole)
        case UInt8(ascii: "h"): (hold, isHoldWhole) = (pattern, isWhole)
        case UInt8(ascii: "G"):
            machine.charge(bytes: pattern.count + hold.count)
            Self.append(hold, to: &pattern, behind: setting.lineEnd)
            // To busybox's everything is whole that was not just read.
            isWhole = setting.isGNU ? isHoldWhole : true
        case UInt8(ascii: "H"):
            machine.charge(bytes: pattern.count + hold.count)
            Self.append(pattern, to: &hold, behind: setting.lineEnd)
            isHoldWhole = isWhole
        default:
            swap(&pattern, &hold)
            swap(&isWhole, &isHoldWhole)
            if !setting.isGNU { isWhole = true }
        }
    }

    /// `l`: the pattern space so that everything in it shows, in lines of a length; 0 for one line only.
    private mutating func list(_ length: Int, _ machine: inout Machine) {
        machine.charge(bytes: 8 * pattern.count)
        var result: [UInt8] = []
        var column = 0
        for unit in pattern {
            let shown = Self.shown(unit)
            if length > 0, column + shown.count > length - 1 {
                result += "\\\n".utf8
                column = 0
            }
            result += shown
            column += shown.count
        }
        files.print(result + [UInt8(ascii: "$")], end: setting.lineEnd, &machine)
    }

    private static func shown(_ unit: UInt8) -> [UInt8] {
        let names: [UInt8: String] = [
            0x07: "\\a", 0x08: "\\b", 0x09: "\\t", 0x0A: "\\n", 0x0B: "\\v", 0x0C: "\\f", 0x0D: "\\r", 0x5C: "\\\\",
        ]
        if let name = names[unit] { return Array(name.utf8) }
        if (0x20...0x7E).contains(unit) { return [unit] }
        return [UInt8(ascii: "\\"), 0x30 + unit >> 6, 0x30 + unit >> 3 & 7, 0x30 + unit & 7]
    }
}

// Substitution

extension SedLines {
    private mutating func substitute(_ command: SedSubstitution, _ index: Int, _ machine: inout Machine) {
        guard let expression = command.pattern ?? lastPattern else { return fail(script.missingPattern, &machine) }
        lastPattern = expression
        guard let result = replaced(by: command, expression, machine) else { return }
        pattern = result
        replaced = true
        if command.executes {
            begin(nil, replacesPattern: true, index, &machine)
            execution?.prints = command.prints
            execution?.file = command.file
            return
        }
        if command.prints { show(pattern, &machine) }
        if let file = command.file { files.write(pattern, end: wholeEnd, to: file, &machine) }
    }

    /// The pattern space with matches replaced, as far as there is room; nil when there are none.
    private func replaced(
        by command: SedSubstitution,
        _ expression: RegularExpression,
        _ machine: Machine
    ) -> [UInt8]? {
        var result: [UInt8] = []
        var start = 0
        var count = 0
        var isReplaced = false
        /// The end of the match before, behind which an empty one is none.
        var matched = -1
        // What does not fit is not put together.
        while start <= pattern.count, result.count < Self.maximumSpace,
            let match = expression.firstMatch(in: pattern, from: start, machine.meter)
        {
            machine.spend(2)
            let range = match.range
            result += pattern[start..<range.lowerBound]
            start = range.upperBound
            if !range.isEmpty || range.lowerBound != matched {
                count += 1
                if count >= command.occurrence {
                    let size = result.count
                    Self.add(command.replacement, match, in: pattern, to: &result)
                    machine.charge(bytes: command.replacement.count + result.count - size)
                    isReplaced = true
                    if !command.isGlobal { break }
                } else {
                    result += pattern[range]
                }
                // busybox's sees an empty match behind one that it leaves alone.
                if setting.isGNU || isReplaced { matched = range.upperBound }
            }
            if range.isEmpty {
                // After an empty match one unit is passed over, or it would be found again.
                if start < pattern.count { result.append(pattern[start]) }
                start += 1
            }
        }
        machine.charge(bytes: pattern.count)
        guard isReplaced else { return nil }
        if start < pattern.count { result += pattern[start...].prefix(max(0, Self.maximumSpace - result.count)) }
        return result.count > Self.maximumSpace ? Array(result.prefix(Self.maximumSpace)) : result
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

// Commands of the shell

extension SedLines {
    /// Begins to execute a command, or the pattern space.
    private mutating func begin(_ text: String?, replacesPattern: Bool, _ index: Int, _ machine: inout Machine) {
        guard let pipe = machine.kernel.makePipe() else { return fail("couldn't attach to a pipe", &machine) }
        guard let child = machine.startShell(text ?? pattern.text, output: pipe.writer) else {
            machine.kernel.dispose(pipe.writer)
            machine.kernel.dispose(pipe.reader)
            return fail("error in subprocess", &machine)
        }
        machine.attach(pipe.reader, as: Self.executed)
        execution = Execution(child: child, replacesPattern: replacesPattern)
        step = .execute(index + 1)
    }

    /// Takes what the command says; whether it has ended.
    mutating func execute(_ machine: inout Machine) -> Bool {
        guard let run = execution else { return true }
        switch machine.read(Self.executed) {
        case .bytes(let bytes):
            if run.replacesPattern {
                execution?.output += bytes.prefix(max(0, Self.maximumSpace - run.output.count))
            } else {
                files.print(bytes, &machine)
            }
            return false
        case .wait(let wait):
            self.wait = wait
            return false
        case .end, .failed: break
        }
        guard machine.process.endedChildren.removeValue(forKey: run.child) != nil else {
            wait = .child
            return false
        }
        machine.close(Self.executed)
        execution = nil
        guard run.replacesPattern else { return true }
        pattern = run.output.last == setting.lineEnd ? run.output.dropLast() : run.output
        if run.prints { show(pattern, &machine) }
        if let file = run.file { files.write(pattern, end: wholeEnd, to: file, &machine) }
        return true
    }
}
