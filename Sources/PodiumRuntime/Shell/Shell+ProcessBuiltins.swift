// SPDX-License-Identifier: Apache-2.0
// Builtins for children, and the applets that a shell runs itself.

extension Shell {
    static let processBuiltins: [String: ShellBuiltin] = [
        "wait": { shell, machine, words in shell.beginWait(words, &machine) },
        "jobs": { shell, machine, _ in
            for (index, job) in shell.jobs.enumerated() where !job.isReported {
                let state = job.code == nil ? "Running" : "Done"
                machine.print("[\(index + 1)] \(index + 1 == shell.jobs.count ? "+" : " ") \(state)\n")
            }
            return .status(0)
        },
        "fg": { shell, _, _ in
            guard let job = shell.jobs.popLast() else { return .refused(1) }
            if let code = job.code { return .status(code) }
            shell.frames.append(.child(job.number))
            return .step(.next)
        },
        "bg": { shell, _, _ in shell.jobs.isEmpty ? .refused(1) : .status(0) },
        "disown": { shell, _, _ in
            shell.jobs = []
            return .status(0)
        },
        "kill": { shell, machine, words in
            var arguments = words
            for (index, word) in words.enumerated() where word.hasPrefix("%") {
                guard let job = shell.job(named: word) else {
                    machine.complain(shell.complaint("kill: \(word): no such job"))
                    return .refused(1)
                }
                arguments[index] = String(job.pid)
            }
            let hasTarget = arguments.dropFirst().contains { Int($0) != nil || $0.hasPrefix("-l") }
            let code = Applets.kill(&machine, arguments)
            if code != 0, shell.flavour == .dash || shell.flavour == .bash && words.count == 1 {
                // What is no signal and no process is a mistake of usage, other than a process that is gone.
                return .status(hasTarget && !shell.isSignalUnknown(arguments) ? code : 2)
            }
            return .status(code)
        },
        "[[": { shell, machine, words in .status(shell.evaluateTest(words, &machine)) },
    ]

    /// Applets that do not wait and that a shell runs without a child.
    static let appletBuiltins: [String: ShellBuiltin] = {
        var builtins: [String: ShellBuiltin] = [:]
        for name in ["true", "false"] {
            guard let applet = Applets.immediate[name] else { continue }
            builtins[name] = { _, machine, words in .status(applet(&machine, words)) }
        }
        for name in ["test", "["] {
            builtins[name] = { shell, machine, words in .status(shell.evaluateTest(words, &machine)) }
        }
        builtins["echo"] = { shell, machine, words in
            .status(Applets.echo(&machine, words, shell.flavour))
        }
        builtins["printf"] = { shell, machine, words in shell.printFormatted(words, &machine) }
        builtins["pwd"] = { shell, machine, words in
            machine.print((words.contains("-P") ? machine.process.directory : shell.directory) + "\n")
            return .status(0)
        }
        return builtins
    }()

    /// `printf`, which bash also lets set a variable.
    private mutating func printFormatted(_ words: [String], _ machine: inout Machine) -> BuiltinResult {
        var words = words
        var name: String?
        if flavour == .bash, words.count > 3, words[1] == "-v" {
            name = words[2]
            words.removeSubrange(1...2)
        }
        guard words.count > 1 else {
            machine.complain("printf: usage: printf format [arguments]")
            return .status(2)
        }
        let (bytes, faults) = Applets.formatted(words, flavour)
        if let name { variables.set(name, bytes.text) } else if !bytes.isEmpty { machine.write(bytes, to: 1) }
        for fault in faults { machine.complain(complaint("printf: \(fault)")) }
        if faults.isEmpty { return .status(0) }
        return .status(flavour == .dash && faults.contains { $0.hasSuffix("directive") } ? 2 : 1)
    }

    /// Builtins of bash that are not simulated: a script that needs one is told so.
    static let missingBuiltins: [String: ShellBuiltin] = {
        var builtins: [String: ShellBuiltin] = [:]
        for name in [
            "caller", "compgen", "complete", "coproc", "dirs", "enable", "help", "history", "popd", "pushd", "suspend",
        ] {
            builtins[name] = { shell, machine, words in
                machine.complain(shell.complaint("\(name): not simulated"))
                machine.note("The command \(name) of bash is not simulated")
                return .status(1)
            }
        }
        return builtins
    }()

    private func isSignalUnknown(_ words: [String]) -> Bool {
        guard words.count > 2, words[1].hasPrefix("-") else { return false }
        let name = words[1] == "-s" ? words[2] : String(words[1].dropFirst())
        return name != "0" && Signal(name: name) == nil
    }

    /// The job that `%1`, `%%` or `%+` means.
    private func job(named word: String) -> ShellJob? {
        let open = jobs.filter { !$0.isReported }
        guard let number = Int(word.dropFirst()) else { return word == "%-" ? open.dropLast().last : open.last }
        return number > 0 && number <= jobs.count ? jobs[number - 1] : nil
    }

    private mutating func beginWait(_ words: [String], _ machine: inout Machine) -> BuiltinResult {
        var numbers: [Int] = []
        let isAny = words.contains("-n")
        if isAny, flavour == .dash {
            machine.complain(complaint("wait: Illegal option -n"))
            return .refused(2)
        }
        for word in words.dropFirst() where !word.hasPrefix("-") {
            if word.hasPrefix("%") {
                guard let job = job(named: word) else {
                    machine.complain(complaint("wait: \(word): no such job"))
                    return .refused(127)
                }
                numbers.append(job.number)
            } else if Int(word) == nil {
                machine.complain(complaint("wait: \(word): not a pid or valid job spec"))
                return .refused(1)
            } else {
                guard let job = jobs.last(where: { String($0.pid) == word }) else { return .status(127) }
                numbers.append(job.number)
            }
        }
        guard isAny else { return .step(wait(numbers.isEmpty ? nil : numbers)) }
        if numbers.isEmpty { numbers = jobs.filter { !$0.isReported }.map(\.number) }
        return numbers.isEmpty ? .status(127) : .step(waitForAny(numbers))
    }
}
