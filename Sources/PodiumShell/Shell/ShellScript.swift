// SPDX-License-Identifier: Apache-2.0
// Where commands come from: a text, or standard input as it arrives.

import PodiumRuntime

/// A source of commands that is read line by line, so that what comes before an error is run.
struct ShellScript: Sendable {
    var parser: ShellParser
    /// Whether further text is read from standard input.
    var readsInput = false
    /// Whether the input has ended.
    var isComplete = true
    /// Whether `eval` or `.` reads it, after whose mistakes bash goes on.
    var isNested = false
    /// The builtin that reads it.
    var reader: String?
    /// Whether the prompt stands there already.
    var isPrompted = false

    /// A text.
    init(text: String, _ flavour: ShellFlavour) { parser = ShellParser(Array(text.utf8), flavour) }

    /// The script as `eval` and `.` read it, whose first line has a number.
    func nested(at line: Int) -> ShellScript {
        var script = self
        script.isNested = true
        script.parser.line = line
        return script
    }

    /// Standard input.
    static func input(_ flavour: ShellFlavour) -> ShellScript {
        var script = ShellScript(text: "", flavour)
        script.readsInput = true
        script.isComplete = false
        return script
    }
}

extension Shell {
    /// Reads and begins the next command of a script.
    mutating func advance(_ script: ShellScript, _ machine: inout Machine) -> Step {
        var script = script
        // bash knows aliases only where somebody types.
        if flavour != .bash || options.isInteractive { script.parser.aliases = aliases }
        script.parser.mayGrow = !script.isComplete
        var attempt = script.parser
        var isWithin = false
        do {
            if let command = try attempt.nextLine() {
                machine.spend((attempt.index - script.parser.index) >> 5)
                script.parser = attempt
                // What has been read is of no more use; scripts from input would grow for ever.
                if script.readsInput { script.parser.forgetPast() }
                script.isPrompted = false
                if !script.parser.isAtEnd || script.readsInput { frames.append(.script(script)) }
                if !options.skipsCommands { frames.append(.run(command)) }
                return .next
            }
        } catch {
            if !error.isIncomplete || script.isComplete { return fail(error, script, &machine) }
            isWithin = true
        }
        guard !script.isComplete else { return .next }
        return readMore(script, isWithin: isWithin, &machine)
    }

    /// - Parameter isWithin: whether a command has begun and not ended.
    private mutating func readMore(_ script: ShellScript, isWithin: Bool, _ machine: inout Machine) -> Step {
        var script = script
        if options.isInteractive, !script.isPrompted {
            machine.write(Array((isWithin ? "> " : prompt(machine)).utf8), to: 2)
            script.isPrompted = true
        }
        switch machine.readPiece(0) {
        case .bytes(let bytes):
            script.parser.units += bytes
            script.isPrompted = bytes.last != 0x0A
        case .end, .failed:
            script.isComplete = true
            script.readsInput = false
        case .wait(let wait):
            frames.append(.script(script))
            return .wait(wait)
        }
        frames.append(.script(script))
        return .next
    }

    /// What the shells of common images show where a command can be typed.
    private func prompt(_ machine: Machine) -> String {
        let mark = machine.userID == 0 ? "#" : "$"
        let directory = machine.process.directory
        let place = directory == variables["HOME"] ? "~" : directory
        switch flavour {
        case .ash: return "\(place) \(mark) "
        case .dash: return "\(mark) "
        case .bash:
            let user = machine.userID == 0 ? "root" : "I have no name!"
            return "\(user)@\(machine.kernel.configuration.hostname):\(place)\(mark) "
        }
    }

    private mutating func fail(_ error: ShellSyntaxError, _ script: ShellScript, _ machine: inout Machine) -> Step {
        line = error.line
        builtin = script.reader
        defer { builtin = nil }
        switch flavour {
        case .ash: machine.complain(complaint("syntax error: \(error.detail)"))
        case .dash: machine.complain(complaint("Syntax error: \(error.wordsOfDash)"))
        case .bash: complainInBash(error, script, &machine)
        }
        status = 2
        if flavour == .bash, script.isNested { return finishCommand() }
        guard options.isInteractive else { return exit(2) }
        var rest = script
        rest.parser.units = []
        rest.parser.index = 0
        rest.isPrompted = false
        frames.append(.script(rest))
        return .next
    }
}

extension Shell {
    private func complainInBash(_ error: ShellSyntaxError, _ script: ShellScript, _ machine: inout Machine) {
        let reader = script.reader ?? (sourcedPath == nil && isCommandString ? "-c" : nil)
        let place = "\(sourcedPath ?? name): \(reader.map { $0 + ": " } ?? "")line "
        let words = error.wordsOfBash
        guard let token = words.token else {
            let isBehind = error.isIncomplete && !words.text.contains("looking for") && script.parser.units.last != 0x0A
            machine.complain("\(place)\(error.line + (isBehind ? 1 : 0)): \(words.text)")
            return
        }
        machine.complain("\(place)\(error.line): syntax error near unexpected token `\(token)'")
        let skipped = error.line - script.parser.line
        let lines = script.parser.units[min(script.parser.index, script.parser.units.count)...]
            .split(separator: 0x0A, omittingEmptySubsequences: false)
        // What stands before the command on its line is gone already, unless it is the first one.
        guard skipped >= 0, skipped < lines.count else { return }
        machine.complain("\(place)\(error.line): `\(lines[skipped].text)'")
    }
}

extension ShellSyntaxError {
    /// What is not expected, and what is instead.
    private var parts: (token: String, tail: String)? {
        guard detail.hasPrefix("unexpected ") else { return nil }
        let rest = detail.dropFirst("unexpected ".count)
        guard let mark = rest.firstRange(of: " (expecting") else { return (String(rest), "") }
        return (String(rest[..<mark.lowerBound]), String(rest[mark.lowerBound...]))
    }

    /// The words of dash.
    fileprivate var wordsOfDash: String {
        guard let parts else { return detail.prefix(1).uppercased() + detail.dropFirst() }
        return "\(parts.token) unexpected\(parts.tail)"
    }

    /// The words of bash; with the token that it shows, if it shows one.
    fileprivate var wordsOfBash: (text: String, token: String?) {
        if detail == "unterminated quoted string" {
            return ("unexpected EOF while looking for matching `\(word ?? "\"")'", nil)
        }
        guard let parts, parts.token != "end of file" else {
            return ("syntax error: \(isIncomplete ? "unexpected end of file" : detail)", nil)
        }
        if parts.token == "word" { return ("", word ?? "word") }
        return ("", parts.token.filter { $0 != "\"" })
    }
}

extension ShellParser {
    /// Drops the text before the cursor.
    mutating func forgetPast() {
        units.removeFirst(index)
        index = 0
    }
}
