// SPDX-License-Identifier: Apache-2.0
// Where sed writes: standard output, and the files of `w`, which stay open from the beginning.

import PodiumMachinery

/// The files that a script writes to, by the names that it gives them.
struct SedOutputs: Sendable {
    /// Files of one script, as many as a process may have open on Linux.
    private static let maximumFiles = 1000
    /// The descriptor of the first of them; the input of a ``StreamProgram`` stands before it.
    private static let firstDescriptor = 64

    private var descriptors: [String: Int] = [:]
    /// The descriptors whose last line has no end yet, which it gets when another line follows.
    private var unfinished: Set<Int> = []

    /// Makes a file, or empties it; nothing when it was opened before.
    mutating func open(_ path: String, _ machine: inout Machine) throws(Errno) {
        guard descriptors[path] == nil else { return }
        guard descriptors.count < Self.maximumFiles else { throw .again }
        if let standard = ["/dev/stdout": 1, "/dev/stderr": 2][path] {
            descriptors[path] = standard
            return
        }
        let descriptor = Self.firstDescriptor + descriptors.count
        machine.attach(try machine.open(path, .write), as: descriptor)
        descriptors[path] = descriptor
    }

    /// The descriptor of a file that was opened.
    func descriptor(of path: String) -> Int? { descriptors[path] }

    /// Writes a line, with `end` unless it has none as the last line of an input.
    mutating func write(_ line: [UInt8], end: UInt8?, to descriptor: Int, _ machine: inout Machine) {
        var bytes: [UInt8] = []
        if unfinished.remove(descriptor) != nil { bytes.append(0x0A) }
        bytes += line
        if let end { bytes.append(end) } else { unfinished.insert(descriptor) }
        machine.write(bytes, to: descriptor)
    }
}
