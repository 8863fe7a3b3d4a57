// SPDX-License-Identifier: Apache-2.0
// split: the pieces of an input as files of their own.

import PodiumMachinery
import PodiumRuntime

/// `split`: each piece of an input as a file of its own.
struct SplitProcessor: StreamProcessor {
    /// A Greek letter has a long name only.
    static let tables = OptionTables(
        "split",
        busybox: OptionTable(letters: "b:l:a:"),
        gnu: OptionTable(
            letters: "a:b:del:n:uxσ:δ::ξ::",
            long: [
                "suffix-length": "a", "additional-suffix": "σ", "bytes": "b", "numeric-suffixes": "δ",
                "hex-suffixes": "ξ", "elide-empty-files": "e", "lines": "l", "number": "n", "unbuffered": "u",
                "verbose": "v",
            ]
        )
    )
    /// The files that one program makes.
    private static let maximumFiles = 10_000
    /// A suffix that is longer is refused; no file has so long a name.
    private static let maximumSuffixBytes = 255

    private let limit: Int
    private let countsBytes: Bool
    private let names: Names
    private var files = 0
    private var left = 0
    private var piece: [UInt8] = []

    /// How files are called.
    private struct Names: Sendable {
        var prefix: String
        var width: Int
        var digits: [UInt8]
        var first: Int
        var suffix: String
        var isVerbose: Bool

        /// The name of a file; nil when there are no more.
        func name(_ number: Int) -> String? {
            var rest = first + number
            var letters: [UInt8] = []
            for _ in 0..<width {
                letters.append(digits[rest % digits.count])
                rest /= digits.count
            }
            return rest > 0 ? nil : prefix + Array(letters.reversed()).text + suffix
        }

        /// Writes a file.
        func write(_ bytes: [UInt8], _ number: Int, _ machine: inout Machine) -> Int? {
            guard number < SplitProcessor.maximumFiles, let path = name(number) else {
                let text = machine.isGNU ? "output file suffixes exhausted" : "suffixes exhausted"
                return Applets.fail(&machine, "split", text)
            }
            if isVerbose { machine.print("creating file '\(path)'\n") }
            let code = Applets.attempt(&machine, "split", path) { machine throws(Errno) in
                try machine.replace(path, with: bytes)
            }
            return code == 0 ? nil : code
        }
    }

    /// The program that a command line asks for.
    static func program(_ options: AppletOptions, _ machine: inout Machine) throws(OptionRefusal) -> any Program {
        if machine.isGNU, options.words.count > 2 {
            throw tables.refusal(&machine, "extra operand '\(options.words[2])'")
        }
        let names = try names(options, &machine)
        let inputs = Array(options.words.prefix(1))
        guard let chunks = options["n"] else {
            return StreamProgram("split", inputs: inputs, try SplitProcessor(options, names, &machine))
        }
        let byLines = chunks.hasPrefix("l/")
        let digits = String(chunks.dropFirst(byLines ? 2 : 0))
        let words = "invalid number of chunks: '%'"
        let count = try tables.positive(&machine, digits, words, highest: OptionNumber.maximum) ?? 1
        return StreamProgram(
            "split",
            inputs: inputs,
            Whole(perFile: false) { bytes, _, machine in
                divide(bytes, count, byLines: byLines, names, elides: options.has("e"), &machine)
            }
        )
    }

    private static func names(
        _ options: AppletOptions,
        _ machine: inout Machine
    ) throws(OptionRefusal) -> Names {
        let given = try tables.count(&machine, options["a"], "invalid suffix length: '%'") ?? 2
        if given > maximumSuffixBytes {
            let name = "\(options["a"] ?? ""): \(Errno.nameTooLong.text)"
            throw tables.fault(&machine, gnu: name, busybox: name)
        }
        let (isDecimal, isHex) = (options.has("d") || options["δ"] != nil, options.has("x") || options["ξ"] != nil)
        let start = [options["δ"], options["ξ"]].compactMap { $0 }.first { !$0.isEmpty }
        let first = start.flatMap { Int($0, radix: isHex ? 16 : 10) } ?? 0
        let digits = Array((isDecimal ? "0123456789" : isHex ? "0123456789abcdef" : "abcdefghijklmnopqrstuvwxyz").utf8)
        return Names(
            prefix: options.words.dropFirst().first ?? "x",
            width: given == 0 ? 2 : given,
            digits: digits,
            first: min(max(0, first), OptionNumber.maximum),
            suffix: options["σ"] ?? "",
            isVerbose: options.has("v")
        )
    }

    private init(
        _ options: AppletOptions,
        _ names: Names,
        _ machine: inout Machine
    ) throws(OptionRefusal) {
        countsBytes = options["b"] != nil
        self.names = names
        var limit = 1000
        if let text = options["b"] ?? options["l"] {
            let what = "invalid number of \(countsBytes ? "bytes" : "lines"): '\(text)'"
            let count = countsBytes || !machine.isGNU ? OptionNumber.size(text) : OptionNumber.count(text)
            guard let count else {
                throw Self.tables.fault(&machine, gnu: what, busybox: "invalid number '\(text)'")
            }
            if count == 0 {
                let range = "number 0 is not in 1..2147483647 range"
                throw Self.tables.fault(&machine, gnu: what + ": Numerical result out of range", busybox: range)
            }
            limit = count
        }
        self.limit = limit
        left = limit
    }

    var openFault: String { "%" }

    var heldBytes: Int { piece.count }

    mutating func take(_ bytes: [UInt8], _ machine: inout Machine) -> Int? {
        if piece.count + bytes.count > Whole.maximumBytes { return machine.refuseMemory() }
        for unit in bytes {
            piece.append(unit)
            if countsBytes || unit == 0x0A { left -= 1 }
            if left == 0, let code = flush(&machine) { return code }
        }
        return nil
    }

    private mutating func flush(_ machine: inout Machine) -> Int? {
        let bytes = piece
        piece = []
        left = limit
        files += 1
        return names.write(bytes, files - 1, &machine)
    }

    mutating func finish(_ code: Int, _ machine: inout Machine) -> Int {
        piece.isEmpty ? code : flush(&machine) ?? code
    }

    /// `-n`: so many pieces, as long as each other but for the last one.
    private static func divide(
        _ bytes: [UInt8],
        _ count: Int,
        byLines: Bool,
        _ names: Names,
        elides: Bool,
        _ machine: inout Machine
    ) -> Int {
        machine.charge(bytes: bytes.count)
        let length = bytes.count / count
        var start = 0
        var files = 0
        for number in 1...min(count, maximumFiles + 1) {
            var end = number == count ? bytes.count : max(start, number * length)
            // A piece goes on to the end of the line in which it would end.
            if byLines, number < count, end > start, bytes[end - 1] != 0x0A {
                end = bytes[end...].firstIndex(of: 0x0A).map { $0 + 1 } ?? bytes.count
            }
            if !elides || end > start {
                if let code = names.write(Array(bytes[start..<end]), files, &machine) { return code }
                files += 1
            }
            start = end
        }
        return 0
    }
}
