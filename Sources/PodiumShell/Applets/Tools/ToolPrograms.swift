// SPDX-License-Identifier: Apache-2.0
// bc, dc, ts, base32, envsubst, column, join and other programs that read standard input.

import PodiumCodec
import PodiumMachinery
import PodiumRuntime

extension Applets {
    static let toolPrograms: [String: WaitingApplet] = [
        "bc": { BcProgram(words: $0) },
        "dc": { DcProgram(words: $0) },
        "crontab": { CrontabProgram(words: $0) },
        "ts": { words in
            let options = AppletOptions(words)
            return StreamProgram("ts", inputs: [], Lines(StampedLines(options)))
        },
        "base32": { words in
            let options = AppletOptions(words, valued: "w", long: ["decode": "d", "wrap": "w"])
            let width = options["w"].flatMap { Int($0) } ?? 76
            return StreamProgram(
                "base32",
                inputs: options.words,
                Whole(perFile: false) { bytes, _, machine in
                    if options.has("d") {
                        guard let plain = Base32.decode(bytes) else {
                            return fail(&machine, "base32", machine.hasBusybox ? "truncated input" : "invalid input")
                        }
                        machine.write(plain, to: 1)
                    } else {
                        machine.write(wrapped(Base32.encode(bytes), width), to: 1)
                    }
                    return 0
                }
            )
        },
        "envsubst": { words in
            let options = AppletOptions(words, long: ["variables": "v"])
            let names = options.words.first.map { Substitution.names(in: Array($0.utf8)) }
            if options.has("v") {
                return ImmediateProgram(
                    applet: { machine, _ in
                        machine.print((names ?? []).map { $0 + "\n" }.joined())
                        return 0
                    },
                    words: words
                )
            }
            return StreamProgram("envsubst", inputs: [], Lines(Substitution(names: names.map { Set($0) })))
        },
        "column": { words in
            let options = AppletOptions(
                words,
                valued: "socN",
                long: ["table": "t", "separator": "s", "output-separator": "o"]
            )
            return StreamProgram(
                "column",
                inputs: options.words,
                Whole(perFile: false, parts: .words) { bytes, _, machine in
                    machine.charge(bytes: 4 * bytes.count)
                    guard let table = columns(lines(of: bytes), options) else {
                        return fail(&machine, "column", "out of memory")
                    }
                    machine.charge(bytes: table.count)
                    machine.write(table, to: 1)
                    return 0
                }
            )
        },
        "join": JoinOptions.tables.applet { machine, options throws(OptionRefusal) in
            JoinProgram(try JoinOptions(options, &machine))
        },
        "numfmt": { words in
            ImmediateProgram(applet: { machine, words in formatNumbers(&machine, words) }, words: words)
        },
        "tftp": { UnservedProgram(words: $0, valued: "lrb") },
        "ftpget": { UnservedProgram(words: $0, valued: "upP") },
        "ftpput": { UnservedProgram(words: $0, valued: "upP") },
    ]

    private static func wrapped(_ bytes: [UInt8], _ width: Int) -> [UInt8] {
        guard width > 0 else { return bytes }
        var result: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: width) {
            result += bytes[start..<min(start + width, bytes.count)] + [0x0A]
        }
        return result
    }

    // column

    private static func columns(_ lines: [[UInt8]], _ options: AppletOptions) -> [UInt8]? {
        let filled = lines.filter { !$0.allSatisfy(\.isBlank) }
        guard options.has("t") else { return Array(filled.map { $0 + [0x0A] }.joined()) }
        let marks = options["s"].map { Set($0.utf8) }
        let rows = filled.map { line -> [[UInt8]] in
            guard let marks else { return line.split(whereSeparator: \.isBlank).map { Array($0) } }
            return line.split(omittingEmptySubsequences: false) { marks.contains($0) }.map { Array($0) }
        }
        var widths: [Int] = []
        for row in rows {
            for (index, cell) in row.enumerated() {
                if index == widths.count { widths.append(0) }
                widths[index] = max(widths[index], cell.count)
            }
        }
        let gap = Array((options["o"] ?? "  ").utf8)
        let width = widths.dropLast().reduce(0, +) + gap.count * widths.count
        if rows.count.multipliedReportingOverflow(by: width).partialValue > 4 * Whole.maximumBytes { return nil }
        let shown = rows.map { row -> [UInt8] in
            let cells = row.enumerated().map { index, cell in
                index == row.count - 1 ? cell : cell + Array(repeating: 0x20, count: widths[index] - cell.count)
            }
            return Array(cells.joined(separator: gap)) + [0x0A]
        }
        return Array(shown.joined())
    }

    // numfmt

    private static func formatNumbers(_ machine: inout Machine, _ words: [String]) -> Int {
        let options = AppletOptions(words, valued: "tf", long: ["to": "t", "from": "f"])
        let decimal = options["t"] == "si"
        for word in options.words {
            let unit = word.last.map { "KMGTPE".contains($0.uppercased()) ? String($0).uppercased() : "" } ?? ""
            let text = unit.isEmpty ? word : String(word.dropLast())
            guard var value = Double(text) else {
                machine.complain("numfmt: invalid number: ‘\(word)’")
                return 2
            }
            let letters = ["", "K", "M", "G", "T", "P", "E"]
            let power = letters.firstIndex(of: unit) ?? 0
            let from = options["f"] == "si" ? 1000.0 : 1024.0
            for _ in 0..<power { value *= from }
            guard let target = options["t"], target != "none" else {
                machine.print(PrintFormatter.fixed(value, digits: 0) + "\n")
                continue
            }
            let base = decimal ? 1000.0 : 1024.0
            var step = 0
            while value >= base, step < letters.count - 1 {
                value /= base
                step += 1
            }
            let shown =
                step > 0 && value < 10
                ? PrintFormatter.fixed((value * 10).rounded(.up) / 10, digits: 1)
                : PrintFormatter.fixed(value.rounded(.up), digits: 0)
            let letter = decimal && step == 1 ? "K" : letters[step]
            machine.print(shown + letter + (target == "iec-i" && step > 0 ? "i" : "") + "\n")
        }
        return 0
    }
}

/// `ts`: lines with the time in front.
private struct StampedLines: LineProcessor {
    private let format: String
    private let isElapsed: Bool
    private let isStep: Bool
    private var last: Timestamp?

    init(_ options: AppletOptions) {
        isElapsed = options.has("s")
        isStep = options.has("i")
        format = options.words.first ?? (isElapsed || isStep ? "%H:%M:%S" : "%b %d %H:%M:%S")
    }

    mutating func line(_ line: [UInt8], isWhole: Bool, _ machine: inout Machine) -> Int? {
        let start = last ?? machine.now
        if last == nil || isStep { last = machine.now }
        let moment = isElapsed || isStep ? Timestamp(nanoseconds: (machine.now - start).nanoseconds) : machine.now
        let fraction = PrintFormatter.zeros(Int(moment.nanoseconds / 1000 % 1_000_000), 6)
        let full = format.replacing("%.S", with: "%S." + fraction).replacing("%.T", with: "%T." + fraction)
        machine.write(Array((CivilTime(moment).formatted(full) + " ").utf8) + line + [0x0A], to: 1)
        return nil
    }
}

/// Base 32 of RFC 4648.
private enum Base32 {
    private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)

    static func encode(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 5) {
            let group = bytes[start..<min(start + 5, bytes.count)]
            let word = (0..<5).reduce(UInt64(0)) { $0 << 8 | UInt64($1 < group.count ? group[start + $1] : 0) }
            let used = (group.count * 8 + 4) / 5
            for index in 0..<8 {
                result.append(index < used ? letters[Int(word >> UInt64(35 - 5 * index) & 31)] : UInt8(ascii: "="))
            }
        }
        return result
    }

    static func decode(_ text: [UInt8]) -> [UInt8]? {
        var result: [UInt8] = []
        var word: UInt64 = 0
        var count = 0
        for unit in text where unit != 0x0A && unit != 0x0D && unit != UInt8(ascii: "=") {
            guard let value = letters.firstIndex(of: unit) else { return nil }
            word = word << 5 | UInt64(value)
            count += 5
            if count >= 8 {
                count -= 8
                result.append(UInt8(truncatingIfNeeded: word >> UInt64(count)))
            }
        }
        return result
    }
}

/// `envsubst`: variables of the environment in place of their names.
private struct Substitution: LineProcessor {
    /// The only names that count; nil for all.
    let names: Set<String>?

    init(names: Set<String>?) { self.names = names }

    /// The name that stands at a dollar sign, and how many bytes it takes with what is around it.
    private static func name(in bytes: [UInt8], at dollar: Int) -> (name: String, length: Int)? {
        var start = dollar + 1
        let isBraced = start < bytes.count && bytes[start] == UInt8(ascii: "{")
        if isBraced { start += 1 }
        guard start < bytes.count, bytes[start].isNameUnit, !bytes[start].isDigit else { return nil }
        let end = bytes[start...].firstIndex { !$0.isNameUnit } ?? bytes.count
        if isBraced, end >= bytes.count || bytes[end] != UInt8(ascii: "}") { return nil }
        return (bytes[start..<end].text, end - dollar + (isBraced ? 1 : 0))
    }

    /// The names that a text mentions.
    static func names(in bytes: [UInt8]) -> [String] {
        bytes.indices.filter { bytes[$0] == UInt8(ascii: "$") }.compactMap { name(in: bytes, at: $0)?.name }
    }

    mutating func line(_ line: [UInt8], isWhole: Bool, _ machine: inout Machine) -> Int? {
        var output: [UInt8] = []
        var index = 0
        while index < line.count {
            if line[index] == UInt8(ascii: "$"), let found = Self.name(in: line, at: index),
                names?.contains(found.name) ?? true
            {
                output += (machine.process.environment.last { $0.name == found.name }?.value ?? "").utf8
                index += found.length
            } else {
                output.append(line[index])
                index += 1
            }
        }
        machine.charge(bytes: output.count)
        machine.write(output + (isWhole ? [0x0A] : []), to: 1)
        return nil
    }
}

/// `tftp`, `ftpget` and `ftpput`: clients of servers that nothing simulates.
struct UnservedProgram: Program {
    /// How long it waits for an answer.
    private static let patience = Duration.seconds(30)

    let words: [String]
    let valued: String
    private var deadline: Timestamp?

    init(words: [String], valued: String) {
        self.words = words
        self.valued = valued
    }

    mutating func run(_ machine: inout Machine) -> Progress {
        let name = words.first?.split(separator: "/").last.map(String.init) ?? ""
        let options = AppletOptions(words, valued: valued)
        let isDatagram = name == "tftp"
        guard let host = options.words.first,
            isDatagram ? options.has("g") != options.has("p") : options.words.count > 1
        else { return .exited(Applets.usage(&machine, name)) }
        guard let address = machine.addresses(of: host).first else {
            return .exited(Applets.fail(&machine, name, "bad address '\(host)'"))
        }
        let port = isDatagram ? 69 : options["P"].flatMap { Int($0) } ?? 21
        let reach = isDatagram ? .silent : machine.reach(address, port: port)
        switch reach {
        case .refused:
            let text = "can't connect to remote host (\(address)): Connection refused"
            return .exited(Applets.fail(&machine, name, text))
        case .open:
            machine.note("Program \(name) is not simulated: it ended with 1 and carried nothing over")
            return .exited(Applets.fail(&machine, name, "unexpected server response: "))
        case .silent:
            let end = deadline ?? machine.now + Self.patience
            deadline = end
            if machine.now < end { return .blocked(.time(end)) }
            let text = isDatagram ? "timeout" : "can't connect to remote host (\(address)): Connection timed out"
            return .exited(Applets.fail(&machine, name, text))
        }
    }
}
