// SPDX-License-Identifier: Apache-2.0
// Applets about the system and its processes: date, id, uname, ps, kill and the like.

import PodiumMachinery
import PodiumRuntime

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
        "tty": { machine, words in
            let isSilent = words.dropFirst().contains { $0 == "-s" || $0 == "--silent" || $0 == "--quiet" }
            if !isSilent { machine.print(machine.isTerminal(0) ? "/dev/pts/0\n" : "not a tty\n") }
            return machine.isTerminal(0) ? 0 : 1
        },
        "uptime": { machine, _ in
            let time = CivilTime(machine.now).formatted("%H:%M:%S")
            let minutes = Int(
                (machine.now - (machine.container?.startedAt ?? machine.now)).nanoseconds / 60_000_000_000
            )
            machine.print(" \(time) up \(minutes) min,  0 users,  load average: 0.00, 0.00, 0.00\n")
            return 0
        },
        "kill": { machine, words in kill(&machine, words) },
        "getent": { machine, words in
            if words.count > 1, let code = showEntries(&machine, words[1], Array(words.dropFirst(2))) { return code }
            guard words.count == 3, words[1].hasSuffix("hosts") || words[1].hasPrefix("ahosts") else { return 2 }
            let found = machine.addresses(of: words[2])
            for address in found { machine.print("\(PrintFormatter.padded(address, 16))\(words[2])\n") }
            return found.isEmpty ? 2 : 0
        },
    ]

    // getent

    /// Ports that `getent services` knows.
    private static let services = [
        "ssh": 22, "domain": 53, "http": 80, "https": 443, "postgresql": 5432, "mysql": 3306,
    ]

    /// The lines of a table of accounts or services; nil when it is another one.
    private static func showEntries(_ machine: inout Machine, _ table: String, _ keys: [String]) -> Int? {
        if table == "services" {
            for key in keys {
                guard let port = services[key] else { return 2 }
                machine.print("\(PrintFormatter.padded(key, 21)) \(port)/tcp\n")
            }
            return 0
        }
        guard ["passwd", "group", "shadow"].contains(table) else { return nil }
        let lines = machine.accountLines("/etc/\(table)")
        if keys.isEmpty {
            machine.print(lines.map { $0 + "\n" }.joined())
            return 0
        }
        for key in keys {
            let found = lines.first { line in
                let parts = line.split(separator: ":", omittingEmptySubsequences: false)
                return parts.first ?? "" == key || table != "shadow" && parts.count > 2 && parts[2] == key
            }
            guard let found else { return 2 }
            machine.print(found + "\n")
        }
        return 0
    }

    // date

    private static func date(_ machine: inout Machine, _ words: [String]) -> Int {
        let options = AppletOptions(words, valued: "dDrs")
        var moment = machine.now
        if let text = options["d"] ?? options["date"] {
            let found =
                options["D"].map { DateText.moment(text, format: $0, now: machine.now) }
                ?? DateText.moment(text, now: machine.now, reader: machine.hasBusybox ? .busybox : .gnu)
            guard let parsed = found else {
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

    // Processes

    /// `kill`, as applet and as builtin.
    static func kill(_ machine: inout Machine, _ words: [String]) -> Int {
        var rest = words.dropFirst()
        var signal: Signal? = .terminate
        var isNothing = false
        if let option = rest.first, option.hasPrefix("-"), option.count > 1 {
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

    static func listSignals(_ machine: inout Machine, _ word: String?) -> Int {
        if let word, let number = Int(word) {
            guard let signal = Signal(number: number > 128 ? number - 128 : number) else { return 1 }
            machine.print(signal.name + "\n")
        } else if let word {
            guard let signal = Signal(name: word) else { return fail(&machine, "kill", "unknown signal '\(word)'") }
            machine.print("\(signal.number)\n")
        } else {
            for number in 1...31 {
                let shown = PrintFormatter.padded(String(number), 2, left: false)
                machine.print("\(shown)) \(Signal(number: number)?.name ?? "")\n")
            }
        }
        return 0
    }
}
