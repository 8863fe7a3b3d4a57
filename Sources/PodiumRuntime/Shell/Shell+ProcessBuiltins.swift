// SPDX-License-Identifier: Apache-2.0
// Builtins for children, and the applets that a shell runs itself.

extension Shell {
    static let processBuiltins: [String: ShellBuiltin] = [
        "wait": { shell, machine, words in shell.beginWait(words, &machine) },
        "jobs": { shell, machine, _ in
            for (index, job) in shell.jobs.enumerated() {
                let state = job.code == nil ? "Running" : "Done"
                machine.print("[\(index + 1)] \(index + 1 == shell.jobs.count ? "+" : " ") \(state)\n")
            }
            return .status(0)
        },
        "fg": { shell, _, _ in
            guard let job = shell.jobs.popLast() else { return .status(1) }
            if let code = job.code { return .status(code) }
            shell.frames.append(.child(job.number))
            return .step(.next)
        },
        "bg": { _, _, _ in .status(0) },
        "disown": { shell, _, _ in
            shell.jobs = []
            return .status(0)
        },
        "kill": { shell, machine, words in
            let arguments = words.map { word -> String in
                guard word.hasPrefix("%") else { return word }
                let job = Int(word.dropFirst()).flatMap {
                    shell.jobs.indices.contains($0 - 1) ? shell.jobs[$0 - 1] : nil
                }
                return (job ?? shell.jobs.last).map { String($0.pid) } ?? word
            }
            return .status(Applets.kill(&machine, arguments))
        },
        "[[": { shell, machine, words in .status(shell.evaluateTest(words, &machine)) },
    ]

    /// Applets that do not wait and that a shell runs without a child.
    static let appletBuiltins: [String: ShellBuiltin] = {
        var builtins: [String: ShellBuiltin] = [:]
        for name in ["echo", "printf", "test", "[", "true", "false", "pwd"] {
            guard let applet = Applets.immediate[name] else { continue }
            builtins[name] = { _, machine, words in .status(applet(&machine, words)) }
        }
        return builtins
    }()

    private mutating func beginWait(_ words: [String], _ machine: inout Machine) -> BuiltinResult {
        var numbers: [Int] = []
        for word in words.dropFirst() where !word.hasPrefix("-") {
            if word.hasPrefix("%") {
                guard let index = Int(word.dropFirst()), jobs.indices.contains(index - 1) else { return .status(127) }
                numbers.append(jobs[index - 1].number)
            } else {
                guard let job = jobs.last(where: { String($0.pid) == word }) else { return .status(127) }
                numbers.append(job.number)
            }
        }
        return .step(wait(numbers.isEmpty ? nil : numbers))
    }
}
