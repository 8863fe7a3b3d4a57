// SPDX-License-Identifier: Apache-2.0
// A tree of files as a value: what a volume or an image holds.

package import PodiumMachinery

/// A directory with everything below it.
///
/// Copies share what they have in common. Paths are components; `.` and `..` are resolved by the file system above.
package struct FileTree: Hashable, Sendable {
    var root: FileNode

    /// An empty directory, as an `emptyDir` is.
    package init() { root = FileNode.directory(mode: 0o755) }

    /// A tree below a node.
    init(root: FileNode) { self.root = root }

    /// A tree of files by their relative paths, as a `configMap` or a `secret` is.
    package init(files: [String: String], mode: Int = 0o644, time: Timestamp = Timestamp(nanoseconds: 0)) {
        self.init()
        for (path, text) in files.sorted(by: { $0.key < $1.key }) {
            write(Array(text.utf8), at: path, mode: mode, time: time)
        }
    }

    /// Sets the content of a file, making directories on the way. A path of no components is ignored.
    package mutating func write(
        _ bytes: [UInt8],
        at path: String,
        mode: Int = 0o644,
        time: Timestamp = Timestamp(nanoseconds: 0)
    ) {
        let parts = path.split(separator: "/").map(String.init)
        root.insert(FileNode.file(FileContent(bytes), mode: mode, time: time), at: parts[...], time: time)
    }

    /// Has a file made when somebody reads it.
    package mutating func postpone(_ content: DeferredContent, at path: String, mode: Int = 0o644) {
        let parts = path.split(separator: "/").map(String.init)
        let time = Timestamp(nanoseconds: 0)
        root.insert(FileNode.file(FileContent(content), mode: mode, time: time), at: parts[...], time: time)
    }

    /// Whether a path has a length that Linux allows, in all and of each name.
    package static func canName(_ path: String) -> Bool {
        path.utf8.count < Kernel.maximumPathBytes
            && path.utf8.split(separator: UInt8(ascii: "/")).allSatisfy { $0.count <= Kernel.maximumNameBytes }
    }

    /// The content of a file; nil when there is none. Bytes beyond what is stored read as zeros.
    package func read(_ path: String) -> [UInt8]? {
        guard let node = root.descendant(path.split(separator: "/").map(String.init)[...]), node.kind == .file else {
            return nil
        }
        return node.content.bytes
    }

    /// The sizes of all files together, in bytes.
    package var totalBytes: Int { root.totalBytes }
}

/// The content of a file that is made whenever somebody reads it.
///
/// Most pods never read the token of their service account, and making one takes as long as starting a pod.
package final class DeferredContent: Hashable, Sendable {
    private let identity: String
    private let make: @Sendable () -> [UInt8]

    /// Content that `make` makes, on whatever thread a reader is. `identity` says what it is: of two with the same one,
    /// neither is a change of the other.
    package init(_ identity: String, make: @escaping @Sendable () -> [UInt8]) {
        self.identity = identity
        self.make = make
    }

    var bytes: [UInt8] { make() }

    package static func == (left: DeferredContent, right: DeferredContent) -> Bool { left.identity == right.identity }
    package func hash(into hasher: inout Hasher) { hasher.combine(identity) }
}

/// What a node of a tree is.
package enum FileKind: Hashable, Sendable {
    case file, directory, link, fifo, device
}

/// The content of a file. Of a large one only the first bytes are stored, and zeros at the end never are; what is not
/// stored counts and reads as zeros.
package struct FileContent: Hashable, Sendable {
    /// The stored bytes of each file.
    package static let maximumStoredBytes = 16 << 20

    /// The bytes that are kept here.
    private var stored: [UInt8]
    /// The length, at least that of `stored`.
    private var length: Int
    /// What makes the bytes instead, for as long as nobody has written to the file.
    private var deferred: DeferredContent?

    /// A file of these bytes.
    package init(_ bytes: [UInt8] = []) {
        length = bytes.count
        let kept = Self.significantCount(of: bytes, at: 0)
        stored = kept == bytes.count ? bytes : Array(bytes[..<kept])
    }

    /// What is made anew whenever somebody reads it.
    init(_ deferred: DeferredContent) {
        self.init()
        self.deferred = deferred
    }

    /// How many of `new` have to be stored when they stand at `offset`.
    private static func significantCount(of new: [UInt8], at offset: Int) -> Int {
        var count = min(new.count, max(0, maximumStoredBytes - offset))
        while count > 0, new[count - 1] == 0 { count -= 1 }
        return count
    }

    /// The file, or as much of it as could be stored.
    package var bytes: [UInt8] {
        if let deferred { return deferred.bytes }
        let missing = min(length, Self.maximumStoredBytes) - stored.count
        return missing > 0 ? stored + Array(repeating: 0, count: missing) : stored
    }

    /// The length of the file, at least that of `bytes`.
    package var size: Int { deferred?.bytes.count ?? length }

    /// How many bytes are kept here; of what is made when it is read, none.
    package var storedCount: Int { stored.count }

    /// The length as far as it takes room.
    var heldSize: Int { length }

    /// Takes over what would be read now, before it is changed.
    private mutating func settle() {
        guard let deferred else { return }
        self = FileContent(deferred.bytes)
    }

    /// How many bytes more are stored after `new` was put at `offset`, a gap before it included.
    func growth(writing new: [UInt8], at offset: Int) -> Int {
        let significant = Self.significantCount(of: new, at: offset)
        return significant == 0 ? 0 : max(0, offset + significant - stored.count)
    }

    /// Puts `new` at `offset`, filling a gap with zeros.
    package mutating func write(_ new: [UInt8], at offset: Int) {
        settle()
        // Zeros are written over what is there, but not behind it.
        let overlap = min(new.count, max(0, stored.count - offset))
        let count = max(overlap, Self.significantCount(of: new, at: offset))
        if count > 0 {
            if stored.count < offset { stored += Array(repeating: 0, count: offset - stored.count) }
            stored.replaceSubrange(offset..<offset + overlap, with: new[..<count])
        }
        length = max(length, offset + new.count)
    }

    /// Makes the file `count` bytes long without storing anything.
    package mutating func grow(to count: Int) {
        settle()
        length = max(length, count)
    }

    /// Cuts or fills the file to `count` bytes.
    package mutating func truncate(to count: Int) {
        settle()
        if stored.count > count { stored.removeLast(stored.count - count) }
        length = count
    }

    /// How many bytes there are from `offset` up to and with `delimiter`, looking at `count` at most; nil without it.
    func distance(from offset: Int, through delimiter: UInt8, count: Int) -> Int? {
        let bytes = deferred?.bytes ?? stored
        guard offset < bytes.count else { return nil }
        let index = bytes[offset..<min(bytes.count, offset + count)].firstIndex(of: delimiter)
        return index.map { $0 - offset + 1 }
    }

    /// At most `count` bytes from `offset` on; empty at the end.
    package func read(at offset: Int, count: Int) -> [UInt8] {
        if let deferred { return FileContent(deferred.bytes).read(at: offset, count: count) }
        let wanted = min(count, max(0, length - offset))
        guard wanted > 0 else { return [] }
        let found = offset < stored.count ? Array(stored[offset..<min(stored.count, offset + wanted)]) : []
        return found.count == wanted ? found : found + Array(repeating: 0, count: wanted - found.count)
    }
}

/// A file, a directory or something else with a name in a directory.
package struct FileNode: Hashable, Sendable {
    /// What it is.
    package var kind: FileKind
    /// The permissions.
    package var mode: Int {
        get { Int(bits) }
        set { bits = UInt32(truncatingIfNeeded: newValue) }
    }
    /// When it was changed last.
    package var time: Timestamp
    /// What a file holds.
    package var content = FileContent()
    /// What a directory holds.
    package var children: [String: FileNode] = [:]
    private var bits: UInt32
    /// At most one: what few nodes have, so that the many of a pod stay small.
    private var seldom: [Seldom] = []

    /// What is the same for nearly all nodes.
    private struct Seldom: Hashable, Sendable {
        var owner = 0
        var group = 0
        var target = ""
        var shared: Int?
        var names = 1
        var version = 0
    }

    /// A node that holds nothing.
    package init(kind: FileKind, mode: Int, time: Timestamp) {
        self.kind = kind
        bits = UInt32(truncatingIfNeeded: mode)
        self.time = time
    }

    private func seldom<Value>(_ member: (Seldom) -> Value) -> Value { member(seldom.first ?? Seldom()) }

    private mutating func setSeldom<Value: Equatable>(_ member: WritableKeyPath<Seldom, Value>, _ value: Value) {
        if seldom.isEmpty {
            if value == Seldom()[keyPath: member] { return }
            seldom.append(Seldom())
        }
        seldom[0][keyPath: member] = value
        // So that nodes that are alike are equal, however they came to it.
        if seldom[0] == Seldom() { seldom = [] }
    }

    /// The number of the user that it belongs to.
    package var owner: Int {
        get { seldom(\.owner) }
        set { setSeldom(\.owner, newValue) }
    }
    /// The number of the group that it belongs to.
    package var group: Int {
        get { seldom(\.group) }
        set { setSeldom(\.group, newValue) }
    }
    /// Where a link points, or which device it is.
    package var target: String {
        get { seldom(\.target) }
        set { setSeldom(\.target, newValue) }
    }
    /// The number of a file that has several names (``SharedFiles``).
    package var shared: Int? {
        get { seldom(\.shared) }
        set { setSeldom(\.shared, newValue) }
    }
    /// How many names such a file has.
    package var names: Int {
        get { seldom(\.names) }
        set { setSeldom(\.names, newValue) }
    }
    /// Counts changes of the content, so that a watcher notices them.
    var version: Int {
        get { seldom(\.version) }
        set { setSeldom(\.version, newValue) }
    }

    /// A file.
    package static func file(
        _ content: FileContent,
        mode: Int = 0o644,
        time: Timestamp = Timestamp(nanoseconds: 0)
    ) -> FileNode {
        var node = FileNode(kind: .file, mode: mode, time: time)
        node.content = content
        return node
    }

    static func directory(mode: Int = 0o755, time: Timestamp = Timestamp(nanoseconds: 0)) -> FileNode {
        FileNode(kind: .directory, mode: mode, time: time)
    }

    // Nothing here calls itself: how deep a tree is was decided by a container.

    /// The node at the end of `path` below this one; links are not followed.
    func descendant(_ path: ArraySlice<String>) -> FileNode? {
        var node = self
        for name in path {
            guard let child = node.children[name] else { return nil }
            node = child
        }
        return node
    }

    /// Calls `body` with the node at `path` below this one, in place; nil when it is not there. With `maker`, missing
    /// directories on the way are made of it.
    @discardableResult
    mutating func withDescendant<Result>(
        _ path: ArraySlice<String>,
        maker: FileNode? = nil,
        _ body: (inout FileNode) -> Result
    ) -> Result? {
        // Each node is taken out of its parent while it is changed, so that it is held only once and nothing is copied.
        let hole = FileNode(kind: .directory, mode: 0, time: time)
        var parents: [FileNode] = []
        var node = hole
        swap(&node, &self)
        for name in path {
            guard let child = node.children[name] ?? maker else { break }
            node.children[name] = hole
            parents.append(node)
            node = child
        }
        let result = parents.count == path.count ? body(&node) : nil
        while var parent = parents.popLast() {
            parent.children[path[path.startIndex + parents.count]] = node
            node = parent
        }
        self = node
        return result
    }

    /// Puts `node` at `path`, making directories on the way.
    mutating func insert(_ node: FileNode, at path: ArraySlice<String>, time: Timestamp) {
        guard let name = path.last else { return }
        withDescendant(path.dropLast(), maker: .directory(time: time)) { $0.children[name] = node }
    }

    /// Calls `body` with this node and all below it, in no order that means anything.
    func forEach(_ body: (FileNode) -> Void) {
        var pending = [self]
        while let node = pending.popLast() {
            body(node)
            pending += node.children.values
        }
    }

    /// How many directories stand one in the other at most, this one included; 0 for anything else.
    var height: Int {
        var height = 0
        var level = kind == .directory ? [self] : []
        while !level.isEmpty {
            height += 1
            level = level.flatMap { $0.children.values.lazy.filter { $0.kind == .directory } }
        }
        return height
    }

    /// How many nodes there are, this one included.
    var count: Int {
        var count = 0
        forEach { _ in count += 1 }
        return count
    }

    var totalBytes: Int {
        var total = 0
        forEach { total += $0.content.heldSize }
        return total
    }
}
