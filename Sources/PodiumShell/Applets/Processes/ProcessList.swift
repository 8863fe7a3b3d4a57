// SPDX-License-Identifier: Apache-2.0
// ps: which processes and which of their properties, in busybox's form and in that of procps.

import PodiumMachinery
import PodiumRuntime

/// A table of processes.
struct ProcessList {
    /// The columns that can be asked for, with their headings and widths; a negative width fills to the right.
    private static let columns: [String: (heading: String, width: Int)] = [
        "pid": ("PID", 5), "ppid": ("PPID", 5), "pgid": ("PGID", 5), "sid": ("SID", 5), "user": ("USER", -8),
        "ruser": ("RUSER", -8), "group": ("GROUP", -8), "rgroup": ("RGROUP", -8), "comm": ("COMMAND", -16),
        "args": ("COMMAND", -27), "cmd": ("CMD", -27), "command": ("COMMAND", -27), "tty": ("TT", -6),
        "stat": ("STAT", -4), "state": ("S", -1), "s": ("S", -1), "time": ("TIME", 6), "etime": ("ELAPSED", 7),
        "etimes": ("ELAPSED", 7), "nice": ("NI", 5), "ni": ("NI", 5), "vsz": ("VSZ", 5), "rss": ("RSS", 4),
        "uid": ("UID", 5), "gid": ("GID", 5), "pcpu": ("%CPU", 4), "%cpu": ("%CPU", 4), "pmem": ("%MEM", 4),
        "%mem": ("%MEM", 4), "start": ("STARTED", 8), "lstart": ("STARTED", 24), "euser": ("EUSER", -8),
        "ucmd": ("CMD", -15), "nlwp": ("NLWP", 4), "c": ("C", 2), "tname": ("TTY", -8), "stime": ("STIME", 5),
        "pri": ("PRI", 3), "rss_": ("RSS", 5), "wchan": ("WCHAN", -6),
    ]

    private let isBusybox: Bool
    private var shown: [(name: String, heading: String, width: Int)] = []
    private var hasHeadings = true
    private var numbers: Set<String>?
    private var names: Set<String>?
    private var users: Set<String>?

    init(_ words: [String], _ machine: Machine) {
        isBusybox = machine.hasBusybox
        var rest = words.dropFirst().map { $0 }
        // `ps aux` is the old way to ask for all, without a dash.
        let old =
            !isBusybox && rest.first.map { !$0.hasPrefix("-") && Int($0) == nil } == true ? rest.removeFirst() : ""
        let options = AppletOptions(
            ["ps"] + rest,
            valued: "oOpCuUtgGsq",
            long: [
                "format": "o", "pid": "p", "no-headers": "h", "no-heading": "h", "user": "u", "ppid": "P", "sort": "k",
            ]
        )
        for list in options.lists["o"] ?? [] { add(list) }
        if shown.isEmpty { addUsual(old, options) }
        hasHeadings = !options.has("h") && !shown.allSatisfy(\.heading.isEmpty)
        func list(_ letter: String) -> Set<String>? {
            options.lists[letter].map {
                Set($0.flatMap { $0.split(whereSeparator: { ", ".contains($0) }).map(String.init) })
            }
        }
        if isBusybox { return }
        numbers = list("p")
        names = list("C")
        users = list("u") ?? list("U")
    }

    private mutating func add(_ list: String) {
        var items = list.split(whereSeparator: { ", ".contains($0) }).map(String.init)
        // A heading of one's own reaches to the end.
        if let equals = list.firstIndex(of: "="), list[equals...].count > 1 {
            let head = list[..<equals].split(whereSeparator: { ", ".contains($0) }).map(String.init)
            let own = String(list[list.index(after: equals)...])
            if !own.contains("=") { items = head.dropLast() + [(head.last ?? "") + "=" + own] }
        }
        for item in items {
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard let column = Self.columns[parts[0]] else { continue }
            let heading = parts.count > 1 ? parts[1] : column.heading
            shown.append((parts[0], heading, parts.count > 1 && parts[1].isEmpty ? column.width : column.width))
        }
    }

    private mutating func addUsual(_ old: String, _ options: AppletOptions) {
        func use(_ names: [(String, String, Int)]) { shown = names.map { (name: $0.0, heading: $0.1, width: $0.2) } }
        if isBusybox {
            use([("pid", "PID", -5), ("user", "USER", -8), ("time", "TIME", -5), ("args", "COMMAND", -27)])
            shown[0].width = 5
        } else if old.contains("u") {
            use([
                ("user", "USER", -8), ("pid", "PID", 7), ("pcpu", "%CPU", 4), ("pmem", "%MEM", 4), ("vsz", "VSZ", 6),
                ("rss", "RSS", 5), ("tty", "TTY", -8), ("stat", "STAT", -4), ("stime", "START", 5), ("time", "TIME", 6),
                ("args", "COMMAND", -27),
            ])
        } else if options.has("f") {
            use([
                ("user", "UID", -8), ("pid", "PID", 7), ("ppid", "PPID", 7), ("c", "C", 2), ("stime", "STIME", 5),
                ("tname", "TTY", -8), ("time", "TIME", 8), ("args", "CMD", -27),
            ])
        } else {
            use([("pid", "PID", 7), ("tname", "TTY", -8), ("time", "TIME", 8), ("comm", "CMD", -16)])
        }
    }

    /// Prints the table; 1 when nobody is in it.
    func show(_ machine: inout Machine) -> Int {
        if hasHeadings {
            machine.print(line(shown.map(\.heading), isBusyboxHead: true))
        }
        let found = machine.visibleProcesses.filter { process in
            if let numbers { return numbers.contains(String(process.pid)) }
            if let names { return names.contains(process.commandName) }
            if let users {
                let user = process.userID ?? machine.container?.specification.user ?? 0
                return users.contains(String(user)) || users.contains(machine.userName(user))
            }
            return true
        }
        for process in found {
            machine.print(line(shown.map { value($0.name, process, machine) }, isBusyboxHead: false))
        }
        return found.isEmpty ? 1 : 0
    }

    private func line(_ values: [String], isBusyboxHead: Bool) -> String {
        var text = ""
        for (index, (value, column)) in zip(values, shown).enumerated() {
            if index > 0 { text += " " }
            // busybox's headings all stand at the left.
            let isLeft = column.width < 0 || isBusybox && isBusyboxHead
            if index == shown.count - 1, isLeft {
                text += value
            } else {
                text += PrintFormatter.padded(value, column.width.magnitude.intValue, left: isLeft)
            }
        }
        return text + "\n"
    }

    private func value(_ name: String, _ process: Process, _ machine: Machine) -> String {
        let user = process.userID ?? machine.container?.specification.user ?? 0
        let group = process.groupID ?? machine.container?.specification.group ?? 0
        let age = Int((machine.now - process.startedAt).nanoseconds / 1_000_000_000)
        func two(_ number: Int) -> String { PrintFormatter.zeros(number, 2) }
        switch name {
        case "pid", "pgid", "sid": return String(process.pid)
        case "ppid": return String(process.parentPID)
        case "user", "ruser", "euser": return machine.userName(user)
        case "group", "rgroup": return machine.groupName(group)
        case "uid": return String(user)
        case "gid": return String(group)
        case "comm", "ucmd": return String(process.commandName.prefix(15))
        case "args", "cmd", "command": return process.commandLine
        case "stat", "state", "s":
            let state = process.number == machine.process.number ? "R" : process.isStopped ? "T" : "S"
            return name == "stat" && process.isInit && !isBusybox ? state + "s" : state
        case "time": return isBusybox ? "0:00" : shown.contains { $0.heading == "%CPU" } ? "0:00" : "00:00:00"
        case "etime":
            let (hours, minutes, seconds) = (age / 3600, age / 60 % 60, age % 60)
            if isBusybox { return "\(age / 60):\(two(seconds))" }
            let day = hours >= 24 ? "\(hours / 24)-" : ""
            return day + (hours > 0 ? "\(two(hours % 24)):" : "") + "\(two(minutes)):\(two(seconds))"
        case "etimes": return String(age)
        case "nice", "ni": return String(process.niceness)
        case "vsz": return "4400"
        case "rss": return "1024"
        case "pcpu", "%cpu", "pmem", "%mem": return "0.0"
        case "c": return "0"
        case "nlwp": return "1"
        case "pri": return "19"
        case "start": return CivilTime(process.startedAt).formatted("%H:%M:%S")
        case "stime": return CivilTime(process.startedAt).formatted("%H:%M")
        case "lstart": return CivilTime(process.startedAt).formatted("%a %b %e %H:%M:%S %Y")
        case "wchan": return "-"
        default: return "?"
        }
    }
}

extension UInt {
    fileprivate var intValue: Int { Int(clamping: self) }
}
