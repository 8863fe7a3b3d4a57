// SPDX-License-Identifier: Apache-2.0
// gzip, gunzip and zcat.

import PodiumMachinery

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

/// `gzip`, `gunzip` and `zcat`.
struct GzipProgram: Program {
    /// The bytes that are read of one input.
    private static let maximumBytes = 16 << 20

    private let name: String
    private var inputs: ArraySlice<String>
    private let expands: Bool
    private let isTest: Bool
    private let toOutput: Bool
    private let isForced: Bool
    private let keeps: Bool
    private var code = 0
    /// What was read of standard input, while it is being read.
    private var reading: [UInt8]?
    private var output = PendingOutput()

    init(words: [String]) {
        name = words.first?.split(separator: "/").last.map(String.init) ?? "gzip"
        let options = AppletOptions(words, valued: "S")
        inputs = (options.words.isEmpty ? ["-"] : options.words)[...]
        isTest = options.has("t") || options["test"] != nil
        expands = name != "gzip" || options.has("d") || options["decompress"] != nil || isTest
        toOutput = name == "zcat" || options.has("c") || options["stdout"] != nil
        isForced = options.has("f") || options["force"] != nil
        keeps = options.has("k") || options["keep"] != nil
    }

    var heldBytes: Int { (reading?.count ?? 0) + output.count }

    mutating func run(_ machine: inout Machine) -> Progress {
        while true {
            guard output.drain(to: 1, &machine) else { return .ready }
            if machine.mustYield { return .ready }
            if reading != nil {
                if let wait = readInput(&machine) { return .blocked(wait) }
                continue
            }
            guard let input = inputs.popFirst() else { return .exited(code) }
            if input == "-" { reading = [] } else { work(on: input, &machine) }
        }
    }

    private mutating func readInput(_ machine: inout Machine) -> Wait? {
        switch machine.read(0) {
        case .wait(let wait): return wait
        case .bytes(let bytes):
            machine.spend(1 + bytes.count >> 8)
            if let count = reading?.count, count + bytes.count <= Self.maximumBytes { reading? += bytes }
        case .end, .failed:
            let bytes = reading ?? []
            reading = nil
            if let result = convert(bytes, &machine), !isTest { output.add(result) }
        }
        return nil
    }

    private mutating func convert(_ bytes: [UInt8], _ machine: inout Machine) -> [UInt8]? {
        machine.spend(1 + bytes.count >> 6)
        guard expands else { return Gzip.compress(bytes) }
        do {
            let result = try Gzip.expand(bytes)
            machine.spend(result.count >> 7)
            return result
        } catch {
            // What is not compressed comes through as it is when it is forced through.
            if error == .magic, isForced, toOutput { return bytes }
            machine.complain("\(name): \(error.rawValue)")
            code = 1
            return nil
        }
    }

    private static let suffixes = [".gz": "", ".tgz": ".tar", ".Z": "", ".z": ""]

    private mutating func work(on path: String, _ machine: inout Machine) {
        guard let node = machine.node(path) else {
            code = Applets.fail(&machine, name, path, .noEntry)
            return
        }
        if node.kind == .directory {
            code = Applets.fail(&machine, name, expands ? path : "can't remove file '\(path)'", .isDirectory)
            return
        }
        guard let bytes = try? machine.contents(path) else {
            code = Applets.fail(&machine, name, path, .denied)
            return
        }
        var target = path + ".gz"
        if expands, !toOutput, !isTest {
            guard let suffix = Self.suffixes.first(where: { path.hasSuffix($0.key) && path.count > $0.key.count })
            else {
                code = Applets.fail(&machine, name, "\(path): unknown suffix - ignored")
                return
            }
            target = String(path.dropLast(suffix.key.count)) + suffix.value
        }
        if !toOutput, !isTest, machine.node(target) != nil, !isForced {
            code = Applets.fail(&machine, name, "can't open '\(target)'", .exists)
            return
        }
        guard let result = convert(bytes, &machine), !isTest else { return }
        if toOutput {
            output.add(result)
        } else {
            put(result, at: target, like: node, from: path, &machine)
        }
    }

    private mutating func put(
        _ bytes: [UInt8],
        at target: String,
        like node: FileNode,
        from path: String,
        _ machine: inout Machine
    ) {
        do {
            try machine.replace(target, with: bytes)
            try machine.changeNode(target) { made in
                made.mode = node.mode
                made.time = node.time
            }
            if !keeps { try machine.remove(path) }
        } catch {
            code = Applets.fail(&machine, name, "can't open '\(target)'", error)
        }
    }
}
