// SPDX-License-Identifier: Apache-2.0
// tree: draws what directories hold.

import PodiumRuntime

/// `tree`.
struct TreeProgram: Program {
    private static let table = OptionTable(
        letters: "adfL:I:P:FihpsugDQN",
        long: ["noreport": "R", "dirsfirst": "E", "charset": "c", "prune": "e"]
    )

    /// An entry that has its turn.
    private struct Task: Sendable {
        var path: String
        var name: String
        /// The bars of the directories around it.
        var bars: String
        var depth: Int
        var isLast = false
    }

    private let options: AppletOptions
    private let maximumDepth: Int
    private var pending: [Task]
    private var output = PendingOutput()
    private var directories = 0
    private var files = 0
    private var isDone = false

    /// Reads a command line.
    static func begin(_ machine: inout Machine, _ words: [String]) -> BeginningProgram.Beginning {
        guard let options = AppletOptions.read(&machine, words.filter { !$0.hasPrefix("--charset") }, table) else {
            return .code(1)
        }
        var depth = Int.max
        if let text = options["L"] {
            guard let number = Int(text), number > 0 else {
                return .code(Applets.fail(&machine, "tree", "Invalid level, must be greater than 0."))
            }
            depth = number
        }
        return .program(TreeProgram(options, depth))
    }

    private init(_ options: AppletOptions, _ maximumDepth: Int) {
        self.options = options
        self.maximumDepth = maximumDepth
        let roots = options.words.isEmpty ? ["."] : options.words
        pending = roots.reversed().map { Task(path: $0, name: $0, bars: "", depth: 0) }
    }

    mutating func run(_ machine: inout Machine) -> Progress {
        while true {
            guard output.drain(to: 1, &machine) else { return .ready }
            if machine.mustYield { return .ready }
            machine.spend()
            if let task = pending.popLast() {
                show(task, &machine)
            } else if !isDone, !options.has("R") {
                isDone = true
                let names = directories == 1 ? "directory" : "directories"
                let report = "\n\(directories) \(names)"
                let rest = options.has("d") ? "" : ", \(files) \(files == 1 ? "file" : "files")"
                output.add(Array("\(report)\(rest)\n".utf8))
            } else {
                return .exited(0)
            }
        }
    }

    private mutating func show(_ task: Task, _ machine: inout Machine) {
        let link = machine.node(task.path, follow: false)
        guard let node = task.depth == 0 ? machine.node(task.path) : link, node.kind == .directory || task.depth > 0
        else {
            output.add(Array("\(task.name) [error opening dir]\n".utf8))
            return
        }
        var name = options.has("f") && task.depth > 0 ? task.path : task.name
        if node.kind == .link { name += " -> " + node.target }
        if options.has("F"), node.kind == .directory { name += "/" }
        let branch = task.depth == 0 || options.has("i") ? "" : task.isLast ? "└── " : "├── "
        output.add(Array("\(options.has("i") ? "" : task.bars)\(branch)\(name)\n".utf8))
        let isDirectory = node.kind == .directory || node.kind == .link && machine.node(task.path)?.kind == .directory
        if task.depth > 0 { if isDirectory { directories += 1 } else { files += 1 } }
        guard node.kind == .directory, task.depth < maximumDepth, !machine.isProcessFolder(task.path) else { return }
        enter(task, machine)
    }

    private mutating func enter(_ task: Task, _ machine: Machine) {
        var names = (try? machine.names(in: task.path)) ?? []
        if !options.has("a") { names.removeAll { $0.hasPrefix(".") } }
        if let pattern = options["I"].map({ ShellPattern($0) }) { names.removeAll { pattern.matches($0) } }
        let wanted = options["P"].map { ShellPattern($0) }
        if options.has("d") || wanted != nil {
            names.removeAll { name in
                let isDirectory = machine.node(task.path.appending(component: name))?.kind == .directory
                return !isDirectory && (options.has("d") || wanted?.matches(name) == false)
            }
        }
        let bars = task.depth == 0 ? "" : task.bars + (task.isLast ? "    " : "│   ")
        var tasks = names.map { name in
            Task(path: task.path.appending(component: name), name: name, bars: bars, depth: task.depth + 1)
        }
        if !tasks.isEmpty { tasks[tasks.count - 1].isLast = true }
        pending += tasks.reversed()
    }
}
