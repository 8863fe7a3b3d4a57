// SPDX-License-Identifier: Apache-2.0
// Files with several names: which content, mode and owner all of them show.

/// The files that have more than one name, by number. Each name is a node of its tree that bears the number.
struct SharedFiles: Sendable {
    private struct Entry: Sendable {
        var node: FileNode
        /// How many names there are.
        var names: Int
    }

    private var entries: [Int: Entry] = [:]

    var isEmpty: Bool { entries.isEmpty }

    /// What a node of a tree stands for.
    func resolved(_ node: FileNode) -> FileNode {
        guard let number = node.shared, let entry = entries[number] else { return node }
        var shown = entry.node
        shown.names = entry.names
        return shown
    }

    /// Gives a file a further name; the result is the node of both.
    mutating func addName(to node: FileNode, number: Int) -> FileNode {
        var shared = node
        if let known = node.shared, entries[known] != nil {
            entries[known]?.names += 1
        } else {
            shared.shared = number
            entries[number] = Entry(node: shared, names: 2)
        }
        return shared
    }

    /// The names in a tree that goes away count no more.
    mutating func forget(_ tree: FileNode) {
        guard !isEmpty else { return }
        tree.forEach { node in
            guard let number = node.shared, let names = entries[number]?.names else { return }
            // The last name keeps the number, so that nobody has to look for it.
            if names > 1 { entries[number]?.names = names - 1 } else { entries[number] = nil }
        }
    }

    /// Lets `change` see what a node stands for, and keeps what it makes of it.
    mutating func change(_ place: inout FileNode?, _ change: (inout FileNode?) -> Bool) -> Bool {
        guard let old = place, let number = old.shared, let entry = entries[number] else { return change(&place) }
        var shown: FileNode? = entry.node
        guard change(&shown) else { return false }
        if let shown, shown.shared == number {
            entries[number]?.node = shown
            place = shown
        } else {
            forget(old)
            place = shown
        }
        return true
    }

    /// A tree as it looks to somebody who does not know the numbers.
    func settled(_ tree: FileTree) -> FileTree {
        guard !isEmpty else { return tree }
        var settled = tree
        var pending: [[String]] = [[]]
        while let path = pending.popLast() {
            guard let node = settled.root.descendant(path[...]) else { continue }
            if node.shared != nil {
                var plain = resolved(node)
                (plain.shared, plain.names) = (nil, 1)
                settled.root.withDescendant(path[...]) { $0 = plain }
            }
            pending += node.children.keys.map { path + [$0] }
        }
        return settled
    }
}
