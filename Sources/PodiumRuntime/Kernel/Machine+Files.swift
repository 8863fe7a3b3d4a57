// SPDX-License-Identifier: Apache-2.0
// Calls on files by path, as the running process makes them.

import PodiumMachinery

/// How a file is opened.
package enum OpenMode: Sendable {
    case read
    /// Made when missing, emptied otherwise.
    case write
    /// Made when missing.
    case append
    /// Made when missing, kept otherwise.
    case update
    /// Made; fails when it is there.
    case create
}

extension Machine {
    /// The absolute form of a path.
    package func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : process.directory + "/" + path }

    /// The place that a path names.
    package func locate(_ path: String, follow: Bool = true) throws(Errno) -> FileLocation {
        if path.isEmpty { throw .noEntry }
        return try kernel.locate(absolute(path), in: process.container, follow: follow, meter)
    }

    /// The canonical form of a path: no links, no `.` and `..`; nil when a directory on the way is missing.
    package func canonicalPath(_ path: String) -> String? {
        kernel.canonicalPath(absolute(path), in: process.container, meter)
    }

    /// The canonical form of the path of a directory that is there.
    package func canonicalDirectory(_ path: String) throws(Errno) -> String {
        if try status(of: path).kind != .directory { throw .notDirectory }
        guard let canonical = canonicalPath(path) else { throw .noEntry }
        if canonical.utf8.count >= Kernel.maximumPathBytes { throw .nameTooLong }
        return canonical
    }

    /// What is at a path; nil when nothing is.
    package func node(_ path: String, follow: Bool = true) -> FileNode? { try? status(of: path, follow: follow) }

    /// What is at a path, or why nothing is found there.
    package func status(of path: String, follow: Bool = true) throws(Errno) -> FileNode {
        if let content = processFile(path) { return FileNode.file(FileContent(content), mode: 0o444, time: now) }
        if processDirectory(path) != nil { return FileNode.directory(mode: 0o555, time: now) }
        guard let node = kernel.node(at: try locate(path, follow: follow)) else { throw .noEntry }
        return node
    }

    /// Why nothing is found at a path.
    package func fault(of path: String) -> Errno {
        do throws(Errno) {
            _ = try status(of: path, follow: false)
            return .noEntry
        } catch {
            return error
        }
    }

    /// The content of a file.
    package func contents(_ path: String) throws(Errno) -> [UInt8] {
        if let content = processFile(path) { return content }
        guard let node = kernel.node(at: try locate(path)) else { throw .noEntry }
        if node.kind == .directory { throw .isDirectory }
        if node.content.size > FileContent.maximumStoredBytes { throw .noMemory }
        charge(bytes: node.content.size)
        return node.content.bytes
    }

    /// Opens a file; the result has no descriptor yet.
    package mutating func open(_ path: String, _ mode: OpenMode) throws(Errno) -> Int {
        if let target = specialTarget(of: path, mode) { return try file(for: target, path: path) }
        let location = try locate(path)
        if let node = kernel.node(at: location) {
            if mode == .create { throw .exists }
            return try open(node, at: location, path: path, mode)
        }
        if mode == .read { throw .noEntry }
        if path.hasSuffix("/") { throw .isDirectory }
        try put(FileNode.file(FileContent(), mode: 0o666 & ~process.mask, time: now), at: location)
        return try file(for: .file(location), path: path, appends: mode == .append)
    }

    private mutating func open(
        _ node: FileNode,
        at location: FileLocation,
        path: String,
        _ mode: OpenMode
    ) throws(Errno) -> Int {
        switch node.kind {
        case .directory where mode != .read: throw .isDirectory
        case .device: return try file(for: device(node.target), path: path)
        default: break
        }
        if mode != .read, location.readOnly { throw .readOnly }
        if mode == .write {
            charge(components: location.path.count)
            let moment = now
            kernel.update(location) { node in
                node?.content = FileContent()
                node?.time = moment
                return true
            }
        }
        return try file(for: .file(location), path: path, appends: mode == .append)
    }

    private mutating func file(for target: OpenFileTarget, path: String, appends: Bool = false) throws(Errno) -> Int {
        guard let number = kernel.open(target, path: path, appends: appends) else { throw .again }
        return number
    }

    private func device(_ name: String) -> OpenFileTarget {
        switch name {
        case "zero": .zero
        case "random": .random
        case "full": .full
        default: .null
        }
    }

    /// Paths that stand for streams and processes rather than for files.
    private func specialTarget(of path: String, _ mode: OpenMode) -> OpenFileTarget? {
        let parts = path.split(separator: "/").map(String.init)
        guard path.hasPrefix("/"), parts.count >= 2, parts[0] == "dev" || parts[0] == "proc" else { return nil }
        if parts[0] == "dev" {
            switch parts[1...] {
            case ["stdin"]: return target(ofDescriptor: 0, in: process)
            case ["stdout"]: return target(ofDescriptor: 1, in: process)
            case ["stderr"]: return target(ofDescriptor: 2, in: process)
            case ["tty"]: return target(ofDescriptor: 2, in: process)
            case let rest where rest.count == 2 && rest.first == "fd":
                return rest.last.flatMap { Int($0) }.flatMap { target(ofDescriptor: $0, in: process) }
            default: return nil
            }
        }
        if parts.count == 4, parts[2] == "fd", let descriptor = Int(parts[3]) {
            let owner = parts[1] == "self" ? process : visibleProcesses.first { String($0.pid) == parts[1] }
            return owner.flatMap { target(ofDescriptor: descriptor, in: $0) }
        }
        return mode == .read ? processFile(path).map { .snapshot($0) } : nil
    }

    private func target(ofDescriptor descriptor: Int, in owner: Process) -> OpenFileTarget? {
        owner.files[descriptor].flatMap { kernel.openFiles[$0]?.target }
    }

    /// Puts a node where nothing is.
    package mutating func put(_ node: FileNode, at location: FileLocation, keepsOwner: Bool = false) throws(Errno) {
        if location.readOnly { throw .readOnly }
        guard let name = location.path.last else { throw .exists }
        if name.utf8.count > Kernel.maximumNameBytes { throw .nameTooLong }
        var nodes = 1
        var bytes = node.content.storedCount
        if !node.children.isEmpty {
            (nodes, bytes) = (node.count, 0)
            node.forEach { bytes += $0.content.storedCount }
        }
        charge(components: location.path.count + nodes)
        // What is deeper than a path can be would be out of everybody's reach.
        if location.path.count + (nodes > 1 ? node.height : 1) > Kernel.maximumDepth { throw .nameTooLong }
        if !kernel.reserve(bytes: bytes, nodes: nodes, meter) { throw .noSpace }
        var owned = node
        if !keepsOwner {
            owned.owner = userID
            owned.group = groupID
        }
        let added = kernel.update(location) { place in
            guard place == nil else { return false }
            place = owned
            return true
        }
        if !added { throw kernel.node(at: location) == nil ? .noEntry : .exists }
    }

    /// Makes a directory.
    package mutating func makeDirectory(_ path: String, mode: Int? = nil) throws(Errno) {
        let location = try locate(path)
        if kernel.node(at: location) != nil { throw .exists }
        try put(FileNode.directory(mode: mode ?? 0o777 & ~process.mask, time: now), at: location)
    }

    /// Makes a directory and those on the way that are missing, as `mkdir -p` does; fine when it is there.
    package mutating func makeDirectories(_ path: String, mode: Int? = nil) throws(Errno) {
        if path.isEmpty { throw .noEntry }
        let parts = path.split(separator: "/")
        let start = path.hasPrefix("/") ? "/" : ""
        // What `..` leads out of has to be there first.
        for (index, part) in parts.enumerated() where part == ".." && index > 0 {
            try makeMissingDirectories(start + parts[..<index].joined(separator: "/"), mode: nil)
        }
        try makeMissingDirectories(path, mode: mode)
    }

    private mutating func makeMissingDirectories(_ path: String, mode: Int?) throws(Errno) {
        guard let (place, rest) = try kernel.locateMissing(absolute(path), in: process.container, meter) else { return }
        // Built from the innermost outwards and put at its place at once.
        let plain = 0o777 & ~process.mask
        var made = FileNode.directory(mode: mode ?? plain, time: now)
        for name in rest.reversed() where name != "." {
            if name == ".." { throw .noEntry }
            if name.utf8.count > Kernel.maximumNameBytes { throw .nameTooLong }
            var outer = FileNode.directory(mode: plain | 0o300, time: now)
            outer.children[name] = made
            made = outer
        }
        try put(made, at: place)
    }

    /// Removes a file, a link or a directory with everything in it.
    package mutating func remove(_ path: String) throws(Errno) {
        let location = try locate(path, follow: false)
        if kernel.node(at: location) == nil { throw .noEntry }
        if location.readOnly { throw .readOnly }
        if location.path.isEmpty || isMountPoint(path) { throw .busy }
        let removed = kernel.treeNode(at: location)
        if let removed { kernel.sharedFiles.forget(removed) }
        kernel.detach(location)
        charge(components: location.path.count + (removed?.count ?? 0))
    }

    /// Whether something is mounted at a path.
    package func isMountPoint(_ path: String) -> Bool {
        let components = absolute(path).split(separator: "/").map(String.init)
        return kernel.isMountPoint(components, in: process.container)
    }

    /// Replaces the content of a file, making it when it is missing.
    package mutating func replace(_ path: String, with bytes: [UInt8]) throws(Errno) {
        charge(bytes: bytes.count)
        if !kernel.reserve(bytes: FileContent().growth(writing: bytes, at: 0), meter) { throw .noSpace }
        let number = try open(path, .write)
        if case .file(let location)? = kernel.openFiles[number]?.target {
            kernel.update(location) { node in
                node?.content = FileContent(bytes)
                return true
            }
        }
        kernel.dispose(number)
    }

    /// Changes the attributes of what is at a path.
    package mutating func changeNode(
        _ path: String,
        follow: Bool = true,
        _ change: (inout FileNode) -> Void
    ) throws(Errno) {
        let location = try locate(path, follow: follow)
        if kernel.node(at: location) == nil { throw .noEntry }
        if location.readOnly { throw .readOnly }
        charge(components: location.path.count)
        kernel.update(location) { place in
            if var node = place {
                change(&node)
                place = node
            }
            return true
        }
    }

    /// The names in a directory, sorted.
    package func names(in path: String) throws(Errno) -> [String] {
        if let names = processDirectory(path) { return names }
        guard let node = kernel.node(at: try locate(path)) else { throw .noEntry }
        if node.kind != .directory { throw .notDirectory }
        // Sorting compares each name with some ten others.
        charge(components: 1 + node.children.count)
        return node.children.keys.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
    }
}
