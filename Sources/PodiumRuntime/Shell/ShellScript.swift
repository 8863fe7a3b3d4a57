// SPDX-License-Identifier: Apache-2.0
// Where commands come from: a text, or standard input as it arrives.

/// A source of commands that is read line by line, so that what comes before an error is run.
struct ShellScript: Sendable {
    var parser: ShellParser
    /// Whether further text is read from standard input.
    var readsInput = false
    /// Whether the input has ended.
    var isComplete = true
    /// Whether `eval` or `.` reads it, after whose mistakes bash goes on.
    var isNested = false
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
        var attempt = script.parser
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
        }
        guard !script.isComplete else { return .next }
        return readMore(script, &machine)
    }

    private mutating func readMore(_ script: ShellScript, _ machine: inout Machine) -> Step {
        var script = script
        if options.isInteractive, !script.isPrompted {
            let directory = machine.process.directory
            machine.write(Array("\(directory == variables["HOME"] ? "~" : directory) # ".utf8), to: 2)
            script.isPrompted = true
        }
        switch machine.readPiece(0) {
        case .bytes(let bytes): script.parser.units += bytes
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

    private mutating func fail(_ error: ShellSyntaxError, _ script: ShellScript, _ machine: inout Machine) -> Step {
        line = error.line
        switch flavour {
        case .ash: machine.complain(complaint("syntax error: \(error.detail)"))
        case .dash: machine.complain(complaint("Syntax error: \(error.detail)"))
        case .bash:
            let source = isCommandString ? "-c: " : ""
            machine.complain("\(name): \(source)line \(error.line): syntax error: \(error.detail)")
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

extension ShellParser {
    /// Drops the text before the cursor.
    mutating func forgetPast() {
        units.removeFirst(index)
        index = 0
    }
}
