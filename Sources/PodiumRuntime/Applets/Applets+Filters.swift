// SPDX-License-Identifier: Apache-2.0
// Applets that read input: grep, uniq, tr, wc and the like.

import PodiumCodec
import PodiumMachinery

extension Applets {
    static let filterApplets: [String: WaitingApplet] = [
        "awk": { AwkCommandLine(words: $0) },
        "tar": { TarProgram(words: $0) },
        "tee": { words in
            let options = AppletOptions(words)
            return TeeProgram(paths: options.words, appends: options.has("a"))
        },
        "grep": { GrepProgram(words: $0, isExtended: false) },
        "egrep": { GrepProgram(words: $0, isExtended: true) },
        "fgrep": { GrepProgram(words: $0, isExtended: false, isFixed: true) },
        "head": { head($0) },
        "tail": { words in TailProgram(words) },
        "wc": wordCount,
        "sort": { sort($0) },
        "uniq": { words in
            let options = AppletOptions(words, valued: "fsw")
            let end: UInt8 = options.has("z") ? 0 : 0x0A
            return StreamProgram("uniq", inputs: Array(options.words.prefix(1)), Lines(UniqueLines(options), end: end))
        },
        "cut": { words in
            let options = AppletOptions(words, valued: "dfcb")
            if let fault = CutLines.fault(options) {
                return ImmediateProgram(applet: { machine, _ in fail(&machine, "cut", fault) }, words: words)
            }
            return StreamProgram("cut", inputs: options.words, Lines(CutLines(options)))
        },
        "tr": { words in
            guard !AppletOptions(words).words.isEmpty else {
                return ImmediateProgram(applet: { machine, _ in usage(&machine, "tr") }, words: words)
            }
            return StreamProgram("tr", inputs: ["-"], Translation(words))
        },
        "tac": { words in StreamProgram("tac", inputs: AppletOptions(words).words, ReversedLines()) },
        "less": { words in StreamProgram("less", inputs: AppletOptions(words).words, Copying()) },
        "more": { words in StreamProgram("more", inputs: AppletOptions(words).words, Copying()) },
        "sed": { BeginningProgram(begin: SedProgram.begin, words: $0) },
        "base64": base64,
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
        "dd": { words in CopyBlocksProgram(words: words) },
    ]

    /// The lines of a text, the last one with or without a newline.
    static func lines(of bytes: [UInt8]) -> [[UInt8]] {
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { Array($0) }
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }

    private static func base64(_ words: [String]) -> any Program {
        let options = AppletOptions(words, valued: "w")
        let width = options["w"].flatMap { Int($0) } ?? 76
        return StreamProgram(
            "base64",
            inputs: options.words,
            Whole(perFile: false) { bytes, _, machine in
                if options.has("d") || options["decode"] != nil {
                    guard let decoded = base64Decoded(bytes) else {
                        return fail(&machine, "base64", "truncated base64 input")
                    }
                    machine.write(decoded, to: 1)
                    return 0
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

    private static func wordCount(_ words: [String]) -> any Program {
        let options = AppletOptions(words)
        return StreamProgram("wc", inputs: options.words, CountProcessor(options))
    }
}
