// SPDX-License-Identifier: Apache-2.0
// The simulated shell: a stack of frames that can stop in the middle of a script and go on later.

import PodiumMachinery
import PodiumRuntime

/// What is still to be done in a shell, the innermost last.
enum ShellFrame: Sendable {
    /// Runs a command.
    case run(ShellCommand)
    /// Runs the commands from an index on.
    case sequence([ShellCommand], Int)
    /// After the left side of `&&` (`onSuccess`) or `||`.
    case then(ShellCommand, onSuccess: Bool)
    /// After a pipeline with `!`.
    case negate
    /// After the condition of the clause at an index.
    case condition([ConditionalClause], Int, otherwise: ShellCommand?)
    /// After the condition or the body of a loop.
    case loop(LoopFrame)
    /// Before the turn with the value at an index.
    case forEach(name: String, values: WordList, Int, body: ShellCommand)
    /// Before a turn of `for ((…))`; the first has no step before it.
    case forCount(test: ShellWord, step: ShellWord, body: ShellCommand, isFirst: Bool)
    /// Expands words, with the outputs of substitutions so far.
    case expand(ExpansionJob)
    /// Reads the output of a substitution's child.
    case substitution(child: Int, file: Int, output: [UInt8])
    /// Waits for a child in the foreground.
    case child(Int)
    /// Waits for the children of a pipeline; the last one's code counts.
    case pipeline([Int])
    /// Takes back redirections: descriptors and the open files that they had.
    case restore([SavedDescriptor])
    /// Takes back assignments before a command.
    case restoreVariables([SavedVariable])
    /// Leaves a function.
    case function(positional: WordList, locals: [SavedVariable], options: OptionPlace)
    /// Leaves a file read with `.`.
    case sourced(path: String, positional: WordList?)
    /// Leaves a trap and gives `$?` its value back.
    case trap(status: Int)
    /// Leaves the trap for errors; the shell ends if it does so on errors.
    case errorTrap(status: Int)
    /// Reads commands from a text.
    case script(ShellScript)
    /// `wait` for children; nil for all of them.
    case wait([Int]?)
    /// `wait -n` for whichever of the children ends first.
    case waitForAny([Int])
    /// `read`.
    case read(ReadJob)
    /// Ends the shell.
    case exit(Int)
}

/// A `while` or `until` between its condition and its body.
struct LoopFrame: Sendable {
    var condition: ShellCommand
    var body: ShellCommand
    var isUntil: Bool
    /// Whether the condition ran last, not the body.
    var isTesting = true
    /// The code of the loop when its condition ends it: that of the last body.
    var status = 0
}

/// A descriptor and the open file that it had, nil for none.
struct SavedDescriptor: Sendable {
    var descriptor: Int
    var file: Int?
}

/// A variable and the value that it had, nil for none.
struct SavedVariable: Sendable {
    var name: String
    var value: String?
    /// Its elements, if it is an array.
    var elements: [Int: String]?
    var isExported: Bool
    var isReadOnly: Bool
}

/// A child that runs or ran in the background.
struct ShellJob: Sendable {
    var number: Int
    var pid: Int
    var code: Int?
    /// Whether a `wait` has told its code; it is kept for another one.
    var isReported = false
}

/// A shell at some point of a script.
struct Shell: Program {
    /// Frames on the stack; a script that recurses deeper is ended.
    static let maximumFrames = 4000
    /// Ended background children whose codes are kept.
    static let maximumJobs = 256

    var frames: [ShellFrame] = []
    var variables: ShellVariables
    var functions: [String: ShellFunction] = [:]
    var aliases: [String: String] = [:]
    var positional = WordList()
    /// `$0`.
    var name: String
    /// `$?`.
    var status = 0
    var options = ShellOptions()
    /// Actions by `TERM`, `EXIT` and so on; an empty action ignores the signal.
    var traps: [String: String] = [:]
    /// Where `getopts` stands.
    var optionPlace = OptionPlace()
    /// How often `OPTIND` had been set when `getopts` stood there.
    var optionChanges = 0
    /// The lines that each running `mapfile` has, by its number. They are not in its frame, so that they are not copied
    /// whenever it waits.
    var lineArrays: [Int: LineArray] = [:]
    /// Children in the background, oldest first.
    var jobs: [ShellJob] = []
    /// The codes of children that a `wait` for all of them has taken, by process.
    var waited: [Int: Int] = [:]
    /// Codes of ended children in the foreground.
    var ended: [Int: Int] = [:]
    var lastBackground: Int?
    /// The output of the substitution that has just ended.
    var substituted: String?
    /// The processes of `>( … )` that may still have to read.
    var outputProcesses: [Int] = []
    /// The descriptor of the last pipe of `<( … )` or `>( … )`.
    var nextProcessDescriptor = 64
    /// The code of the last substitution, which is that of a command of assignments only.
    var substitutionStatus: Int?
    /// `$$`, which subshells keep. Nil until the shell runs for the first time: it is made before its process.
    var pid: Int?
    var parentPID = 0
    var startedAt: Timestamp
    var line = 1
    /// Whether an error does not end this subshell because the whole of it is being tested.
    var isTested = false
    /// Whether this is the shell that was started with `-c`.
    var isCommandString = false
    /// Whether it was given its name: by the file that it reads, or behind the text of `-c`. Subshells keep that.
    var isNamed = false
    /// The builtin that runs now.
    var builtin: String?
    /// The arrays that it declares.
    var declaredArrays: [String: DeclaredArray] = [:]
    /// Whether `PIPESTATUS` holds the codes of a pipeline, and not yet those of the command after it.
    var hasPipeStatus = false
    /// The present directory by the links that led there; what `pwd` prints.
    var directory: String
    var flavour: ShellFlavour

    /// The lowest descriptor of such a pipe; below it the highest one is used again.
    static let leastProcessDescriptor = 40
    /// How long a shell waits at its end for those who read from it.
    static let outputPatience = Duration.seconds(1)

    /// A shell that a process of the machine becomes.
    init(name: String, environment: [EnvironmentVariable], machine: Machine) {
        self.name = name
        variables = ShellVariables(environment)
        startedAt = machine.now
        flavour = machine.container?.flavour ?? .ash
        if variables["PATH"] == nil { variables.set("PATH", ImageProfile.path) }
        variables.set("IFS", " \t\n")
        variables.set("OPTIND", "1")
        variables.export("OPTIND", false)
        let old = variables["PWD"] ?? ""
        let isSame =
            old.hasPrefix("/")
            && machine.canonicalPath(old) == machine.process.directory
        directory = isSame ? old : machine.process.directory
        variables.set("PWD", directory)
        variables.export("PWD", true)
    }

    /// Counts the shells within each other, as all but dash do.
    mutating func countLevel() {
        guard flavour != .dash else { return }
        variables.set("SHLVL", String((variables["SHLVL"].flatMap { Int($0) } ?? 0) &+ 1))
        variables.export("SHLVL", true)
    }

    var isInteractive: Bool { options.isInteractive }

    var heldBytes: Int {
        let gathered = lineArrays.values.reduce(0) { $0 + $1.heldBytes }
        let bodies = functions.values.reduce(0) { $0 + $1.byteCount }
        let named = gathered + bodies + WordList.bytes(of: aliases) + WordList.bytes(of: traps)
        return frames.reduce(variables.byteCount + positional.byteCount + named) { $0 + $1.heldBytes }
    }

    mutating func run(_ machine: inout Machine) -> Progress {
        if pid == nil {
            pid = machine.process.pid
            parentPID = machine.process.parentPID
        }
        var slice = 0
        while true {
            collectChildren(&machine)
            if machine.mustYield || slice >= WorkBudget.stepsPerSlice { return .ready }
            slice += 1
            machine.spend()
            if frames.count > Self.maximumFrames {
                machine.complain("\(name): maximum nesting level exceeded")
                return .exited(139)
            }
            beginTrap(&machine)
            guard let frame = frames.popLast() else {
                if beginExit(code: status) { continue }
                return waitForOutputs(status, &machine) ?? .exited(status)
            }
            switch step(frame, &machine) {
            case .next: break
            case .wait(let wait): return .blocked(wait)
            case .exit(let code): return waitForOutputs(code & 0xFF, &machine) ?? .exited(code & 0xFF)
            case .replace(let program): return .replaced(program)
            }
        }
    }

    /// What follows a step.
    enum Step {
        case next
        case wait(Wait)
        /// Ends at once.
        case exit(Int)
        case replace(any Program)
    }

    private mutating func step(_ frame: ShellFrame, _ machine: inout Machine) -> Step {
        switch frame {
        case .run(let command): return run(command, &machine)
        case .expand(let job): return expand(job, &machine)
        case .script(let script): return advance(script, &machine)
        case .read(let job): return read(job, &machine)
        case .wait(let numbers): return wait(numbers)
        case .waitForAny(let numbers): return waitForAny(numbers)
        case .errorTrap(let old):
            status = old
            return options.exitsOnError ? exit(old) : .next
        case .exit(let code): return .exit(code)
        case .child(let number): return waitForChild(number)
        case .pipeline(let numbers): return waitForPipeline(numbers)
        case .substitution(let child, let file, let output):
            return readSubstitution(child, file: file, output: output, &machine)
        case .restore, .restoreVariables, .function, .sourced, .trap: leave(frame, &machine)
        default: control(frame, &machine)
        }
        return .next
    }

    // Signals and the end

    private mutating func beginTrap(_ machine: inout Machine) {
        guard let signal = machine.process.pendingSignals.first, substituted == nil else { return }
        switch frames.last {
        case .child?, .pipeline?, .substitution?:
            // A trap waits for the command in the foreground.
            return
        case .wait?, .waitForAny?:
            frames.removeLast()
            status = 128 + signal.number
        default: break
        }
        machine.process.pendingSignals.removeFirst()
        guard let action = traps[signal.name], !action.isEmpty else { return }
        frames.append(.trap(status: status))
        frames.append(.script(ShellScript(text: action, flavour)))
    }

    /// Whether there is a trap to run before the shell ends; it is on the stack then.
    mutating func beginExit(code: Int) -> Bool {
        guard let action = traps.removeValue(forKey: "EXIT"), !action.isEmpty else { return false }
        status = code
        frames = [.exit(code), .script(ShellScript(text: action, flavour))]
        return true
    }

    /// Ends the shell by `exit` or an error.
    mutating func exit(_ code: Int) -> Step {
        if beginExit(code: code & 0xFF) { return .next }
        // An exit in the trap itself gives its own code.
        return .exit(code)
    }

    private mutating func collectChildren(_ machine: inout Machine) {
        guard !machine.process.endedChildren.isEmpty else { return }
        for (number, code) in machine.process.endedChildren {
            if let index = jobs.firstIndex(where: { $0.number == number }) {
                jobs[index].code = code
            } else {
                ended[number] = code
            }
        }
        machine.process.endedChildren = [:]
    }

    /// After a command that is no compound: an error may end the shell.
    mutating func finishCommand() -> Step {
        guard status != 0, options.exitsOnError || traps["ERR"] != nil, !isTested, !isTesting else { return .next }
        guard let action = traps["ERR"], !action.isEmpty, !isInErrorTrap else {
            return options.exitsOnError ? exit(status) : .next
        }
        frames += [.errorTrap(status: status), .script(ShellScript(text: action, flavour))]
        return .next
    }

    private var isInErrorTrap: Bool {
        frames.contains { frame in
            if case .errorTrap = frame { true } else { false }
        }
    }

    /// Whether what runs now is a condition or stands left of `&&` or `||`.
    var isTesting: Bool {
        frames.contains { frame in
            switch frame {
            case .then, .negate, .condition: true
            case .loop(let loop): loop.isTesting
            default: false
            }
        }
    }

    /// What an error is called: where it was met, and what it is.
    func complaint(_ text: String) -> String {
        switch flavour {
        case .ash: "\(name): \(place(of: text))"
        case .dash: "\(name): \(line): \(placeMark(of: text))\(text)"
        case .bash: "\(sourcedPath ?? name): line \(line): \(text)"
        }
    }

    /// The file that `.` reads now, by its path.
    var sourcedPath: String? {
        for case .sourced(let path, _) in frames.reversed() { return path }
        return nil
    }

    /// dash names the builtin or the file that `.` reads.
    private func placeMark(of text: String) -> String {
        guard let place = builtin ?? sourcedPath, !text.hasPrefix(place + ": ") else { return "" }
        return place + ": "
    }

    /// Tells that a builtin does not have an option.
    func refuseOption(_ option: Character, usage: String, _ machine: inout Machine) -> BuiltinResult {
        let builtin = builtin ?? ""
        switch flavour {
        case .ash: machine.complain(complaint("\(builtin): illegal option -\(option)"))
        case .dash: machine.complain(complaint("\(builtin): Illegal option -\(option)"))
        case .bash:
            machine.complain(complaint("\(builtin): -\(option): invalid option"))
            machine.complain("\(builtin): usage: \(usage)")
        }
        return .refused(2)
    }

    /// Tells that a variable cannot be changed.
    func refuseChange(of variable: String, _ machine: inout Machine) -> BuiltinResult {
        machine.complain(complaint(flavour == .bash ? "\(variable): readonly variable" : "\(variable): is read only"))
        return .refused(1)
    }

    /// busybox names the builtin or the file that `.` reads, and then the line; of other mistakes a shell without a
    /// name of its own tells no line.
    // busybox 1.36: shell/ash.c ash_vmsg
    private func place(of text: String) -> String {
        if let builtin {
            let mark = builtin + ": "
            return "\(mark)line \(line): \(text.hasPrefix(mark) ? String(text.dropFirst(mark.count)) : text)"
        }
        if let sourcedPath { return "\(sourcedPath): line \(line): \(text)" }
        return isNamed ? "line \(line): \(text)" : text
    }
}
