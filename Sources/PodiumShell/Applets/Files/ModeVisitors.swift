// SPDX-License-Identifier: Apache-2.0
// chmod, chown and chgrp: change the modes and the owners of files, and of all below directories.

import PodiumRuntime

/// How much a program tells of what it changes.
struct ChangeReports: Sendable {
    var tellsAll: Bool
    var tellsChanges: Bool
    var isQuiet: Bool

    init(_ options: AppletOptions) {
        tellsAll = options.has("v")
        tellsChanges = options.has("c")
        isQuiet = options.has("f")
    }
}

/// `chmod`.
struct ModeVisitor: PathVisitor {
    private static let table = OptionTable(
        letters: "Rcvf",
        long: [
            "recursive": "R", "changes": "c", "verbose": "v", "silent": "f", "quiet": "f", "reference": "Z",
            "preserve-root": "N",
            "no-preserve-root": "N",
        ]
    )

    let name = "chmod"
    let isRecursive: Bool
    let followsOperands = true
    private let change: ModeChange
    private let reports: ChangeReports
    private var code = 0

    /// Reads a command line.
    static func begin(_ machine: inout Machine, _ words: [String]) -> BeginningProgram.Beginning {
        // `-x` and its kin take rights away; they are no options. Only the first word that is none can be one.
        var words = words
        var mode: String?
        for index in words.indices.dropFirst() {
            guard words[index].hasPrefix("-") else { break }
            guard let letter = words[index].dropFirst().first, !"-Rcvf".contains(letter) else { continue }
            mode = words.remove(at: index)
            break
        }
        // Only GNU's takes over what another file has.
        let known = machine.isGNU ? OptionTable(letters: table.letters + "Z:", long: table.long) : table
        guard let options = AppletOptions.read(&machine, words, known) else { return .code(1) }
        var operands = options.words
        if let path = options["Z"] {
            guard let node = machine.node(path) else {
                return .code(Applets.fail(&machine, "chmod", "failed to get attributes of '\(path)'", .noEntry))
            }
            mode = String(node.mode, radix: 8)
        }
        guard let text = mode ?? (operands.isEmpty ? nil : operands.removeFirst()), !operands.isEmpty else {
            let text = (mode ?? options.words.first).map { "missing operand after '\($0)'" } ?? "missing operand"
            return .code(Applets.usage(&machine, "chmod", text))
        }
        guard let change = ModeChange(text) else {
            if machine.isGNU { return .code(Applets.hint(&machine, "chmod", "invalid mode: '\(text)'")) }
            return .code(Applets.fail(&machine, "chmod", "invalid mode '\(text)'"))
        }
        let visitor = ModeVisitor(options, change)
        return .program(PathProgram(visitor, operands))
    }

    private init(_ options: AppletOptions, _ change: ModeChange) {
        isRecursive = options.has("R")
        reports = ChangeReports(options)
        self.change = change
    }

    mutating func visit(_ path: String, _ node: FileNode, depth: Int, _ machine: inout Machine) {
        if node.kind == .link {
            if depth == 0 { miss(path, machine.fault(ofTarget: path), &machine) }
            return
        }
        let mode = change.applied(to: node.mode, isDirectory: node.kind == .directory, mask: machine.process.mask)
        do throws(Errno) {
            try machine.changeNode(path) { $0.mode = mode }
        } catch {
            return miss(path, error, &machine)
        }
        guard reports.tellsAll || reports.tellsChanges && mode != node.mode else { return }
        var shown = node
        shown.mode = mode
        let new = Self.named(shown)
        guard machine.isGNU else { return machine.print("mode of '\(path)' changed to \(new)\n") }
        machine.print(
            mode == node.mode
                ? "mode of '\(path)' retained as \(new)\n"
                : "mode of '\(path)' changed from \(Self.named(node)) to \(new)\n"
        )
    }

    private static func named(_ node: FileNode) -> String {
        let digits = String(node.mode & 0o7777, radix: 8)
        let zeros = String(repeating: "0", count: max(0, 4 - digits.count))
        return "\(zeros)\(digits) (\(Applets.modeText(node).dropFirst()))"
    }

    mutating func miss(_ path: String, _ errno: Errno, _ machine: inout Machine) {
        code = 1
        guard !reports.isQuiet else { return }
        let text = machine.isGNU && errno != .readOnly ? "cannot access '\(path)'" : path
        code = Applets.fail(&machine, name, text, errno)
    }

    mutating func finish(_ machine: inout Machine) -> Int { code }
}

/// `chown` and `chgrp`.
struct OwnerVisitor: PathVisitor {
    private static let table = OptionTable(
        letters: "RhLHPcvf",
        long: [
            "recursive": "R", "dereference": "D", "no-dereference": "h", "changes": "c", "silent": "f", "quiet": "f",
            "verbose": "v", "preserve-root": "N", "no-preserve-root": "N",
        ]
    )

    let name: String
    let isRecursive: Bool
    let followsOperands: Bool
    let followsAll: Bool
    private let owner: Int?
    private let group: Int?
    private let changesLinks: Bool
    private let reports: ChangeReports
    private var code = 0

    /// Reads a command line.
    static func begin(_ machine: inout Machine, _ words: [String]) -> BeginningProgram.Beginning {
        let name = words.first?.lastComponent ?? "chown"
        let known =
            machine.isGNU
            ? OptionTable(letters: table.letters + "Z:", long: table.long.merging(["reference": "Z"]) { $1 }) : table
        guard let options = AppletOptions.read(&machine, words, known) else { return .code(1) }
        if let path = options["Z"] {
            guard let node = machine.node(path) else {
                return .code(Applets.fail(&machine, name, "failed to get attributes of '\(path)'", .noEntry))
            }
            let owner = name == "chgrp" ? nil : node.owner
            return .program(PathProgram(OwnerVisitor(name, options, owner, node.group), options.words))
        }
        guard let text = options.words.first, options.words.count > 1 else {
            return .code(Applets.usage(&machine, name))
        }
        var owner: Int?
        var group: Int?
        let hasBoth = text.split { $0 == ":" || $0 == "." }.count == 2
        let fault = hasBoth && !machine.isGNU ? "user/group" : nil
        if name == "chgrp" {
            group = machine.groupNumber(text)
            if group == nil { return .code(unknown("group", text, name, text, &machine)) }
        } else {
            let mark = text.firstIndex(of: ":") ?? text.firstIndex(of: ".")
            let user = String(text[..<(mark ?? text.endIndex)])
            let rest = mark.map { String(text[text.index(after: $0)...]) } ?? ""
            if !user.isEmpty {
                owner = machine.userNumber(user)
                if owner == nil { return .code(unknown(fault ?? "user", hasBoth ? text : user, name, text, &machine)) }
            }
            if !rest.isEmpty {
                group = machine.groupNumber(rest)
                if group == nil { return .code(unknown(fault ?? "group", hasBoth ? text : rest, name, text, &machine)) }
            } else if mark != nil, !user.isEmpty {
                // With nothing behind the mark it is the group that the user begins with.
                group = machine.accounts.first { $0.name == user || String($0.user) == user }?.group
            }
        }
        let visitor = OwnerVisitor(name, options, owner, group)
        return .program(PathProgram(visitor, Array(options.words.dropFirst())))
    }

    private static func unknown(
        _ kind: String,
        _ text: String,
        _ name: String,
        _ whole: String,
        _ machine: inout Machine
    ) -> Int {
        Applets.fail(&machine, name, machine.isGNU ? "invalid \(kind): '\(whole)'" : "unknown \(kind) \(text)")
    }

    private init(_ name: String, _ options: AppletOptions, _ owner: Int?, _ group: Int?) {
        self.name = name
        isRecursive = options.has("R")
        followsAll = isRecursive && options.has("L")
        followsOperands = isRecursive ? options.has("H") || options.has("L") : !options.has("h")
        changesLinks = options.has("h") || isRecursive && !options.has("H") && !options.has("L")
        reports = ChangeReports(options)
        self.owner = owner
        self.group = group
    }

    mutating func visit(_ path: String, _ node: FileNode, depth: Int, _ machine: inout Machine) {
        let (newOwner, newGroup) = (owner ?? node.owner, group ?? node.group)
        do throws(Errno) {
            try machine.changeNode(path, follow: !changesLinks) { ($0.owner, $0.group) = (newOwner, newGroup) }
        } catch {
            return miss(path, error, &machine)
        }
        let isChanged = (node.owner, node.group) != (newOwner, newGroup)
        guard reports.tellsAll || reports.tellsChanges && isChanged else { return }
        let word = isChanged || !machine.isGNU ? "changed ownership of" : "ownership of"
        guard machine.isGNU else {
            return machine.print("changed ownership of '\(path)' to \(newOwner):\(newGroup)\n")
        }
        let new = owner == nil ? machine.groupName(newGroup) : machine.userName(newOwner)
        let old = owner == nil ? machine.groupName(node.group) : machine.userName(node.owner)
        machine.print("\(word) '\(path)' \(isChanged ? "from \(old) to" : "retained as") \(new)\n")
    }

    mutating func miss(_ path: String, _ errno: Errno, _ machine: inout Machine) {
        code = 1
        guard !reports.isQuiet else { return }
        code = Applets.fail(&machine, name, machine.isGNU ? "cannot access '\(path)'" : path, errno)
    }

    mutating func finish(_ machine: inout Machine) -> Int { code }
}

extension Machine {
    /// The number of a user by name or number.
    func userNumber(_ text: String) -> Int? {
        accounts.first { $0.name == text }?.user ?? Int(text) ?? Applets.identifier(text)
    }

    /// The number of a group by name or number.
    func groupNumber(_ text: String) -> Int? {
        accountGroups.first { $0.name == text }?.number ?? Int(text) ?? Applets.identifier(text)
    }

    /// Why what a link leads to is not found.
    func fault(ofTarget path: String) -> Errno {
        do throws(Errno) {
            _ = try status(of: path)
            return .noEntry
        } catch {
            return error
        }
    }
}
