// SPDX-License-Identifier: Apache-2.0
// The operands of dd, busybox's and GNU's.

import PodiumMachinery
import PodiumRuntime

/// What `dd` is asked to do.
struct BlockOptions: Sendable {
    enum Report: Sendable { case full, brief, none }

    /// Further on in a file nothing can be, and no block is larger.
    private static let maximumOffset = 1 << 60
    private static let maximumBlock = 1 << 40

    private static let conversions: [String] = ["notrunc", "sync", "noerror", "fsync", "swab"]
    private static let gnuConversions = conversions + ["lcase", "ucase", "excl", "nocreat", "fdatasync", "sparse"]
    private static let inputFlags = ["skip_bytes", "count_bytes", "fullblock", "direct"]
    private static let outputFlags = ["seek_bytes", "append", "direct"]
    private static let gnuFlags = [
        "append", "cio", "count_bytes", "direct", "directory", "dsync", "fullblock", "noatime", "nocache", "noctty",
        "nofollow", "nolinks", "nonblock", "seek_bytes", "skip_bytes", "sync",
    ]

    private(set) var input: String?
    private(set) var output: String?
    private(set) var inputBlock = 512
    private(set) var outputBlock = 512
    /// The bytes that are copied at most, that are passed over before, and behind which they are written.
    private(set) var limit = Int.max
    private(set) var skip = 0
    private(set) var seek = 0
    private(set) var conversions: Set<String> = []
    private(set) var appends = false
    private(set) var report = Report.full

    /// Reads a command line.
    init(_ words: [String], _ machine: inout Machine) throws(OptionRefusal) {
        var values: [String: String] = [:]
        let names = [
            "if", "of", "bs", "ibs", "obs", "count", "skip", "seek", "conv", "iflag", "oflag", "status", "cbs",
        ]
        for (index, word) in words.enumerated() where index > 0 && word != "--" {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, names.contains(parts[0]) else { throw Self.unknown(word, &machine) }
            values[parts[0]] = parts[1]
        }
        (input, output) = (values["if"], values["of"])
        let isGNU = machine.isGNU
        conversions = try Self.set(
            values["conv"],
            isGNU ? Self.gnuConversions : Self.conversions,
            "conv",
            "conversion",
            &machine
        )
        if conversions.isSuperset(of: ["ucase", "lcase"]) {
            throw OptionRefusal(code: Applets.fail(&machine, "dd", "cannot combine lcase and ucase"))
        }
        let (known, knownOutput) = isGNU ? (Self.gnuFlags, Self.gnuFlags) : (Self.inputFlags, Self.outputFlags)
        let inputFlags = try Self.set(values["iflag"], known, "iflag", "input flag", &machine)
        let outputFlags = try Self.set(values["oflag"], knownOutput, "oflag", "output flag", &machine)
        appends = outputFlags.contains("append")
        let levels = isGNU ? ["none", "noxfer", "progress"] : ["none", "noxfer"]
        let level = try Self.set(values["status"], levels, "status", "status level", &machine)
        report = level.contains("none") ? .none : level.contains("noxfer") ? .brief : .full
        func block(_ name: String) throws(OptionRefusal) -> Int? {
            guard let text = values[name] else { return nil }
            let size = try Self.number(text, &machine)
            if size > 0 { return min(size, Self.maximumBlock) }
            let words = isGNU ? "invalid number: '\(text)'" : "number \(text) is not in 1..9223372036854775807 range"
            throw OptionRefusal(code: Applets.fail(&machine, "dd", words))
        }
        inputBlock = try block("ibs") ?? inputBlock
        outputBlock = try block("obs") ?? outputBlock
        if let both = try block("bs") { (inputBlock, outputBlock) = (both, both) }
        func place(_ name: String, _ size: Int, inBytes: Bool) throws(OptionRefusal) -> Int? {
            guard let text = values[name] else { return nil }
            let isBytes = inBytes || isGNU && text.hasSuffix("B") && text.dropLast().last?.isNumber == true
            let number = try Self.number(isBytes && text.hasSuffix("B") ? String(text.dropLast()) : text, &machine)
            let (product, overflow) = number.multipliedReportingOverflow(by: isBytes ? 1 : size)
            if overflow, name == "count" {
                throw OptionRefusal(code: Applets.fail(&machine, "dd", "invalid number"))
            }
            return overflow ? Self.maximumOffset : min(product, Self.maximumOffset)
        }
        limit = try place("count", inputBlock, inBytes: inputFlags.contains("count_bytes")) ?? limit
        skip = try place("skip", inputBlock, inBytes: inputFlags.contains("skip_bytes")) ?? 0
        seek = try place("seek", outputBlock, inBytes: outputFlags.contains("seek_bytes")) ?? 0
    }

    private static func unknown(_ word: String, _ machine: inout Machine) -> OptionRefusal {
        guard machine.isGNU else { return OptionRefusal(code: Applets.usage(&machine, "dd")) }
        let text = word.hasPrefix("--") ? "unrecognized option '\(word)'" : "unrecognized operand '\(word)'"
        return OptionRefusal(code: Applets.hint(&machine, "dd", text))
    }

    private static func set(
        _ text: String?,
        _ known: [String],
        _ name: String,
        _ what: String,
        _ machine: inout Machine
    ) throws(OptionRefusal) -> Set<String> {
        guard let text else { return [] }
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        if let wrong = parts.first(where: { !known.contains($0) }) {
            if machine.isGNU { throw OptionRefusal(code: Applets.hint(&machine, "dd", "invalid \(what): '\(wrong)'")) }
            throw OptionRefusal(code: Applets.fail(&machine, "dd", "invalid argument '\(wrong)' to '\(name)'"))
        }
        return Set(parts)
    }

    /// A number with its unit; of GNU's also a product, as `2x3k`.
    private static func number(_ text: String, _ machine: inout Machine) throws(OptionRefusal) -> Int {
        let parts = machine.isGNU ? text.split(separator: "x", omittingEmptySubsequences: false) : [text[...]]
        var product = 1
        for part in parts {
            guard let number = OptionNumber.size(String(part)) else {
                let mark = machine.isGNU ? ":" : ""
                throw OptionRefusal(code: Applets.fail(&machine, "dd", "invalid number\(mark) '\(text)'"))
            }
            let (next, overflow) = product.multipliedReportingOverflow(by: number)
            product = overflow ? maximumOffset : min(next, maximumOffset)
        }
        return product
    }
}
