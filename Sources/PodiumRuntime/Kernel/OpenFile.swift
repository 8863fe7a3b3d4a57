// SPDX-License-Identifier: Apache-2.0
// Open files, pipes and where containers' output goes.

/// An open file description, shared by the descriptors that were made from it.
package struct OpenFile: Sendable {
    /// What reading and writing reach.
    package var target: OpenFileTarget
    /// How many descriptors of all processes refer to it.
    package var references = 0
    /// Where in a file reading and writing go on.
    package var offset = 0
    var appends = false
    /// The terminal that it is, by its number.
    var terminal: Int?
    /// The path that it was opened by, for messages.
    package var path = ""

    /// The components that lead to the file, which are walked anew for every call.
    var depth: Int { if case .file(let location) = target { location.path.count } else { 0 } }
}

/// What an open file reads and writes.
package enum OpenFileTarget: Hashable, Sendable {
    case file(FileLocation)
    /// Content made up when it was opened, as below `/proc`.
    case snapshot([UInt8])
    case null
    case zero
    case random
    case full
    case pipeReader(Int)
    case pipeWriter(Int)
    /// A stream of the container itself.
    case containerOutput(container: Int, OutputStream)
    /// A stream of a command in a container.
    case commandOutput(command: Int, OutputStream)
    /// A connection to a port, by its number in the sandbox.
    case connection(Int)

    /// Whether there is always something to read at once, or the end.
    var neverWaits: Bool {
        switch self {
        case .file, .snapshot, .zero, .full, .random: true
        default: false
        }
    }
}

/// A file by the tree it is in and its place there.
package struct FileLocation: Hashable, Sendable {
    /// The volume, or nil for the container's own root.
    package var volume: String?
    var container: Int
    /// The components of the path in that tree.
    package var path: [String]
    /// Whether it is mounted so that nobody writes to it.
    package var readOnly = false
}

/// Bytes on their way from one process to another.
package struct Pipe: Sendable {
    /// A writer that finds more than this has to wait.
    package static let capacity = 64 << 10

    private var buffer: [UInt8] = []
    private var start = 0
    var readers = 0
    var writers = 0
    /// Whether a reader finds the end once when it has read all, although there are writers: that of a terminal.
    var marksEnd = false

    /// The bytes that wait to be read.
    var count: Int { buffer.count - start }

    mutating func append(_ bytes: some Sequence<UInt8>) { buffer.append(contentsOf: bytes) }

    /// Takes at most `limit` bytes.
    mutating func take(_ limit: Int) -> [UInt8] {
        let length = min(limit, count)
        let bytes = Array(buffer[start..<start + length])
        start += length
        if start == buffer.count {
            buffer.removeAll(keepingCapacity: true)
            start = 0
        } else if start > Self.capacity {
            buffer.removeFirst(start)
            start = 0
        }
        return bytes
    }

    /// Takes bytes up to and with the first `delimiter`; all of them when it is not there.
    mutating func take(through delimiter: UInt8) -> [UInt8] {
        guard let index = buffer[start...].firstIndex(of: delimiter) else { return take(count) }
        return take(index - start + 1)
    }
}
