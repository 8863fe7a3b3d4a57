// SPDX-License-Identifier: Apache-2.0
// From paths to files: links, mounts and the trees behind them.

import OrderedCollections
import PodiumMachinery

/// The way along a path, as far as it was walked.
private struct PathWalk {
    /// What is still to be walked, the next component last.
    private(set) var pending: [Substring]
    /// The canonical components so far, and what is at each of them; at the first place the root.
    private(set) var done: [String] = []
    private var nodes: [FileNode?]
    private var links = 0

    init(_ path: String, root: FileNode?) {
        pending = path.split(separator: "/").reversed()
        nodes = [root]
    }

    /// What is at the end of the way so far.
    var node: FileNode? { nodes[nodes.count - 1] }

    mutating func next() -> String? { pending.popLast().map(String.init) }

    mutating func enter(_ name: String, _ node: FileNode?) {
        done.append(name)
        nodes.append(node)
    }

    mutating func leave() {
        guard !done.isEmpty else { return }
        done.removeLast()
        nodes.removeLast()
    }

    /// Goes on with where the link at the end points.
    mutating func follow(_ target: String) throws(Errno) {
        links += 1
        if links > Kernel.maximumLinks { throw .loop }
        leave()
        if target.hasPrefix("/") {
            done = []
            nodes.removeLast(nodes.count - 1)
        }
        pending += target.split(separator: "/").reversed()
    }
}

extension Kernel {
    /// Links followed in one path.
    static let maximumLinks = 40

    /// The place that an absolute path names in a container, whether or not something is there.
    ///
    /// With `follow` a link at the end is followed as well. Fails when a directory on the way is missing or is none.
    /// Each component is looked for in the directory before it, so that the work grows with the path and no faster.
    func locate(
        _ path: String,
        in container: Int,
        follow: Bool = true,
        _ meter: WorkMeter? = nil
    ) throws(Errno) -> FileLocation {
        // A slash at the end asks for the directory that a link leads to.
        let walk = try walk(path, in: container, follow: follow || path.hasSuffix("/"), meter)
        if path.hasSuffix("/"), let node = walk.node, node.kind != .directory { throw .notDirectory }
        return place(of: walk.done, in: container)
    }

    /// The place of the first component of a path that is missing, and the components after it; nil when none is.
    func locateMissing(
        _ path: String,
        in container: Int,
        _ meter: WorkMeter? = nil
    ) throws(Errno) -> (place: FileLocation, rest: [String])? {
        let walk = try walk(path, in: container, follow: true, stopsAtMissing: true, meter)
        if let node = walk.node {
            if node.kind != .directory { throw .exists }
            return nil
        }
        return (place(of: walk.done, in: container), walk.pending.reversed().map(String.init))
    }

    private func walk(
        _ path: String,
        in container: Int,
        follow: Bool,
        stopsAtMissing: Bool = false,
        _ meter: WorkMeter?
    ) throws(Errno) -> PathWalk {
        meter?.charge(bytes: path.utf8.count)
        if path.utf8.count >= Self.maximumPathBytes { throw .nameTooLong }
        var walk = PathWalk(path, root: node(at: place(of: [], in: container)))
        while let name = walk.next() {
            meter?.charge(components: 1)
            if name == "." { continue }
            if name == ".." {
                walk.leave()
                continue
            }
            guard let directory = walk.node else { throw .noEntry }
            if directory.kind != .directory { throw .notDirectory }
            if name.utf8.count > Self.maximumNameBytes { throw .nameTooLong }
            walk.enter(name, child(name, of: directory, after: walk.done, in: container))
            if walk.node == nil, stopsAtMissing { return walk }
            guard let link = walk.node, link.kind == .link, follow || !walk.pending.isEmpty else { continue }
            try walk.follow(link.target)
        }
        return walk
    }

    /// What a name in a directory stands for, which may be something mounted.
    private func child(_ name: String, of directory: FileNode, after path: [String], in container: Int) -> FileNode? {
        for mount in containers[container]?.mounts ?? []
        where mount.path.count == path.count + 1 && mount.path.last == name && mount.path.starts(with: path) {
            return node(at: place(of: mount.path, in: container))
        }
        return directory.children[name]
    }

    /// The canonical form of a path: no links, no `.` and `..`; nil when a directory on the way is missing.
    func canonicalPath(_ path: String, in container: Int, _ meter: WorkMeter) -> String? {
        guard let walk = try? walk(path, in: container, follow: true, meter) else { return nil }
        return "/" + walk.done.joined(separator: "/")
    }

    /// The tree and the place in it that canonical path components name.
    func place(of components: [String], in container: Int) -> FileLocation {
        guard let owner = containers[container] else {
            return FileLocation(volume: nil, container: container, path: components)
        }
        for mount in owner.mounts where components.starts(with: mount.path) {
            let inner = mount.subPath + components.dropFirst(mount.path.count)
            return FileLocation(volume: mount.volume, container: container, path: inner, readOnly: mount.readOnly)
        }
        let isWritable = components.first == "dev" || components.first == "proc"
        return FileLocation(
            volume: nil,
            container: container,
            path: components,
            readOnly: owner.specification.readOnlyRootFileSystem && !isWritable
        )
    }

    /// Whether something is mounted exactly here.
    func isMountPoint(_ components: [String], in container: Int) -> Bool {
        containers[container]?.mounts.contains { $0.path == components } ?? false
    }

    /// What is at a place.
    package func node(at location: FileLocation) -> FileNode? {
        let node = treeNode(at: location)
        return sharedFiles.isEmpty ? node : node.map { sharedFiles.resolved($0) }
    }

    /// What a tree has at a place, which of a file with several names is only the name.
    package func treeNode(at location: FileLocation) -> FileNode? {
        if let volume = location.volume { return volumes[volume]?.root.descendant(location.path[...]) }
        return containers[location.container]?.root.root.descendant(location.path[...])
    }

    /// Changes what is at a place in the tree; the change says whether it did anything.
    @discardableResult
    package mutating func update(_ location: FileLocation, _ change: (inout FileNode?) -> Bool) -> Bool {
        guard !sharedFiles.isEmpty else { return updateTree(location, change) }
        // Taken out while the tree is changed, so that both can be.
        var shared = SharedFiles()
        swap(&shared, &sharedFiles)
        let changed = updateTree(location) { place in shared.change(&place, change) }
        swap(&shared, &sharedFiles)
        return changed
    }

    /// Takes a container away, with the files that only it had.
    mutating func forgetContainer(_ number: Int) {
        if let root = containers[number]?.root.root { sharedFiles.forget(root) }
        containers[number] = nil
    }

    /// Takes away what is at a place, which has another one by now.
    mutating func detach(_ location: FileLocation) {
        updateTree(location) { place in
            place = nil
            return true
        }
    }

    @discardableResult
    private mutating func updateTree(_ location: FileLocation, _ change: (inout FileNode?) -> Bool) -> Bool {
        var changed = false
        if let volume = location.volume {
            changed = volumes[volume]?.root.change(location.path[...], change) ?? false
        } else {
            changed = containers[location.container]?.root.root.change(location.path[...], change) ?? false
        }
        if changed { fileChanges += 1 }
        return changed
    }
}

extension FileNode {
    /// Calls `body` with the place at `path` below this node, which is nil when nothing is there. Nothing happens
    /// when a directory on the way is missing. The root of a tree can be changed but not removed.
    mutating func change(_ path: ArraySlice<String>, _ body: (inout FileNode?) -> Bool) -> Bool {
        guard let name = path.last else {
            var optional: FileNode? = self
            let changed = body(&optional)
            if changed, let optional { self = optional }
            return changed
        }
        let changed = withDescendant(path.dropLast()) { parent in
            parent.kind == .directory && body(&parent.children[name])
        }
        return changed ?? false
    }
}
