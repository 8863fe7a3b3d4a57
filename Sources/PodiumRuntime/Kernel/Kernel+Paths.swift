// SPDX-License-Identifier: Apache-2.0
// From paths to files: links, mounts and the trees behind them.

import PodiumMachinery

extension Kernel {
    /// Links followed in one path.
    static let maximumLinks = 40

    /// The place that an absolute path names in a container, whether or not something is there.
    ///
    /// With `follow` a link at the end is followed as well. Fails when a directory on the way is missing or is none.
    func locate(_ path: String, in container: Int, follow: Bool = true) throws(Errno) -> FileLocation {
        var pending = path.split(separator: "/").map(String.init)[...]
        var done: [String] = []
        var links = 0
        var node = node(at: place(of: [], in: container))
        while let name = pending.popFirst() {
            if name == "." { continue }
            if name == ".." {
                done = Array(done.dropLast())
                node = self.node(at: place(of: done, in: container))
                continue
            }
            guard let directory = node else { throw .noEntry }
            if directory.kind != .directory { throw .notDirectory }
            done.append(name)
            node = self.node(at: place(of: done, in: container))
            guard let link = node, link.kind == .link, follow || !pending.isEmpty else { continue }
            links += 1
            if links > Self.maximumLinks { throw .loop }
            if link.target.hasPrefix("/") { done = [] } else { done.removeLast() }
            pending = link.target.split(separator: "/").map(String.init)[...] + pending
            node = self.node(at: place(of: done, in: container))
        }
        if path.hasSuffix("/"), let node, node.kind != .directory { throw .notDirectory }
        return place(of: done, in: container)
    }

    /// The canonical form of a path: no links, no `.` and `..`; nil when a directory on the way is missing.
    func canonicalPath(_ path: String, in container: Int) -> String? {
        var done: [String] = []
        var pending = path.split(separator: "/").map(String.init)[...]
        var links = 0
        while let name = pending.popFirst() {
            if name == "." { continue }
            if name == ".." {
                done = Array(done.dropLast())
                continue
            }
            done.append(name)
            guard let node = node(at: place(of: done, in: container)) else {
                if pending.isEmpty { continue }
                return nil
            }
            if node.kind == .link {
                links += 1
                if links > Self.maximumLinks { return nil }
                if node.target.hasPrefix("/") { done = [] } else { done.removeLast() }
                pending = node.target.split(separator: "/").map(String.init)[...] + pending
            }
        }
        return "/" + done.joined(separator: "/")
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
    func node(at location: FileLocation) -> FileNode? {
        if let volume = location.volume { return volumes[volume]?.root.descendant(location.path[...]) }
        return containers[location.container]?.root.root.descendant(location.path[...])
    }

    /// Changes what is at a place in the tree; the change says whether it did anything.
    @discardableResult
    mutating func update(_ location: FileLocation, _ change: (inout FileNode?) -> Bool) -> Bool {
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
    /// when a
    /// directory on the way is missing. The root of a tree can be changed but not removed.
    mutating func change(_ path: ArraySlice<String>, _ body: (inout FileNode?) -> Bool) -> Bool {
        guard let name = path.first else {
            var optional: FileNode? = self
            let changed = body(&optional)
            if changed, let optional { self = optional }
            return changed
        }
        if path.count == 1 { return kind == .directory && body(&children[name]) }
        return children[name]?.change(path.dropFirst(), body) ?? false
    }
}
