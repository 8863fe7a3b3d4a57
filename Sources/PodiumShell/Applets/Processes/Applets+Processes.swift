// SPDX-License-Identifier: Apache-2.0
// Applets that look at processes or signal them by name: ps, pgrep, pkill, pidof, pstree and the like.

import OrderedCollections
import PodiumMachinery
import PodiumRuntime

extension Process {
    /// The last component of the program's path, as far as the kernel keeps it.
    var commandName: String {
        let name = arguments.first?.split(separator: "/").last ?? ""
        return String(name.hasPrefix("-") ? name.dropFirst() : name)
    }

    /// The command line.
    var commandLine: String { arguments.joined(separator: " ") }
}

/// Which processes `pgrep` and `pkill` mean.
private struct ProcessChoice {
    var options: AppletOptions
    var signal: Signal? = .terminate
    /// What is wrong with the words.
    var isValid = true

    /// Letters that are no signal; those with values differ between busybox and procps in no way that matters.
    private static let letters = "fxnovlaciqedwVLtrAHFPsugUG0123456789"

    init(_ words: [String], isKill: Bool) {
        var rest: [String] = []
        for word in words {
            let name = String(word.dropFirst())
            let isSignal = isKill && word.hasPrefix("-") && !word.hasPrefix("--") && name.utf8.count > 0
            if isSignal, name == "0" {
                signal = nil
            } else if isSignal, name.utf8.count > 1 || Int(name) != nil, let found = Signal(name: name) {
                signal = found
            } else {
                rest.append(word)
            }
        }
        options = AppletOptions(
            rest,
            valued: "sPugUGdtF",
            long: [
                "full": "f", "exact": "x", "newest": "n", "oldest": "o", "inverse": "v", "list-name": "l",
                "list-full": "a", "count": "c", "ignore-case": "i", "parent": "P", "euid": "u", "uid": "U",
                "signal": "S", "delimiter": "d", "group": "G", "pidfile": "F", "echo": "e",
            ]
        )
        if let name = options["signal"] { signal = Signal(name: name) }
        isValid = !options.words.isEmpty || options["P"] != nil || options["u"] != nil || options["U"] != nil
    }

    func processes(_ machine: Machine) -> [Process]? {
        var pattern: RegularExpression?
        if let word = options.words.first {
            guard let expression = RegularExpression(word, isExtended: true) else { return nil }
            pattern = expression
        }
        let parents = options["P"]?.split(separator: ",").compactMap { Int($0) }
        let users = (options["u"] ?? options["U"])?.split(separator: ",").map(String.init)
        var found = machine.visibleProcesses.filter { candidate in
            guard candidate.number != machine.process.number else { return false }
            var matches = true
            if let pattern {
                let text = options.has("f") ? candidate.commandLine : String(candidate.commandName.prefix(15))
                let bytes = Array((options.has("i") ? text.lowercased() : text).utf8)
                let match = pattern.firstMatch(in: bytes, machine.meter)
                matches = match != nil && (!options.has("x") || match?.range.count == bytes.count)
            }
            if let parents { matches = matches && parents.contains(candidate.parentPID) }
            if let users {
                let user = candidate.userID ?? machine.container?.specification.user ?? 0
                matches = matches && users.contains { $0 == String(user) || $0 == machine.userName(user) }
            }
            return matches != options.has("v")
        }
        if options.has("n"), let last = found.last { found = [last] }
        if options.has("o"), let first = found.first { found = [first] }
        return found
    }
}

extension Applets {
    static let processApplets: [String: ImmediateApplet] = [
        "ps": { machine, words in ProcessList(words, machine).show(&machine) },
        "top": showTop,
        "htop": showTop,
        "killall": killall,
        "pkill": { machine, words in
            let choice = ProcessChoice(words, isKill: true)
            guard choice.isValid, let found = choice.processes(machine) else {
                _ = usage(&machine, "pkill")
                return 2
            }
            for process in found {
                if choice.options.has("e") { machine.print("\(process.commandName) killed (pid \(process.pid))\n") }
                if let signal = choice.signal { machine.send(signal, to: process.number) }
            }
            return found.isEmpty ? 1 : 0
        },
        "pgrep": { machine, words in
            let choice = ProcessChoice(words, isKill: false)
            guard choice.isValid, let found = choice.processes(machine) else {
                _ = usage(&machine, "pgrep")
                return 2
            }
            if choice.options.has("c") {
                machine.print("\(found.count)\n")
                return found.isEmpty ? 1 : 0
            }
            let lines = found.map { process in
                choice.options.has("a")
                    ? "\(process.pid) \(process.commandLine)"
                    : choice.options.has("l") ? "\(process.pid) \(process.commandName)" : "\(process.pid)"
            }
            if !lines.isEmpty { machine.print(lines.joined(separator: choice.options["d"] ?? "\n") + "\n") }
            return found.isEmpty ? 1 : 0
        },
        "pidof": { machine, words in
            let options = AppletOptions(words, valued: "o")
            let omitted = (options.lists["o"] ?? []).flatMap { $0.split(separator: ",").map(String.init) }
            var found = machine.visibleProcesses.filter { process in
                guard process.number != machine.process.number, !omitted.contains(String(process.pid)),
                    !(omitted.contains("%PPID") && process.pid == machine.process.parentPID)
                else { return false }
                return options.words.contains { name in
                    name == process.commandName || name == process.arguments.first
                        || options.has("x") && process.arguments.dropFirst().first?.hasSuffix(name) == true
                }
            }
            found.reverse()
            if options.has("s") { found = Array(found.prefix(1)) }
            if found.isEmpty { return 1 }
            machine.print(found.map { String($0.pid) }.joined(separator: " ") + "\n")
            return 0
        },
        "killall5": { machine, words in
            let option = words.dropFirst().first { $0.hasPrefix("-") && !$0.hasPrefix("-o") }
            guard let signal = option.map({ Signal(name: String($0.dropFirst())) }) ?? .terminate else { return 1 }
            let mine = [machine.process.number, machine.process.parent]
            for process in machine.visibleProcesses where !process.isInit && !mine.contains(process.number) {
                machine.send(signal, to: process.number)
            }
            return 0
        },
        "pstree": { machine, words in
            let options = AppletOptions(words)
            let root = options.words.first.flatMap { Int($0) } ?? machine.visibleProcesses.first?.pid ?? 1
            machine.print(ProcessTree(machine.visibleProcesses, showsNumbers: options.has("p")).text(root))
            return 0
        },
        "pwdx": { machine, words in
            forEach(&machine, Array(words.dropFirst())) { machine, word in
                let number = word.hasPrefix("/proc/") ? String(word.dropFirst(6)) : word
                guard let process = machine.visibleProcesses.first(where: { String($0.pid) == number }) else {
                    return fail(&machine, "pwdx", number, .noProcess)
                }
                machine.print("\(number): \(process.directory)\n")
                return 0
            }
        },
        "pmap": { machine, words in
            for word in AppletOptions(words).words {
                guard let process = machine.visibleProcesses.first(where: { String($0.pid) == word }) else { return 42 }
                machine.print("\(word): \(process.commandLine)\nmapped: 0K\n")
            }
            machine.note("Program pmap is not simulated: processes have no memory of their own")
            return 0
        },
        "lsof": { machine, _ in
            for process in machine.visibleProcesses {
                for (descriptor, number) in process.files.sorted(by: { $0.key < $1.key }) {
                    let path = machine.kernel.openFiles[number]?.path ?? ""
                    let target = path.isEmpty ? "pipe:[\(number)]" : path
                    machine.print("\(process.pid)\t\(process.arguments.first ?? "")\t\(descriptor)\t\(target)\n")
                }
            }
            return 0
        },
        "fuser": findUsers,
        "renice": renice,
    ]

    // Signals

    private static func killall(_ machine: inout Machine, _ words: [String]) -> Int {
        var rest = words.dropFirst()
        var signal: Signal? = .terminate
        var isQuiet = false
        while let option = rest.first, option.hasPrefix("-"), option.count > 1 {
            rest = rest.dropFirst()
            switch option {
            case "-q", "--quiet": isQuiet = true
            case "-0": signal = nil
            case "-l", "--list": return listSignals(&machine, rest.first)
            case "-s", "--signal", "-n":
                let name = rest.popFirst() ?? ""
                guard let found = Signal(name: name) else {
                    return fail(&machine, "killall", "bad signal name '\(name)'")
                }
                signal = found
            case "-w", "-e", "-v", "-o", "-i", "--wait": break
            case "--": break
            default:
                guard let found = Signal(name: String(option.dropFirst())) else {
                    return fail(&machine, "killall", "bad signal name '\(option.dropFirst())'")
                }
                signal = found
            }
        }
        if rest.isEmpty { return fail(&machine, "killall", "you need to specify whom to kill") }
        var code = 0
        for name in rest {
            let found = machine.visibleProcesses.filter {
                $0.number != machine.process.number && ($0.commandName == name || $0.arguments.first == name)
            }
            if found.isEmpty {
                code = 1
                if isQuiet { continue }
                machine.complain(
                    machine.hasBusybox ? "killall: \(name): no process killed" : "\(name): no process found"
                )
            }
            guard let signal else { continue }
            for process in found { machine.send(signal, to: process.number) }
        }
        return code
    }

    private static func findUsers(_ machine: inout Machine, _ words: [String]) -> Int {
        var signal = Signal.kill
        var rest: [String] = []
        for word in words {
            if word.hasPrefix("-"), word.count > 2, let found = Signal(name: String(word.dropFirst())) {
                signal = found
            } else {
                rest.append(word)
            }
        }
        let options = AppletOptions(rest, valued: "n")
        let ports = options.words.compactMap { word -> Int? in
            let parts = word.split(separator: "/")
            return parts.count == 2 && (parts[1] == "tcp" || parts[1] == "udp") ? Int(parts[0]) : nil
        }
        let wanted = Set(options.words.map { machine.canonicalPath($0) ?? $0 })
        let owners = ports.compactMap { machine.kernel.listener(on: $0)?.process }
        let users = machine.visibleProcesses.filter { process in
            owners.contains(process.number)
                || process.files.values.contains { wanted.contains(machine.kernel.openFiles[$0]?.path ?? "") }
        }
        if users.isEmpty { return 1 }
        if !options.has("s") { machine.print(users.map { String($0.pid) }.joined(separator: " ") + "\n") }
        if options.has("k") {
            for process in users where process.number != machine.process.number {
                machine.send(signal, to: process.number)
            }
        }
        return 0
    }

    private static func renice(_ machine: inout Machine, _ words: [String]) -> Int {
        var rest = words.dropFirst()
        var isRelative = false
        if rest.first == "-n" {
            isRelative = true
            rest = rest.dropFirst()
        }
        guard let step = rest.popFirst().flatMap({ Int($0) }), !rest.isEmpty else { return usage(&machine, "renice") }
        var isUser = false
        var code = 0
        for word in rest {
            switch word {
            case "-p", "-g": isUser = false
            case "-u": isUser = true
            default:
                let found = machine.visibleProcesses.filter { process in
                    isUser
                        ? machine.userName(process.userID ?? machine.userID) == word : String(process.pid) == word
                }
                if found.isEmpty {
                    code =
                        isUser
                        ? fail(&machine, "renice", "unknown user \(word)")
                        : fail(&machine, "renice", "getpriority", .noProcess)
                }
                for process in found {
                    if !isRelative { machine.kernel.processes[process.number]?.niceness = 0 }
                    machine.kernel.processes[process.number]?.becomeNicer(by: step)
                }
            }
        }
        return code
    }

    // Pictures of all processes

    private static func showTop(_ machine: inout Machine, _ words: [String]) -> Int {
        let options = AppletOptions(words, valued: "ndpu")
        let total = machine.kernel.configuration.node.memory >> 10
        machine.print("Mem: \(total / 4)K used, \(total / 4 * 3)K free, 0K shrd, 0K buff, \(total / 2)K cached\n")
        machine.print("CPU:   0% usr   0% sys   0% nic 100% idle   0% io   0% irq   0% sirq\n")
        machine.print("Load average: 0.00 0.00 0.00 1/\(machine.visibleProcesses.count) \(machine.process.pid)\n")
        machine.print("  PID  PPID USER     STAT   VSZ %VSZ CPU %CPU COMMAND\n")
        for process in machine.visibleProcesses {
            let numbers = [process.pid, process.parentPID].map { PrintFormatter.padded(String($0), 5, left: false) }
            let user = PrintFormatter.padded(machine.userName(process.userID ?? machine.userID), 8)
            let state = process.number == machine.process.number ? "R" : "S"
            let line = "\(numbers.joined(separator: " ")) \(user) \(state)     4400   0%   0   0% "
            machine.print(line + process.commandLine + "\n")
        }
        if !options.has("b") { machine.note("Program top is not simulated as a screen: it shows the processes once") }
        return 0
    }
}

/// Draws who started whom.
private struct ProcessTree {
    let showsNumbers: Bool
    private var children: [Int: [Process]] = [:]
    private var names: [Int: String] = [:]

    init(_ processes: [Process], showsNumbers: Bool) {
        self.showsNumbers = showsNumbers
        for process in processes {
            children[process.parentPID, default: []].append(process)
            names[process.pid] = process.commandName + (showsNumbers ? "(\(process.pid))" : "")
        }
    }

    func text(_ root: Int) -> String {
        guard let name = names[root] else { return "" }
        var lines: [String] = []
        // What is still to be drawn: a process, what stands left of it, and whether it begins a line.
        var pending: [(pid: Int, head: String, indent: String)] = [(root, name, "")]
        while let item = pending.popLast() {
            let kids = children[item.pid]?.filter { $0.pid != item.pid } ?? []
            guard let first = kids.first else {
                lines.append(item.head)
                continue
            }
            let width = (names[item.pid] ?? "").utf8.count
            let blanks = item.indent + String(repeating: " ", count: width)
            for (index, kid) in kids.enumerated().reversed() where index > 0 {
                let isLast = index == kids.count - 1
                let head = blanks + (isLast ? " `-" : " |-") + (names[kid.pid] ?? "")
                pending.append((kid.pid, head, blanks + (isLast ? "   " : " | ")))
            }
            let joint = kids.count > 1 ? "-+-" : "---"
            let head = item.head + joint + (names[first.pid] ?? "")
            pending.append((first.pid, head, blanks + (kids.count > 1 ? " | " : "   ")))
        }
        return lines.map { $0 + "\n" }.joined()
    }
}
