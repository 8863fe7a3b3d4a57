// SPDX-License-Identifier: Apache-2.0
// What a shell holds apart from its variables: lists of words, and what its frames have put aside.

import PodiumRuntime

/// Words that a shell keeps, and what they take.
struct WordList: Sendable {
    /// What a word takes beside its bytes.
    static let wordBytes = 32

    private(set) var words: ArraySlice<String>
    /// What the words take; those that were shifted away are still there.
    let byteCount: Int

    init(_ words: some Collection<String> = []) {
        self.words = ArraySlice(words)
        byteCount = words.reduce(0) { $0 + $1.utf8.count + Self.wordBytes }
    }

    var count: Int { words.count }

    /// The word at a place counted from 0.
    subscript(index: Int) -> String { words[words.startIndex + index] }

    /// Drops words from the front, without touching the others.
    mutating func shift(_ count: Int) { words = words.dropFirst(count) }

    /// What a table of texts takes.
    static func bytes(of table: [String: String]) -> Int {
        table.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count + wordBytes }
    }
}

extension ShellFrame {
    /// The bytes that it keeps.
    var heldBytes: Int {
        switch self {
        case .forEach(_, let values, _, _): values.byteCount
        case .function(let positional, let locals, _): positional.byteCount + Self.bytes(of: locals)
        case .sourced(_, let positional): positional?.byteCount ?? 0
        case .restoreVariables(let saved): Self.bytes(of: saved)
        case .substitution(_, _, let output): output.count
        case .expand(let job): job.substitutions.reduce(0) { $0 + $1.utf8.count }
        case .read(let job): job.bytes.count
        case .script(let script): script.parser.units.count
        default: 0
        }
    }

    private static func bytes(of saved: [SavedVariable]) -> Int {
        saved.reduce(0) { $0 + WordList.wordBytes + ($1.value?.utf8.count ?? 0) + Self.bytes(of: $1.elements ?? [:]) }
    }

    private static func bytes(of elements: [Int: String]) -> Int {
        elements.values.reduce(0) { $0 + ShellVariables.elementBytes + $1.utf8.count }
    }
}
