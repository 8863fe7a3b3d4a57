// SPDX-License-Identifier: Apache-2.0
// Archives that are read as a whole before anything is done with them, and how their members become files.

import PodiumMachinery
import PodiumRuntime

/// A file or standard input on its way into memory.
struct GatheredInput: Sendable {
    /// What is kept; programs that need more end with 1.
    static let maximumBytes = CompressionFormat.maximumBytes

    private(set) var bytes: [UInt8] = []
    private(set) var isComplete = false

    /// Reads what a turn allows; why it cannot go on, nil when it is complete.
    mutating func read(_ descriptor: Int, _ machine: inout Machine) -> Progress? {
        while !isComplete {
            if machine.mustYield { return .ready }
            machine.spend()
            switch machine.read(descriptor) {
            case .wait(let wait): return .blocked(wait)
            case .bytes(let piece):
                guard bytes.count + piece.count <= Self.maximumBytes else { return .exited(machine.refuseMemory()) }
                bytes += piece
            case .end, .failed: isComplete = true
            }
        }
        return nil
    }
}

extension Machine {
    /// Says that the running program would need more memory than it is given.
    /// - Returns: the code with which it ends.
    mutating func refuseMemory() -> Int {
        complain("\(process.arguments.first?.lastComponent ?? ""): out of memory")
        return 1
    }

    /// Makes a member of an archive a file, with the directories on the way to it.
    mutating func unpack(_ member: TarHeader, _ content: [UInt8], keepsTime: Bool) throws(Errno) {
        let path = member.name.withoutTrailingSlashes
        let parent = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        if !parent.isEmpty { try makeDirectories(parent) }
        let existing = node(path, follow: false)
        if member.nodeKind == .directory {
            if existing == nil { try makeDirectory(path, mode: member.mode) }
        } else {
            if existing != nil { try remove(path) }
            var node = FileNode(kind: member.nodeKind, mode: member.mode, time: now)
            node.target = member.link
            node.content = FileContent(content)
            charge(bytes: content.count)
            try put(node, at: try locate(path, follow: false))
        }
        let isRoot = container?.specification.user ?? 0 == 0
        try changeNode(path, follow: false) { node in
            if keepsTime { node.time = Timestamp(seconds: member.seconds) }
            if isRoot { (node.owner, node.group) = (member.owner, member.group) }
        }
    }
}
