// SPDX-License-Identifier: Apache-2.0
// cp: copies files, links and trees of directories.

import PodiumMachinery
import PodiumRuntime

/// What `cp` is asked for.
struct CopyOptions: Sendable {
    /// Which links are followed.
    enum Following: Sendable { case all, operands, none }

    var following = Following.all
    var isRecursive = false
    var preserves = false
    var isForced = false
    var asks = false
    var keepsExisting = false
    var onlyNewer = false
    var isVerbose = false
    var removesFirst = false
    var makesLinks = false
    var makesSoftLinks = false

    static let table = OptionTable(
        letters: "adPRrfinlsLHTt:uvp",
        long: [
            "archive": "a", "force": "f", "interactive": "i", "no-clobber": "n", "link": "l", "dereference": "L",
            "no-dereference": "P", "recursive": "R", "symbolic-link": "s", "no-target-directory": "T",
            "target-directory": "t", "verbose": "v", "update": "u", "remove-destination": "D", "parents": "Y",
            "preserve": "p",
        ]
    )

    init() {}

    init(_ options: AppletOptions) {
        isRecursive = options.has("a") || options.has("r") || options.has("R")
        let keepsLinks = options.has("a") || options.has("d") || options.has("P") || isRecursive
        following = options.has("L") ? .all : keepsLinks ? options.has("H") ? .operands : .none : .all
        preserves = options.has("a") || options.has("p")
        isForced = options.has("f") || options.has("D")
        removesFirst = options.has("D")
        asks = options.has("i")
        keepsExisting = options.has("n")
        onlyNewer = options.has("u")
        isVerbose = options.has("v")
        makesSoftLinks = options.has("s")
        makesLinks = options.has("l")
    }
}

/// `cp`.
struct CopyProgram: Program {
    private let words: [String]
    private var hasStarted = false
    private var copier = FileCopier(CopyOptions())

    init(words: [String]) { self.words = words }

    mutating func run(_ machine: inout Machine) -> Progress {
        if !hasStarted {
            hasStarted = true
            if let code = begin(&machine) { return .exited(code) }
        }
        if let progress = copier.run(&machine) { return progress }
        return .exited(copier.code)
    }

    private mutating func begin(_ machine: inout Machine) -> Int? {
        guard let options = AppletOptions.read(&machine, words, CopyOptions.table) else { return 1 }
        var sources = options.words
        guard let target = options["t"] ?? sources.popLast(), !sources.isEmpty else {
            let last = options.words.first.map { "missing destination file operand after '\($0)'" }
            return Applets.usage(&machine, "cp", last ?? "missing file operand")
        }
        copier = FileCopier(CopyOptions(options))
        let isExact = options.has("T")
        if isExact, sources.count > 1 { return Applets.fail(&machine, "cp", "too many arguments") }
        let isDirectory = machine.node(target)?.kind == .directory
        if machine.isGNU, sources.count > 1 || options["t"] != nil, !isDirectory {
            let missing = options["t"] == nil ? "target '\(target)'" : "target directory '\(target)'"
            let errno = machine.node(target) == nil ? machine.fault(of: target) : Errno.notDirectory
            return Applets.fail(&machine, "cp", missing, errno)
        }
        if options["t"] == nil, sources.count == 1 {
            let source = machine.node(sources[0], follow: copier.options.following != .none)
            let isSourceDirectory = source?.kind == .directory
            if isExact, !isSourceDirectory, isDirectory {
                let gnu = "cannot overwrite directory '\(target)' with non-directory"
                return Applets.fail(&machine, "cp", machine.isGNU ? gnu : "'\(target)' is a directory")
            }
            if options.has("Y"), !isDirectory {
                return Applets.fail(&machine, "cp", "with --parents, the destination must be a directory")
            }
            let isMissing = machine.node(target) == nil
            if isExact || !isSourceDirectory && !isDirectory
                || isSourceDirectory && isMissing && copier.options.isRecursive
            {
                copier.add([(sources[0], target)])
                return nil
            }
        }
        if options.has("Y") {
            for source in sources {
                let parent = source.withoutTrailingSlashes.split(separator: "/").dropLast().joined(separator: "/")
                if parent.isEmpty { continue }
                let code = Applets.attempt(&machine, "cp", "can't create directory '\(parent)'") {
                    machine throws(Errno) in try machine.makeDirectories(target.appending(component: parent))
                }
                if code != 0 { return code }
            }
            copier.add(sources.map { ($0, target.appending(component: String($0.drop { $0 == "/" }))) })
        } else {
            copier.add(sources.map { ($0, target.appending(component: $0.lastComponent)) })
        }
        return nil
    }
}

/// Copies files one after the other; what it does not do in one turn, it does in the next.
struct FileCopier: Sendable {
    /// A piece of work.
    private enum Task: Sendable {
        /// Whether the source was named by the user, and whether what is in its place may go.
        case copy(source: String, target: String, isOperand: Bool, mayRemove: Bool)
        /// What a directory held is copied.
        case leave(source: String, target: String, FileNode, isNew: Bool)
    }

    let options: CopyOptions
    /// The code so far.
    private(set) var code = 0
    private var pending: [Task] = []
    /// What waits for an answer.
    private var asked: Task?
    /// The operand that is being copied, with its target.
    private var operand = ("", "")
    /// The directories that were made, so that none is copied into itself for ever.
    private var made: Set<FileLocation> = []

    init(_ options: CopyOptions) { self.options = options }

    /// Sources with their targets, in the order in which they are copied.
    mutating func add(_ pairs: [(String, String)]) {
        pending = pairs.reversed().map { .copy(source: $0, target: $1, isOperand: true, mayRemove: false) } + pending
    }

    /// Goes on; nil when all is copied.
    mutating func run(_ machine: inout Machine) -> Progress? {
        while true {
            if machine.mustYield { return .ready }
            machine.spend()
            if let task = asked {
                switch machine.readAnswer() {
                case .wait(let wait): return .blocked(wait)
                case .yes: pending.append(task)
                case .no: break
                }
                asked = nil
                continue
            }
            guard let task = pending.popLast() else { return nil }
            switch task {
            case .copy(let source, let target, let isOperand, let mayRemove):
                copy(source, target, isOperand, mayRemove, &machine)
            case .leave(let source, let target, let node, let isNew):
                leave(source, target, node, isNew, &machine)
            }
        }
    }

    private mutating func fail(_ machine: inout Machine, _ busybox: String, _ gnu: String? = nil, _ errno: Errno? = nil)
    {
        let name = machine.process.arguments.first?.lastComponent ?? "cp"
        code = Applets.fail(&machine, name, machine.isGNU ? gnu ?? busybox : busybox, errno)
    }

    private mutating func copy(
        _ source: String,
        _ target: String,
        _ isOperand: Bool,
        _ mayRemove: Bool,
        _ machine: inout Machine
    ) {
        if isOperand { operand = (source, target) }
        let follows = options.following == .all || options.following == .operands && isOperand
        let node: FileNode
        do throws(Errno) {
            node = try machine.status(of: source, follow: follows)
        } catch {
            if options.makesLinks || options.makesSoftLinks { return makeLink(source, target, mayRemove, &machine) }
            return fail(&machine, "can't stat '\(source)'", "cannot stat '\(source)'", error)
        }
        var existing: FileNode?
        do throws(Errno) {
            existing = try machine.status(of: target, follow: false)
        } catch  where error != .noEntry {
            return fail(&machine, "can't stat '\(target)'", "failed to access '\(target)'", error)
        } catch {
            existing = nil
        }
        if existing != nil, isSame(source, target, follows, machine) {
            return fail(&machine, "'\(source)' and '\(target)' are the same file")
        }
        if node.kind == .directory { return enter(source, target, node, existing, &machine) }
        if let existing {
            if options.onlyNewer, node.time <= existing.time { return }
            if options.keepsExisting { return }
        }
        if options.makesLinks || options.makesSoftLinks { return makeLink(source, target, mayRemove, &machine) }
        let again = Task.copy(source: source, target: target, isOperand: isOperand, mayRemove: true)
        if let existing {
            if options.asks, !mayRemove { return ask(target, again, &machine) }
            let replaces = mayRemove || options.removesFirst || node.kind == .link || isSpecial(node)
            if replaces, existing.kind != .directory, !remove(target, &machine) { return }
            if existing.kind == .directory {
                return fail(
                    &machine,
                    "can't create '\(target)': \((node.kind == .file ? Errno.isDirectory : .exists).text)",
                    "cannot overwrite directory '\(target)' with non-directory"
                )
            }
        }
        do throws(Errno) {
            try place(node, at: target, &machine)
        } catch {
            return fail(&machine, "can't create '\(target)'", "cannot create regular file '\(target)'", error)
        }
        if options.isVerbose, node.kind != .link || machine.isGNU { machine.print("'\(source)' -> '\(target)'\n") }
    }

    /// Whether something is neither a file nor a link, and copied as what it is.
    private func isSpecial(_ node: FileNode) -> Bool {
        options.isRecursive && (node.kind == .fifo || node.kind == .device)
    }

    private func isSame(_ source: String, _ target: String, _ follows: Bool, _ machine: Machine) -> Bool {
        do throws(Errno) {
            let origin = try machine.locate(source, follow: follows)
            return try machine.kernel.isSame(origin, machine.locate(target, follow: false))
        } catch {
            return false
        }
    }

    private mutating func ask(_ target: String, _ task: Task, _ machine: inout Machine) {
        let name = machine.process.arguments.first?.lastComponent ?? "cp"
        machine.write(Array("\(name): overwrite '\(target)'? ".utf8), to: 2)
        asked = task
    }

    private mutating func remove(_ target: String, _ machine: inout Machine) -> Bool {
        do throws(Errno) {
            try machine.remove(target)
            return true
        } catch {
            fail(&machine, "can't create '\(target)'", "cannot remove '\(target)'", error)
            return false
        }
    }

    private mutating func makeLink(_ source: String, _ target: String, _ mayRemove: Bool, _ machine: inout Machine) {
        do throws(Errno) {
            if options.makesSoftLinks {
                try machine.makeLink(source, at: target)
            } else {
                try machine.makeHardLink(to: source, at: target)
            }
        } catch {
            let again = Task.copy(source: source, target: target, isOperand: true, mayRemove: true)
            guard error == .exists, !mayRemove, options.asks || options.isForced else {
                return fail(&machine, "can't create '\(target)'", "cannot create link '\(target)'", error)
            }
            if options.asks { return ask(target, again, &machine) }
            if remove(target, &machine) { pending.append(again) }
        }
    }

    private mutating func enter(
        _ source: String,
        _ target: String,
        _ node: FileNode,
        _ existing: FileNode?,
        _ machine: inout Machine
    ) {
        guard options.isRecursive else {
            return fail(&machine, "omitting directory '\(source)'", "-r not specified; omitting directory '\(source)'")
        }
        if let place = try? machine.locate(source), made.contains(place) {
            return fail(
                &machine,
                "recursion detected, omitting directory '\(source)'",
                "cannot copy a directory, '\(operand.0)', into itself, '\(operand.1)'"
            )
        }
        // What is in its place may be a link to a directory.
        let isThere = existing != nil
        if isThere, machine.node(target)?.kind != .directory {
            return fail(
                &machine,
                "target '\(target)' is not a directory",
                "cannot overwrite non-directory '\(target)' with directory '\(source)'"
            )
        }
        do throws(Errno) {
            if !isThere { try machine.makeDirectory(target, mode: node.mode | 0o700) }
            made.insert(try machine.locate(target))
            pending.append(.leave(source: source, target: target, node, isNew: !isThere))
            pending += try machine.names(in: source).reversed().map {
                .copy(
                    source: source.appending(component: $0),
                    target: target.appending(component: $0),
                    isOperand: false,
                    mayRemove: false
                )
            }
        } catch {
            fail(&machine, "can't create directory '\(target)'", "cannot create directory '\(target)'", error)
        }
    }

    private mutating func leave(
        _ source: String,
        _ target: String,
        _ node: FileNode,
        _ isNew: Bool,
        _ machine: inout Machine
    ) {
        let (mask, preserves, now) = (machine.process.mask, options.preserves, machine.now)
        do throws(Errno) {
            try machine.changeNode(target) { made in
                if isNew || preserves { made.mode = preserves ? node.mode : node.mode & ~mask }
                if preserves { (made.time, made.owner, made.group) = (node.time, node.owner, node.group) }
                if isNew, !preserves { made.time = now }
            }
        } catch {
            fail(&machine, "can't preserve permissions of '\(target)'", nil, error)
        }
        if options.isVerbose { machine.print("'\(source)' -> '\(target)'\n") }
    }

    /// Writes a copy of a node, over a file that is there.
    private func place(_ node: FileNode, at path: String, _ machine: inout Machine) throws(Errno) {
        let isLink = node.kind == .link
        let location = try machine.locate(path, follow: !isLink)
        if path.hasSuffix("/") { throw .notDirectory }
        if location.readOnly { throw .readOnly }
        var copy = FileNode(kind: isLink || isSpecial(node) ? node.kind : .file, mode: node.mode, time: machine.now)
        copy.target = copy.kind == .file ? "" : node.target
        if node.kind == .file { copy.content = node.content } else { copy.mode = isLink ? 0o777 : 0o666 }
        if !options.preserves, !isLink { copy.mode &= 0o777 & ~machine.process.mask }
        machine.charge(bytes: node.content.storedCount)
        let preserves = options.preserves
        if machine.kernel.node(at: location) == nil {
            try machine.put(copy, at: location)
        } else {
            if !machine.kernel.reserve(bytes: copy.content.storedCount, machine.meter) { throw .noSpace }
            let now = machine.now
            try machine.changeNode(path) { made in
                made.content = copy.content
                made.time = now
                if preserves { made.mode = node.mode }
            }
        }
        guard preserves else { return }
        try machine.changeNode(path, follow: !isLink) { made in
            (made.time, made.owner, made.group) = (node.time, node.owner, node.group)
        }
    }
}
