// SPDX-License-Identifier: Apache-2.0
// diff and cmp.

import PodiumMachinery

/// `diff`, which prints the unified form, and `cmp`.
struct ComparisonProgram: Program {
    /// The lines that are shown around a difference.
    private static let maximumContext = 1 << 20
    /// What is read of a stream.
    private static let maximumBytes = 16 << 20

    private let name: String
    private let options: AppletOptions
    /// What streams said: standard input, and pipes that are known by a path.
    private var inputs: [String: [UInt8]] = [:]
    private var ended: Set<String> = []
    private var code = 0

    /// The descriptor that a path stands for.
    private static func descriptor(_ path: String) -> Int? {
        if path == "-" || path == "/dev/stdin" { return 0 }
        return path.hasPrefix("/dev/fd/") ? Int(path.dropFirst("/dev/fd/".utf8.count)) : nil
    }

    init(words: [String]) {
        name = words.first?.split(separator: "/").last.map(String.init) ?? "diff"
        options = AppletOptions(words, valued: name == "cmp" ? "n" : "ULS")
    }

    var heldBytes: Int { inputs.values.reduce(0) { $0 + $1.count } }

    mutating func run(_ machine: inout Machine) -> Progress {
        let paths = options.words
        guard paths.count >= 2 || name == "cmp" && paths.count == 1 else {
            return .exited(Applets.usage(&machine, name) + (name == "cmp" && !machine.isGNU ? 0 : 1))
        }
        let pair = (paths[0], paths.count > 1 ? paths[1] : "-")
        for path in [pair.0, pair.1] {
            guard let descriptor = Self.descriptor(path) else { continue }
            while !ended.contains(path) {
                switch machine.read(descriptor) {
                case .wait(let wait): return .blocked(wait)
                case .bytes(let bytes):
                    let room = Self.maximumBytes - (inputs[path]?.count ?? 0)
                    inputs[path, default: []] += bytes.prefix(room)
                case .end, .failed: ended.insert(path)
                }
                if machine.mustYield { return .ready }
            }
        }
        if name == "cmp" { return .exited(compareBytes(pair, &machine)) }
        compare(pair.0, pair.1, depth: 0, &machine)
        return .exited(code)
    }

    private func contents(_ path: String, _ machine: inout Machine) -> [UInt8]? {
        if Self.descriptor(path) != nil { return inputs[path] ?? [] }
        do {
            return try machine.contents(path)
        } catch {
            let verb = name == "cmp" ? "can't open '\(path)'" : "can't stat '\(path)'"
            _ = Applets.fail(&machine, name, verb, error)
            return nil
        }
    }

    // cmp

    private func compareBytes(_ paths: (String, String), _ machine: inout Machine) -> Int {
        guard let first = contents(paths.0, &machine), let second = contents(paths.1, &machine) else { return 2 }
        let limit = options["n"].flatMap { Applets.size($0) } ?? .max
        let skips = options.words.dropFirst(2).map { Applets.size($0) ?? 0 }
        let old = Array(first.dropFirst(skips.first ?? 0).prefix(limit))
        let new = Array(second.dropFirst(skips.dropFirst().first ?? 0).prefix(limit))
        machine.charge(bytes: old.count)
        if old == new { return 0 }
        if options.has("s") { return 1 }
        var line = 1
        for (index, (left, right)) in zip(old, new).enumerated() {
            if left != right {
                guard options.has("l") else {
                    machine.print("\(paths.0) \(paths.1) differ: char \(index + 1), line \(line)\n")
                    return 1
                }
                let values = [left, right].map { PrintFormatter.padded(String($0, radix: 8), 3, left: false) }
                machine.print("\(PrintFormatter.padded(String(index + 1), 4, left: false)) \(values[0]) \(values[1])\n")
            }
            if left == 0x0A { line += 1 }
        }
        if old.count != new.count { machine.complain("cmp: EOF on \(old.count < new.count ? paths.0 : paths.1)") }
        return 1
    }

    // diff

    private mutating func compare(_ first: String, _ second: String, depth: Int, _ machine: inout Machine) {
        var (first, second) = (first, second)
        let isDirectory = [first, second].map { Self.descriptor($0) == nil && machine.node($0)?.kind == .directory }
        if isDirectory == [true, true] { return compareDirectories(first, second, depth: depth, &machine) }
        // A file is compared with the one of its name in a directory.
        if isDirectory[0] { first += "/" + (second.split(separator: "/").last.map(String.init) ?? "") }
        if isDirectory[1] { second += "/" + (first.split(separator: "/").last.map(String.init) ?? "") }
        let isMissing = [first, second].map {
            options.has("N") && Self.descriptor($0) == nil && machine.node($0) == nil
        }
        guard let old = isMissing[0] ? [] : contents(first, &machine),
            let new = isMissing[1] ? [] : contents(second, &machine)
        else {
            code = 2
            return
        }
        machine.charge(bytes: 4 * (old.count + new.count))
        if old == new {
            if options.has("s") { machine.print("Files \(first) and \(second) are identical\n") }
            return
        }
        let isBinary = old.prefix(1024).contains(0) || new.prefix(1024).contains(0)
        if isBinary, !options.has("a") || options.has("q") {
            code = max(code, 1)
            machine.print("Files \(first) and \(second) differ\n")
            return
        }
        let difference = LineDifference(Applets.lines(of: old), Applets.lines(of: new), key: key)
        let differsAtEnd = old.last != new.last && (old.last == 0x0A || new.last == 0x0A)
        if difference.isEmpty, !differsAtEnd || options.has("b") || options.has("w") { return }
        if options.has("B"), onlyEmptyLines(difference) { return }
        code = max(code, 1)
        if options.has("q") { return machine.print("Files \(first) and \(second) differ\n") }
        let labels = options.lists["L"] ?? []
        let names = [labels.first ?? first, labels.count > 1 ? labels[1] : second]
        show(difference, names, depth: depth, ends: (old.last == 0x0A, new.last == 0x0A), &machine)
    }

    private func onlyEmptyLines(_ difference: LineDifference) -> Bool {
        difference.hunks(context: 0).allSatisfy { $0.lines.allSatisfy { $0.line.allSatisfy(\.isBlank) } }
    }

    private func key(_ line: [UInt8]) -> [UInt8] {
        var key = options.has("i") ? line.map(\.lowercased) : line
        if options.has("w") {
            key.removeAll(where: \.isBlank)
        } else if options.has("b") {
            key = Array(key.split(whereSeparator: \.isBlank).joined(separator: [0x20]))
            if line.first?.isBlank == true { key.insert(0x20, at: 0) }
        }
        return key
    }

    private func show(
        _ difference: LineDifference,
        _ names: [String],
        depth: Int,
        ends: (Bool, Bool),
        _ machine: inout Machine
    ) {
        machine.print("--- \(names[0])\n+++ \(names[1])\n")
        let context = min(options["U"].flatMap { Int($0) } ?? 3, Self.maximumContext)
        for hunk in difference.hunks(context: max(0, context)) {
            let counts = (hunk.count(UInt8(ascii: "+")), hunk.count(UInt8(ascii: "-")))
            let old = Self.range(hunk.oldStart, counts.0)
            machine.print("@@ -\(old) +\(Self.range(hunk.newStart, counts.1)) @@\n")
            for (mark, line) in hunk.lines {
                machine.spend()
                machine.write([mark] + line + [0x0A], to: 1)
            }
        }
        if !ends.0 || !ends.1 { machine.print("\\ No newline at end of file\n") }
    }

    private static func range(_ start: Int, _ count: Int) -> String {
        count == 1 ? "\(start + 1)" : "\(count == 0 ? start : start + 1),\(count)"
    }

    /// Directories within directories.
    private static let maximumDepth = 50

    private mutating func compareDirectories(
        _ first: String,
        _ second: String,
        depth: Int,
        _ machine: inout Machine
    ) {
        guard depth < Self.maximumDepth, let old = try? machine.names(in: first),
            let new = try? machine.names(in: second)
        else { return }
        for name in Set(old).union(new).sorted(by: { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }) {
            let paths = (first + "/" + name, second + "/" + name)
            if !old.contains(name) || !new.contains(name) {
                if options.has("N") {
                    compare(paths.0, paths.1, depth: depth + 1, &machine)
                } else {
                    code = max(code, 1)
                    machine.print("Only in \(old.contains(name) ? first : second): \(name)\n")
                }
                continue
            }
            if machine.node(paths.0)?.kind == .directory, machine.node(paths.1)?.kind == .directory,
                !options.has("r")
            {
                machine.print("Common subdirectories: \(paths.0) and \(paths.1)\n")
                continue
            }
            compare(paths.0, paths.1, depth: depth + 1, &machine)
        }
    }
}
