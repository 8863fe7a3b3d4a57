// SPDX-License-Identifier: Apache-2.0
// What a container printed, bounded as a kubelet bounds it.

package import PodiumMachinery

/// A line of a container's log.
package struct LogLine: Hashable, Sendable {
    /// When its last byte was written.
    package var time: Timestamp
    /// Where it was written.
    package var stream: OutputStream
    /// The bytes without the newline.
    package var bytes: [UInt8]
    /// Whether the line goes on in the next one: it was too long, or the container ended without a newline.
    package var isPartial: Bool
}

/// Which part of a log is wanted, as `PodLogOptions` says it.
package struct LogSelection: Hashable, Sendable {
    /// Only the last lines; nil for all.
    package var tailLines: Int?
    /// Only lines at or after this moment.
    package var since: Timestamp?
    /// Whether each line begins with its time.
    package var timestamps = false
    /// At most this many bytes.
    package var limitBytes: Int?
    /// Only one stream; nil for both.
    package var stream: OutputStream?

    /// Everything.
    package init() {}
}

/// The log of one run of a container.
///
/// It keeps the last `maximumBytes`, as a kubelet that rotates files does; positions count from the very first line.
package struct ContainerLog: Hashable, Sendable {
    /// The bytes that are kept, at least.
    package static let maximumBytes = 1 << 20
    /// Longer lines are split into partial ones, as containerd does.
    package static let maximumLineBytes = 16 << 10

    private var lines: [LogLine] = []
    /// The lines at the front of `lines` that no longer count; they are removed in bulk.
    private var dropped = 0
    private var first = 0
    private var size = 0

    /// An empty log.
    package init() {}

    /// The position after the last line. Followers read from here on.
    package var end: Int { first + lines.count - dropped }

    /// The bytes that were ever kept, as they would be on disk.
    package var byteCount: Int { size }

    mutating func append(_ line: LogLine) {
        lines.append(line)
        size += line.bytes.count + 1
        while size > Self.maximumBytes, dropped < lines.count - 1 {
            size -= lines[dropped].bytes.count + 1
            lines[dropped].bytes = []
            dropped += 1
            first += 1
        }
        if dropped > 1024, dropped * 2 > lines.count {
            lines.removeFirst(dropped)
            dropped = 0
        }
    }

    /// The lines from `position` on; lines that are no longer kept are left out.
    package func lines(from position: Int = 0) -> ArraySlice<LogLine> {
        lines[(dropped + min(max(0, position - first), lines.count - dropped))...]
    }

    /// The bytes that a client gets who asks for `selection`.
    package func read(_ selection: LogSelection = LogSelection()) -> [UInt8] {
        var chosen = Array(lines())
        if let stream = selection.stream { chosen.removeAll { $0.stream != stream } }
        if let tail = selection.tailLines { chosen = Self.tail(chosen, count: tail) }
        if let since = selection.since { chosen.removeAll { $0.time < since } }
        var bytes: [UInt8] = []
        for line in chosen { bytes += Self.text(of: line, timestamps: selection.timestamps) }
        if let limit = selection.limitBytes, bytes.count > limit { bytes.removeLast(bytes.count - max(0, limit)) }
        return bytes
    }

    /// The bytes of one line as a client gets them. Partial lines have no newline.
    package static func text(of line: LogLine, timestamps: Bool) -> [UInt8] {
        var bytes: [UInt8] = []
        if timestamps { bytes += Array((line.time.rfc3339Nano + " ").utf8) }
        bytes += line.bytes
        if !line.isPartial { bytes.append(UInt8(ascii: "\n")) }
        return bytes
    }

    /// The last `count` whole lines; partial pieces belong to the line that they begin.
    private static func tail(_ lines: [LogLine], count: Int) -> [LogLine] {
        guard count > 0 else { return [] }
        var seen = 0
        var index = lines.count
        while index > 0 {
            if !lines[index - 1].isPartial || index == lines.count {
                if seen == count { break }
                seen += 1
            }
            index -= 1
        }
        return Array(lines[index...])
    }
}
