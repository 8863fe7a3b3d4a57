// SPDX-License-Identifier: Apache-2.0
// Applets that read input: grep, uniq, tr, wc and the like.

import PodiumCodec
import PodiumMachinery
import PodiumRuntime

extension Applets {
    static let filterApplets: [String: WaitingApplet] = [
        "awk": { AwkCommandLine(words: $0) },
        "tar": { TarProgram(words: $0) },
        "tee": teeTables.applet { _, options in TeeProgram(paths: options.words, appends: options.has("a")) },
        "grep": { GrepProgram(words: $0, isExtended: false) },
        "egrep": { GrepProgram(words: $0, isExtended: true) },
        "fgrep": { GrepProgram(words: $0, isExtended: false, isFixed: true) },
        "head": HeadProcessor.applet,
        "tail": TailProgram.applet,
        "wc": CountProcessor.tables.applet { _, options in
            StreamProgram("wc", inputs: options.words, CountProcessor(options))
        },
        "sort": SortProcessor.tables.applet { machine, options throws(OptionRefusal) in
            let processor = try SortProcessor(options, &machine)
            return StreamProgram("sort", inputs: options.words, processor, missingCode: 2)
        },
        "uniq": UniqueLines.tables.applet { machine, options throws(OptionRefusal) in
            let end: UInt8 = options.has("z") ? 0 : 0x0A
            let lines = Lines(try UniqueLines(options, &machine), end: end)
            return StreamProgram("uniq", inputs: Array(options.words.prefix(1)), lines)
        },
        "cut": CutLines.tables.applet { machine, options throws(OptionRefusal) in
            let lines = try CutLines(options, &machine)
            return StreamProgram("cut", inputs: options.words, Lines(lines, end: lines.end))
        },
        "tr": Translation.tables.applet { machine, options throws(OptionRefusal) in
            StreamProgram("tr", inputs: ["-"], try Translation(options, &machine))
        },
        "tac": { words in StreamProgram("tac", inputs: AppletOptions(words).words, ReversedLines()) },
        "less": { words in StreamProgram("less", inputs: AppletOptions(words).words, Copying()) },
        "more": { words in StreamProgram("more", inputs: AppletOptions(words).words, Copying()) },
        "sed": { BeginningProgram(begin: SedProgram.begin, words: $0) },
        "base64": base64Tables.applet(base64),
        "od": { octalDump($0) },
        "hexdump": { hexDump($0) },
        "hd": { hexDump($0) },
        "xxd": { plainDump($0) },
        "cksum": { words in
            StreamProgram(
                "cksum",
                inputs: AppletOptions(words).words,
                Whole(perFile: true) { bytes, path, machine in
                    machine.charge(bytes: 4 * bytes.count)
                    machine.print("\(posixChecksum(bytes)) \(bytes.count)\(path == "-" ? "" : " " + path)\n")
                    return 0
                }
            )
        },
        "crc32": { words in
            StreamProgram(
                "crc32",
                inputs: AppletOptions(words).words,
                Whole(perFile: true) { bytes, path, machine in
                    machine.charge(bytes: bytes.count)
                    let sum = digits(Int(Checksum32.of(bytes)), radix: 16, width: 8)
                    machine.print("\(sum)\(path == "-" ? "" : " " + path)\n")
                    return 0
                }
            )
        },
        "sum": { words in
            let options = AppletOptions(words)
            return StreamProgram(
                "sum",
                inputs: options.words,
                Whole(perFile: true) { bytes, path, machine in
                    machine.charge(bytes: bytes.count)
                    let name = path == "-" ? "" : " " + path
                    if options.has("s") {
                        let sum = bytes.reduce(0) { $0 + Int($1) }
                        let folded = (sum & 0xFFFF) + (sum >> 16)
                        let shown = (folded & 0xFFFF) + folded >> 16
                        machine.print("\(shown) \((bytes.count + 511) / 512)\(name)\n")
                    } else {
                        let blocks = PrintFormatter.padded(String((bytes.count + 1023) / 1024), 5, left: false)
                        machine.print("\(digits(rotatedSum(bytes), radix: 10, width: 5)) \(blocks)\(name)\n")
                    }
                    return 0
                }
            )
        },
        "cmp": CompareBytesProgram.tables.applet { machine, options throws(OptionRefusal) in
            try CompareBytesProgram(options, &machine)
        },
        "diff": { BeginningProgram(begin: DiffProgram.begin, words: $0) },
        "patch": { PatchProgram(words: $0) },
        "seq": { BeginningProgram(begin: SequenceProgram.begin, words: $0) },
        "dd": { BeginningProgram(begin: CopyBlocksProgram.begin, words: $0) },
    ]

    /// The lines of a text, the last one with or without a newline.
    static func lines(of bytes: [UInt8]) -> [[UInt8]] {
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { Array($0) }
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }

    private static let teeTables = OptionTables(
        "tee",
        busybox: OptionTable(letters: "ai"),
        gnu: OptionTable(letters: "aipω::", long: ["append": "a", "ignore-interrupts": "i", "output-error": "ω"])
    )
    private static let base64Tables = OptionTables(
        "base64",
        busybox: OptionTable(letters: "dw:"),
        gnu: OptionTable(letters: "diw:", long: ["decode": "d", "ignore-garbage": "i", "wrap": "w"])
    )

    /// What can be decoded at the front of a text, and whether that is all of it.
    private static func decoded(_ text: [UInt8], skipsOthers: Bool) -> (bytes: [UInt8], isWhole: Bool) {
        let pad = UInt8(ascii: "=")
        func isDigit(_ unit: UInt8) -> Bool {
            unit.isAlphanumeric || unit == UInt8(ascii: "+") || unit == UInt8(ascii: "/") || unit == pad
        }
        let units = text.filter { skipsOthers ? isDigit($0) : $0 != 0x0A }
        if let all = base64Decoded(units), units.count % 4 == 0 { return (all, true) }
        // Whole groups, and what the digits of the one that is broken are enough for.
        let end = units.firstIndex { !isDigit($0) || $0 == pad } ?? units.count
        let rest = units[..<end].suffix(end % 4)
        let groups = base64Decoded(Array(units[..<(end - end % 4)])) ?? []
        let filled = Array(rest) + Array(repeating: pad, count: rest.count > 1 ? 4 - rest.count : 0)
        return (groups + (rest.count > 1 ? base64Decoded(filled) ?? [] : []), false)
    }

    private static func base64(
        _ machine: inout Machine,
        _ options: AppletOptions
    ) throws(OptionRefusal) -> any Program {
        if options.words.count > 1 {
            throw base64Tables.refusal(&machine, machine.isGNU ? "extra operand '\(options.words[1])'" : nil)
        }
        let width = try base64Tables.count(&machine, options["w"], "invalid wrap size: '%'") ?? 76
        return StreamProgram(
            "base64",
            inputs: options.words,
            Whole(perFile: false) { bytes, _, machine in
                machine.charge(bytes: 4 * bytes.count)
                if options.has("d") {
                    let (decoded, isWhole) = decoded(bytes, skipsOthers: !machine.isGNU || options.has("i"))
                    machine.write(decoded, to: 1)
                    if isWhole { return 0 }
                    return fail(&machine, "base64", machine.isGNU ? "invalid input" : "truncated base64 input")
                }
                let encoded = Array(Base64.encode(bytes).utf8)
                guard width > 0 else {
                    machine.write(encoded, to: 1)
                    return 0
                }
                var output: [UInt8] = []
                for start in stride(from: 0, to: encoded.count, by: width) {
                    output += encoded[start..<min(encoded.count, start + width)]
                    output.append(0x0A)
                }
                machine.write(output, to: 1)
                return 0
            }
        )
    }
}
