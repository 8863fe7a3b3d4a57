// SPDX-License-Identifier: Apache-2.0
// ed: the line editor, as far as busybox has it.

import PodiumCodec
import PodiumRuntime

/// `ed`. It reads commands, and never fails.
struct LineEditor: Program {
    /// A longer command, or a longer line that is typed, is taken in pieces.
    private static let maximumTypedBytes = 1023
    /// The bytes of a text and of the list of its lines; with more it is out of memory.
    private static let maximumBytes = 16 << 20
    /// What a line costs besides its bytes: its place in the list, and the beginning and the end of its memory.
    private static let bytesPerLine = 48

    /// What the next line that is typed is.
    private enum Stage: Sendable {
        case command
        /// Text that becomes the line of this number.
        case text(at: Int)
        /// Whether changes may be lost.
        case answer
    }

    private let prompt: String
    private let isSilent: Bool
    private var fileName: String?
    /// The lines, each with its newline.
    private var lines: [[UInt8]] = []
    private var size = 0
    /// What the text takes of memory.
    private var cost: Int { size + lines.count * Self.bytesPerLine }
    /// The number of the current line, counted from 1; 0 when there is none.
    private var current = 0
    private var marks: [UInt8: Int] = [:]
    private var searched: [UInt8] = []
    private var isDirty = false
    private var stage = Stage.command
    private var typed: [UInt8] = []
    private var isPrompted = false
    private var isDone = false
    private var output = PendingOutput()

    /// Reads a command line, and the file that it names.
    static func begin(_ machine: inout Machine, _ words: [String]) -> BeginningProgram.Beginning {
        guard let options = AppletOptions.read(&machine, words, OptionTable(letters: "sp:", stops: true)) else {
            return .code(1)
        }
        var editor = LineEditor(options)
        if let path = options.words.first {
            guard editor.insertFile(path, at: 1, &machine) else { return .code(0) }
            editor.isDirty = false
        }
        return .program(editor)
    }

    private init(_ options: AppletOptions) {
        prompt = options["p"] ?? ""
        isSilent = options.has("s")
        fileName = options.words.first
    }

    var heldBytes: Int { cost + output.count }

    mutating func run(_ machine: inout Machine) -> Progress {
        while true {
            guard output.drain(to: 1, &machine) else { return .ready }
            if isDone { return .exited(0) }
            if machine.mustYield { return .ready }
            machine.spend()
            if !isPrompted {
                isPrompted = true
                switch stage {
                case .command: output.add(Array(prompt.utf8))
                case .answer: output.add(Array("Really quit? ".utf8))
                case .text: break
                }
                continue
            }
            if typed.last == 0x0A || typed.count >= Self.maximumTypedBytes {
                take(&machine)
                continue
            }
            switch machine.readPiece(0) {
            case .wait(let wait): return .blocked(wait)
            case .bytes(let bytes): typed += bytes
            case .end, .failed:
                if !typed.isEmpty {
                    take(&machine)
                } else if case .text = stage {
                    (stage, isPrompted) = (.command, false)
                } else {
                    isDone = true
                }
            }
        }
    }

    /// Takes a typed line for what it is.
    private mutating func take(_ machine: inout Machine) {
        let line = Array(typed.prefix(Self.maximumTypedBytes))
        typed.removeFirst(line.count)
        isPrompted = false
        switch stage {
        case .answer:
            stage = .command
            isDone = line.first { !$0.isBlank }.map { $0.lowercased == UInt8(ascii: "y") } ?? false
        case .text(let number):
            let isEnd = line == [UInt8(ascii: "."), 0x0A]
            stage = !isEnd && insert(line, at: number, &machine) ? .text(at: number + 1) : .command
        case .command:
            var command = line[...]
            while command.last?.isBlank == true || command.last == 0x0A { command.removeLast() }
            if current == 0, !lines.isEmpty { current = 1 }
            perform(command.drop(while: \.isBlank), &machine)
        }
    }

    // Lines

    private func fail(_ text: String, _ machine: inout Machine) { _ = Applets.fail(&machine, "ed", text) }

    /// Whether there are lines from one to the other; told when there are none.
    private func has(_ range: EditorRange, for purpose: String, _ machine: inout Machine) -> Bool {
        if range.first >= 1, range.last <= lines.count, range.first <= range.last { return true }
        fail("bad line range for \(purpose)", &machine)
        return false
    }

    private mutating func goTo(_ number: Int, _ machine: inout Machine) -> Bool {
        guard (1...max(1, lines.count)).contains(number), !lines.isEmpty else {
            fail("line number \(number) does not exist", &machine)
            return false
        }
        current = number
        return true
    }

    private mutating func insert(_ line: [UInt8], at number: Int, _ machine: inout Machine) -> Bool {
        guard number >= 1, number <= lines.count + 1 else {
            fail("inserting at bad line number", &machine)
            return false
        }
        guard cost + line.count + Self.bytesPerLine <= Self.maximumBytes else {
            fail("out of memory", &machine)
            return false
        }
        // The lines behind it move.
        machine.charge(bytes: line.count + 8 * (lines.count - number + 1))
        lines.insert(line, at: number - 1)
        size += line.count
        (current, isDirty) = (number, true)
        return true
    }

    private mutating func delete(_ range: EditorRange, _ machine: inout Machine) {
        guard has(range, for: "delete", &machine) else { return }
        let count = range.last - range.first + 1
        if current > range.last {
            current -= count
        } else if current >= range.first {
            current = range.last < lines.count ? range.first : range.first - 1
        }
        machine.charge(bytes: 8 * (lines.count - range.first + 1))
        size -= lines[(range.first - 1)..<range.last].reduce(0) { $0 + $1.count }
        lines.removeSubrange((range.first - 1)..<range.last)
        isDirty = true
    }

    private mutating func show(_ range: EditorRange, expands: Bool = false, _ machine: inout Machine) {
        guard has(range, for: "print", &machine) else { return }
        for line in lines[(range.first - 1)..<range.last] {
            machine.charge(bytes: line.count)
            guard expands else {
                output.add(line)
                continue
            }
            let content = line.last == 0x0A ? line.dropLast() : line[...]
            output.add(content.flatMap { ShownLines.printable($0) } + Array("$\n".utf8))
        }
        current = range.last
    }

    // Files

    /// Reads a file in before a line; whether that could be done.
    private mutating func insertFile(_ path: String, at number: Int, _ machine: inout Machine) -> Bool {
        guard number >= 1, number <= lines.count + 1 else {
            fail("bad line for read", &machine)
            return false
        }
        do throws(Errno) {
            let bytes = try machine.contents(path)
            // Looked at before the lines are made, which can take far more than the file.
            let count = bytes.count { $0 == 0x0A } + 1
            guard cost + bytes.count + count * Self.bytesPerLine <= Self.maximumBytes else {
                fail("out of memory", &machine)
                return false
            }
            var added = Applets.lines(of: bytes).map { $0 + [0x0A] }
            if let last = added.indices.last, bytes.last != 0x0A { added[last].removeLast() }
            machine.charge(bytes: bytes.count + 8 * (lines.count - number + 1))
            lines.insert(contentsOf: added, at: number - 1)
            size += bytes.count
            if !added.isEmpty { (current, isDirty) = (number + added.count - 1, true) }
            if !isSilent { output.add(Array("\(bytes.count)\n".utf8)) }
            return true
        } catch {
            _ = Applets.fail(&machine, "ed", path, error)
            return false
        }
    }

    private mutating func write(_ range: EditorRange, to path: String, _ machine: inout Machine) {
        guard has(range, for: "write", &machine) else { return }
        let bytes = Array(lines[(range.first - 1)..<range.last].joined())
        do throws(Errno) {
            try machine.replace(path, with: bytes)
            if !isSilent { output.add(Array("\(bytes.count)\n".utf8)) }
        } catch {
            _ = Applets.fail(&machine, "ed", path, error)
        }
    }
}

/// The lines that a command of `ed` is for.
private struct EditorRange {
    var first: Int
    var last: Int
    /// Whether they were named.
    var isGiven = false
}

// Commands

extension LineEditor {
    private mutating func perform(_ command: ArraySlice<UInt8>, _ machine: inout Machine) {
        var rest = command
        guard let (one, first) = number(&rest, &machine) else { return }
        var range = EditorRange(first: one ? first : current, last: one ? first : current, isGiven: one)
        if rest.first == UInt8(ascii: ",") {
            rest = rest.dropFirst()
            guard let (two, last) = number(&rest, &machine) else { return }
            range = EditorRange(first: one ? first : 1, last: two ? last : lines.count, isGiven: true)
        }
        guard let name = rest.popFirst() else { return step(range, &machine) }
        switch name {
        case UInt8(ascii: "a"): stage = .text(at: range.first + 1)
        case UInt8(ascii: "i"): stage = .text(at: !range.isGiven && lines.isEmpty ? 1 : range.first)
        case UInt8(ascii: "c"):
            delete(range, &machine)
            stage = .text(at: range.first)
        case UInt8(ascii: "d"): delete(range, &machine)
        case UInt8(ascii: "f"), UInt8(ascii: "r"), UInt8(ascii: "w"): workOnFile(name, rest, range, &machine)
        case UInt8(ascii: "k"): mark(rest.drop(while: \.isBlank), range.last, &machine)
        case UInt8(ascii: "l"): show(range, expands: true, &machine)
        case UInt8(ascii: "p"): show(range, &machine)
        case UInt8(ascii: "q"):
            if range.isGiven || rest.contains(where: { !$0.isBlank }) { return fail("bad quit command", &machine) }
            if isDirty { stage = .answer } else { isDone = true }
        case UInt8(ascii: "s"): substitute(rest, range, &machine)
        case UInt8(ascii: "z"):
            let (before, after) = rest.first == UInt8(ascii: "-") ? (21, 0) : rest.first == 0x2E ? (11, 10) : (0, 21)
            show(EditorRange(first: current - before, last: current + after), &machine)
        case UInt8(ascii: "-"):
            if goTo(current - 1, &machine) { show(EditorRange(first: current, last: current), &machine) }
        case UInt8(ascii: "="): output.add(Array("\(range.first)\n".utf8))
        default: fail("unimplemented command", &machine)
        }
    }

    /// A number alone shows its line, and nothing at all the next one.
    private mutating func step(_ range: EditorRange, _ machine: inout Machine) {
        if range.isGiven { return show(EditorRange(first: range.last, last: range.last), &machine) }
        if goTo(current + 1, &machine) { show(EditorRange(first: current, last: current), &machine) }
    }

    private mutating func mark(_ name: ArraySlice<UInt8>, _ number: Int, _ machine: inout Machine) {
        guard name.count == 1, let letter = name.first, (0x61...0x7A).contains(letter) else {
            return fail("bad mark name", &machine)
        }
        marks[letter] = number
    }

    private mutating func workOnFile(
        _ command: UInt8,
        _ rest: ArraySlice<UInt8>,
        _ range: EditorRange,
        _ machine: inout Machine
    ) {
        let names = [UInt8(ascii: "f"): "file", UInt8(ascii: "r"): "read"]
        guard rest.isEmpty || rest.first == 0x20 else {
            return fail("bad \(names[command] ?? "write") command", &machine)
        }
        let path = rest.drop(while: \.isBlank).text
        switch command {
        case UInt8(ascii: "f"):
            guard path.isEmpty else { return fileName = path }
            output.add(Array((fileName.map { "\"\($0)\"" } ?? "No file name").utf8) + [0x0A])
        case UInt8(ascii: "r"):
            if path.isEmpty { return fail("no file name", &machine) }
            let isRead = insertFile(path, at: (range.isGiven ? range.first : lines.count) + 1, &machine)
            if !isRead, fileName == nil { fileName = path }
        default:
            guard let target = path.isEmpty ? fileName : path else {
                return fail("no file name specified", &machine)
            }
            guard !range.isGiven else { return write(range, to: target, &machine) }
            isDirty = false
            write(EditorRange(first: 1, last: lines.count), to: target, &machine)
        }
    }

    // Line numbers

    /// Numbers are cut to this, which no text has lines of.
    private static var maximumNumber: Int { 1 << 40 }

    /// A sum or difference of numbers, `.`, `$`, `'m` and `/text/`; nil when it makes no sense, which was told then.
    private mutating func number(
        _ rest: inout ArraySlice<UInt8>,
        _ machine: inout Machine
    ) -> (isGiven: Bool, value: Int)? {
        var value = 0
        var isGiven = false
        var sign = 1
        while true {
            rest = rest.drop(while: \.isBlank)
            let term: Int
            switch rest.first {
            case UInt8(ascii: "."):
                term = current
                rest = rest.dropFirst()
            case UInt8(ascii: "$"):
                term = lines.count
                rest = rest.dropFirst()
            case UInt8(ascii: "'"):
                rest = rest.dropFirst()
                guard let letter = rest.popFirst(), (0x61...0x7A).contains(letter) else {
                    fail("bad mark name", &machine)
                    return nil
                }
                term = marks[letter] ?? 0
            case UInt8(ascii: "/"):
                let text = rest.dropFirst().prefix { $0 != UInt8(ascii: "/") }
                rest = rest.dropFirst(text.count + 2)
                guard let found = search(Array(text), &machine) else { return nil }
                term = found
            case .some(let digit) where digit.isDigit:
                let digits = rest.prefix(while: \.isDigit)
                rest = rest.dropFirst(digits.count)
                term = min(Int(digits.text) ?? Self.maximumNumber, Self.maximumNumber)
            default: return (isGiven, value)
            }
            isGiven = true
            value = min(max(value + sign * term, -Self.maximumNumber), Self.maximumNumber)
            rest = rest.drop(while: \.isBlank)
            guard let mark = rest.first, mark == UInt8(ascii: "+") || mark == UInt8(ascii: "-") else {
                return (isGiven, value)
            }
            sign = mark == UInt8(ascii: "-") ? -1 : 1
            rest = rest.dropFirst()
        }
    }

    /// The text that is looked for: the last one when none is given; nil when there was none.
    private mutating func pattern(_ text: [UInt8], _ machine: inout Machine) -> [UInt8]? {
        if !text.isEmpty { searched = text }
        if !searched.isEmpty { return searched }
        fail("no previous search string", &machine)
        return nil
    }

    /// The first line from the current one on that holds a text.
    private mutating func search(_ text: [UInt8], _ machine: inout Machine) -> Int? {
        guard has(EditorRange(first: current, last: lines.count), for: "search", &machine),
            let text = pattern(text, &machine)
        else { return nil }
        let search = PlainSearch(text)
        for number in current...lines.count {
            machine.charge(bytes: 2 * lines[number - 1].count + 8)
            if search.first(in: lines[number - 1]) != nil { return number }
        }
        fail("can't find string \"\(text.text)\"", &machine)
        return nil
    }

    // Substitution

    private mutating func substitute(_ command: ArraySlice<UInt8>, _ range: EditorRange, _ machine: inout Machine) {
        guard has(range, for: "substitute", &machine) else { return }
        guard let delimiter = command.first, !delimiter.isBlank else {
            return fail("bad delimiter for substitute", &machine)
        }
        let parts = command.dropFirst().split(separator: delimiter, maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count > 1 else { return fail("missing 2nd delimiter for substitute", &machine) }
        let flags = parts.count > 2 ? parts[2] : []
        guard flags.allSatisfy({ $0 == UInt8(ascii: "g") || $0 == UInt8(ascii: "p") }) else {
            return fail("unknown option for substitute", &machine)
        }
        guard let old = pattern(Array(parts[0]), &machine) else { return }
        let search = PlainSearch(old)
        let limit = flags.contains(UInt8(ascii: "g")) ? Int.max : 1
        var isReplaced = false
        for number in range.first...range.last {
            let line = lines[number - 1]
            let room = Self.maximumBytes - (cost - line.count)
            machine.charge(bytes: 2 * line.count + 8)
            switch search.replacing(in: line, with: parts[1], atMost: limit, room: room) {
            case .unchanged: continue
            case .tooLarge:
                machine.charge(bytes: room)
                return fail("out of memory", &machine)
            case .changed(let changed):
                machine.charge(bytes: changed.count)
                lines[number - 1] = changed
                size += changed.count - line.count
            }
            (isReplaced, isDirty) = (true, true)
            if flags.contains(UInt8(ascii: "p")) { show(EditorRange(first: number, last: number), &machine) }
        }
        if !isReplaced { fail("no substitutions found for \"\(old.text)\"", &machine) }
    }
}
