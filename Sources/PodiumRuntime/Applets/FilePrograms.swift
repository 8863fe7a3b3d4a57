// SPDX-License-Identifier: Apache-2.0
// tail, tee and dd.

import PodiumMachinery

/// `tail`, which with `-f` and `-F` goes on for ever.
struct TailProgram: Program {
    private var inputs: [String]
    private var follows: Bool
    /// Whether a file that is missing is waited for.
    private var retries: Bool
    private var limit: Int
    private var countsBytes: Bool
    /// `-n +3`: from the third line on.
    private var fromStart: Bool
    private var showsNames: Bool
    /// Whether names are shown of a single file as well.
    private let isVerbose: Bool
    private var pending: [UInt8] = []
    private var hasStarted = false
    /// What was shown of each file.
    private var positions: [String: Int] = [:]
    private var shown: String?
    private var code = 0

    init(_ words: [String]) {
        var words = words
        if words.count > 1, words[1].hasPrefix("-") || words[1].hasPrefix("+"),
            words[1].dropFirst().first?.isNumber == true
        {
            let isPlus = words[1].hasPrefix("+")
            let digits = words[1].dropFirst().prefix { $0.isNumber }
            let rest = words[1].dropFirst(1 + digits.count)
            words.replaceSubrange(1...1, with: ["-n\(isPlus ? "+" : "")\(digits)"] + (rest.isEmpty ? [] : ["-\(rest)"]))
        }
        let options = AppletOptions(words, valued: "ncs")
        inputs = options.words
        follows = options.has("f") || options.has("F") || options["follow"] != nil
        retries = options.has("F") || options["retry"] != nil || options["follow"] == "name"
        let text = options["c"] ?? options["n"] ?? "10"
        countsBytes = options["c"] != nil
        fromStart = text.hasPrefix("+")
        limit = Applets.size(String(text.drop { $0 == "+" || $0 == "-" })) ?? 10
        isVerbose = options.has("v")
        showsNames = options.words.count > 1 && !options.has("q") || isVerbose
    }

    mutating func run(_ machine: inout Machine) -> Progress {
        if machine.mustYield { return .ready }
        machine.spend()
        if inputs.isEmpty { return readInput(&machine) }
        let changes = machine.kernel.fileChanges
        if !hasStarted {
            hasStarted = true
            // busybox's counts the files that are there.
            if machine.hasBusybox, !isVerbose, inputs.count(where: { machine.node($0) != nil }) < 2 {
                showsNames = false
            }
            for input in inputs { begin(input, &machine) }
            if !follows || positions.isEmpty && !retries { return .exited(code) }
        } else {
            for input in inputs { followUp(input, &machine) }
        }
        return follows ? .blocked(.fileChange(since: changes)) : .exited(code)
    }

    private mutating func readInput(_ machine: inout Machine) -> Progress {
        while true {
            switch machine.read(0) {
            case .bytes(let bytes):
                pending += bytes
                if !fromStart, pending.count > 1 << 20 { pending.removeFirst(pending.count - 1 << 19) }
                if machine.mustYield { return .ready }
                machine.spend()
            case .wait(let wait): return .blocked(wait)
            case .failed(let errno):
                machine.complain("tail: \(fault("-", errno, machine))")
                return .exited(1)
            case .end:
                machine.write(selection(pending), to: 1)
                // `tail -f` without a file is a popular way to wait for ever, and standard input is no file here.
                return follows ? .blocked(.forever) : .exited(0)
            }
        }
    }

    private mutating func begin(_ input: String, _ machine: inout Machine) {
        guard let node = machine.node(input) else {
            let verb = machine.isGNU ? "cannot open '\(input)' for reading" : "can't open '\(input)'"
            machine.complain("tail: \(verb): \(Errno.noEntry.text)")
            code = 1
            return
        }
        if node.kind == .device || input == "/dev/null" {
            positions[input] = 0
            return
        }
        do throws(Errno) {
            show(selection(try machine.contents(input)), of: input, isFirst: true, &machine)
            positions[input] = node.content.size
        } catch {
            show([], of: input, isFirst: true, &machine)
            machine.complain("tail: \(fault(input, error, machine))")
            code = 1
        }
    }

    private func fault(_ input: String, _ errno: Errno, _ machine: Machine) -> String {
        InputFault.reading("tail", input, errno, isGNU: machine.isGNU) ?? errno.text
    }

    private mutating func followUp(_ input: String, _ machine: inout Machine) {
        guard let node = machine.node(input), node.kind == .file else {
            if retries { positions[input] = nil }
            return
        }
        guard let position = positions[input] ?? (retries ? 0 : nil) else { return }
        let start = node.content.size < position ? 0 : position
        if node.content.size > start {
            show(node.content.read(at: start, count: 1 << 20), of: input, isFirst: false, &machine)
        }
        positions[input] = node.content.size
    }

    private mutating func show(_ bytes: [UInt8], of input: String, isFirst: Bool, _ machine: inout Machine) {
        if showsNames, isFirst || shown != input { machine.print("\(shown == nil ? "" : "\n")==> \(input) <==\n") }
        shown = input
        if !bytes.isEmpty { machine.write(bytes, to: 1) }
    }

    /// The end of a text, or what stands from a line on.
    private func selection(_ bytes: [UInt8]) -> [UInt8] {
        if countsBytes { return fromStart ? Array(bytes.dropFirst(max(0, limit - 1))) : Array(bytes.suffix(limit)) }
        var starts = [0]
        for (index, unit) in bytes.enumerated() where unit == 0x0A && index + 1 < bytes.count {
            starts.append(index + 1)
        }
        if fromStart {
            let first = max(1, limit) - 1
            return first < starts.count ? Array(bytes[starts[first]...]) : []
        }
        if limit == 0 { return [] }
        return Array(bytes[starts[max(0, starts.count - limit)]...])
    }
}

/// `tee`.
struct TeeProgram: Program {
    let paths: [String]
    let appends: Bool
    private var hasStarted = false
    private var code = 0

    init(paths: [String], appends: Bool) {
        self.paths = paths
        self.appends = appends
    }

    mutating func run(_ machine: inout Machine) -> Progress {
        if !hasStarted {
            hasStarted = true
            for (index, path) in paths.enumerated() {
                do {
                    machine.attach(try machine.open(path, appends ? .append : .write), as: 40 + index)
                } catch {
                    code = Applets.fail(&machine, "tee", path, error)
                }
            }
        }
        while !machine.mustYield {
            machine.spend()
            switch machine.read(0, limit: 8 << 10) {
            case .bytes(let bytes):
                machine.write(bytes, to: 1)
                for index in paths.indices where machine.process.files[40 + index] != nil {
                    machine.write(bytes, to: 40 + index)
                }
            case .wait(let wait): return .blocked(wait)
            case .end, .failed: return .exited(code)
            }
        }
        return .ready
    }
}

/// `dd`.
struct CopyBlocksProgram: Program {
    private static let numbers: Set<String> = ["bs", "ibs", "obs", "count", "skip", "seek", "cbs"]
    private static let names = numbers.union(["if", "of", "conv", "iflag", "oflag", "status"])

    private let input: String?
    private let output: String?
    private let blockSize: Int
    private let count: Int?
    private let seek: Int
    private let skip: Int
    private let keepsRest: Bool
    private let isQuiet: Bool
    /// What a stream has to give before anything is copied.
    private var unskipped = 0
    /// Why the words make no sense; empty for those that there are none of.
    private let fault: String?
    private var copied = 0
    private var hasStarted = false

    init(words: [String]) {
        var values: [String: String] = [:]
        var fault: String?
        for word in words.dropFirst() where word != "--" {
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            if parts.count == 2, Self.names.contains(parts[0]) {
                values[parts[0]] = parts[1]
                if Self.numbers.contains(parts[0]), Applets.size(parts[1]) == nil {
                    fault = fault ?? "invalid number '\(parts[1])'"
                }
            } else {
                fault = fault ?? ""
            }
        }
        self.fault = fault
        input = values["if"]
        output = values["of"]
        blockSize = min(max(1, (values["bs"] ?? values["ibs"]).flatMap { Applets.size($0) } ?? 512), 1 << 40)
        count = values["count"].flatMap { Applets.size($0) }
        seek = Self.bytes(values["seek"].flatMap { Applets.size($0) } ?? 0, blockSize)
        let skipped = values["skip"].flatMap { Applets.size($0) } ?? 0
        skip = values["iflag"]?.contains("skip_bytes") == true ? skipped : Self.bytes(skipped, blockSize)
        keepsRest = values["conv"]?.contains("notrunc") == true
        isQuiet = values["status"] == "none"
    }

    mutating func run(_ machine: inout Machine) -> Progress {
        if !hasStarted {
            hasStarted = true
            if let fault {
                return .exited(fault.isEmpty ? Applets.usage(&machine, "dd") : Applets.fail(&machine, "dd", fault))
            }
            if let code = open(&machine) { return .exited(code) }
        }
        let (limit, overflow) = count.map { $0.multipliedReportingOverflow(by: blockSize) } ?? (Int.max, false)
        if overflow { return .exited(Applets.fail(&machine, "dd", "invalid number")) }
        if unskipped == 0, let code = fill(limit, &machine) { return .exited(code) }
        while copied < limit {
            if machine.mustYield { return .ready }
            machine.spend()
            switch machine.read(0, limit: min(64 << 10, unskipped > 0 ? unskipped : limit - copied)) {
            case .bytes(let bytes) where unskipped > 0: unskipped -= bytes.count
            case .bytes(let bytes):
                if let errno = machine.write(bytes, to: 1) {
                    return .exited(
                        Applets.fail(&machine, "dd", "error writing '\(output ?? "standard output")'", errno)
                    )
                }
                copied += bytes.count
            case .wait(let wait): return .blocked(wait)
            case .end:
                if unskipped > 0 { warnOfSkip(&machine) }
                return .exited(report(&machine))
            case .failed(let errno): return .exited(fail(errno, &machine))
            }
        }
        return .exited(report(&machine))
    }

    /// Further on in a file nothing can be.
    private static let maximumOffset = 1 << 60

    /// So many blocks in bytes.
    private static func bytes(_ blocks: Int, _ size: Int) -> Int {
        let (product, overflow) = max(0, blocks).multipliedReportingOverflow(by: size)
        return overflow ? maximumOffset : min(product, maximumOffset)
    }

    private func fail(_ errno: Errno, _ machine: inout Machine) -> Int {
        guard machine.isGNU else { return Applets.fail(&machine, "dd", input ?? "standard input", errno) }
        let code = Applets.fail(&machine, "dd", "error reading '\(input ?? "standard input")'", errno)
        return max(code, report(&machine))
    }

    /// GNU's tells when the input ends before what is to be copied begins.
    private func warnOfSkip(_ machine: inout Machine) {
        if machine.isGNU {
            machine.complain("dd: \(input ?? "'standard input'"): cannot skip to specified offset")
        }
    }

    private mutating func open(_ machine: inout Machine) -> Int? {
        do {
            if let input { machine.attach(try machine.open(input, .read), as: 0) }
            if skip > 0, let number = machine.process.files[0], let file = machine.kernel.openFiles[number] {
                if file.target.canSeek {
                    let offset = min(file.offset + skip, Self.maximumOffset)
                    machine.kernel.openFiles[number]?.offset = offset
                    if case .file(let location) = file.target, let node = machine.kernel.node(at: location),
                        node.content.size < offset
                    {
                        warnOfSkip(&machine)
                    }
                } else {
                    unskipped = skip
                }
            }
        } catch {
            return Applets.fail(&machine, "dd", "can't open '\(input ?? "")'", error)
        }
        do {
            if let output {
                machine.attach(try machine.open(output, keepsRest || seek > 0 ? .update : .write), as: 1)
                if let file = machine.process.files[1] { machine.kernel.openFiles[file]?.offset = seek }
            }
        } catch {
            return Applets.fail(&machine, "dd", "can't open '\(output ?? "")'", error)
        }
        return nil
    }

    /// Zeros into a file need not be copied: the file just grows.
    private mutating func fill(_ limit: Int, _ machine: inout Machine) -> Int? {
        guard copied == 0, limit > 64 << 10, let source = machine.process.files[0], let sink = machine.process.files[1],
            machine.kernel.openFiles[source]?.target == .zero, let file = machine.kernel.openFiles[sink],
            case .file(let location) = file.target
        else { return nil }
        let room = Kernel.maximumFileBytes
        let length = min(limit, room - min(room, file.offset))
        if length > 0 {
            machine.kernel.update(location) { node in
                node?.content.grow(to: file.offset + length)
                return true
            }
        }
        copied = length
        guard length < limit else { return nil }
        return Applets.fail(&machine, "dd", "error writing '\(output ?? "")'", .noSpace)
    }

    private func report(_ machine: inout Machine) -> Int {
        guard !isQuiet else { return 0 }
        let whole = copied / blockSize
        let part = copied % blockSize == 0 ? 0 : 1
        machine.complain("\(whole)+\(part) records in\n\(whole)+\(part) records out")
        guard machine.isGNU else {
            machine.complain(
                "\(copied) bytes (\(Applets.humanSize(copied))B) copied, 0.001000 seconds, "
                    + "\(Applets.humanSize(copied * 1000))B/s"
            )
            return 0
        }
        var size = copied == 1 ? "1 byte" : "\(copied) bytes"
        if copied >= 1024 {
            size += " (\(HumanSize.counted(copied)), \(HumanSize.counted(copied, isBinary: true)))"
        } else if copied >= 1000 {
            size += " (\(HumanSize.counted(copied)))"
        }
        let rate = copied == 0 ? "0.0 kB" : HumanSize.counted(copied * 1000)
        machine.complain("\(size) copied, 0.001 s, \(rate)/s")
        return 0
    }
}

extension OpenFileTarget {
    /// Whether a program can move to another place in it, as it cannot in a stream.
    var canSeek: Bool {
        switch self {
        case .file, .snapshot, .null, .zero, .random, .full: true
        default: false
        }
    }
}
