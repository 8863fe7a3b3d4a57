// SPDX-License-Identifier: Apache-2.0
// Applets about the system and its processes: date, id, uname, ps, kill and the like.

import PodiumMachinery

extension Applets {
    static let systemApplets: [String: ImmediateApplet] = [
        "date": date,
        "pwd": { machine, _ in
            machine.print(machine.process.directory + "\n")
            return 0
        },
        "printenv": { machine, words in
            let names = AppletOptions(words).words
            let environment = machine.process.environment
            if names.isEmpty { for item in environment { machine.print("\(item.name)=\(item.value)\n") } }
            return forEach(&machine, names) { machine, name in
                guard let item = environment.last(where: { $0.name == name }) else { return 1 }
                machine.print(item.value + "\n")
                return 0
            }
        },
        "hostname": { machine, words in
            let options = AppletOptions(words)
            let isAddress = options.has("i") || options.has("I")
            machine.print(
                (isAddress ? machine.kernel.configuration.podIP : machine.kernel.configuration.hostname) + "\n"
            )
            return 0
        },
        "uname": { machine, words in
            let options = AppletOptions(words)
            let fields: [(Character, String)] = [
                ("s", "Linux"), ("n", machine.kernel.configuration.hostname), ("r", "6.6.0"), ("v", "#1 SMP"),
                ("m", "x86_64"), ("o", "GNU/Linux"),
            ]
            let shown = fields.filter { options.has("a") || options.has($0.0) || options.flags.isEmpty && $0.0 == "s" }
            machine.print(shown.map(\.1).joined(separator: " ") + "\n")
            return 0
        },
        "arch": { machine, _ in
            machine.print("x86_64\n")
            return 0
        },
        "nproc": { machine, _ in
            machine.print("8\n")
            return 0
        },
        "id": { machine, words in
            let options = AppletOptions(words)
            let user = machine.container?.specification.user ?? 0
            let group = machine.container?.specification.group ?? 0
            func named(_ number: Int) -> String { number == 0 ? "0(root)" : String(number) }
            if options.has("u") || options.has("g") || options.has("G") {
                let number = options.has("u") ? user : group
                machine.print((options.has("n") && number == 0 ? "root" : String(number)) + "\n")
            } else {
                machine.print("uid=\(named(user)) gid=\(named(group)) groups=\(named(group))\n")
            }
            return 0
        },
        "whoami": { machine, _ in
            let user = machine.container?.specification.user ?? 0
            if user != 0 { return fail(&machine, "whoami", "unknown uid \(user)") }
            machine.print("root\n")
            return 0
        },
        "groups": { machine, _ in
            machine.print("root\n")
            return 0
        },
        "tty": { machine, _ in
            machine.print(machine.isTerminal(0) ? "/dev/pts/0\n" : "not a tty\n")
            return machine.isTerminal(0) ? 0 : 1
        },
        "free": { machine, _ in
            machine.print("              total        used        free      shared  buff/cache   available\n")
            machine.print(
                "Mem:       33554432     8388608    16777216        1024     8388608    25165824\nSwap:             0           0           0\n"
            )
            return 0
        },
        "uptime": { machine, _ in
            let time = CivilTime(machine.now).formatted("%H:%M:%S")
            let minutes = Int(
                (machine.now - (machine.container?.startedAt ?? machine.now)).nanoseconds / 60_000_000_000
            )
            machine.print(" \(time) up \(minutes) min,  0 users,  load average: 0.00, 0.00, 0.00\n")
            return 0
        },
        "ps": processes,
        "top": { machine, words in processes(&machine, ["ps"]) },
        "kill": { machine, words in kill(&machine, words) },
        "killall": { machine, words in killByName(&machine, words, isExact: true) },
        "pkill": { machine, words in killByName(&machine, words, isExact: false) },
        "pidof": { machine, words in
            let options = AppletOptions(words)
            let found = machine.visibleProcesses.filter { options.words.contains($0.commandName) }
            if found.isEmpty { return 1 }
            machine.print(found.reversed().map { String($0.pid) }.joined(separator: " ") + "\n")
            return 0
        },
        "pgrep": { machine, words in
            let options = AppletOptions(words, valued: "uP")
            guard let name = options.words.first, let expression = RegularExpression(name, isExtended: true) else {
                return 2
            }
            let found = machine.visibleProcesses.filter { candidate in
                let text = options.has("f") ? candidate.arguments.joined(separator: " ") : candidate.commandName
                return candidate.pid != machine.process.pid && expression.matches(Array(text.utf8), machine.meter)
            }
            for process in found {
                machine.print(options.has("l") ? "\(process.pid) \(process.commandName)\n" : "\(process.pid)\n")
            }
            return found.isEmpty ? 1 : 0
        },
        "apk": { machine, words in install(&machine, words, verbs: ["add"]) },
        "apt-get": { machine, words in install(&machine, words, verbs: ["install"]) },
        "apt": { machine, words in install(&machine, words, verbs: ["install"]) },
        "yum": { machine, words in install(&machine, words, verbs: ["install"]) },
        "dnf": { machine, words in install(&machine, words, verbs: ["install"]) },
        "sysctl": { machine, words in
            for word in words.dropFirst() where word.contains("=") {
                machine.print(word.split(separator: "=", maxSplits: 1).joined(separator: " = ") + "\n")
            }
            return 0
        },
        "clear": { _, _ in 0 },
        "reset": { _, _ in 0 },
        "stty": { _, _ in 0 },
        "logger": { _, _ in 0 },
        "dmesg": { _, _ in 0 },
        "adduser": { _, _ in 0 },
        "addgroup": { _, _ in 0 },
        "useradd": { _, _ in 0 },
        "groupadd": { _, _ in 0 },
        "update-ca-certificates": { _, _ in 0 },
        "getent": { machine, words in
            guard words.count == 3, words[1].hasSuffix("hosts") || words[1].hasPrefix("ahosts") else { return 2 }
            let found = machine.addresses(of: words[2])
            for address in found { machine.print("\(PrintFormatter.padded(address, 16))\(words[2])\n") }
            return found.isEmpty ? 2 : 0
        },
    ]

    // date

    private static func date(_ machine: inout Machine, _ words: [String]) -> Int {
        let options = AppletOptions(words, valued: "dDrs")
        var moment = machine.now
        if let text = options["d"] ?? options["date"] {
            guard let parsed = parseDate(text, now: machine.now) else {
                return fail(&machine, "date", "invalid date '\(text)'")
            }
            moment = parsed
        } else if let path = options["r"] {
            guard let node = machine.node(path) else { return fail(&machine, "date", path, .noEntry) }
            moment = node.time
        }
        let time = CivilTime(moment)
        var format = "%a %b %e %H:%M:%S UTC %Y"
        if let given = options.words.first, given.hasPrefix("+") {
            format = String(given.dropFirst())
        } else if options.has("R") {
            format = "%a, %d %b %Y %H:%M:%S +0000"
        } else if options.has("I") || options["iso-8601"] != nil {
            let wantsSeconds = options.has("s") || options["iso-8601"] == "seconds" || words.contains("-Iseconds")
            format = wantsSeconds ? "%Y-%m-%dT%H:%M:%S+00:00" : "%Y-%m-%d"
        }
        machine.print(time.formatted(format) + "\n")
        return 0
    }

    /// `@1700000000`, `2026-01-01 12:30[:15]`, `now`, `1 hour ago`, `+2 days`.
    private static func parseDate(_ text: String, now: Timestamp) -> Timestamp? {
        if text.hasPrefix("@") {
            return Int64(text.dropFirst()).flatMap { $0.magnitude < 9_000_000_000 ? Timestamp(seconds: $0) : nil }
        }
        if text == "now" || text.isEmpty { return now }
        let words = text.split(separator: " ")
        let units: [String: Int64] = ["second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800]
        if words.count >= 2, let count = Int64(words[0]), count.magnitude < 1_000_000,
            let unit = units[String(words[1].hasSuffix("s") ? words[1].dropLast() : words[1])]
        {
            return now + .seconds(words.last == "ago" ? -count * unit : count * unit)
        }
        var iso = text.replacing(" ", with: "T")
        if !iso.contains("T") { iso += "T00:00:00" }
        if iso.utf8.count == 16 { iso += ":00" }
        return Timestamp(rfc3339: iso.hasSuffix("Z") ? iso : iso + "Z")
    }

    // Processes

    private static func processes(_ machine: inout Machine, _ words: [String]) -> Int {
        machine.print("PID   USER     TIME  COMMAND\n")
        for process in machine.visibleProcesses {
            let pid = PrintFormatter.padded(String(process.pid), 5, left: false)
            machine.print("\(pid) root      0:00 \(process.arguments.joined(separator: " "))\n")
        }
        return 0
    }

    /// `kill`, as applet and as builtin.
    static func kill(_ machine: inout Machine, _ words: [String]) -> Int {
        var rest = words.dropFirst()
        var signal: Signal? = .terminate
        var isNothing = false
        if let option = rest.first, option.hasPrefix("-"), option.count > 1,
            Int(option.dropFirst()).map({ $0 < 65 }) ?? true
        {
            rest = rest.dropFirst()
            if option == "-l" || option == "-L" { return listSignals(&machine, rest.first) }
            let name = option == "-s" || option == "-n" ? rest.popFirst() ?? "" : String(option.dropFirst())
            if name == "0" || name.uppercased() == "EXIT" {
                isNothing = true
            } else if option != "--" {
                signal = Signal(name: name)
                if signal == nil { return fail(&machine, "kill", "bad signal name '\(name)'") }
            }
        }
        if rest.first == "--" { rest = rest.dropFirst() }
        guard !rest.isEmpty else { return fail(&machine, "kill", "you need to specify whom to kill") }
        var code = 0
        for word in rest {
            guard let pid = Int(word) else {
                code = fail(&machine, "kill", "invalid number '\(word)'")
                continue
            }
            let targets = targets(of: pid, machine)
            if targets.isEmpty { code = fail(&machine, "kill", "can't kill pid \(pid)", .noProcess) }
            guard let signal, !isNothing else { continue }
            for target in targets { machine.send(signal, to: target) }
        }
        return code
    }

    /// The processes that a process ID means: 0 and negative numbers are whole groups, of which there is but one.
    private static func targets(of pid: Int, _ machine: Machine) -> [Int] {
        if pid > 0 { return machine.number(ofPID: pid).map { [$0] } ?? [] }
        return machine.visibleProcesses.filter { pid == 0 || !$0.isInit && $0.number != machine.process.number }.map(
            \.number
        )
    }

    private static func listSignals(_ machine: inout Machine, _ word: String?) -> Int {
        if let word, let number = Int(word) {
            guard let signal = Signal(number: number > 128 ? number - 128 : number) else { return 1 }
            machine.print(signal.name + "\n")
        } else {
            for number in 1...31 { machine.print("\(number)) \(Signal(number: number)?.name ?? "")\n") }
        }
        return 0
    }

    private static func killByName(_ machine: inout Machine, _ words: [String], isExact: Bool) -> Int {
        var rest = words.dropFirst()
        var signal: Signal? = .terminate
        var wantsCommandLine = false
        var isQuiet = false
        while let option = rest.first, option.hasPrefix("-"), option.count > 1 {
            rest = rest.dropFirst()
            switch option {
            case "-q": isQuiet = true
            case "-f": wantsCommandLine = true
            case "-0": signal = nil
            case "-s": signal = rest.popFirst().flatMap { Signal(name: $0) }
            case "-x", "-e", "-w": break
            default: signal = Signal(name: String(option.dropFirst())) ?? signal
            }
        }
        var code = 0
        for name in rest {
            let expression = RegularExpression(name, isExtended: true)
            let found = machine.visibleProcesses.filter { candidate in
                guard candidate.number != machine.process.number else { return false }
                if isExact { return candidate.commandName == name }
                let text = wantsCommandLine ? candidate.arguments.joined(separator: " ") : candidate.commandName
                return expression?.matches(Array(text.utf8), machine.meter) ?? false
            }
            if found.isEmpty {
                code = 1
                if isExact, !isQuiet { _ = fail(&machine, "killall", "\(name): no process killed") }
            }
            guard let signal else { continue }
            for process in found { machine.send(signal, to: process.number) }
        }
        return code
    }

    // Packages

    /// Package managers find every package, and what is installed can be found but not interpreted.
    private static func install(_ machine: inout Machine, _ words: [String], verbs: Set<String>) -> Int {
        let options = AppletOptions(words, valued: "t")
        guard let verb = options.words.first, verbs.contains(verb) else { return 0 }
        for name in options.words.dropFirst() where machine.node("/usr/bin/\(name)") == nil && !name.contains("/") {
            let mark = FileContent(Array((ImageProfile.programMark + name).utf8))
            guard let location = try? machine.locate("/usr/bin/\(name)") else { continue }
            try? machine.put(FileNode.file(mark, mode: 0o755, time: machine.now), at: location)
        }
        return 0
    }
}

extension Process {
    /// The last component of the program's path.
    var commandName: String { arguments.first?.split(separator: "/").last.map(String.init) ?? "" }
}
