// SPDX-License-Identifier: Apache-2.0
// Calls that give files further or other names: link, symlink and rename.

extension Machine {
    /// Makes a symbolic link.
    package mutating func makeLink(_ target: String, at path: String) throws(Errno) {
        if target.isEmpty { throw .noEntry }
        if target.utf8.count >= Kernel.maximumPathBytes { throw .nameTooLong }
        var node = FileNode(kind: .link, mode: 0o777, time: now)
        node.target = target
        let location = try locate(path, follow: false)
        if kernel.node(at: location) != nil { throw .exists }
        if path.hasSuffix("/") { throw .noEntry }
        try put(node, at: location)
    }

    /// Gives a file a further name.
    package mutating func makeHardLink(to source: String, at path: String) throws(Errno) {
        let origin = try locate(source, follow: false)
        guard let node = kernel.node(at: origin) else { throw .noEntry }
        let location = try locate(path, follow: false)
        if kernel.node(at: location) != nil { throw .exists }
        if node.kind == .directory { throw .notPermitted }
        if !kernel.isSameTree(origin, location) { throw .crossDevice }
        if location.readOnly { throw .readOnly }
        charge(components: origin.path.count)
        let number = kernel.nextNumber()
        let shared = kernel.sharedFiles.addName(to: node, number: number)
        do {
            try put(shared, at: location, keepsOwner: true)
        } catch {
            kernel.sharedFiles.forget(shared)
            throw error
        }
        kernel.update(origin) { place in
            place?.shared = shared.shared
            return true
        }
    }

    /// Moves what is at a path to another place of the same tree, over what is there.
    package mutating func rename(_ source: String, to target: String) throws(Errno) {
        let origin = try locate(source, follow: false)
        guard let node = kernel.node(at: origin) else { throw .noEntry }
        let location = try locate(target, follow: false)
        let existing = kernel.node(at: location)
        if target.hasSuffix("/"), existing == nil, node.kind != .directory { throw .notDirectory }
        if kernel.isSame(origin, location) { return }
        if origin.readOnly || location.readOnly { throw .readOnly }
        if !kernel.isSameTree(origin, location) { throw .crossDevice }
        if origin.path.isEmpty || location.path.isEmpty || isMountPoint(source) || isMountPoint(target) { throw .busy }
        if location.path.starts(with: origin.path) { throw .invalid }
        if origin.path.starts(with: location.path) { throw .notEmpty }
        if let existing {
            if node.kind == .directory, existing.kind != .directory { throw .notDirectory }
            if node.kind != .directory, existing.kind == .directory { throw .isDirectory }
            if !existing.children.isEmpty { throw .notEmpty }
            try remove(target)
        }
        try relocate(origin, to: location)
    }

    /// Moves a node, of another tree as well, to where nothing is. It is at its new place before it leaves the old one:
    /// nothing is lost when there is no room for it.
    package mutating func relocate(_ origin: FileLocation, to location: FileLocation) throws(Errno) {
        guard let node = kernel.treeNode(at: origin) else { throw .noEntry }
        if kernel.isSameTree(origin, location) {
            try put(node, at: location, keepsOwner: true)
        } else {
            // Files do not have names in two trees.
            let settled = kernel.sharedFiles.settled(FileTree(root: node)).root
            try put(settled, at: location, keepsOwner: true)
            kernel.sharedFiles.forget(node)
        }
        charge(components: origin.path.count)
        kernel.detach(origin)
    }
}

extension Kernel {
    /// Whether two places are in the same tree.
    func isSameTree(_ one: FileLocation, _ other: FileLocation) -> Bool {
        one.volume == other.volume && (one.volume != nil || one.container == other.container)
    }

    /// Whether two places are names of the same file.
    package func isSame(_ one: FileLocation, _ other: FileLocation) -> Bool {
        guard isSameTree(one, other) else { return false }
        if one.path == other.path { return true }
        guard let number = treeNode(at: one)?.shared else { return false }
        return treeNode(at: other)?.shared == number
    }
}
