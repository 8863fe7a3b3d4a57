// SPDX-License-Identifier: Apache-2.0
// rm: removes files and trees of directories.

import PodiumRuntime

/// `rm`.
struct RemoveProgram: Program {
    private static let table = OptionTable(
        letters: "fiRrv",
        long: ["force": "f", "interactive": "i", "recursive": "r", "verbose": "v", "no-preserve-root": "N"]
    )

    /// A path that has its turn.
    private struct Task: Sendable {
        var path: String
        /// Whether what it holds has had its turn already.
        var isLeft = false
        /// Whether the user was asked, and said yes.
        var isAllowed = false
    }

    private let words: [String]
    private var hasStarted = false
    private var isForced = false
    private var isRecursive = false
    private var asks = false
    private var isVerbose = false
    private var pending: [Task] = []
    private var asked: Task?
    private var code = 0

    init(words: [String]) { self.words = words }

    mutating func run(_ machine: inout Machine) -> Progress {
        if !hasStarted {
            hasStarted = true
            if let code = begin(&machine) { return .exited(code) }
        }
        while true {
            if machine.mustYield { return .ready }
            machine.spend()
            if var task = asked {
                switch machine.readAnswer() {
                case .wait(let wait): return .blocked(wait)
                case .yes:
                    task.isAllowed = true
                    pending.append(task)
                case .no: break
                }
                asked = nil
                continue
            }
            guard let task = pending.popLast() else { return .exited(code) }
            if task.isLeft { leave(task, &machine) } else { remove(task, &machine) }
        }
    }

    private mutating func begin(_ machine: inout Machine) -> Int? {
        guard let options = AppletOptions.read(&machine, words, Self.table) else { return 1 }
        // The last one of the two counts.
        let letters = words.dropFirst().filter { $0.hasPrefix("-") && !$0.hasPrefix("--") }.joined()
        let isLast =
            (letters.lastIndex(of: "f") ?? letters.startIndex) >= (letters.lastIndex(of: "i") ?? letters.startIndex)
        isForced = options.has("f") && isLast
        asks = options.has("i") && !isForced
        isRecursive = options.has("r") || options.has("R")
        isVerbose = options.has("v")
        if options.words.isEmpty {
            if options.has("f") { return 0 }
            return Applets.usage(&machine, "rm")
        }
        for path in options.words.reversed() {
            let name = path.lastComponent
            if name == "." || name == ".." {
                let text =
                    machine.isGNU
                    ? "refusing to remove '.' or '..' directory: skipping '\(path)'" : "can't remove '.' or '..'"
                code = Applets.fail(&machine, "rm", text)
            } else {
                pending.append(Task(path: machine.isGNU ? path : path.withoutTrailingSlashes))
            }
        }
        return nil
    }

    private mutating func fail(_ machine: inout Machine, _ path: String, _ errno: Errno) {
        code = Applets.fail(&machine, "rm", machine.isGNU ? "cannot remove '\(path)'" : "can't remove '\(path)'", errno)
    }

    private mutating func ask(_ question: String, _ task: Task, _ machine: inout Machine) {
        machine.write(Array("rm: \(question)? ".utf8), to: 2)
        asked = task
    }

    private mutating func remove(_ task: Task, _ machine: inout Machine) {
        let path = task.path
        let node: FileNode
        do throws(Errno) {
            node = try machine.status(of: path, follow: false)
        } catch {
            if isForced, error == .noEntry || error == .notDirectory && machine.isGNU { return }
            if error == .noEntry || machine.isGNU { return fail(&machine, path, error) }
            code = Applets.fail(&machine, "rm", "can't stat '\(path)'", error)
            return
        }
        guard node.kind == .directory else {
            if asks, !task.isAllowed { return ask("remove '\(path)'", task, &machine) }
            return take(path, "removed '\(path)'", &machine)
        }
        guard isRecursive else {
            if machine.isGNU { return fail(&machine, path, .isDirectory) }
            code = Applets.fail(&machine, "rm", "'\(path)' is a directory")
            return
        }
        if asks, !task.isAllowed, !machine.isGNU || !node.children.isEmpty {
            return ask("descend into directory '\(path)'", task, &machine)
        }
        // Nobody sees in which order the parts of a tree go, unless something is in the way.
        if !asks, !isVerbose, !machine.holdsMount(path) { return take(path, "", &machine) }
        do throws(Errno) {
            let names = try machine.names(in: path)
            pending.append(Task(path: path, isLeft: true))
            pending += names.reversed().map { Task(path: path.appending(component: $0)) }
        } catch {
            fail(&machine, path, error)
        }
    }

    private mutating func leave(_ task: Task, _ machine: inout Machine) {
        if asks, !task.isAllowed { return ask("remove directory '\(task.path)'", task, &machine) }
        if (try? machine.names(in: task.path).isEmpty) == false { return fail(&machine, task.path, .notEmpty) }
        take(task.path, "removed directory: '\(task.path)'", &machine)
    }

    private mutating func take(_ path: String, _ said: String, _ machine: inout Machine) {
        do throws(Errno) {
            try machine.remove(path)
            if isVerbose {
                machine.print((machine.isGNU ? said.replacing("directory: ", with: "directory ") : said) + "\n")
            }
        } catch {
            fail(&machine, path, error)
        }
    }
}

extension Machine {
    /// Whether something is mounted at a path or below it.
    func holdsMount(_ path: String) -> Bool {
        guard let canonical = canonicalPath(path) else { return false }
        let components = canonical.split(separator: "/").map(String.init)
        return container?.mounts.contains { $0.path.starts(with: components) } ?? false
    }
}
