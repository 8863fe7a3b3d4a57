// SPDX-License-Identifier: Apache-2.0
// What sed has open: standard output or a draft, the files of `w` from the beginning, those of `R` when they are used.

import PodiumMachinery
import PodiumRuntime

/// The files of a script, by the names that it gives them.
struct SedFiles: Sendable {
    /// Files of one script, as many as a process may have open on Linux.
    private static let maximumFiles = 1000
    /// The descriptor of the first of them; the input of a ``StreamProgram`` stands before it.
    private static let firstDescriptor = 64

    private var outputs: [String: Int] = [:]
    /// The files of `R`; nil for those that cannot be opened.
    private var inputs: [String: Int?] = [:]
    private var lastDescriptor = Self.firstDescriptor - 1
    /// The descriptors whose last line has no end yet, which it gets when something follows.
    private var unfinished: Set<Int> = []
    /// What is to take the place of the file that is read, unless it goes to standard output.
    var draft: [UInt8]?

    private mutating func attach(
        _ path: String,
        _ mode: OpenMode,
        _ machine: inout Machine
    ) throws(Errno) -> Int {
        guard outputs.count + inputs.count < Self.maximumFiles else { throw .again }
        machine.attach(try machine.open(path, mode), as: lastDescriptor + 1)
        lastDescriptor += 1
        return lastDescriptor
    }

    /// Makes a file that is written to, or empties it; nothing when it was opened before.
    mutating func open(_ path: String, _ machine: inout Machine) throws(Errno) {
        guard outputs[path] == nil else { return }
        if let standard = ["/dev/stdout": 1, "/dev/stderr": 2][path] {
            outputs[path] = standard
        } else {
            outputs[path] = try attach(path, .write, &machine)
        }
    }

    /// The next piece of a file, up to the end of its line; nothing when it ended or cannot be read.
    mutating func readLine(_ path: String, _ machine: inout Machine) -> ReadResult {
        if inputs[path] == nil { inputs[path] = .some(try? attach(path, .read, &machine)) }
        guard case .some(.some(let descriptor)) = inputs[path] else { return .end }
        return machine.readPiece(descriptor)
    }

    /// Lets the files of `R` begin anew.
    mutating func rewind(_ machine: inout Machine) {
        for case let descriptor? in inputs.values { machine.close(descriptor) }
        inputs = [:]
    }

    /// Writes a line to a file that was opened, with `end` unless it has none as the last line of an input.
    mutating func write(_ line: some Collection<UInt8>, end: UInt8?, to path: String, _ machine: inout Machine) {
        guard let descriptor = outputs[path] else { return }
        var bytes: [UInt8] = unfinished.remove(descriptor) != nil ? [0x0A] : []
        bytes += line
        if let end { bytes.append(end) } else { unfinished.insert(descriptor) }
        machine.write(bytes, to: descriptor)
    }

    /// Writes a line to where sed's lines go.
    mutating func print(_ line: some Collection<UInt8>, end: UInt8?, _ machine: inout Machine) {
        var bytes = Array(line)
        if let end { bytes.append(end) }
        print(bytes, &machine)
        if end == nil { unfinished.insert(1) }
    }

    /// Writes bytes as they are, behind the end of what came before.
    mutating func print(_ bytes: [UInt8], _ machine: inout Machine) {
        let bytes = unfinished.remove(1) != nil ? [0x0A] + bytes : bytes
        if draft == nil {
            if !bytes.isEmpty { machine.write(bytes, to: 1) }
        } else {
            machine.charge(bytes: bytes.count)
            draft? += bytes
        }
    }

    /// Begins a draft for a file that is edited, or writes to standard output.
    mutating func beginDraft(_ isWanted: Bool) {
        draft = isWanted ? [] : nil
        if isWanted { unfinished.remove(1) }
    }
}
