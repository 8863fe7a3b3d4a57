// SPDX-License-Identifier: Apache-2.0
// Running a simple command: functions, builtins, programs.

import PodiumCodec
import PodiumRuntime

extension Shell {
    /// Runs a command whose words are expanded and whose assignments are made.
    mutating func execute(_ command: ExpandedCommand, _ machine: inout Machine) -> Step {
        let words = command.fields.flatMap { glob($0, &machine) }
        for refusal in command.refusals { machine.complain(complaint(refusal)) }
        if options.traces { trace(command.trace + words.map(quotedForTrace), &machine) }
        guard let first = words.first else { return assign(command, &machine) }
        if first == "exec" { return replace(Array(words.dropFirst()), command, &machine) }
        if let function = functions[first] { return call(function.body, words, command, &machine) }
        if let builtin = builtin(named: first) { return call(builtin, words, command, &machine) }
        return start(words, command, &machine)
    }

    private func trace(_ words: [String], _ machine: inout Machine) {
        machine.complain("\(variables["PS4"] ?? "+ ")" + words.joined(separator: " "))
    }

    /// A word as a trace shows it; dash shows it as it is.
    func quotedForTrace(_ word: String) -> String {
        if flavour == .dash { return word }
        let plain = flavour == .bash ? "_-./:=@%+,~#" : "_-./:@+,]^"
        let isPlain = word.utf8.allSatisfy {
            $0.isAlphanumeric || plain.utf8.contains($0) || $0 > 0x7F && flavour == .bash
        }
        if isPlain, !word.isEmpty, !word.hasPrefix("~"), !word.hasPrefix("#") { return word }
        if flavour == .bash, word == "'" { return "\\'" }
        return "'" + word.replacing("'", with: flavour == .bash ? "'\\''" : "'\"'\"'") + "'"
    }

    /// A command of assignments and redirections only.
    private mutating func assign(_ command: ExpandedCommand, _ machine: inout Machine) -> Step {
        status = substitutionStatus ?? 0
        if command.redirections.isEmpty { return finishCommand() }
        if let saved = redirect(command.redirections, &machine) {
            restore(saved, &machine)
        } else {
            status = redirectionFault
        }
        return finishCommand()
    }

    /// `exec`: another program, or redirections that stay.
    private mutating func replace(_ words: [String], _ command: ExpandedCommand, _ machine: inout Machine) -> Step {
        guard let saved = redirect(command.redirections, &machine) else {
            status = redirectionFault
            return flavour == .bash ? finishCommand() : exit(status)
        }
        for item in saved { if let file = item.file { machine.kernel.release(file) } }
        var words = words
        var called: String?
        if words.first == "--" { words.removeFirst() }
        while flavour == .bash, let first = words.first, first.hasPrefix("-"), first.count > 1 {
            if first == "-a" { called = words.count > 1 ? words[1] : nil }
            words.removeFirst(first == "-a" ? min(2, words.count) : 1)
        }
        guard !words.isEmpty else {
            status = 0
            return .next
        }
        for variable in command.assigned { variables.export(variable.name) }
        builtin = "exec"
        defer { builtin = nil }
        return become(words, called: called, &machine)
    }

    /// Gives the process to a program.
    private mutating func become(_ words: [String], called name: String? = nil, _ machine: inout Machine) -> Step {
        machine.process.environment = variables.environment
        switch program(for: words, called: name, &machine) {
        case .program(let program):
            machine.process.arguments = words
            machine.process.handled = []
            return .replace(program)
        case .failure(let failure):
            status = failure.code
            machine.complain(failure.message(shell: self))
            return exit(status)
        }
    }

    /// What a command line runs; `called` is the name that it is told to have.
    private func program(for words: [String], called name: String? = nil, _ machine: inout Machine) -> ProgramChoice {
        if let first = words.first, flavour.foreignBuiltins.contains(first) {
            return .failure(ProgramFailure(command: first, errno: .noEntry))
        }
        let environment = variables.environment
        if let name,
            case .program(var shell as Shell) =
                machine.program(for: words, path: variables["PATH"], environment: environment)
        {
            if !shell.isCommandString || words.count <= 3 { shell.name = name }
            return .program(shell)
        }
        return machine.program(for: words, path: variables["PATH"], environment: environment)
    }

    private mutating func call(
        _ body: ShellCommand,
        _ words: [String],
        _ command: ExpandedCommand,
        _ machine: inout Machine
    ) -> Step {
        guard let saved = redirect(command.redirections, &machine) else {
            status = redirectionFault
            return finishCommand()
        }
        if !saved.isEmpty { frames.append(.restore(saved)) }
        if !command.assigned.isEmpty { frames.append(.restoreVariables(command.assigned)) }
        frames += [.function(positional: positional, locals: [], options: optionPlace), .run(body)]
        if flavour != .bash { beginOptions() }
        positional = WordList(words.dropFirst())
        return .next
    }

    private mutating func call(
        _ builtin: ShellBuiltin,
        _ words: [String],
        _ command: ExpandedCommand,
        _ machine: inout Machine
    ) -> Step {
        let isSpecial = flavour.specialBuiltins.contains(words[0])
        guard let saved = redirect(command.redirections, &machine) else {
            status = redirectionFault
            return isSpecial ? exit(status) : finishCommand()
        }
        if !saved.isEmpty { frames.append(.restore(saved)) }
        if !command.assigned.isEmpty, !isSpecial { frames.append(.restoreVariables(command.assigned)) }
        self.builtin = words[0]
        declaredArrays = command.arrays
        defer {
            self.builtin = nil
            declaredArrays = [:]
        }
        switch builtin(&self, &machine, words) {
        case .status(let code):
            status = code
            return finishCommand()
        case .step(let step): return step
        case .refused(let code):
            status = flavour == .bash ? code : 2
            return isSpecial ? exit(status) : finishCommand()
        }
    }

    /// Starts a program as a child, or becomes it when nothing is left to do afterwards.
    mutating func start(_ words: [String], _ command: ExpandedCommand, _ machine: inout Machine) -> Step {
        guard let saved = redirect(command.redirections, &machine) else {
            if !command.assigned.isEmpty { frames.append(.restoreVariables(command.assigned)) }
            status = redirectionFault
            return finishCommand()
        }
        for variable in command.assigned { variables.export(variable.name) }
        if isLast {
            for item in saved { if let file = item.file { machine.kernel.release(file) } }
            return become(words, &machine)
        }
        let environment = variables.environment
        if !command.assigned.isEmpty { frames.append(.restoreVariables(command.assigned)) }
        switch program(for: words, &machine) {
        case .program(let program):
            machine.process.environment = environment
            let number = machine.fork(program, arguments: words, takesPlace: isInLastPosition)
            restore(saved, &machine)
            guard let number else {
                machine.complain(complaint("can't fork: \(Errno.again.text)"))
                status = 2
                return finishCommand()
            }
            frames.append(.child(number))
            return .next
        case .failure(let failure):
            machine.complain(failure.message(shell: self))
            restore(saved, &machine)
            status = failure.code
            return finishCommand()
        }
    }

    /// The code of a command whose redirection failed.
    var redirectionFault: Int { flavour == .dash ? 2 : 1 }

    /// Whether the present command is the last thing that this shell does, so that the program can take its place.
    private var isLast: Bool {
        traps.isEmpty
            && frames.allSatisfy { frame in
                switch frame {
                case .sequence(let commands, let index): index >= commands.count
                case .script(let script): !script.readsInput && script.parser.isAtEnd
                default: false
                }
            }
    }
}

/// What a builtin comes to.
enum BuiltinResult: Sendable {
    /// It is done.
    case status(Int)
    /// It got what it does not take, and said so. A POSIX shell ends after a special builtin, and has 2 otherwise; bash
    /// goes on with the code.
    case refused(Int)
    /// It changed the frames, waits or ends the shell.
    case step(Shell.Step)
}

/// A command that the shell runs itself. The first word is its name.
typealias ShellBuiltin = @Sendable (inout Shell, inout Machine, [String]) -> BuiltinResult

extension ProgramFailure {
    /// What a shell says.
    func message(shell: Shell) -> String {
        shell.complaint("\(command): \(errno == .noEntry ? shell.flavour.notFound : errno.text)")
    }
}
