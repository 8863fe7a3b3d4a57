// SPDX-License-Identifier: Apache-2.0
// Calendars, tables of characters, and programs that say one thing: cal, ascii, runlevel, getconf and the like.

import PodiumMachinery
import PodiumRuntime

extension Applets {
    static let tableApplets: [String: ImmediateApplet] = [
        "cal": { machine, words in Calendar.run(&machine, words) },
        "ascii": { machine, _ in
            machine.print(asciiTable)
            return 0
        },
        "ttysize": { machine, words in
            let wanted = words.count > 1 ? Array(words.dropFirst()) : ["w", "h"]
            let size = machine.terminalSize(0) ?? TerminalSize(columns: 80, rows: 24)
            let numbers = wanted.map { String($0.hasPrefix("h") ? size.rows : size.columns) }
            machine.print(numbers.joined(separator: " ") + "\n")
            return 0
        },
        "runlevel": { machine, _ in
            machine.print("unknown\n")
            return 1
        },
        "lsmod": { machine, _ in
            machine.print("Module                  Size  Used by    Not tainted\n")
            return 0
        },
        "lspci": { _, _ in 0 },
        "lsusb": { _, _ in 0 },
        "lsscsi": { _, _ in 0 },
        "modinfo": { machine, words in
            forEach(&machine, AppletOptions(words, valued: "F").words) { machine, name in
                fail(&machine, "modinfo", "module '\(name)' not found")
            }
        },
        "mesg": { machine, _ in
            let text = "ttyname: Inappropriate ioctl for device"
            return machine.isTerminal(0) ? 0 : fail(&machine, "mesg", machine.hasBusybox ? "not a tty" : text)
        },
        "wall": { _, _ in 0 },
        "getconf": { machine, words in
            let name = words.dropFirst().first { !$0.hasPrefix("-") } ?? ""
            let values: [String: String] = [
                "PAGESIZE": "4096", "PAGE_SIZE": "4096", "LONG_BIT": "64", "ARG_MAX": "2097152", "CLK_TCK": "100",
                "_NPROCESSORS_ONLN": String(machine.kernel.configuration.node.processors), "PATH_MAX": "4096",
                "_NPROCESSORS_CONF": String(machine.kernel.configuration.node.processors), "NAME_MAX": "255",
                "OPEN_MAX": "1048576", "HOST_NAME_MAX": "64", "PATH": "/bin:/usr/bin",
            ]
            guard let value = values[name] else {
                machine.complain("getconf: Unrecognized variable '\(name)'")
                return 2
            }
            machine.print(value + "\n")
            return 0
        },
        "uuidgen": { machine, _ in
            let (high, low) = (machine.kernel.nextRandom(), machine.kernel.nextRandom())
            func digits(_ word: UInt64, _ shift: UInt64, _ count: Int) -> String {
                let text = String(word >> shift & (1 << UInt64(4 * count) - 1), radix: 16)
                return String(repeating: "0", count: count - text.utf8.count) + text
            }
            let parts = [
                digits(high, 32, 8), digits(high, 16, 4), "4" + digits(high, 0, 3),
                ["8", "9", "a", "b"][Int(low >> 62)] + digits(low, 48, 3), digits(low, 0, 12),
            ]
            machine.print(parts.joined(separator: "-") + "\n")
            return 0
        },
        "vi": { machine, words in
            machine.note("Program vi is not simulated: it changes nothing")
            return machine.isTerminal(0) ? 0 : fail(&machine, "vi", "can't read user input")
        },
        "traceroute": { machine, words in traceRoute(&machine, words) },
        "traceroute6": { machine, words in traceRoute(&machine, words) },
        "ipaddr": { machine, words in interfaces(&machine, ["ip", "address"] + words.dropFirst()) },
        "iplink": { machine, words in interfaces(&machine, ["ip", "link"] + words.dropFirst()) },
        "iproute": { machine, words in interfaces(&machine, ["ip", "route"] + words.dropFirst()) },
        "iprule": { machine, words in interfaces(&machine, ["ip", "rule"] + words.dropFirst()) },
        "ipneigh": { machine, words in interfaces(&machine, ["ip", "neigh"] + words.dropFirst()) },
        "iptunnel": { machine, words in interfaces(&machine, ["ip", "tunnel"] + words.dropFirst()) },
    ]

    private static let asciiTable: String = {
        let controls = [
            "NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "HT", "NL", "VT", "FF", "CR", "SO", "SI",
            "DLE", "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC", "FS", "GS", "RS", "US",
        ]
        func hexadecimal(_ value: Int) -> String { (value < 16 ? "0" : "") + String(value, radix: 16) }
        var text = "Dec Hex    Dec Hex    Dec Hex  Dec Hex  Dec Hex  Dec Hex   Dec Hex   Dec Hex\n"
        for row in 0..<16 {
            for column in 0..<8 {
                let value = row + 16 * column
                let shown =
                    value == 127
                    ? "DEL"
                    : value < 32
                        ? PrintFormatter.padded(controls[value], 3)
                        : String(UnicodeScalar(UInt8(value)))
                text += PrintFormatter.padded(String(value), value >= 96 ? 4 : 3, left: false) + " "
                text += hexadecimal(value).uppercased() + " " + shown + (column == 7 ? "\n" : "  ")
            }
        }
        return text
    }()

    /// What stands between here and a host: the node, and the host.
    private static func traceRoute(_ machine: inout Machine, _ words: [String]) -> Int {
        let options = AppletOptions(words, valued: "fmqptwsiz")
        guard let host = options.words.first else { return usage(&machine, "traceroute") }
        guard let address = machine.addresses(of: host).first else {
            return fail(&machine, "traceroute", "bad address '\(host)'")
        }
        let size = options.words.dropFirst().first.flatMap { Int($0) } ?? 46
        let most = options["m"].flatMap { Int($0) } ?? 30
        machine.print("traceroute to \(host) (\(address)), \(most) hops max, \(size) byte packets\n")
        let probes = min(max(1, options["q"].flatMap { Int($0) } ?? 3), 10)
        let times = String(repeating: "  0.010 ms", count: probes)
        func hop(_ number: Int, _ name: String, _ address: String) {
            let shown = options.has("n") ? address : "\(name) (\(address))"
            machine.print("\(PrintFormatter.padded(String(number), 2, left: false))  \(shown)\(times)\n")
        }
        if machine.isOwn(address) {
            hop(1, host, address)
        } else {
            let gateway = gateway(machine)
            hop(1, gateway, gateway)
            hop(2, host, address)
        }
        return 0
    }
}

/// `cal`.
private struct Calendar {
    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]

    let isJulian: Bool
    let startsMonday: Bool

    static func run(_ machine: inout Machine, _ words: [String]) -> Int {
        let options = AppletOptions(words)
        let today = CivilTime(machine.now).formatted("%Y %m").split(separator: " ").compactMap { Int($0) }
        var (year, month) = (today.first ?? 1970, today.count > 1 ? today[1] : 1)
        var isYear = options.has("y")
        let given = options.words
        if given.count > 2 { return Applets.usage(&machine, "cal") }
        func number(_ text: String, _ range: ClosedRange<Int>) -> Int? {
            guard let value = Int(text) else {
                _ = Applets.fail(&machine, "cal", "invalid number '\(text)'")
                return nil
            }
            if range.contains(value) { return value }
            _ = Applets.fail(
                &machine,
                "cal",
                "number \(value) is not in \(range.lowerBound)..\(range.upperBound) range"
            )
            return nil
        }
        if given.count == 2 {
            guard let value = number(given[0], 1...12) else { return 1 }
            month = value
        }
        if let last = given.last {
            guard let value = number(last, 1...9999) else { return 1 }
            year = value
            isYear = given.count == 1
        }
        let calendar = Calendar(isJulian: options.has("j"), startsMonday: options.has("m"))
        machine.spend(20)
        machine.print(isYear ? calendar.year(year) : calendar.month(month, of: year))
        return 0
    }

    private static func isLeap(_ year: Int) -> Bool {
        year <= 1752 ? year % 4 == 0 : year % 4 == 0 && year % 100 != 0 || year % 400 == 0
    }

    private static func days(_ month: Int, _ year: Int) -> Int {
        month == 2 ? isLeap(year) ? 29 : 28 : [4, 6, 9, 11].contains(month) ? 30 : 31
    }

    private static func dayOfYear(_ month: Int, _ year: Int) -> Int { (1..<month).reduce(0) { $0 + days($1, year) } }

    /// The weekday of the first of a month, Sunday being 0; eleven days of September 1752 never were.
    private static func weekday(_ month: Int, _ year: Int) -> Int {
        let before = year - 1
        let leaps =
            before / 4 - (year > 1700 && before > 1752 ? before / 100 - 17 : 0) + (before > 1752 ? before / 400 - 4 : 0)
        let day = before * 365 + leaps + dayOfYear(month, year)
        let isNew = year > 1752 || year == 1752 && month > 9
        return isNew ? (day + 6 - 11 + 14) % 7 : (day + 6) % 7
    }

    private var width: Int { isJulian ? 27 : 20 }

    private var heading: String {
        let names =
            startsMonday ? ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"] : ["Su", "Mo", "Tu", "We", "Th", "Fr", "Sa"]
        return names.map { (isJulian ? " " : "") + $0 }.joined(separator: " ")
    }

    /// Six weeks, each as wide as the heading.
    private func weeks(_ month: Int, _ year: Int) -> [String] {
        let size = isJulian ? 3 : 2
        var cells = Array(repeating: "", count: 42)
        var place = Self.weekday(month, year)
        if startsMonday { place = (place + 6) % 7 }
        for day in 1...Self.days(month, year) {
            if year == 1752, month == 9, (3...13).contains(day) { continue }
            cells[place] = String(isJulian ? day + Self.dayOfYear(month, year) : day)
            place += 1
        }
        return (0..<6).map { week in
            cells[week * 7..<week * 7 + 7].map { PrintFormatter.padded($0, size, left: false) }.joined(separator: " ")
        }
    }

    private func centred(_ text: String, _ width: Int) -> String {
        let left = max(0, width - text.utf8.count) / 2
        return String(repeating: " ", count: left) + text
    }

    private static func trimmed(_ line: String) -> String {
        var bytes = Array(line.utf8)
        while bytes.last == 0x20 { bytes.removeLast() }
        return bytes.text
    }

    func month(_ month: Int, of year: Int) -> String {
        let head = centred("\(Self.months[month - 1]) \(year)", width)
        let lines = weeks(month, year).map { line in
            // A week without days keeps its blanks.
            let short = Self.trimmed(line)
            return short.isEmpty ? line + " " : short
        }
        return ([head, heading] + lines).map { $0 + "\n" }.joined()
    }

    func year(_ year: Int) -> String {
        let columns = isJulian ? 2 : 3
        let gap = "  "
        let whole = width * columns + gap.utf8.count * (columns - 1)
        let title = PrintFormatter.padded(centred(String(year), whole), whole)
        var text = title + "\n\n"
        for first in stride(from: 1, through: 12, by: columns) {
            let shown = Array(first..<first + columns)
            let heads = shown.map { PrintFormatter.padded(centred(Self.months[$0 - 1], width), width) }
            text += heads.joined(separator: gap) + "\n"
            text += shown.map { _ in heading }.joined(separator: gap) + "\n"
            let tables = shown.map { weeks($0, year) }
            for week in 0..<6 {
                let line = Self.trimmed(tables.map { $0[week] }.joined(separator: gap))
                // Where no month has such a week, the line is as wide as the screen.
                text += (line.isEmpty ? String(repeating: " ", count: 79) : line) + "\n"
            }
        }
        return text
    }
}
