// SPDX-License-Identifier: Apache-2.0
// Applets that change files: touch, rm, mkdir, cp, mv, ln, chmod and the like.

import PodiumMachinery

extension Applets {
    static let fileApplets: [String: ImmediateApplet] = [
        "touch": touch,
        "rm": remove,
        "unlink": { machine, words in remove(&machine, words) },
        "mkdir": makeDirectories,
        "rmdir": { machine, words in
            forEach(&machine, AppletOptions(words).words) { machine, path in
                guard machine.node(path, follow: false)?.kind == .directory else {
                    let errno = machine.node(path) == nil ? Errno.noEntry : .notDirectory
                    return fail(&machine, "rmdir", "'\(path)'", errno)
                }
                if (try? machine.names(in: path).isEmpty) != true {
                    return fail(&machine, "rmdir", "'\(path)'", .notEmpty)
                }
                return attempt(&machine, "rmdir", "'\(path)'") { machine throws(Errno) in try machine.remove(path) }
            }
        },
        "cp": copy,
        "install": { machine, words in
            let options = AppletOptions(words, valued: "mogt")
            if options.has("d") { return makeDirectories(&machine, ["mkdir", "-p"] + options.words) }
            return copy(&machine, ["cp"] + options.words)
        },
        "mv": move,
        "ln": link,
        "chmod": { machine, words in
            // `-x` and its kin take rights away; they are no options.
            let isMode = { (word: String) in
                word.hasPrefix("-") && word.dropFirst().allSatisfy { "rwxXst".contains($0) }
            }
            let operands = words.dropFirst().filter { isMode($0) || !$0.hasPrefix("-") }
            let isRecursive = words.dropFirst().contains { $0.hasPrefix("-") && !isMode($0) && $0.contains("R") }
            guard let text = operands.first else { return usage(&machine, "chmod") }
            return forEach(&machine, Array(operands.dropFirst())) { machine, path in
                attempt(&machine, "chmod", path) { machine throws(Errno) in
                    try change(&machine, path, recursive: isRecursive) { $0.mode = mode(text, of: $0) }
                }
            }
        },
        "chown": { machine, words in changeOwner(&machine, words, isGroup: false) },
        "chgrp": { machine, words in changeOwner(&machine, words, isGroup: true) },
        "mktemp": { machine, words in
            let options = AppletOptions(words, valued: "pt")
            let template = options.words.first ?? "tmp.XXXXXX"
            let directory = options["p"] ?? (options.words.isEmpty ? "/tmp" : nil)
            let count = template.reversed().prefix { $0 == "X" }.count
            let alphabet = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
            var name = String(template.dropLast(count))
            for _ in 0..<count { name.append(alphabet[Int(machine.kernel.nextRandom() % UInt64(alphabet.count))]) }
            let path = directory.map { $0 + "/" + name } ?? name
            let code = attempt(&machine, "mktemp", path) { machine throws(Errno) in
                if options.has("d") {
                    try machine.makeDirectory(path, mode: 0o700)
                } else {
                    try machine.replace(path, with: [])
                }
            }
            if code == 0 { machine.print(path + "\n") }
            return code
        },
        "truncate": { machine, words in
            let options = AppletOptions(words, valued: "s")
            guard let size = options["s"].flatMap({ size($0) }) else { return usage(&machine, "truncate") }
            return forEach(&machine, options.words) { machine, path in
                attempt(&machine, "truncate", path) { machine throws(Errno) in
                    machine.kernel.dispose(try machine.open(path, .update))
                    try machine.changeNode(path) { $0.content.truncate(to: size) }
                }
            }
        },
        "fallocate": { machine, words in
            let options = AppletOptions(words, valued: "l")
            guard let size = options["l"].flatMap({ size($0) }), let path = options.words.first else {
                return usage(&machine, "fallocate")
            }
            return attempt(&machine, "fallocate", path) { machine throws(Errno) in
                machine.kernel.dispose(try machine.open(path, .update))
                try machine.changeNode(path) { $0.content.grow(to: size) }
            }
        },
        "mkfifo": { machine, words in
            forEach(&machine, AppletOptions(words, valued: "m").words) { machine, path in
                attempt(&machine, "mkfifo", path) { machine throws(Errno) in
                    let location = try machine.locate(path)
                    try machine.put(FileNode(kind: .fifo, mode: 0o644, time: machine.now), at: location)
                }
            }
        },
        "sync": { _, _ in 0 },
        "chroot": { machine, _ in fail(&machine, "chroot", "can't change root directory", .notPermitted) },
        "mount": { machine, words in
            if words.count == 1 {
                machine.print(machine.mountTable)
                return 0
            }
            return fail(&machine, "mount", "permission denied (are you root?)")
        },
        "umount": { machine, words in fail(&machine, "umount", "can't unmount \(words.last ?? "")", .notPermitted) },
    ]

    /// Calls `body` with each path; the code is that of the last failure.
    static func forEach(
        _ machine: inout Machine,
        _ paths: [String],
        _ body: (inout Machine, String) -> Int
    ) -> Int {
        var code = 0
        for path in paths {
            machine.spend()
            let result = body(&machine, path)
            if result != 0 { code = result }
        }
        return code
    }

    /// Calls `body` and tells its failure.
    static func attempt(
        _ machine: inout Machine,
        _ name: String,
        _ text: String,
        _ body: (inout Machine) throws(Errno) -> Void
    ) -> Int {
        do {
            try body(&machine)
            return 0
        } catch {
            return fail(&machine, name, text, error)
        }
    }

    private static func touch(_ machine: inout Machine, _ words: [String]) -> Int {
        let options = AppletOptions(words, valued: "dtr")
        return forEach(&machine, options.words) { machine, path in
            if machine.node(path) == nil, options.has("c") { return 0 }
            return attempt(&machine, "touch", path) { machine throws(Errno) in
                if machine.node(path) == nil { machine.kernel.dispose(try machine.open(path, .update)) }
                let moment = machine.now
                try machine.changeNode(path) { $0.time = moment }
            }
        }
    }

    private static func remove(_ machine: inout Machine, _ words: [String]) -> Int {
        let options = AppletOptions(words)
        let isForced = options.has("f")
        return forEach(&machine, options.words) { machine, path in
            guard let node = machine.node(path, follow: false) else {
                return isForced ? 0 : fail(&machine, "rm", "can't remove '\(path)'", machine.fault(of: path))
            }
            if node.kind == .directory, !options.has("r"), !options.has("R") {
                return fail(&machine, "rm", "'\(path)' is a directory")
            }
            return attempt(&machine, "rm", "can't remove '\(path)'") { machine throws(Errno) in try machine.remove(path)
            }
        }
    }

    static func makeDirectories(_ machine: inout Machine, _ words: [String]) -> Int {
        let options = AppletOptions(words, valued: "m")
        let mode = options["m"].map { Self.mode($0, of: .directory(time: machine.now)) }
        return forEach(&machine, options.words) { machine, path in
            let text = "can't create directory '\(path)'"
            guard options.has("p") || options["parents"] != nil else {
                return attempt(&machine, "mkdir", text) { machine throws(Errno) in
                    try machine.makeDirectory(path, mode: mode)
                }
            }
            return attempt(&machine, "mkdir", text) { machine throws(Errno) in
                try machine.makeDirectories(path, mode: mode)
            }
        }
    }

    // Copying

    /// Where a file goes: into the target when that is a directory.
    private static func destination(_ source: String, _ target: String, _ machine: Machine) -> String {
        guard machine.node(target)?.kind == .directory else { return target }
        return target + "/" + (source.split(separator: "/").last.map(String.init) ?? source)
    }

    private static func copy(_ machine: inout Machine, _ words: [String]) -> Int {
        let options = AppletOptions(words, valued: "t")
        var sources = options.words
        guard let target = options["t"] ?? sources.popLast(), !sources.isEmpty else { return usage(&machine, "cp") }
        if sources.count > 1, machine.node(target)?.kind != .directory {
            return fail(&machine, "cp", "target '\(target)' is not a directory")
        }
        let isRecursive = options.has("r") || options.has("R") || options.has("a")
        return forEach(&machine, sources) { machine, source in
            guard let node = machine.node(source) else {
                return fail(&machine, "cp", "can't stat '\(source)'", machine.fault(of: source))
            }
            if node.kind == .directory, !isRecursive { return fail(&machine, "cp", "omitting directory '\(source)'") }
            let path = destination(source, target, machine)
            return attempt(&machine, "cp", "can't create '\(path)'") { machine throws(Errno) in
                try place(node, at: path, &machine)
            }
        }
    }

    /// Writes a copy of a node, joined with a directory that is there.
    private static func place(_ node: FileNode, at path: String, _ machine: inout Machine) throws(Errno) {
        var pending = [(node, path)]
        while let (node, path) = pending.popLast() {
            machine.spend()
            guard node.kind == .directory else {
                try placeFile(node, at: path, &machine)
                continue
            }
            if machine.node(path) == nil { try machine.makeDirectory(path, mode: node.mode) }
            pending += node.children.sorted { $0.key > $1.key }.map { ($0.value, path + "/" + $0.key) }
        }
    }

    private static func placeFile(_ node: FileNode, at path: String, _ machine: inout Machine) throws(Errno) {
        var copy = node
        copy.time = machine.now
        let location = try machine.locate(path)
        if location.readOnly { throw .readOnly }
        machine.charge(bytes: node.content.bytes.count)
        if machine.kernel.node(at: location) == nil { return try machine.put(copy, at: location) }
        try machine.changeNode(path) { $0.content = copy.content }
    }

    private static func move(_ machine: inout Machine, _ words: [String]) -> Int {
        var sources = AppletOptions(words).words
        guard let target = sources.popLast(), !sources.isEmpty else { return usage(&machine, "mv") }
        return forEach(&machine, sources) { machine, source in
            guard let node = machine.node(source, follow: false) else {
                return fail(&machine, "mv", "can't rename '\(source)'", machine.fault(of: source))
            }
            let path = destination(source, target, machine)
            return attempt(&machine, "mv", "can't rename '\(source)'") { machine throws(Errno) in
                let origin = try machine.locate(source, follow: false)
                let location = try machine.locate(path, follow: false)
                if origin == location { return }
                if origin.readOnly || location.readOnly { throw .readOnly }
                if origin.path.isEmpty || machine.isMountPoint(source) { throw .busy }
                let isSameTree = origin.volume == location.volume && origin.container == location.container
                if isSameTree, location.path.starts(with: origin.path) { throw .invalid }
                if machine.node(path, follow: false) != nil { try machine.remove(path) }
                // It is at its new place before it leaves the old one: nothing is lost when there is no room for it.
                try machine.put(node, at: location)
                try machine.remove(source)
            }
        }
    }

    private static func link(_ machine: inout Machine, _ words: [String]) -> Int {
        let options = AppletOptions(words)
        guard let source = options.words.first else { return usage(&machine, "ln") }
        let target = options.words.count > 1 ? options.words[1] : "."
        let isReplacing = options.has("n") && machine.node(target, follow: false)?.kind == .link
        let path = isReplacing ? target : destination(source, target, machine)
        if options.has("f"), machine.node(path, follow: false) != nil { _ = try? machine.remove(path) }
        return attempt(&machine, "ln", path) { machine throws(Errno) in
            var node = FileNode(kind: .link, mode: 0o777, time: machine.now)
            node.target = source
            if source.utf8.count >= Kernel.maximumPathBytes { throw .nameTooLong }
            // A hard link is a copy: nothing here notices the difference as long as neither changes.
            if !options.has("s") {
                let original = try machine.status(of: source)
                if original.kind == .directory { throw .notPermitted }
                node = original
            }
            try machine.put(node, at: try machine.locate(path, follow: false))
        }
    }

    // Modes and owners

    private static func change(
        _ machine: inout Machine,
        _ path: String,
        recursive: Bool,
        _ body: (inout FileNode) -> Void
    ) throws(Errno) {
        guard recursive else { return try machine.changeNode(path, body) }
        var paths: [String] = []
        visit(&machine, path) { _, path, _, _ in paths.append(path) }
        for path in paths { try machine.changeNode(path, follow: false, body) }
    }

    private static func changeOwner(_ machine: inout Machine, _ words: [String], isGroup: Bool) -> Int {
        let options = AppletOptions(words)
        guard let text = options.words.first else { return usage(&machine, isGroup ? "chgrp" : "chown") }
        let parts = text.split(omittingEmptySubsequences: false) { $0 == ":" || $0 == "." }.map(String.init)
        let owner = isGroup ? nil : parts.first.flatMap { identifier($0) }
        let group = isGroup ? identifier(text) : parts.count > 1 ? identifier(parts[1]) : nil
        return forEach(&machine, Array(options.words.dropFirst())) { machine, path in
            attempt(&machine, isGroup ? "chgrp" : "chown", path) { machine throws(Errno) in
                try change(&machine, path, recursive: options.has("R")) { node in
                    if let owner { node.owner = owner }
                    if let group { node.group = group }
                }
            }
        }
    }

    /// The number of a user or group by number or name.
    static func identifier(_ text: String) -> Int? {
        if let number = Int(text) { return number }
        return ["root": 0, "daemon": 1, "bin": 2, "www-data": 33, "nginx": 101, "nobody": 65_534][text]
    }

    /// The mode after `755`, `+x`, `u+rwx,go-w`.
    static func mode(_ text: String, of node: FileNode) -> Int {
        if let number = Int(text, radix: 8) { return number & 0o7777 }
        var mode = node.mode
        for clause in text.split(separator: ",") {
            let who = clause.prefix { "ugoa".contains($0) }
            guard let operation = clause.dropFirst(who.count).first else { continue }
            var bits = 0
            for letter in clause.dropFirst(who.count + 1) {
                switch letter {
                case "r": bits |= 4
                case "w": bits |= 2
                case "x": bits |= 1
                case "X": bits |= node.kind == .directory || mode & 0o111 != 0 ? 1 : 0
                default: break
                }
            }
            for (letter, shift) in [("u", 6), ("g", 3), ("o", 0)]
            where who.isEmpty || who.contains("a") || who.contains(Character(letter)) {
                switch operation {
                case "+": mode |= bits << shift
                case "-": mode &= ~(bits << shift)
                default: mode = mode & ~(7 << shift) | bits << shift
                }
            }
        }
        return mode
    }

    /// The bytes of `10`, `4k`, `1M`, `2G`, `512b`, `1MiB`.
    static func size(_ text: String) -> Int? {
        let digits = text.prefix { $0.isNumber }
        guard let number = Int(digits) else { return nil }
        let factor: Int
        switch text.dropFirst(digits.count) {
        case "", "c": factor = 1
        case "w": factor = 2
        case "b": factor = 512
        case "k", "K", "KiB": factor = 1 << 10
        case "kB", "KB": factor = 1000
        case "m", "M", "MiB": factor = 1 << 20
        case "MB": factor = 1_000_000
        case "g", "G", "GiB": factor = 1 << 30
        case "GB": factor = 1_000_000_000
        case "T", "TiB": factor = 1 << 40
        default: return nil
        }
        let (size, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : size
    }
}
