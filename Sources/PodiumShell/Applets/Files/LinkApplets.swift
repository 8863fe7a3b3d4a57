// SPDX-License-Identifier: Apache-2.0
// ln, link, unlink, readlink and realpath.

import PodiumRuntime

extension Applets {
    static let linkApplets: [String: ImmediateApplet] = [
        "ln": link,
        "link": { machine, words in
            let operands = words.dropFirst().filter { $0 != "--" }
            guard operands.count == 2 else { return usage(&machine, "link") }
            do throws(Errno) {
                try machine.makeHardLink(to: operands[0], at: operands[1])
                return 0
            } catch {
                let verb = machine.isGNU ? "cannot create link" : "can't create hardlink"
                let text = "\(verb) '\(operands[1])' to '\(operands[0])'"
                return fail(&machine, "link", text, error)
            }
        },
        "unlink": { machine, words in
            let operands = words.dropFirst().filter { $0 != "--" }
            guard operands.count == 1, let path = operands.first else { return usage(&machine, "unlink") }
            do throws(Errno) {
                if try machine.status(of: path, follow: false).kind == .directory { throw Errno.isDirectory }
                try machine.remove(path)
                return 0
            } catch {
                let text = machine.isGNU ? "cannot unlink '\(path)'" : "can't remove file '\(path)'"
                return fail(&machine, "unlink", text, error)
            }
        },
        "readlink": readLink,
        "realpath": { machine, words in
            let table = OptionTable(
                letters: "emqsz",
                long: [
                    "canonicalize-existing": "e", "canonicalize-missing": "m", "quiet": "q", "no-symlinks": "s",
                    "zero": "z",
                ]
            )
            guard let options = AppletOptions.read(&machine, words, table) else { return 1 }
            if options.words.isEmpty { return usage(&machine, "realpath") }
            return forEach(&machine, options.words) { machine, path in
                guard let found = canonical(path, options, machine) else {
                    let errno = machine.fault(ofTarget: path)
                    return options.has("q") ? 1 : fail(&machine, "realpath", path, errno)
                }
                machine.print(found + (options.has("z") ? "\0" : "\n"))
                return 0
            }
        },
    ]

    /// The canonical form of a path: `e` wants all of it to be there, `m` nothing of it.
    private static func canonical(_ path: String, _ options: AppletOptions, _ machine: Machine) -> String? {
        if options.has("e"), machine.node(path) == nil { return nil }
        if let found = machine.canonicalPath(path) { return found }
        guard options.has("m") else { return nil }
        var rest: [String] = []
        var parts = machine.absolute(path).split(separator: "/").map(String.init)
        while let name = parts.popLast() {
            rest.insert(name, at: 0)
            if let found = machine.canonicalPath("/" + parts.joined(separator: "/")) {
                return (found == "/" ? "" : found) + "/" + rest.joined(separator: "/")
            }
        }
        return nil
    }

    private static func readLink(_ machine: inout Machine, _ words: [String]) -> Int {
        let table = OptionTable(
            letters: "femnvqsz",
            long: [
                "canonicalize": "f", "canonicalize-existing": "e", "canonicalize-missing": "m", "no-newline": "n",
                "verbose": "v", "quiet": "q", "silent": "s", "zero": "z",
            ]
        )
        guard let options = AppletOptions.read(&machine, words, table) else { return 1 }
        guard options.words.count == 1 || machine.isGNU && !options.words.isEmpty else {
            return usage(&machine, "readlink")
        }
        let end = options.has("n") ? "" : options.has("z") ? "\0" : "\n"
        return forEach(&machine, options.words) { machine, path in
            if options.has("f") || options.has("e") || options.has("m") {
                guard let found = canonical(path, options, machine) else { return 1 }
                machine.print(found + end)
                return 0
            }
            guard let node = machine.node(path, follow: false), node.kind == .link else {
                if options.has("v") {
                    let text = machine.node(path, follow: false) == nil ? "No such file or directory" : "not a symlink"
                    return fail(&machine, "readlink", "\(path): cannot read link: \(text)")
                }
                return 1
            }
            machine.print(node.target + end)
            return 0
        }
    }

    private static let linkTable = OptionTable(
        letters: "sfnbS:vTrt:",
        long: [
            "symbolic": "s", "force": "f", "no-dereference": "n", "no-target-directory": "T", "verbose": "v",
            "backup": "b", "suffix": "S", "relative": "r", "target-directory": "t",
        ]
    )

    private static func link(_ machine: inout Machine, _ words: [String]) -> Int {
        guard let options = AppletOptions.read(&machine, words, linkTable) else { return 1 }
        var sources = options.words
        guard let first = sources.first else {
            return usage(&machine, "ln", "missing file operand")
        }
        let last = options["t"] ?? (sources.count > 1 ? sources.removeLast() : first.lastComponent)
        if options.has("T"), sources.count > 1 { return fail(&machine, "ln", "too many arguments") }
        var code = 0
        for source in sources {
            machine.spend(2)
            var path = last
            let follows = !options.has("n") && !options.has("T")
            if machine.node(last, follow: follows)?.kind == .directory {
                if options.has("T") {
                    let kind = options.has("s") ? "symbolic" : "hard"
                    let gnu = "failed to create \(kind) link '\(last)': File exists"
                    let text = machine.isGNU ? gnu : "'\(last)' is a directory"
                    return fail(&machine, "ln", text)
                }
                path = last.appending(component: source.lastComponent)
            }
            if link(source, path, options, &machine) != 0 { code = 1 }
        }
        return code
    }

    private static func link(
        _ source: String,
        _ path: String,
        _ options: AppletOptions,
        _ machine: inout Machine
    ) -> Int {
        let isSoft = options.has("s")
        if !isSoft, machine.node(source, follow: false) == nil {
            let text = machine.isGNU ? "failed to access '\(source)'" : source
            return fail(&machine, "ln", text, machine.fault(of: source))
        }
        if machine.isGNU, !isSoft, machine.node(source, follow: false)?.kind == .directory {
            return fail(&machine, "ln", "\(source): hard link not allowed for directory")
        }
        do throws(Errno) {
            if options.has("b"), let node = machine.node(path, follow: false), node.kind != .directory {
                try machine.rename(path, to: path + (options["S"] ?? "~"))
            } else if options.has("f"), let node = machine.node(path, follow: false), node.kind != .directory,
                isSoft || !machine.isSameFile(source, path)
            {
                try machine.remove(path)
            }
            if options.has("v"), !machine.isGNU { machine.print("'\(path)' -> '\(source)'\n") }
            if isSoft {
                try machine.makeLink(options.has("r") ? relative(source, to: path, machine) : source, at: path)
            } else if !options.has("f") || !machine.isSameFile(source, path) {
                try machine.makeHardLink(to: source, at: path)
            }
            if options.has("v"), machine.isGNU { machine.print("'\(path)' \(isSoft ? "->" : "=>") '\(source)'\n") }
            return 0
        } catch {
            let kind = isSoft ? "symbolic" : "hard"
            return fail(&machine, "ln", machine.isGNU ? "failed to create \(kind) link '\(path)'" : path, error)
        }
    }

    /// A path as it is seen from the directory of a link.
    private static func relative(_ source: String, to path: String, _ machine: Machine) -> String {
        let parent = machine.absolute(path).split(separator: "/").dropLast().joined(separator: "/")
        guard let from = machine.canonicalPath("/" + parent)?.split(separator: "/").map(String.init),
            let goal = machine.canonicalPath(source)?.split(separator: "/").map(String.init)
        else { return source }
        let common = zip(from, goal).prefix { $0 == $1 }.count
        let parts = Array(repeating: "..", count: from.count - common) + goal.dropFirst(common)
        return parts.isEmpty ? "." : parts.joined(separator: "/")
    }
}
