// SPDX-License-Identifier: Apache-2.0
// gzip, bzip2, xz, lzma, compress and the programs that expand what these made.

import PodiumMachinery
import PodiumRuntime

/// Bytes that are written little by little, so that a pipe can hold back who writes them.
struct PendingOutput: Sendable {
    private static let pieceBytes = 32 << 10

    private var bytes: [UInt8] = []
    private var offset = 0

    init(_ bytes: [UInt8] = []) { self.bytes = bytes }

    var isEmpty: Bool { offset >= bytes.count }

    /// The bytes that are kept.
    var count: Int { bytes.count }

    mutating func add(_ more: [UInt8]) {
        if isEmpty { self = PendingOutput(more) } else { bytes += more }
    }

    /// Writes what a turn allows; whether all of it is written.
    mutating func drain(to descriptor: Int, _ machine: inout Machine) -> Bool {
        while !isEmpty {
            if machine.mustYield { return false }
            let piece = Array(bytes[offset..<min(offset + Self.pieceBytes, bytes.count)])
            offset += piece.count
            machine.spend()
            machine.write(piece, to: descriptor)
        }
        return true
    }
}

/// A conversion that is done piece by piece, and counted.
struct Conversion: Sendable {
    /// What is converted between two looks at the clock, in bytes, and what a byte costs in bytes that are only read.
    private static let pieceBytes = 8 << 10
    private static let weight = 4

    private var converter: any ByteConverter
    private(set) var fault: ExpansionFault?
    private var isDone = false

    init(_ converter: any ByteConverter) { self.converter = converter }

    /// What was made so far.
    var output: [UInt8] { converter.output }

    /// Goes on for a turn; whether all is done, or nothing more can be.
    mutating func run(_ machine: inout Machine) -> Bool {
        while fault == nil, !isDone {
            if machine.mustYield { return false }
            machine.spend()
            let before = converter.effort
            do throws(ExpansionFault) {
                isDone = try converter.work(Self.pieceBytes)
            } catch {
                fault = error
            }
            machine.charge(bytes: Self.weight * (converter.effort - before))
        }
        return true
    }
}

/// The programs.
struct CompressionProgram: Program {
    static let names: [String: CompressionFormat] = [
        "gzip": .gzip, "gunzip": .gzip, "zcat": .gzip, "bzip2": .bzip2, "bunzip2": .bzip2, "bzcat": .bzip2, "xz": .xz,
        "unxz": .xz, "xzcat": .xz, "lzma": .lzma, "unlzma": .lzma, "lzcat": .lzma, "uncompress": .compress,
    ]
    private static let longNames: [String: Character] = [
        "stdout": "c", "to-stdout": "c", "decompress": "d", "uncompress": "d", "force": "f", "keep": "k", "test": "t",
        "best": "9", "fast": "1", "quiet": "q", "verbose": "v", "no-name": "n", "threads": "T",
    ]

    /// What is being converted, and where it goes.
    private struct Job: Sendable {
        var conversion: Conversion
        var format: CompressionFormat
        var target: String?
        var source: String?
        var node: FileNode?
    }

    private let words: [String]
    private let name: String
    private let format: CompressionFormat
    private var hasStarted = false
    private var inputs: ArraySlice<String> = []
    private var expands = false
    private var isTest = false
    private var toOutput = false
    private var isForced = false
    private var keeps = false
    private var code = 0
    /// What was read of standard input, while it is being read.
    private var reading: GatheredInput?
    private var job: Job?
    private var output = PendingOutput()

    init(words: [String]) {
        self.words = words
        name = words.first?.lastComponent ?? "gzip"
        format = Self.names[name] ?? .gzip
    }

    var heldBytes: Int { (reading?.bytes.count ?? 0) + (job?.conversion.output.count ?? 0) + output.count }

    mutating func run(_ machine: inout Machine) -> Progress {
        if !hasStarted {
            hasStarted = true
            if let code = begin(&machine) { return .exited(code) }
        }
        while true {
            guard output.drain(to: 1, &machine) else { return .ready }
            if machine.mustYield { return .ready }
            machine.spend()
            if job != nil {
                guard job?.conversion.run(&machine) == true else { return .ready }
                finish(&machine)
            } else if var input = reading {
                reading = nil
                if let progress = input.read(0, &machine) {
                    reading = input
                    return progress
                }
                start(input.bytes, target: nil, source: nil, node: nil)
            } else if let input = inputs.popFirst() {
                if input == "-" { reading = GatheredInput() } else { work(on: input, &machine) }
            } else {
                return .exited(code)
            }
        }
    }

    private mutating func begin(_ machine: inout Machine) -> Int? {
        let isCat = name.hasSuffix("cat")
        let makes = name == "gzip" || name == "bzip2" || name == "xz" || name == "lzma"
        var letters = isCat ? "" : name == "uncompress" ? "cf" : "cfkt"
        // GNU's know more, which changes nothing here.
        if makes { letters += "d123456789q" + (name == "gzip" ? "nv" : "") }
        if machine.isGNU { letters += "cdfkqtvnS:rlT:e" }
        guard let options = AppletOptions.read(&machine, words, OptionTable(letters: letters, long: Self.longNames))
        else { return 1 }
        inputs = (options.words.isEmpty ? ["-"] : options.words)[...]
        isTest = options.has("t")
        expands = !makes || options.has("d") || isTest
        toOutput = isCat || options.has("c")
        isForced = options.has("f")
        keeps = options.has("k")
        if !expands, format.compressor([]) == nil {
            // Only GNU's could.
            return machine.isGNU
                ? Applets.fail(&machine, name, "compressing is not simulated") : Applets.usage(&machine, name)
        }
        return nil
    }

    private mutating func start(_ bytes: [UInt8], target: String?, source: String?, node: FileNode?) {
        var format = format
        let converter: (any ByteConverter)?
        if expands {
            // zcat reads whatever it recognises.
            if name == "zcat", let found = CompressionFormat(recognizing: bytes) { format = found }
            let isPlain = isForced && toOutput && CompressionFormat(recognizing: bytes) == nil
            converter = isPlain ? PlainBytes(output: bytes) : format.expander(bytes)
        } else {
            converter = format.compressor(bytes)
        }
        guard let converter else { return }
        job = Job(conversion: Conversion(converter), format: format, target: target, source: source, node: node)
    }

    private mutating func finish(_ machine: inout Machine) {
        guard let done = job else { return }
        job = nil
        if let fault = done.conversion.fault {
            let isUnknown = fault == .magic && name == "zcat"
            let text = isUnknown ? "no gzip/bzip2/xz magic" : done.format.text(fault)
            code = Applets.fail(&machine, name, text)
            // What was expanded so far has been written already.
            if fault == .check || done.format == .xz, !isTest, done.target == nil { output.add(done.conversion.output) }
            return
        }
        if isTest { return }
        guard let target = done.target, let source = done.source, let node = done.node else {
            return output.add(done.conversion.output)
        }
        do throws(Errno) {
            try machine.replace(target, with: done.conversion.output)
            // busybox's leave the time of a file as it is made.
            let time = machine.isGNU ? node.time : machine.now
            try machine.changeNode(target) { made in
                made.mode = node.mode
                made.time = time
            }
            if !keeps { try machine.remove(source) }
        } catch {
            code = Applets.fail(&machine, name, "can't open '\(target)'", error)
        }
    }

    /// What GNU's, and those that come with them, say of a directory.
    private mutating func refuseDirectory(_ path: String, _ machine: inout Machine) {
        let text =
            switch format {
            case .bzip2: "Input file \(path) is a directory."
            case .xz, .lzma: "\(path): Is a directory, skipping"
            default: "\(path) is a directory -- ignored"
            }
        // All of gzip's names are one program there.
        let refused = Applets.fail(&machine, format == .gzip ? "gzip" : name, text)
        code = max(code, refused + (format == .bzip2 ? 0 : 1))
    }

    private mutating func work(on path: String, _ machine: inout Machine) {
        let node: FileNode
        let bytes: [UInt8]
        do throws(Errno) {
            node = try machine.status(of: path)
            if machine.isGNU, node.kind == .directory { return refuseDirectory(path, &machine) }
            var target: String?
            if !toOutput, !isTest {
                guard let found = self.target(of: path) else {
                    code = Applets.fail(&machine, name, "\(path): unknown suffix - ignored")
                    return
                }
                target = found
            }
            if node.kind == .directory {
                let text = expands ? path : format == .bzip2 ? "read error" : "can't remove file '\(path)'"
                code = Applets.fail(&machine, name, text, .isDirectory)
                return
            }
            if let target, machine.node(target) != nil, !isForced {
                code = Applets.fail(&machine, name, "can't open '\(target)'", .exists)
                return
            }
            bytes = try machine.contents(path)
            start(bytes, target: target, source: path, node: node)
        } catch {
            code = Applets.fail(&machine, name, path, error)
        }
    }

    /// What a file is called behind the conversion; nil when its name says that it is none for this program.
    private func target(of path: String) -> String? {
        guard expands else { return path + format.suffix }
        let suffix = format.suffixes.first { path.hasSuffix($0.compressed) && path.count > $0.compressed.count }
        return suffix.map { String(path.dropLast($0.compressed.count)) + $0.plain }
    }
}
