// SPDX-License-Identifier: Apache-2.0
// Builtins for children, and the applets that a shell runs itself.

import PodiumRuntime

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
            if let code = shell.complainOfTargets(arguments, &machine) { return .status(code) }
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
            let letters = words.dropFirst().prefix { $0.hasPrefix("-") && $0 != "--" }.joined().filter { $0 != "-" }
            if let letter = letters.first(where: { !"LP".contains($0) }) {
                return shell.refuseOption(letter, usage: "pwd [-LP]", &machine)
            }
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
            switch flavour {
            case .ash: machine.complain("sh: usage: printf FORMAT [ARGUMENT...]")
            case .dash: machine.complain(complaint("printf: usage: printf format [arg ...]"))
            case .bash: machine.complain("printf: usage: printf [-v var] format [arguments]")
            }
            return .status(2)
        }
        let (bytes, faults) = Applets.formatted(words, flavour)
        if let name { variables.set(name, bytes.text) } else if !bytes.isEmpty { machine.write(bytes, to: 1) }
        for fault in faults { machine.complain(complaintOfPrinting(fault)) }
        if faults.isEmpty { return .status(0) }
        return .status(flavour == .dash && faults.contains { $0.hasSuffix("directive") } ? 2 : 1)
    }

    /// A mistake of `printf`, which busybox runs as a program of its own.
    private func complaintOfPrinting(_ fault: String) -> String {
        let parts = fault.split(separator: ":", omittingEmptySubsequences: false)
        let given = parts.dropLast().joined(separator: ":")
        let isNumber = fault.hasSuffix(": invalid number")
        switch flavour {
        case .ash where isNumber: return "sh: invalid number '\(given)'"
        case .ash: return "sh: \(fault.replacing("invalid directive", with: "invalid format"))"
        case .dash: return complaint("printf: \(isNumber ? given + ": expected numeric value" : fault)")
        case .bash where !isNumber && fault.hasSuffix("invalid directive"):
            return complaint("printf: `\(given.dropFirst())': invalid format character")
        case .bash: return complaint("printf: \(fault)")
        }
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

    /// What a shell says of words that are no processes, instead of the program; nil when there is nothing to say.
    private func complainOfTargets(_ words: [String], _ machine: inout Machine) -> Int? {
        if words.count == 1 {
            switch flavour {
            case .ash: machine.complain("sh: you need to specify whom to kill")
            case .dash:
                let usage = "kill: Usage: kill [-s sigspec | -signum | -sigspec] [pid | job]... or"
                machine.complain(complaint(usage) + "\nkill -l [exitstatus]")
            case .bash:
                let usage = "[-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]"
                machine.complain("kill: usage: kill \(usage)")
            }
            return flavour == .ash ? 1 : 2
        }
        // One process, behind a signal in one word or none; what is longer is the program's.
        let hasSignal =
            words.count == 3 && words[1].hasPrefix("-") && !["-l", "-L", "-s", "-n", "--"].contains(words[1])
        guard words.count == 2 || hasSignal, let word = words.last, !word.hasPrefix("-") else { return nil }
        guard !hasSignal || !isSignalUnknown(words) else { return nil }
        guard let pid = Int(word) else {
            switch flavour {
            case .ash: machine.complain("sh: invalid number '\(word)'")
            case .dash: machine.complain(complaint("kill: Illegal number: \(word)"))
            case .bash: machine.complain(complaint("kill: \(word): arguments must be process or job IDs"))
            }
            return flavour == .dash ? 2 : 1
        }
        guard pid > 0, machine.number(ofPID: pid) == nil else { return nil }
        switch flavour {
        case .ash: machine.complain("sh: can't kill pid \(pid): No such process")
        // It ends the line twice.
        case .dash: machine.complain(complaint("kill: No such process\n"))
        case .bash: machine.complain(complaint("kill: (\(pid)) - No such process"))
        }
        return 1
    }

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
                let isBash = flavour == .bash
                let text = isBash ? "`\(word)': not a pid or valid job spec" : "Illegal number: \(word)"
                machine.complain(complaint("wait: \(text)"))
                return .refused(isBash ? 1 : 2)
            } else {
                guard let job = jobs.last(where: { String($0.pid) == word }) else {
                    if let code = Int(word).flatMap({ waited[$0] }) { return .status(code) }
                    guard flavour == .bash else { return .status(127) }
                    machine.complain(complaint("wait: pid \(word) is not a child of this shell"))
                    return .status(127)
                }
                numbers.append(job.number)
            }
        }
        guard isAny else { return .step(wait(numbers.isEmpty ? nil : numbers)) }
        if numbers.isEmpty { numbers = jobs.filter { !$0.isReported }.map(\.number) }
        return numbers.isEmpty ? .status(127) : .step(waitForAny(numbers))
    }
}
