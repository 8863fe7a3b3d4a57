// SPDX-License-Identifier: Apache-2.0
// find: walks through directories and asks its expression about everything there.

import PodiumMachinery
import PodiumRuntime

/// `find`.
struct FindProgram: Program {
    /// The paths that one search looks at.
    private static let maximumVisits = 100_000
    /// How deep links to directories are followed, which may lead in circles.
    private static let maximumFollowedDepth = 64
    /// The bytes of the paths that one `-exec … +` is given.
    private static let maximumBatchBytes = 30_000

    /// What a byte that a pattern is compared with costs, in bytes that are only read.
    private static let patternWeight = 4

    /// A path that has its turn.
    private struct Visit {
        var path: String
        var depth: Int
        /// Which of the paths of the command line it was found below.
        var start: Int
        /// Whether what it holds has had its turn already.
        var isLeft = false
    }

    /// The paths for one `-exec … +`.
    private struct Batch {
        var paths: [String] = []
        var bytes = 0
    }

    private let words: [String]
    private var starts: [String] = []
    private var expression: FindExpression?
    private var pending: [Visit] = []
    private var visits = 0
    private var code = 0
    /// The path that the expression is asked about, with the place in the expression.
    private var current: Visit?
    private var node: FileNode?
    private var place = 0
    private var value = true
    private var isPruned = false
    private var hasQuit = false
    private var child: Int?
    /// The command whose collected paths are being worked on.
    private var running: Int?
    private var batches: [Int: Batch] = [:]
    /// Whether the question before `-ok` was put.
    private var isAsked = false

    init(words: [String]) { self.words = words }

    mutating func run(_ machine: inout Machine) -> Progress {
        guard let expression else { return begin(&machine) }
        while true {
            if machine.mustYield { return .ready }
            if let child {
                guard let ended = machine.process.endedChildren.removeValue(forKey: child) else {
                    return .blocked(.child)
                }
                self.child = nil
                if running != nil { if ended != 0 { code = 1 } } else { value = ended == 0 }
                running = nil
                continue
            }
            if let current {
                guard place < expression.instructions.count, !hasQuit else {
                    leave(current, expression, &machine)
                    continue
                }
                if let wait = step(expression, current, &machine) { return .blocked(wait) }
            } else if let next = hasQuit ? nil : pending.popLast() {
                visit(next, expression, &machine)
            } else if let number = batches.keys.min() {
                runBatch(number, expression, &machine)
            } else {
                return .exited(code)
            }
        }
    }

    private mutating func begin(_ machine: inout Machine) -> Progress {
        var rest = Array(words.dropFirst())
        var follows = false
        while let option = rest.first, ["-L", "-H", "-P"].contains(option) {
            follows = option == "-L"
            rest.removeFirst()
        }
        var paths = Array(rest.prefix { !$0.hasPrefix("-") && $0 != "(" && $0 != "!" })
        let tests = Array(rest.dropFirst(paths.count))
        if paths.isEmpty { paths = ["."] }
        var parser = FindParser(tests, isGNU: machine.isGNU)
        do throws(FindFault) {
            var made = try parser.parse(machine)
            made.follows = made.follows || follows
            expression = made
        } catch {
            let code = Applets.fail(&machine, "find", error.text)
            return .exited(error.showsUsage ? Applets.usage(&machine, "find") : code)
        }
        for case .test(.format(let format)) in expression?.instructions ?? [] {
            for letter in format.unknown {
                machine.complain("find: warning: unrecognized format directive `%\(letter)'")
            }
        }
        starts = paths
        pending = paths.indices.reversed().map { Visit(path: paths[$0], depth: 0, start: $0) }
        return .ready
    }

    private mutating func visit(_ visit: Visit, _ expression: FindExpression, _ machine: inout Machine) {
        visits += 1
        machine.spend(2)
        guard visits < Self.maximumVisits else { return }
        let found =
            machine.node(visit.path, follow: expression.follows)
            ?? (expression.follows ? machine.node(visit.path, follow: false) : nil)
        guard let found else {
            if visit.depth == 0 || !visit.isLeft {
                code = Applets.fail(&machine, "find", machine.isGNU ? "'\(visit.path)'" : visit.path, .noEntry)
            }
            return
        }
        if expression.isDepthFirst, !visit.isLeft, found.kind == .directory {
            var again = visit
            again.isLeft = true
            pending.append(again)
            enter(visit, expression, &machine)
            return
        }
        current = visit
        node = found
        place = visit.depth < expression.minimumDepth ? expression.instructions.count : 0
        value = true
        isPruned = false
    }

    /// Lets what a directory holds have its turn.
    private mutating func enter(_ visit: Visit, _ expression: FindExpression, _ machine: inout Machine) {
        guard visit.depth < expression.maximumDepth, visit.path != "/proc",
            !expression.follows || visit.depth < Self.maximumFollowedDepth,
            let names = try? machine.names(in: visit.path)
        else { return }
        let prefix = visit.path.hasSuffix("/") ? visit.path : visit.path + "/"
        machine.charge(components: names.count)
        pending += names.reversed().map { Visit(path: prefix + $0, depth: visit.depth + 1, start: visit.start) }
    }

    private mutating func leave(_ visit: Visit, _ expression: FindExpression, _ machine: inout Machine) {
        current = nil
        if node?.kind == .directory, !visit.isLeft, !isPruned, !hasQuit { enter(visit, expression, &machine) }
    }

    /// Does one step of the expression.
    private mutating func step(_ expression: FindExpression, _ visit: Visit, _ machine: inout Machine) -> Wait? {
        machine.spend()
        switch expression.instructions[place] {
        case .jumpIfFalse(let goal): place = value ? place + 1 : goal
        case .jumpIfTrue(let goal): place = value ? goal : place + 1
        case .not:
            value.toggle()
            place += 1
        case .test(let test):
            if let node { value = answer(test, node, visit, &machine) }
            place += 1
        case .run(let number):
            let command = expression.commands[number]
            if command.asks, let wait = ask(command, visit, &machine) { return wait }
            place += 1
            if command.asks, !value { return nil }
            guard command.collects else {
                let directory = machine.process.directory
                var path = visit.path
                if command.isLocal {
                    path = "./" + path.lastComponent
                    let parent = visit.path.withoutTrailingSlashes.lastIndex(of: "/").map { visit.path[..<$0] + "/" }
                    if let parent, let place = try? machine.canonicalDirectory(String(parent)) {
                        machine.process.directory = place
                    }
                }
                start(command.words.map { $0.replacing("{}", with: path) }, &machine)
                machine.process.directory = directory
                return nil
            }
            value = true
            batches[number, default: Batch()].paths.append(visit.path)
            batches[number]?.bytes += visit.path.utf8.count + 1
            if let batch = batches[number], batch.bytes > Self.maximumBatchBytes {
                runBatch(number, expression, &machine)
            }
        }
        return nil
    }

    private mutating func runBatch(_ number: Int, _ expression: FindExpression, _ machine: inout Machine) {
        let paths = batches.removeValue(forKey: number)?.paths ?? []
        running = number
        start(expression.commands[number].words.dropLast() + paths, &machine)
        if child == nil {
            running = nil
            code = 1
        }
    }

    private mutating func start(_ words: [String], _ machine: inout Machine) {
        switch machine.program(for: words, path: machine.searchPath) {
        case .failure(let failure):
            let name = machine.isGNU ? "'\(failure.command)'" : failure.command
            machine.complain("find: \(name): \(failure.errno.text)")
            value = false
        case .program(let program):
            child = machine.startChild(program, words)
            if child == nil {
                machine.complain("find: can't fork: \(Errno.again.text)")
                value = false
            }
        }
    }

    /// Asks before `-ok`, and leaves the answer as the value.
    private mutating func ask(_ command: FindCommand, _ visit: Visit, _ machine: inout Machine) -> Wait? {
        if !isAsked {
            let words = command.words.map { $0.replacing("{}", with: visit.path) }
            let question =
                machine.isGNU ? "< \(words.first ?? "") ... \(visit.path) > ? " : words.joined(separator: " ") + " ?"
            machine.write(Array(question.utf8), to: 2)
            isAsked = true
        }
        switch machine.readAnswer() {
        case .wait(let wait): return wait
        case .yes: value = true
        case .no: value = false
        }
        isAsked = false
        return nil
    }

    private mutating func answer(
        _ test: FindTest,
        _ node: FileNode,
        _ visit: Visit,
        _ machine: inout Machine
    ) -> Bool {
        switch test {
        case .name(let pattern, let ignoresCase):
            machine.charge(bytes: Self.patternWeight * visit.path.utf8.count)
            let name = visit.path.split(separator: "/").last.map(String.init) ?? visit.path
            return pattern.matches(ignoresCase ? name.lowercased() : name)
        case .path(let pattern, let ignoresCase):
            machine.charge(bytes: Self.patternWeight * visit.path.utf8.count)
            return pattern.matches(ignoresCase ? visit.path.lowercased() : visit.path)
        case .pattern(let expression):
            let path = Array(visit.path.utf8)
            return expression.firstMatch(in: path, machine.meter)?.range == 0..<path.count
        case .prune:
            isPruned = true
            return true
        case .quit:
            hasQuit = true
            return true
        case .print, .printWithZero:
            let isZero = if case .printWithZero = test { true } else { false }
            machine.write(Array(visit.path.utf8) + [isZero ? 0 : 0x0A], to: 1)
            return true
        case .delete: return delete(visit, node, &machine)
        case .format(let format):
            let text = format.text(found(visit, node), machine)
            machine.charge(bytes: Self.patternWeight * text.count)
            machine.write(text, to: 1)
            return true
        case .list:
            machine.print(FindFormat.line(found(visit, node), machine))
            return true
        case .inode(let number): return number.accepts(machine.inode(of: visit.path))
        case .kind(let kinds, true): return kinds.contains(machine.node(visit.path)?.kind ?? node.kind)
        case .same(let path): return machine.isSameFile(visit.path, path)
        default: return Self.accepts(test, node, now: machine.now)
        }
    }

    private func found(_ visit: Visit, _ node: FileNode) -> FoundFile {
        FoundFile(path: visit.path, node: node, depth: visit.depth, start: starts[visit.start])
    }

    private static func accepts(_ test: FindTest, _ node: FileNode, now: Timestamp) -> Bool {
        switch test {
        case .kind(let kinds, _): kinds.contains(node.kind)
        case .target(let pattern): node.kind == .link && pattern.matches(node.target)
        case .never: false
        case .size(let number, let unit, let rounds):
            rounds ? number.accepts((node.size + unit - 1) / unit) : number.accepts(node.size, size: unit)
        case .age(let number, let unit):
            number.accepts(age: Int((now - node.time).nanoseconds / 1_000_000_000), unit: unit)
        case .newer(let time): node.time > time
        case .modeAll(let bits): node.mode & bits == bits
        case .modeSome(let bits): bits == 0 || node.mode & bits != 0
        case .mode(let bits): node.mode & 0o7777 == bits
        case .owner(let number): node.owner == number
        case .group(let number): node.group == number
        case .links(let number): number.accepts(node.linkCount)
        case .executable: node.mode & 0o111 != 0
        case .empty: node.kind == .directory ? node.children.isEmpty : node.kind == .file && node.content.size == 0
        default: true
        }
    }

    private mutating func delete(_ visit: Visit, _ node: FileNode, _ machine: inout Machine) -> Bool {
        if visit.path == "." { return true }
        do {
            try remove(visit.path, node, &machine)
            return true
        } catch {
            code = Applets.fail(&machine, "find", visit.path, error)
            return false
        }
    }

    private func remove(_ path: String, _ node: FileNode, _ machine: inout Machine) throws(Errno) {
        if node.kind == .directory, try !machine.names(in: path).isEmpty { throw .notEmpty }
        try machine.remove(path)
    }
}

extension FileNode {
    /// The names that a file has: a directory is named by its parent, by itself and by those below it.
    var linkCount: Int { kind == .directory ? 2 + children.values.count { $0.kind == .directory } : names }
}
