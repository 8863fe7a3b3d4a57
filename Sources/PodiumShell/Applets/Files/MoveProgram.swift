// SPDX-License-Identifier: Apache-2.0
// mv: gives files another place.

import PodiumMachinery
import PodiumRuntime

/// `mv`.
struct MoveProgram: Program {
    private static let table = OptionTable(
        letters: "finTt:uv",
        long: [
            "interactive": "i", "force": "f", "no-clobber": "n", "no-target-directory": "T", "target-directory": "t",
            "update": "u", "verbose": "v",
        ]
    )

    private let words: [String]
    private var hasStarted = false
    private var pending: [(source: String, target: String)] = []
    /// Whether the next one waits for an answer.
    private var isAsked = false
    private var options = AppletOptions([])
    private var code = 0

    init(words: [String]) { self.words = words }

    mutating func run(_ machine: inout Machine) -> Progress {
        if !hasStarted {
            hasStarted = true
            if let code = begin(&machine) { return .exited(code) }
        }
        while let next = pending.last {
            if machine.mustYield { return .ready }
            machine.spend()
            if isAsked {
                switch machine.readAnswer() {
                case .wait(let wait): return .blocked(wait)
                case .yes: move(next.source, next.target, &machine)
                case .no: break
                }
                isAsked = false
            } else if let existing = machine.node(next.target), !machine.isSameFile(next.source, next.target) {
                if options.has("n") || options.has("u") && !isNewer(next.source, than: existing, machine) {
                    pending.removeLast()
                    continue
                }
                if options.has("i"), !options.has("f") {
                    machine.write(Array("mv: overwrite '\(next.target)'? ".utf8), to: 2)
                    isAsked = true
                    continue
                }
                move(next.source, next.target, &machine)
            } else {
                move(next.source, next.target, &machine)
            }
            pending.removeLast()
        }
        return .exited(code)
    }

    private func isNewer(_ source: String, than existing: FileNode, _ machine: Machine) -> Bool {
        machine.node(source).map { $0.time > existing.time } ?? true
    }

    private mutating func begin(_ machine: inout Machine) -> Int? {
        guard let read = AppletOptions.read(&machine, words, Self.table) else { return 1 }
        options = read
        var sources = read.words
        guard let target = read["t"] ?? sources.popLast(), !sources.isEmpty else {
            let last = read.words.first.map { "missing destination file operand after '\($0)'" }
            return Applets.usage(&machine, "mv", last ?? "missing file operand")
        }
        if read.has("T"), sources.count > 1 { return Applets.fail(&machine, "mv", "too many arguments") }
        let isDirectory = machine.node(target)?.kind == .directory
        if machine.isGNU, !isDirectory, sources.count > 1 || read["t"] != nil {
            let missing = read["t"] == nil ? "target '\(target)'" : "target directory '\(target)'"
            let errno = machine.node(target) == nil ? machine.fault(of: target) : Errno.notDirectory
            return Applets.fail(&machine, "mv", missing, errno)
        }
        if read["t"] == nil, sources.count == 1, read.has("T") || !isDirectory {
            pending = [(sources[0], target)]
        } else {
            pending = sources.reversed().map { ($0, target.appending(component: $0.lastComponent)) }
        }
        return nil
    }

    private mutating func move(_ source: String, _ target: String, _ machine: inout Machine) {
        do throws(Errno) {
            try machine.rename(source, to: target)
        } catch  where error == .crossDevice {
            guard carry(source, target, &machine) else {
                code = 1
                return
            }
        } catch {
            code = Applets.fail(
                &machine,
                "mv",
                machine.isGNU
                    ? gnuText(error, source, target, machine)
                    : "can't rename '\(source)': \(error.text)"
            )
            return
        }
        if options.has("v") {
            machine.print(machine.isGNU ? "renamed '\(source)' -> '\(target)'\n" : "'\(source)' -> '\(target)'\n")
        }
    }

    private func gnuText(_ errno: Errno, _ source: String, _ target: String, _ machine: Machine) -> String {
        if machine.node(source, follow: false) == nil { return "cannot stat '\(source)': \(errno.text)" }
        switch errno {
        case .invalid: return "cannot move '\(source)' to a subdirectory of itself, '\(target)'"
        case .isDirectory: return "cannot overwrite directory '\(target)' with non-directory"
        case .notDirectory where machine.node(target) != nil:
            return "cannot overwrite non-directory '\(target)' with directory '\(source)'"
        default: return "cannot move '\(source)' to '\(target)': \(errno.text)"
        }
    }

    /// Moves to another volume, which replaces no directory.
    private func carry(_ source: String, _ target: String, _ machine: inout Machine) -> Bool {
        let isDirectory = machine.node(source, follow: false)?.kind == .directory
        if let existing = machine.node(target) {
            let isOver = existing.kind == .directory
            if isDirectory != isOver {
                let names = ["", "non-"]
                let text = "can't overwrite \(names[isOver ? 0 : 1])directory with \(names[isOver ? 1 : 0])directory"
                return Applets.fail(&machine, "mv", text) == 0
            }
            if isOver { return Applets.fail(&machine, "mv", "can't remove '\(target)'", .isDirectory) == 0 }
        }
        do throws(Errno) {
            let origin = try machine.locate(source, follow: false)
            if origin.readOnly { throw Errno.readOnly }
            if origin.path.isEmpty || machine.isMountPoint(source) { throw Errno.busy }
            if machine.node(target, follow: false) != nil { try machine.remove(target) }
            let location = try machine.locate(target, follow: false)
            try machine.relocate(origin, to: location)
            return true
        } catch {
            let text = machine.isGNU ? "cannot move '\(source)' to '\(target)'" : "can't rename '\(source)'"
            return Applets.fail(&machine, "mv", text, error) == 0
        }
    }
}

extension Machine {
    /// Whether two paths name the same file.
    func isSameFile(_ one: String, _ other: String) -> Bool {
        guard let first = try? locate(one, follow: false), let second = try? locate(other, follow: false) else {
            return false
        }
        return kernel.isSame(first, second)
    }
}
