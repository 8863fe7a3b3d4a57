// SPDX-License-Identifier: Apache-2.0
// References to variables in manifests, `$(NAME)`, expanded no further than a program could be given.

import OrderedCollections
import PodiumRuntime

/// A text of a manifest after its references were filled in.
struct ExpandedText: Hashable, Sendable {
    /// The text; of one that is longer than a program can be given only the beginning, still too long.
    var text: String
    /// The bytes of the whole text, or `Int.max` for more than can be counted.
    var byteCount: Int

    init(_ text: String) {
        self.text = text
        byteCount = text.utf8.count
    }

    fileprivate init(text: String, byteCount: Int) {
        self.text = text
        self.byteCount = byteCount
    }
}

/// The variables of a container while they are put together, and what the texts that refer to them become.
///
/// Forty variables of `$(BEFORE)$(BEFORE)` stand for more bytes than there are. So no text is built beyond the limit of
/// one string, and none at all once those that were built go beyond the limit of all of them: from there on only
/// lengths are known, which is enough to say why the container cannot be made.
// Kubernetes: third_party/forked/golang/expansion/expand.go
struct ContainerTexts {
    /// The limits of the interface to a runtime.
    enum Limits {
        /// The bytes of a message to the runtime; the container cannot be created with more.
        // Kubernetes: staging/src/k8s.io/cri-client/pkg/utils.go
        static let maximumMessageBytes = 16 << 20
    }

    private(set) var variables: OrderedDictionary<String, ExpandedText> = [:]
    /// The bytes that were built so far.
    private var builtBytes = 0
    /// The bytes of all names, values and words, whether built or not.
    private(set) var byteCount = 0

    /// Sets a variable; a later value takes the place of an earlier one.
    mutating func set(_ name: String, _ value: ExpandedText) {
        byteCount = Self.sum(byteCount, Self.sum(name.utf8.count, value.byteCount))
        variables[name] = value
    }

    /// A word of the command or its arguments, with known references replaced; others stay as they are.
    mutating func word(_ text: String) -> String {
        let expanded = expand(text)
        byteCount = Self.sum(byteCount, expanded.byteCount)
        return expanded.text
    }

    /// Replaces known references; others stay as they are.
    mutating func expand(_ text: String) -> ExpandedText {
        guard text.utf8.contains(UInt8(ascii: "$")) else { return ExpandedText(text) }
        return join(pieces(of: text) { name in variables[name] ?? ExpandedText("$(\(name))") })
    }

    /// Replaces references, and names the first that is unknown.
    mutating func expandStrictly(_ text: String) -> (text: ExpandedText, missing: String?) {
        var missing: String?
        let pieces = pieces(of: text) { name in
            if let value = variables[name] { return value }
            if missing == nil { missing = name }
            return ExpandedText("")
        }
        return (join(pieces), missing)
    }

    /// Puts pieces together as far as there is room.
    private mutating func join(_ pieces: [ExpandedText]) -> ExpandedText {
        let length = pieces.reduce(0) { Self.sum($0, $1.byteCount) }
        guard builtBytes <= ExecLimits.totalBytes else { return ExpandedText(text: "", byteCount: length) }
        var text = ""
        var room = ExecLimits.stringBytes + 1
        for piece in pieces where room > 0 {
            let part =
                piece.text.utf8.count <= room
                ? piece.text : String(decoding: piece.text.utf8.prefix(room), as: UTF8.self)
            text += part
            room -= part.utf8.count
        }
        builtBytes += text.utf8.count
        return ExpandedText(text: text, byteCount: length)
    }

    /// The pieces of a text; `$$` stands for one `$`, and a `$` before anything but a reference for itself.
    private func pieces(of text: String, _ value: (String) -> ExpandedText) -> [ExpandedText] {
        let units = Array(text.utf8)
        var pieces: [ExpandedText] = []
        var start = 0
        var index = 0
        func plain(_ range: Range<Int>) {
            if !range.isEmpty { pieces.append(ExpandedText(String(decoding: units[range], as: UTF8.self))) }
        }
        // Without a parenthesis that closes, none that opens begins a reference; looking for one each time would take
        // too long.
        let lastClosing = units.lastIndex(of: UInt8(ascii: ")")) ?? -1
        while index < units.count {
            guard units[index] == UInt8(ascii: "$"), index + 1 < units.count else {
                index += 1
                continue
            }
            if units[index + 1] == UInt8(ascii: "$") {
                plain(start..<index + 1)
                index += 2
                start = index
            } else if units[index + 1] == UInt8(ascii: "("), index < lastClosing,
                let close = units[index...].firstIndex(of: UInt8(ascii: ")"))
            {
                plain(start..<index)
                pieces.append(value(String(decoding: units[index + 2..<close], as: UTF8.self)))
                index = close + 1
                start = index
            } else {
                index += 1
            }
        }
        plain(start..<units.count)
        return pieces
    }

    private static func sum(_ left: Int, _ right: Int) -> Int {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? .max : sum
    }
}
