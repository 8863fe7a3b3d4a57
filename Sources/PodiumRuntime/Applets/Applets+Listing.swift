// SPDX-License-Identifier: Apache-2.0
// Applets that show files: ls, stat, find, du, df and the like.

import PodiumMachinery

extension Applets {
    static let listingApplets: [String: ImmediateApplet] = [
        "ls": list,
        "stat": { machine, words in
            let options = AppletOptions(words, valued: "c")
            return forEach(&machine, options.words) { machine, path in
                guard let node = machine.node(path, follow: options.has("L")) else {
                    return fail(&machine, "stat", "can't stat '\(path)'", .noEntry)
                }
                let format = options["c"] ?? "  File: %n\n  Size: %s\n Access: (%a/%A)  Uid: (%u)   Gid: (%g)"
                machine.print(describe(node, path, format) + "\n")
                return 0
            }
        },
        "readlink": { machine, words in
            let options = AppletOptions(words)
            return forEach(&machine, options.words) { machine, path in
                if options.has("f") { return realPath(&machine, path) }
                guard let node = machine.node(path, follow: false), node.kind == .link else { return 1 }
                machine.print(node.target + (options.has("n") ? "" : "\n"))
                return 0
            }
        },
        "realpath": { machine, words in
            forEach(&machine, AppletOptions(words).words) { machine, path in realPath(&machine, path) }
        },
        "find": find,
        "du": diskUsage,
        "df": { machine, words in
            let isHuman = AppletOptions(words).has("h")
            machine.print("Filesystem           1K-blocks      Used Available Use% Mounted on\n")
            let size = isHuman ? "    100.0G     10.0G     90.0G  10%" : " 104857600  10485760  94371840  10%"
            machine.print("overlay             \(size) /\n")
            for mount in (machine.container?.mounts ?? []).reversed() {
                machine.print("/dev/vda1           \(size) /\(mount.path.joined(separator: "/"))\n")
            }
            return 0
        },
        "which": { machine, words in
            let path = machine.process.environment.last { $0.name == "PATH" }?.value ?? ImageProfile.path
            return forEach(&machine, AppletOptions(words).words) { machine, name in
                guard let found = machine.pathOfProgram(name, path: path) else { return 1 }
                machine.print(found + "\n")
                return 0
            }
        },
        "mountpoint": { machine, words in
            let options = AppletOptions(words)
            let path = options.words.first ?? ""
            let isMount = machine.isMountPoint(path) || path == "/"
            if !options.has("q") { machine.print("\(path) is \(isMount ? "" : "not ")a mountpoint\n") }
            return isMount ? 0 : 1
        },
    ]

    private static func realPath(_ machine: inout Machine, _ path: String) -> Int {
        guard let found = machine.canonicalPath(path) else {
            return fail(&machine, "realpath", path, .noEntry)
        }
        machine.print(found + "\n")
        return 0
    }

    // ls

    private static func list(_ machine: inout Machine, _ words: [String]) -> Int {
        let options = AppletOptions(words, valued: "w")
        let paths = options.words.isEmpty ? ["."] : options.words
        var code = 0
        var files: [(String, FileNode)] = []
        var directories: [String] = []
        for path in paths {
            guard let node = machine.node(path, follow: !options.has("l") && !options.has("d")) else {
                code = fail(&machine, "ls", path, machine.fault(of: path))
                continue
            }
            if node.kind == .directory, !options.has("d") {
                directories.append(path)
            } else {
                files.append((path, node))
            }
        }
        printEntries(files, options, &machine)
        var isFirst = files.isEmpty
        // The next one last, so that none of the others moves.
        directories.reverse()
        while let path = directories.popLast() {
            if paths.count > 1 || options.has("R") {
                machine.print((isFirst ? "" : "\n") + path + ":\n")
                isFirst = false
            }
            machine.spend()
            let entries = listedEntries(path, options, machine)
            if options.has("l") {
                machine.print("total \(entries.reduce(0) { $0 + ($1.1.content.size + 1023) / 1024 })\n")
            }
            printEntries(entries, options, &machine)
            if options.has("R") {
                let inner = entries.filter { $0.1.kind == .directory && $0.0 != "." && $0.0 != ".." }
                directories += inner.reversed().map { path + "/" + $0.0 }
            }
        }
        return code
    }

    private static func listedEntries(
        _ path: String,
        _ options: AppletOptions,
        _ machine: Machine
    ) -> [(String, FileNode)] {
        var names = (try? machine.names(in: path)) ?? []
        if options.has("a") {
            names = [".", ".."] + names
        } else if !options.has("A") {
            names.removeAll { $0.hasPrefix(".") }
        }
        var entries = names.compactMap { name in machine.node(path + "/" + name, follow: false).map { (name, $0) } }
        if options.has("t") { entries.sort { $0.1.time > $1.1.time } }
        if options.has("S") { entries.sort { $0.1.content.size > $1.1.content.size } }
        if options.has("r") { entries.reverse() }
        return entries
    }

    private static func printEntries(
        _ entries: [(String, FileNode)],
        _ options: AppletOptions,
        _ machine: inout Machine
    ) {
        for (name, node) in entries {
            var shown = name
            if options.has("F") || options.has("p"), node.kind == .directory { shown += "/" }
            guard options.has("l") else {
                machine.print(shown + "\n")
                continue
            }
            if node.kind == .link { shown += " -> " + node.target }
            let owner = options.has("n") ? String(node.owner) : userName(node.owner)
            let group = options.has("n") ? String(node.group) : userName(node.group)
            let size = options.has("h") ? humanSize(node.content.size) : String(node.content.size)
            let date = CivilTime(node.time).formatted("%b %e %H:%M")
            let columns = [
                modeText(node), PrintFormatter.padded("\(max(1, node.children.count))", 4, left: false),
                PrintFormatter.padded(owner, 8), PrintFormatter.padded(group, 8),
                PrintFormatter.padded(size, 9, left: false), date, shown,
            ]
            machine.print(columns.joined(separator: " ") + "\n")
        }
    }

    private static func userName(_ number: Int) -> String { number == 0 ? "root" : String(number) }

    static func modeText(_ node: FileNode) -> String {
        let kind =
            switch node.kind {
            case .directory: "d"
            case .link: "l"
            case .fifo: "p"
            case .device: "c"
            case .file: "-"
            }
        var text = kind
        for shift in [6, 3, 0] {
            let bits = node.mode >> shift
            text += (bits & 4 != 0 ? "r" : "-") + (bits & 2 != 0 ? "w" : "-") + (bits & 1 != 0 ? "x" : "-")
        }
        return text
    }

    static func humanSize(_ size: Int) -> String {
        var value = Double(size)
        for unit in ["", "K", "M", "G"] {
            if value < 1024 { return unit.isEmpty ? String(size) : PrintFormatter.fixed(value, digits: 1) + unit }
            value /= 1024
        }
        return PrintFormatter.fixed(value, digits: 1) + "T"
    }

    /// A node by the directives of `stat -c`.
    private static func describe(_ node: FileNode, _ path: String, _ format: String) -> String {
        var text = ""
        var rest = Array(format)[...]
        while let character = rest.popFirst() {
            guard character == "%", let directive = rest.popFirst() else {
                text.append(character)
                continue
            }
            switch directive {
            case "n": text += path
            case "s": text += String(node.content.size)
            case "a": text += String(node.mode, radix: 8)
            case "A": text += modeText(node)
            case "u": text += String(node.owner)
            case "g": text += String(node.group)
            case "U": text += userName(node.owner)
            case "G": text += userName(node.group)
            case "Y", "X", "Z", "W": text += String(node.time.seconds)
            case "y", "x", "z": text += CivilTime(node.time).formatted("%Y-%m-%d %H:%M:%S.000000000 +0000")
            case "F":
                text += node.kind == .directory ? "directory" : node.kind == .link ? "symbolic link" : "regular file"
            case "h": text += "1"
            case "b": text += String((node.content.size + 511) / 512)
            case "B": text += "512"
            default: text += "%\(directive)"
            }
        }
        return text
    }

    // find and du

    /// The nodes that one `find` or `du` looks at.
    private static let maximumVisits = 100_000

    /// Calls `body` with each path below a directory, parents first, and their depth.
    static func visit(
        _ machine: inout Machine,
        _ path: String,
        _ body: (inout Machine, String, FileNode, Int) -> Void
    ) {
        var pending: [(String, Int)] = [(path, 0)]
        var visits = 0
        while let (path, depth) = pending.popLast() {
            visits += 1
            guard visits < maximumVisits, let node = machine.node(path, follow: depth == 0) else { continue }
            machine.charge(bytes: path.utf8.count)
            body(&machine, path, node, depth)
            guard node.kind == .directory, path != "/proc" else { continue }
            let prefix = path.hasSuffix("/") ? path : path + "/"
            pending += ((try? machine.names(in: path)) ?? []).reversed().map { (prefix + $0, depth + 1) }
        }
    }

    private static func diskUsage(_ machine: inout Machine, _ words: [String]) -> Int {
        let options = AppletOptions(words, valued: "d")
        return forEach(&machine, options.words.isEmpty ? ["."] : options.words) { machine, path in
            guard machine.node(path) != nil else { return fail(&machine, "du", path, machine.fault(of: path)) }
            var lines: [(String, Int)] = []
            visit(&machine, path) { machine, child, node, _ in
                guard node.kind == .directory || child == path else { return }
                machine.charge(components: node.count)
                lines.append((child, node.totalBytes))
            }
            let shown = options.has("s") ? Array(lines.prefix(1)) : lines.reversed()
            for (child, bytes) in shown {
                let size =
                    options.has("h") ? humanSize(bytes) : String(options.has("b") ? bytes : (bytes + 1023) / 1024)
                machine.print("\(size)\t\(child)\n")
            }
            return 0
        }
    }

    private static func find(_ machine: inout Machine, _ words: [String]) -> Int {
        var paths = words.dropFirst().prefix { !$0.hasPrefix("-") && $0 != "(" && $0 != "!" }
        let tests = Array(words.dropFirst(1 + paths.count))
        if paths.isEmpty { paths = ["."] }
        let criteria = FindCriteria(tests, now: machine.now)
        return forEach(&machine, Array(paths)) { machine, path in
            guard machine.node(path) != nil else { return fail(&machine, "find", path, machine.fault(of: path)) }
            var found: [String] = []
            visit(&machine, path) { _, child, node, depth in
                if criteria.matches(child, node, depth) { found.append(child) }
            }
            for child in criteria.deletes ? found.reversed() : found {
                if criteria.deletes {
                    _ = try? machine.remove(child)
                } else {
                    machine.print(child + criteria.terminator)
                }
            }
            return 0
        }
    }
}

/// What `find` looks for; all of it must hold.
private struct FindCriteria {
    private var name: ShellPattern?
    private var path: ShellPattern?
    private var ignoresCase = false
    private var kind: FileKind?
    private var maximumDepth = Int.max
    private var minimumDepth = 0
    private var isEmpty = false
    private var newer: (Timestamp, isOlder: Bool)?
    private(set) var deletes = false
    private(set) var terminator = "\n"

    init(_ words: [String], now: Timestamp) {
        var rest = words[...]
        while let word = rest.popFirst() {
            switch word {
            case "-name", "-iname":
                ignoresCase = word == "-iname"
                let text = rest.popFirst() ?? ""
                name = ShellPattern(ignoresCase ? text.lowercased() : text)
            case "-path", "-wholename": path = ShellPattern(rest.popFirst() ?? "")
            case "-type":
                switch rest.popFirst() {
                case "f": kind = .file
                case "d": kind = .directory
                case "l": kind = .link
                case "p": kind = .fifo
                default: kind = .device
                }
            case "-maxdepth": maximumDepth = rest.popFirst().flatMap { Int($0) } ?? .max
            case "-mindepth": minimumDepth = rest.popFirst().flatMap { Int($0) } ?? 0
            case "-empty": isEmpty = true
            case "-delete": deletes = true
            case "-print0": terminator = "\0"
            case "-mmin", "-mtime":
                guard let text = rest.popFirst(), let number = Int(text.drop { $0 == "+" || $0 == "-" }) else {
                    continue
                }
                let unit: Int64 = word == "-mmin" ? 60 : 86_400
                newer = (now - .seconds(Int64(number) * unit), isOlder: text.hasPrefix("+"))
            default: break
            }
        }
    }

    func matches(_ path: String, _ node: FileNode, _ depth: Int) -> Bool {
        guard depth <= maximumDepth, depth >= minimumDepth else { return false }
        let last = path.split(separator: "/").last.map(String.init) ?? path
        if let name, !name.matches(ignoresCase ? last.lowercased() : last) { return false }
        if let pattern = self.path, !pattern.matches(path) { return false }
        if let kind, node.kind != kind { return false }
        if isEmpty, !node.children.isEmpty || node.content.size > 0 { return false }
        if let (time, isOlder) = newer, (node.time < time) != isOlder { return false }
        return true
    }
}
