// SPDX-License-Identifier: Apache-2.0
// install: copies files and says what rights they get.

import PodiumRuntime

/// `install`.
struct InstallProgram: Program {
    private static let table = OptionTable(
        letters: "cdDpsg:m:o:t:vT",
        long: [
            "directory": "d", "preserve-timestamps": "p", "strip": "s", "group": "g", "mode": "m", "owner": "o",
            "target-directory": "t", "verbose": "v", "no-target-directory": "T",
        ]
    )

    private var copier: FileCopier
    private let targets: [String]
    private let attributes: Attributes

    /// What the files get.
    private struct Attributes: Sendable {
        var mode: Int
        var owner: Int?
        var group: Int?
    }

    /// Reads a command line.
    static func begin(_ machine: inout Machine, _ words: [String]) -> BeginningProgram.Beginning {
        guard let options = AppletOptions.read(&machine, words, table) else { return .code(1) }
        let text = options["m"] ?? "755"
        guard let change = ModeChange(text) else {
            return .code(Applets.fail(&machine, "install", "invalid mode '\(text)'"))
        }
        let isDirectory = options.has("d")
        var attributes = Attributes(mode: change.applied(to: 0, isDirectory: isDirectory, mask: 0))
        if let user = options["o"] {
            attributes.owner = machine.userNumber(user)
            if attributes.owner == nil { return .code(Applets.fail(&machine, "install", "unknown user \(user)")) }
        }
        if let group = options["g"] {
            attributes.group = machine.groupNumber(group)
            if attributes.group == nil { return .code(Applets.fail(&machine, "install", "unknown group \(group)")) }
        }
        var sources = options.words
        if isDirectory { return .code(makeDirectories(sources, attributes, &machine)) }
        guard let target = options["t"] ?? sources.popLast(), !sources.isEmpty else {
            return .code(Applets.usage(&machine, "install"))
        }
        if options.has("D") {
            let parent =
                options["t"]
                ?? target.split(separator: "/", omittingEmptySubsequences: false).dropLast()
                .joined(separator: "/")
            if !parent.isEmpty {
                let code = Applets.makeDirectories(&machine, ["mkdir", "-p", "--", parent])
                if code != 0 { return .code(code) }
            }
        }
        let isInto = machine.node(target)?.kind == .directory && !options.has("T")
        if !isInto, sources.count > 1 || options["t"] != nil {
            let errno = machine.node(target) == nil ? machine.fault(of: target) : Errno.notDirectory
            return .code(Applets.fail(&machine, "install", "target '\(target)'", errno))
        }
        var copying = CopyOptions()
        copying.preserves = options.has("p")
        copying.removesFirst = true
        copying.isVerbose = options.has("v")
        let pairs = sources.map { ($0, isInto ? target.appending(component: $0.lastComponent) : target) }
        return .program(InstallProgram(copying, pairs, attributes))
    }

    private init(_ options: CopyOptions, _ pairs: [(String, String)], _ attributes: Attributes) {
        copier = FileCopier(options)
        copier.add(pairs)
        targets = pairs.map { $0.1 }
        self.attributes = attributes
    }

    mutating func run(_ machine: inout Machine) -> Progress {
        if let progress = copier.run(&machine) { return progress }
        for target in targets where machine.node(target)?.kind == .file {
            let code = Self.change(target, attributes, &machine)
            if code != 0 { return .exited(code) }
        }
        return .exited(copier.code)
    }

    private static func makeDirectories(_ paths: [String], _ attributes: Attributes, _ machine: inout Machine) -> Int {
        if paths.isEmpty { return Applets.usage(&machine, "install") }
        return Applets.forEach(&machine, paths) { machine, path in
            let code = Applets.makeDirectories(&machine, ["mkdir", "-p", "--", path])
            return code != 0 ? code : change(path, attributes, &machine)
        }
    }

    private static func change(_ path: String, _ attributes: Attributes, _ machine: inout Machine) -> Int {
        Applets.attempt(&machine, "install", path) { machine throws(Errno) in
            try machine.changeNode(path) { node in
                node.mode = attributes.mode
                if let owner = attributes.owner { node.owner = owner }
                if let group = attributes.group { node.group = group }
            }
        }
    }
}
