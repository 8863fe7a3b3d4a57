// SPDX-License-Identifier: Apache-2.0
// Walks over operands, and over everything below them, for programs that do one thing to each.

import PodiumRuntime

/// What is done with each path.
protocol PathVisitor: Sendable {
    /// The name of the program, in its complaints.
    var name: String { get }
    /// Whether what directories hold is visited.
    var isRecursive: Bool { get }
    /// Whether links are followed: as operands, and everywhere.
    var followsOperands: Bool { get }
    var followsAll: Bool { get }
    /// Works on a path before what it holds.
    mutating func visit(_ path: String, _ node: FileNode, depth: Int, _ machine: inout Machine)
    /// Works on a directory behind what it holds.
    mutating func leave(_ path: String, depth: Int, _ machine: inout Machine)
    /// An operand that cannot be looked at.
    mutating func miss(_ path: String, _ errno: Errno, _ machine: inout Machine)
    /// The code when all is done.
    mutating func finish(_ machine: inout Machine) -> Int
}

extension PathVisitor {
    var followsAll: Bool { false }
    mutating func leave(_ path: String, depth: Int, _ machine: inout Machine) {}
}

/// A program that visits its operands.
struct PathProgram<Visitor: PathVisitor>: Program {
    /// How deep links to directories are followed, which may lead in circles.
    private static var maximumFollowedDepth: Int { 64 }

    private struct Task: Sendable {
        var path: String
        var depth: Int
        var isLeft = false
    }

    private var visitor: Visitor
    private var pending: [Task]

    init(_ visitor: Visitor, _ operands: [String]) {
        self.visitor = visitor
        pending = operands.reversed().map { Task(path: $0, depth: 0) }
    }

    mutating func run(_ machine: inout Machine) -> Progress {
        while let task = pending.popLast() {
            machine.spend()
            if task.isLeft {
                visitor.leave(task.path, depth: task.depth, &machine)
            } else {
                visit(task, &machine)
            }
            if machine.mustYield { return .ready }
        }
        return .exited(visitor.finish(&machine))
    }

    private mutating func visit(_ task: Task, _ machine: inout Machine) {
        let node: FileNode
        do throws(Errno) {
            node = try machine.status(
                of: task.path,
                follow: visitor.followsAll || task.depth == 0 && visitor.followsOperands
            )
        } catch {
            // A link that leads nowhere is still there.
            if task.depth > 0 || error == .loop, let link = machine.node(task.path, follow: false) {
                return visitor.visit(task.path, link, depth: task.depth, &machine)
            }
            return visitor.miss(task.path, error, &machine)
        }
        machine.charge(bytes: task.path.utf8.count)
        visitor.visit(task.path, node, depth: task.depth, &machine)
        guard visitor.isRecursive, node.kind == .directory,
            !visitor.followsAll || task.depth < Self.maximumFollowedDepth
        else { return }
        pending.append(Task(path: task.path, depth: task.depth, isLeft: true))
        guard !machine.isProcessFolder(task.path), let names = try? machine.names(in: task.path) else { return }
        pending += names.reversed().map { Task(path: task.path.appending(component: $0), depth: task.depth + 1) }
    }
}

extension Machine {
    /// Whether a path is `/proc`, whose files come and go while somebody walks.
    func isProcessFolder(_ path: String) -> Bool { canonicalPath(path) == "/proc" }
}

/// A program that begins by reading its options.
struct BeginningProgram: Program {
    /// What the program becomes; nil with a code when its words make no sense.
    let begin: @Sendable (inout Machine, [String]) -> Beginning
    let words: [String]

    /// What comes of a beginning.
    enum Beginning {
        case program(any Program)
        case code(Int)
    }

    mutating func run(_ machine: inout Machine) -> Progress {
        machine.spend(4)
        switch begin(&machine, words) {
        case .program(let program): return .replaced(program)
        case .code(let code): return .exited(code)
        }
    }
}
