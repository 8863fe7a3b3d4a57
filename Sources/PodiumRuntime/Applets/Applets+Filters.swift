// SPDX-License-Identifier: Apache-2.0
// Applets that read input: cat, grep, head, sort, wc and the like.

import PodiumMachinery

extension Applets {
    static let filterApplets: [String: WaitingApplet] = [
        "awk": { AwkCommandLine(words: $0) },
        "cat": { words in
            let options = AppletOptions(words)
            if options.has("n") { return StreamProgram("cat", inputs: options.words, Lines(NumberedLines(all: true))) }
            return StreamProgram("cat", inputs: options.words, Copying())
        },
        "tee": { words in
            let options = AppletOptions(words)
            return TeeProgram(paths: options.words, appends: options.has("a"))
        },
        "nl": { words in
            StreamProgram("nl", inputs: AppletOptions(words, valued: "bnsw").words, Lines(NumberedLines(all: false)))
        },
        "grep": { words in grep(words, isExtended: false) },
        "egrep": { words in grep(words, isExtended: true) },
        "fgrep": { words in grep(words + ["-F"], isExtended: false) },
        "head": head,
        "tail": { words in TailProgram(words) },
        "wc": wordCount,
        "sort": sort,
        "uniq": { words in
            let options = AppletOptions(words, valued: "fsw")
            let lines = UniqueLines(options)
            return StreamProgram("uniq", inputs: Array(options.words.prefix(1)), Lines(lines))
        },
        "cut": { words in
            let options = AppletOptions(words, valued: "dfcb")
            return StreamProgram("cut", inputs: options.words, Lines(CutLines(options)))
        },
        "tr": { words in StreamProgram("tr", inputs: ["-"], Translation(words)) },
        "rev": { words in
            StreamProgram(
                "rev",
                inputs: AppletOptions(words).words,
                Lines(MappedLines { Array(String($0.text.reversed()).utf8) })
            )
        },
        "fold": { words in
            let width = AppletOptions(words, valued: "w")["w"].flatMap { Int($0) } ?? 80
            return StreamProgram(
                "fold",
                inputs: AppletOptions(words, valued: "w").words,
                Lines(
                    MappedLines { line in
                        var folded: [UInt8] = []
                        for (index, unit) in line.enumerated() {
                            if index > 0, index % max(1, width) == 0 { folded.append(0x0A) }
                            folded.append(unit)
                        }
                        return folded
                    }
                )
            )
        },
        "tac": { words in
            StreamProgram(
                "tac",
                inputs: AppletOptions(words).words,
                Whole(perFile: true) { bytes, _, machine in
                    for line in lines(of: bytes).reversed() { machine.write(line + [0x0A], to: 1) }
                    return 0
                }
            )
        },
        "less": { words in StreamProgram("less", inputs: AppletOptions(words).words, Copying()) },
        "more": { words in StreamProgram("more", inputs: AppletOptions(words).words, Copying()) },
        "sed": { words in SedProgram.make(words) },

        "paste": { words in
            let options = AppletOptions(words, valued: "d")
            return StreamProgram(
                "paste",
                inputs: options.words,
                Whole(perFile: false) { bytes, _, machine in
                    let separator = options["d"] ?? "\t"
                    let all = lines(of: bytes)
                    let isSerial = options.has("s")
                    let serial = [[UInt8](all.joined(separator: Array(separator.utf8)))]
                    for line in isSerial ? serial : all {
                        machine.write(line + [0x0A], to: 1)
                    }
                    return 0
                }
            )
        },
        "base64": base64,
        "od": { words in
            StreamProgram(
                "od",
                inputs: AppletOptions(words, valued: "AtNjw").words,
                Whole(perFile: false) { bytes, _, machine in
                    for start in stride(from: 0, to: bytes.count, by: 16) {
                        let values = bytes[start..<min(start + 16, bytes.count)].map {
                            PrintFormatter.zeros(Int(String($0, radix: 8)) ?? 0, 3)
                        }
                        machine.print(
                            "\(PrintFormatter.zeros(Int(String(start, radix: 8)) ?? 0, 7)) \(values.joined(separator: " "))\n"
                        )
                    }
                    machine.print(PrintFormatter.zeros(Int(String(bytes.count, radix: 8)) ?? 0, 7) + "\n")
                    return 0
                }
            )
        },
        "md5sum": { words in digest("md5sum", words) { MD5.hexDigest(of: $0) } },
        "sha1sum": { words in digest("sha1sum", words) { SHA1.hexDigest(of: $0) } },
        "sha256sum": { words in digest("sha256sum", words) { SHA256.hexDigest(of: $0) } },
        "cmp": { words in ComparisonProgram(words: words) },
        "diff": { words in ComparisonProgram(words: words) },
        "dd": { words in CopyBlocksProgram(words: words) },
    ]

    /// The lines of a text, the last one with or without a newline.
    static func lines(of bytes: [UInt8]) -> [[UInt8]] {
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { Array($0) }
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }

    private static func grep(_ words: [String], isExtended: Bool) -> any Program {
        let options = AppletOptions(words, valued: "emABCf")
        var inputs = options.words
        var patterns = (options.lists["e"] ?? []).flatMap {
            $0.split(separator: "\n", omittingEmptySubsequences: false)
        }.map(String.init)
        if options.lists["e"] == nil {
            guard !inputs.isEmpty else {
                return ImmediateProgram(applet: { machine, _ in usage(&machine, "grep") + 1 }, words: words)
            }
            patterns = inputs.removeFirst().split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        }
        let lines = GrepLines(
            patterns,
            options,
            isExtended: isExtended,
            showsNames: inputs.count > 1 && !options.has("h")
        )
        if options.has("r") || options.has("R") {
            return RecursiveGrepProgram(paths: inputs.isEmpty ? ["."] : inputs, lines: lines)
        }
        return StreamProgram("grep", inputs: inputs, Lines(lines), missingCode: 2)
    }

    private static func head(_ words: [String]) -> any Program {
        var words = words
        // `head -5` is `head -n 5`.
        if words.count > 1, words[1].hasPrefix("-"), let count = Int(words[1].dropFirst()) { words[1] = "-n\(count)" }
        let options = AppletOptions(words, valued: "nc")
        if let count = options["c"].flatMap({ size($0) }) {
            return StreamProgram("head", inputs: options.words, HeadBytes(limit: count))
        }
        let count = options["n"].flatMap { size($0) } ?? 10
        let lines = HeadLines(limit: count, showsNames: options.words.count > 1 && !options.has("q"))
        if count == 0 { return ImmediateProgram(applet: { _, _ in 0 }, words: words) }
        return StreamProgram("head", inputs: options.words, Lines(lines))
    }

    /// The lines that `sort` takes; it works on all of them at once.
    private static let maximumSortedLines = 250_000

    private static func sort(_ words: [String]) -> any Program {
        let options = AppletOptions(words, valued: "ktoST")
        let key = options["k"].flatMap { Int($0.prefix { $0.isNumber }) }
        let isNumeric = options.has("n") || options.has("g") || options.has("h") || options["k"]?.contains("n") == true
        let isReversed = options.has("r") || options["k"]?.contains("r") == true
        let separator = options["t"]?.utf8.first
        @Sendable func sortKey(_ line: [UInt8]) -> [UInt8] {
            guard let key, key > 0 else { return line }
            let fields =
                separator.map { line.split(separator: $0, omittingEmptySubsequences: false) }
                ?? line.split(whereSeparator: \.isBlank)
            let rest = fields.dropFirst(key - 1).joined(separator: [separator ?? 0x20])
            return [UInt8](rest)
        }
        @Sendable func precedes(_ left: [UInt8], _ right: [UInt8]) -> Bool {
            var (first, second) = (sortKey(left), sortKey(right))
            if isNumeric {
                let (a, b) = (NumberPrefix.value(of: first), NumberPrefix.value(of: second))
                if a != b { return isReversed ? a > b : a < b }
            } else if options.has("f") {
                (first, second) = (first.map(\.lowercased), second.map(\.lowercased))
            }
            if first != second, !isNumeric {
                return isReversed ? second.lexicographicallyPrecedes(first) : first.lexicographicallyPrecedes(second)
            }
            return isReversed ? right.lexicographicallyPrecedes(left) : left.lexicographicallyPrecedes(right)
        }
        return StreamProgram(
            "sort",
            inputs: options.words,
            Whole(perFile: false) { bytes, _, machine in
                var sorted = lines(of: bytes)
                guard sorted.count <= maximumSortedLines else { return fail(&machine, "sort", "out of memory") }
                // Each line is compared with as many others as its number has digits in binary.
                machine.charge(
                    bytes: (bytes.count + 32 * sorted.count)
                        * (sorted.count.bitWidth - sorted.count.leadingZeroBitCount)
                )
                sorted.sort(by: precedes)
                if options.has("u") {
                    var unique: [[UInt8]] = []
                    for line in sorted where unique.last.map({ sortKey($0) != sortKey(line) }) ?? true {
                        unique.append(line)
                    }
                    sorted = unique
                }
                let output: [UInt8] = sorted.flatMap { line -> [UInt8] in line + [0x0A] }
                if let path = options["o"] {
                    return attempt(&machine, "sort", path) { machine throws(Errno) in
                        try machine.replace(path, with: output)
                    }
                }
                if !output.isEmpty { machine.write(output, to: 1) }
                return 0
            }
        )
    }

    private static func base64(_ words: [String]) -> any Program {
        let options = AppletOptions(words, valued: "w")
        let width = options["w"].flatMap { Int($0) } ?? 76
        return StreamProgram(
            "base64",
            inputs: options.words,
            Whole(perFile: false) { bytes, _, machine in
                if options.has("d") || options["decode"] != nil {
                    guard let decoded = Base64.decode(bytes) else {
                        return fail(&machine, "base64", "truncated base64 input")
                    }
                    machine.write(decoded, to: 1)
                    return 0
                }
                let encoded = Base64.encode(bytes)
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

    private static func digest(
        _ name: String,
        _ words: [String],
        _ hash: @escaping @Sendable ([UInt8]) -> String
    ) -> any Program {
        let options = AppletOptions(words)
        return StreamProgram(
            name,
            inputs: options.words,
            Whole(perFile: true) { bytes, path, machine in
                machine.charge(bytes: 16 * bytes.count)
                guard options.has("c") else {
                    machine.print("\(hash(bytes))  \(path)\n")
                    return 0
                }
                var code = 0
                for line in lines(of: bytes) {
                    let parts = line.text.split(separator: " ", maxSplits: 1).map { $0.drop { $0 == " " || $0 == "*" } }
                    guard parts.count == 2 else { continue }
                    let isGood = (try? machine.contents(String(parts[1]))).map { hash($0) == parts[0] } ?? false
                    machine.print("\(parts[1]): \(isGood ? "OK" : "FAILED")\n")
                    if !isGood { code = 1 }
                }
                return code
            }
        )
    }

    private static func wordCount(_ words: [String]) -> any Program {
        let options = AppletOptions(words)
        return StreamProgram("wc", inputs: options.words, CountProcessor(options))
    }
}
