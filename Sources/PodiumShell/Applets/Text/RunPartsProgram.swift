// SPDX-License-Identifier: Apache-2.0
// run-parts: runs what a directory holds, in order.

import PodiumCodec
import PodiumMachinery
import PodiumRuntime

/// `run-parts`: runs what a directory holds, in order.
struct RunPartsProgram: Program {
    private let words: [String]
    private var pending: [String]?
    private var arguments: [String] = []
    private var child: Int?
    private var running = ""
    private var code = 0
    private var exits = false

    init(words: [String]) { self.words = words }

    mutating func run(_ machine: inout Machine) -> Progress {
        if pending == nil, let code = begin(&machine) { return .exited(code) }
        while true {
            if let child {
                guard let ended = machine.process.endedChildren.removeValue(forKey: child) else {
                    return .blocked(.child)
                }
                self.child = nil
                if ended != 0 {
                    code = 1
                    machine.complain("run-parts: \(running): exit status \(ended)")
                    if exits { return .exited(1) }
                }
            }
            if machine.mustYield { return .ready }
            guard let path = pending?.first else { return .exited(code) }
            pending?.removeFirst()
            running = path
            let command = [path] + arguments
            switch machine.program(for: command, path: machine.searchPath) {
            case .failure(let failure): code = Applets.fail(&machine, "run-parts", path, failure.errno)
            case .program(let program): child = machine.startChild(program, command)
            }
        }
    }

    private mutating func begin(_ machine: inout Machine) -> Int? {
        // `-a` gives an argument to what is run.
        let options = AppletOptions(words, valued: "au", stops: true)
        let directory = options.words.first ?? ""
        guard !directory.isEmpty else { return Applets.usage(&machine, "run-parts") }
        arguments = (options.lists["a"] ?? []) + (options["arg"].map { [$0] } ?? [])
        exits = options["exit-on-error"] != nil
        do {
            let names = try machine.names(in: directory)
            let chosen = names.filter { name in
                name.utf8.allSatisfy { $0.isNameUnit || "-.".utf8.contains($0) }
            }.map { directory + "/" + $0 }
            let runnable = chosen.filter { path in
                machine.node(path).map { $0.kind == .file && $0.mode & 0o111 != 0 } ?? false
            }
            pending = options["reverse"] != nil ? runnable.reversed() : runnable
            guard options["test"] != nil || options["list"] != nil else { return nil }
            for path in pending ?? [] { machine.print(path + "\n") }
            return 0
        } catch {
            return Applets.fail(&machine, "run-parts", "can't open '\(directory)'", error)
        }
    }
}
