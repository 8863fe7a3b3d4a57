// SPDX-License-Identifier: Apache-2.0
// nice, setsid, taskset and the like, which run a command under other conditions, and start-stop-daemon.

import OrderedCollections
import PodiumMachinery
import PodiumRuntime

extension Applets {
    static let processPrograms: [String: WaitingApplet] = [
        "nice": { NiceProgram(words: $0) },
        "setsid": { PrefixProgram(words: $0, valued: "") },
        "setarch": { words in
            let isNamed = words.first?.hasSuffix("setarch") == true
            return PrefixProgram(words: words, valued: "p", skips: isNamed ? 1 : 0)
        },
        "linux32": { PrefixProgram(words: $0, valued: "") },
        "linux64": { PrefixProgram(words: $0, valued: "") },
        "softlimit": { PrefixProgram(words: $0, valued: "acdfmrslopt") },
        "prlimit": { PrefixProgram(words: $0, valued: "") },
        "cttyhack": { PrefixProgram(words: $0, valued: "") },
        "ionice": { PriorityProgram(name: "ionice", valued: "cnp", $0) },
        "chrt": { PriorityProgram(name: "chrt", valued: "p", $0) },
        "taskset": { PriorityProgram(name: "taskset", valued: "", $0) },
        "start-stop-daemon": { DaemonProgram(words: $0) },
        "crond": { CronProgram(words: $0) },
        "cron": { CronProgram(words: $0) },
        "envdir": { words in EnvironmentDirectoryProgram(words: words) },
    ]
}

/// `nice`.
struct NiceProgram: Program {
    /// What is added when nothing else is said.
    private static let usualStep = 10

    let words: [String]

    mutating func run(_ machine: inout Machine) -> Progress {
        var rest = words.dropFirst()
        var step = Self.usualStep
        if let word = rest.first, word.hasPrefix("-"), word.count > 1 {
            rest = rest.dropFirst()
            let digits =
                word.hasPrefix("--adjustment=")
                ? String(word.dropFirst(13)) : String(word.dropFirst(word.hasPrefix("-n") ? 2 : 1))
            let text = word == "-n" ? rest.popFirst() ?? "" : digits
            guard let number = Int(text) else {
                return .exited(Applets.fail(&machine, "nice", "invalid number '\(text)'"))
            }
            step = number
        }
        guard !rest.isEmpty else {
            machine.print("\(machine.process.niceness)\n")
            return .exited(0)
        }
        machine.process.becomeNicer(by: step)
        return machine.become(Array(rest), as: "nice")
    }
}

/// `ionice`, `chrt` and `taskset`: a command that runs as it would anyway, or a look at a process.
struct PriorityProgram: Program {
    let name: String
    private let options: AppletOptions

    init(name: String, valued: String, _ words: [String]) {
        self.name = name
        options = AppletOptions(words, valued: valued, stops: true, long: ["cpu-list": "c", "pid": "p"])
    }

    mutating func run(_ machine: inout Machine) -> Progress {
        let number = options["p"] ?? (options.has("p") ? options.words.last : nil)
        if let number {
            guard let process = machine.visibleProcesses.first(where: { String($0.pid) == number }) else {
                let text = name == "taskset" ? "can't get pid \(number)'s affinity" : "can't get pid \(number)'s policy"
                return .exited(Applets.fail(&machine, name, name == "ionice" ? "ioprio_get" : text, .noProcess))
            }
            show(process.pid, &machine)
            return .exited(0)
        }
        if name == "ionice", options.words.isEmpty {
            if options["c"] == nil { machine.print("none: prio 0\n") }
            return .exited(0)
        }
        // The first word is the processors or the priority.
        let command = Array(options.words.dropFirst(name == "ionice" ? 0 : 1))
        if command.isEmpty { return .exited(Applets.usage(&machine, name)) }
        if name == "chrt",
            options.has("f") || options.has("r") || !options.has("o") && !options.has("b") && !options.has("i")
        {
            let text = "can't set pid \(machine.process.pid)'s policy"
            return .exited(Applets.fail(&machine, name, text, .notPermitted))
        }
        return machine.become(command, as: name)
    }

    private func show(_ pid: Int, _ machine: inout Machine) {
        let count = machine.kernel.configuration.node.processors
        switch name {
        case "taskset":
            if options.has("c") {
                machine.print("pid \(pid)'s current affinity list: 0\(count > 1 ? "-\(count - 1)" : "")\n")
            } else {
                let mask = count >= 64 ? UInt64.max : (1 << UInt64(count)) - 1
                machine.print("pid \(pid)'s current affinity mask: \(String(mask, radix: 16))\n")
            }
        case "chrt":
            machine.print("pid \(pid)'s current scheduling policy: SCHED_OTHER\n")
            machine.print("pid \(pid)'s current scheduling priority: 0\n")
        default: machine.print("none: prio 0\n")
        }
    }
}

/// `envdir`: the files of a directory are variables.
struct EnvironmentDirectoryProgram: Program {
    let words: [String]

    mutating func run(_ machine: inout Machine) -> Progress {
        guard words.count > 2 else { return .exited(Applets.usage(&machine, "envdir")) }
        let names: [String]
        do throws(Errno) { names = try machine.names(in: words[1]) } catch {
            return .exited(Applets.fail(&machine, "envdir", "can't open '\(words[1])'", error))
        }
        for name in names where !name.hasPrefix(".") {
            let text = (try? machine.contents("\(words[1])/\(name)").text) ?? ""
            machine.process.environment.removeAll { $0.name == name }
            if !text.isEmpty { machine.setEnvironment(name, String(text.prefix { $0 != "\n" })) }
        }
        return machine.become(Array(words.dropFirst(2)), as: "envdir")
    }
}

/// `start-stop-daemon`.
struct DaemonProgram: Program {
    /// How often it is looked whether what was stopped is gone.
    private static let pollPeriod: Duration = .seconds(1)
    let words: [String]
    private var waitsUntil: Timestamp?

    init(words: [String]) { self.words = words }

    private static let long: [String: Character] = [
        "start": "S", "stop": "K", "exec": "x", "startas": "a", "name": "n", "pidfile": "p", "make-pidfile": "m",
        "background": "b", "user": "u", "chuid": "c", "signal": "s", "test": "t", "oknodo": "o", "quiet": "q",
        "verbose": "v", "retry": "R", "nicelevel": "N", "chdir": "d", "umask": "k", "remove-pidfile": "r",
        "no-close": "C", "output": "O", "stdout": "1", "stderr": "2", "group": "g", "status": "T",
    ]

    mutating func run(_ machine: inout Machine) -> Progress {
        let options = AppletOptions(words, valued: "xanpucsRNdkO12g", stops: true, long: Self.long)
        let isStop = options.has("K") || options.has("T")
        let command = options["a"] ?? options["x"]
        let hasCondition = ["x", "n", "p", "u"].contains { options[$0] != nil }
        guard options.has("S") != isStop, isStop ? hasCondition : command != nil,
            !(options.has("m") && options["p"] == nil)
        else { return .exited(Applets.usage(&machine, "start-stop-daemon")) }
        return isStop ? stop(options, &machine) : start(options, command ?? "", &machine)
    }

    private func found(_ options: AppletOptions, _ machine: Machine) -> [Process] {
        var pid: String?
        if let path = options["p"] {
            guard let text = try? machine.contents(path).text else { return [] }
            pid = String(text.drop { $0.isWhitespace }.prefix { $0.isNumber })
        }
        return machine.visibleProcesses.filter { process in
            if process.number == machine.process.number { return false }
            if let pid, pid != String(process.pid) { return false }
            if let name = options["n"], process.commandName.prefix(15) != name.prefix(15) { return false }
            if let path = options["x"], !Self.runs(process, path) { return false }
            if let user = options["u"] {
                let number = process.userID ?? machine.container?.specification.user ?? 0
                if user != String(number), user != machine.userName(number) { return false }
            }
            return true
        }
    }

    /// Whether a process was started as a program, or as a script by its interpreter.
    private static func runs(_ process: Process, _ path: String) -> Bool {
        process.arguments.first == path || process.arguments.dropFirst().first == path
            || process.arguments.first?.split(separator: "/").last == path.split(separator: "/").last
                && process.arguments.first?.contains("/") != true
    }

    private func start(_ options: AppletOptions, _ command: String, _ machine: inout Machine) -> Progress {
        if let old = found(options, machine).first {
            if !options.has("q") { machine.print("\(options["x"] ?? command) is already running\n\(old.pid)\n") }
            return .exited(options.has("o") ? 0 : 1)
        }
        if options.has("t") {
            if !options.has("q") { machine.print("Would start \(command) \(options.words.joined(separator: " ")).\n") }
            return .exited(0)
        }
        let arguments = [command] + options.words
        let choice = machine.program(for: arguments, path: machine.searchPath)
        guard case .program(let program) = choice else {
            let errno: Errno = if case .failure(let failure) = choice { failure.errno } else { .noEntry }
            return .exited(Applets.fail(&machine, "start-stop-daemon", "can't execute '\(command)'", errno))
        }
        if let place = options["d"] {
            guard machine.node(place)?.kind == .directory else {
                return .exited(
                    Applets.fail(&machine, "start-stop-daemon", "can't change directory to '\(place)'", .noEntry)
                )
            }
            machine.process.directory = machine.absolute(place)
        }
        if let step = options["N"].flatMap({ Int($0) }) { machine.process.becomeNicer(by: step) }
        let parts = options["c"]?.split(separator: ":").map(String.init) ?? []
        let group = parts.count > 1 ? parts[1] : options["g"]
        let writesFile = options.has("m")
        if options.has("b") {
            guard let number = machine.fork(program, arguments: arguments, takesPlace: true) else { return .exited(1) }
            if !options.has("C") { Self.detach(number, &machine) }
            if let user = parts.first { become(user, group, number, &machine) }
            let pid = machine.kernel.processes[number]?.pid ?? 0
            return .exited(writesFile ? write(pid, options["p"] ?? "", &machine) : 0)
        }
        if writesFile, write(machine.process.pid, options["p"] ?? "", &machine) != 0 { return .exited(1) }
        if let user = parts.first, !machine.become(user: user, group: group, setsHome: false) {
            return .exited(Applets.fail(&machine, "start-stop-daemon", "unknown user \(user)"))
        }
        machine.process.arguments = arguments
        return .replaced(program)
    }

    private func become(_ user: String, _ group: String?, _ number: Int, _ machine: inout Machine) {
        let (oldUser, oldGroup) = (machine.process.userID, machine.process.groupID)
        if machine.become(user: user, group: group, setsHome: false) {
            machine.kernel.processes[number]?.userID = machine.process.userID
            machine.kernel.processes[number]?.groupID = machine.process.groupID
        }
        (machine.process.userID, machine.process.groupID) = (oldUser, oldGroup)
    }

    /// A process in the background reads and writes nothing.
    static func detach(_ number: Int, _ machine: inout Machine) {
        for descriptor in 0...2 {
            guard let file = machine.kernel.open(.null, path: "/dev/null") else { return }
            machine.kernel.openFiles[file]?.references += 1
            if let old = machine.kernel.processes[number]?.files.updateValue(file, forKey: descriptor) {
                machine.kernel.release(old)
            }
        }
    }

    private func write(_ pid: Int, _ path: String, _ machine: inout Machine) -> Int {
        Applets.attempt(&machine, "start-stop-daemon", path) { machine throws(Errno) in
            try machine.replace(path, with: Array("\(pid)\n".utf8))
        }
    }

    private mutating func stop(_ options: AppletOptions, _ machine: inout Machine) -> Progress {
        let found = found(options, machine)
        if options.has("T") {
            return .exited(found.isEmpty ? options["p"].map { machine.node($0) != nil } == true ? 1 : 3 : 0)
        }
        if waitsUntil != nil {
            // Asked already: looks whether they have ended.
            if found.isEmpty { return ended(options, &machine) }
            if let end = waitsUntil, machine.now < end {
                return .blocked(.time(min(end, machine.now + Self.pollPeriod)))
            }
            for process in found { machine.send(.kill, to: process.number) }
            return ended(options, &machine)
        }
        let what =
            options["n"] ?? options["x"] ?? options["p"].map { "process in pidfile '\($0)'" }
            ?? "process(es) owned by '\(options["u"] ?? "")'"
        if found.isEmpty {
            if !options.has("q") {
                machine.print(
                    machine.hasBusybox ? "no \(what) found; none killed\n" : "No \(what) found running; none killed.\n"
                )
            }
            return .exited(options.has("o") ? 0 : 1)
        }
        if options.has("t") { return .exited(0) }
        guard let signal = options["s"].map({ Signal(name: $0) }) ?? .terminate else {
            return .exited(Applets.fail(&machine, "start-stop-daemon", "invalid signal '\(options["s"] ?? "")'"))
        }
        for process in found { machine.send(signal, to: process.number) }
        if !options.has("q"), machine.hasBusybox {
            machine.print("stopped \(what) (pid \(found.map { String($0.pid) }.joined(separator: " ")))\n")
        }
        guard let retry = options["R"] else { return ended(options, &machine) }
        let seconds = retry.split(separator: "/").compactMap { Int64($0) }.first ?? 5
        let end = machine.now + .seconds(seconds)
        waitsUntil = end
        return .blocked(.time(min(end, machine.now + Self.pollPeriod)))
    }

    private func ended(_ options: AppletOptions, _ machine: inout Machine) -> Progress {
        if options.has("r"), let path = options["p"] {
            return .exited(
                Applets.attempt(&machine, "start-stop-daemon", path) { machine throws(Errno) in
                    try machine.remove(path)
                }
            )
        }
        return .exited(0)
    }
}
