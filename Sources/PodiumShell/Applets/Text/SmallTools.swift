// SPDX-License-Identifier: Apache-2.0
// shuf, uuencode, uudecode, ipcalc and other small programs.

import PodiumCodec
import PodiumMachinery
import PodiumRuntime

extension Applets {
    static let smallApplets: [String: WaitingApplet] = [
        "shuf": shuffle,
        "uuencode": { words in
            let options = AppletOptions(words)
            let isBase64 = options.has("m")
            let name = options.words.last ?? "-"
            return StreamProgram(
                "uuencode",
                inputs: options.words.count > 1 ? [options.words[0]] : ["-"],
                Whole(perFile: false) { bytes, _, machine in
                    machine.write(encoded(bytes, name, isBase64: isBase64), to: 1)
                    return 0
                }
            )
        },
        "uudecode": { words in
            let options = AppletOptions(words, valued: "o")
            return StreamProgram(
                "uudecode",
                inputs: Array(options.words.prefix(1)),
                Whole(perFile: false, parts: .lines) { bytes, _, machine in decode(bytes, options["o"], &machine) }
            )
        },
        "getopt": { ImmediateProgram(applet: { machine, words in sortOptions(&machine, words) }, words: $0) },
        "run-parts": { RunPartsProgram(words: $0) },
        "ipcalc": { ImmediateProgram(applet: { machine, words in calculate(&machine, words) }, words: $0) },
        "ed": { BeginningProgram(begin: LineEditor.begin, words: $0) },
    ]

    // shuf

    private static func shuffle(_ words: [String]) -> any Program {
        let options = AppletOptions(words, valued: "ino")
        let limit = options["n"].flatMap { Int($0) } ?? .max
        let end: UInt8 = options.has("z") ? 0 : 0x0A
        @Sendable func show(_ lines: [[UInt8]], _ machine: inout Machine) {
            var lines = lines
            for index in lines.indices.reversed() where index > 0 {
                lines.swapAt(index, Int(machine.kernel.nextRandom() % UInt64(index + 1)))
            }
            machine.charge(bytes: lines.reduce(0) { $0 + $1.count + 1 })
            let output: [UInt8] = lines.prefix(max(0, limit)).flatMap { line -> [UInt8] in line + [end] }
            machine.write(output, to: 1)
        }
        if let range = options["i"] { return RangeShuffleProgram(range, limit: limit, end: end) }
        if options.has("e") {
            let applet: ImmediateApplet = { machine, _ in
                show(options.words.map { Array($0.utf8) }, &machine)
                return 0
            }
            return ImmediateProgram(applet: applet, words: words)
        }
        return StreamProgram(
            "shuf",
            inputs: Array(options.words.prefix(1)),
            Whole(perFile: false, parts: .lines) { bytes, _, machine in
                show(lines(of: bytes), &machine)
                return 0
            }
        )
    }

    // uuencode

    private static func encoded(_ bytes: [UInt8], _ name: String, isBase64: Bool) -> [UInt8] {
        var result = Array("begin\(isBase64 ? "-base64" : "") 644 \(name)\n".utf8)
        for start in stride(from: 0, to: bytes.count, by: 45) {
            let line = Array(bytes[start..<min(start + 45, bytes.count)])
            result += (isBase64 ? Array(Base64.encode(line).utf8) : classic(line)) + [0x0A]
        }
        return result + Array((isBase64 ? "====\n" : "`\nend\n").utf8)
    }

    private static func classic(_ line: [UInt8]) -> [UInt8] {
        func letter(_ value: UInt8) -> UInt8 { value == 0 ? UInt8(ascii: "`") : value + 0x20 }
        var result = [letter(UInt8(line.count))]
        for start in stride(from: 0, to: line.count, by: 3) {
            let group =
                line[start..<min(start + 3, line.count)] + Array(repeating: 0, count: max(0, start + 3 - line.count))
            let word = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            for shift in [18, 12, 6, 0] { result.append(letter(UInt8(word >> UInt32(shift) & 63))) }
        }
        return result
    }

    private static func decode(_ bytes: [UInt8], _ target: String?, _ machine: inout Machine) -> Int {
        let all = lines(of: bytes)
        guard let begin = all.firstIndex(where: { $0.starts(with: "begin".utf8) }) else {
            return fail(&machine, "uudecode", "no 'begin' line")
        }
        let isBase64 = all[begin].starts(with: "begin-base64".utf8)
        let name = target ?? all[begin].text.split(separator: " ").last.map(String.init) ?? "-"
        var result: [UInt8] = []
        for line in all[(begin + 1)...] {
            if line == Array("====".utf8) || line == Array("end".utf8) { break }
            if isBase64 {
                result += base64Decoded(line) ?? []
                continue
            }
            let count = Int(((line.first ?? 0x20) &- 0x20) & 63)
            let values = line.dropFirst().map { UInt32(($0 &- 0x20) & 63) }
            var piece: [UInt8] = []
            for start in stride(from: 0, to: values.count - values.count % 4, by: 4) {
                let word = values[start..<start + 4].reduce(UInt32(0)) { $0 << 6 | $1 }
                piece += [UInt8(word >> 16 & 255), UInt8(word >> 8 & 255), UInt8(word & 255)]
            }
            result += piece.prefix(count)
        }
        if name == "-" || name == "/dev/stdout" {
            machine.write(result, to: 1)
            return 0
        }
        return attempt(&machine, "uudecode", name) { machine throws(Errno) in
            try machine.replace(name, with: result)
        }
    }

    // ipcalc

    private static func calculate(_ machine: inout Machine, _ words: [String]) -> Int {
        let options = AppletOptions(words)
        let parts = (options.words.first ?? "").split(separator: "/").map(String.init)
        // As the C library reads addresses: the last of fewer than four numbers fills what is left.
        func number(_ text: String) -> UInt32? {
            let pieces = text.split(separator: ".", omittingEmptySubsequences: false).map { UInt32($0) }
            guard (1...4).contains(pieces.count), let last = pieces.last ?? nil, !pieces.contains(nil) else {
                return nil
            }
            let head = pieces.dropLast().compactMap { $0 }
            let room = UInt64(1) << UInt64(32 - 8 * head.count)
            guard head.allSatisfy({ $0 < 256 }), UInt64(last) < room else { return nil }
            return head.enumerated().reduce(last) { $0 | $1.element << UInt32(24 - 8 * $1.offset) }
        }
        func text(_ word: UInt32) -> String {
            [24, 16, 8, 0].map { String(word >> UInt32($0) & 255) }.joined(separator: ".")
        }
        if options.flags.isEmpty { return usage(&machine, "ipcalc") }
        guard let address = parts.first.flatMap(number) else {
            if options.has("s") { return 1 }
            return fail(&machine, "ipcalc", "bad IP address: \(parts.first ?? "")")
        }
        let classBits = address >> 31 == 0 ? 8 : address >> 30 == 2 ? 16 : 24
        let bits = parts.count > 1 ? Int(parts[1]) ?? 0 : classBits
        guard (0...32).contains(bits) else { return fail(&machine, "ipcalc", "bad IP prefix: \(parts.last ?? "")") }
        var mask: UInt32 = bits == 0 ? 0 : UInt32.max << UInt32(32 - bits)
        if parts.count == 1, options.words.count > 1, let given = number(options.words[1]) { mask = given }
        if options.has("m") { machine.print("NETMASK=\(text(mask))\n") }
        if options.has("b") { machine.print("BROADCAST=\(text(address | ~mask))\n") }
        if options.has("n") { machine.print("NETWORK=\(text(address & mask))\n") }
        if options.has("p") { machine.print("PREFIX=\(mask.nonzeroBitCount)\n") }
        guard options.has("h") else { return 0 }
        let lines = (try? machine.contents("/etc/hosts").text.split(separator: "\n")) ?? []
        let names = lines.map { $0.split(whereSeparator: { $0 == " " || $0 == "\t" }) }.first {
            $0.first ?? "" == text(address)
        }
        guard let name = names?.dropFirst().first else {
            return options.has("s") ? 1 : fail(&machine, "ipcalc", "can't find hostname for \(text(address))")
        }
        machine.print("HOSTNAME=\(name)\n")
        return 0
    }
}
