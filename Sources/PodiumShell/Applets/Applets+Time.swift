// SPDX-License-Identifier: Apache-2.0
// Applets that let time pass: sleep, timeout, time, watch, yes.

import PodiumCodec
import PodiumMachinery
import PodiumRuntime

extension Applets {
    static let timeApplets: [String: WaitingApplet] = [
        "sleep": { SleepProgram(words: $0) },
        "usleep": { words in SleepProgram(words: ["sleep", "0.\(PrintFormatter.zeros(Int(words.last ?? "") ?? 0, 6))"])
        },
        "timeout": { TimeoutProgram(words: $0) },
        "time": { TimeProgram(words: $0) },
        "watch": { WatchProgram(words: $0) },
        "yes": { words in YesProgram(line: words.count > 1 ? words.dropFirst().joined(separator: " ") : "y") },
        "pause": { _ in ServerProgram(service: nil, ports: []) },
    ]

    /// The length of `5`, `0.2`, `1m`, `2h`, `1d`; nil for `infinity` is told apart by the flag.
    static func duration(_ text: String) -> (length: Duration?, isValid: Bool) {
        if text == "infinity" || text == "inf" { return (nil, true) }
        let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        let unit = text.last.flatMap { units[$0] }
        let digits = unit == nil ? text[...] : text.dropLast()
        guard digits.utf8.allSatisfy({ $0.isDigit || $0 == UInt8(ascii: ".") }), let number = Double(digits) else {
            return (nil, false)
        }
        let seconds = number * (unit ?? 1)
        // A century is as good as for ever, and nothing overflows.
        return seconds < 3e9 ? (.microseconds(Int64(seconds * 1e6)), true) : (nil, true)
    }
}

/// `sleep`.
struct SleepProgram: Program {
    let words: [String]
    private var end: Timestamp?

    init(words: [String]) { self.words = words }

    mutating func run(_ machine: inout Machine) -> Progress {
        if let end { return machine.now >= end ? .exited(0) : .blocked(.time(end)) }
        var total = Duration.zero
        guard words.count > 1 else { return .exited(Applets.usage(&machine, "sleep")) }
        for word in words.dropFirst() {
            let (length, isValid) = Applets.duration(word)
            if !isValid { return .exited(Applets.fail(&machine, "sleep", "invalid number '\(word)'")) }
            guard let length else { return .blocked(.forever) }
            total += length
        }
        if total == .zero { return .exited(0) }
        let moment = machine.now + total
        end = moment
        return .blocked(.time(moment))
    }
}

/// `timeout`.
struct TimeoutProgram: Program {
    /// A Greek letter has a long name only.
    private static let tables = OptionTables(
        "timeout",
        busybox: OptionTable(letters: "s:k:", stops: true),
        gnu: OptionTable(
            letters: "k:s:v",
            long: ["kill-after": "k", "signal": "s", "verbose": "v", "foreground": "φ", "preserve-status": "π"],
            stops: true
        ),
        code: 125
    )

    let words: [String]
    /// Whether it ends as its child did, with GNU's, and tells of signals.
    private var preservesStatus = false
    private var isVerbose = false
    private var command: [String] = []
    private var child: Int?
    private var deadline: Timestamp?
    private var signal = Signal.terminate
    private var killAfter: Duration?
    private var isLate = false
    private var isKilled = false

    init(words: [String]) { self.words = words }

    mutating func run(_ machine: inout Machine) -> Progress {
        guard let child else { return start(&machine) }
        if let code = machine.process.endedChildren[child] { return .exited(isLate ? lateCode(machine) : code) }
        for signal in machine.process.pendingSignals { machine.send(signal, to: child) }
        machine.process.pendingSignals = []
        if let deadline, machine.now >= deadline {
            let sent = isLate ? Signal.kill : signal
            if isVerbose { machine.complain("timeout: sending signal \(sent.name) to command '\(command[0])'") }
            machine.send(sent, to: child)
            isKilled = isLate
            isLate = true
            self.deadline = killAfter.map { machine.now + $0 }
            killAfter = nil
            if machine.process.endedChildren[child] != nil { return .exited(lateCode(machine)) }
        }
        return waiting
    }

    /// busybox's `timeout` ends as its child did, that of coreutils with 124.
    private func lateCode(_ machine: Machine) -> Int {
        if machine.container?.flavour == .ash || preservesStatus {
            return 128 + (isKilled ? Signal.kill : signal).number
        }
        return signal == .kill || isKilled ? 137 : 124
    }

    private var waiting: Progress { deadline.map { .blocked(.childUntil($0)) } ?? .blocked(.child) }

    private mutating func start(_ machine: inout Machine) -> Progress {
        do throws(OptionRefusal) {
            return try begin(&machine)
        } catch {
            return .exited(error.code)
        }
    }

    /// A length of time from the command line.
    private func length(_ text: String, _ machine: inout Machine) throws(OptionRefusal) -> Duration? {
        let (length, isValid) = Applets.duration(text)
        if isValid { return length }
        if machine.isGNU { throw Self.tables.refusal(&machine, "invalid time interval '\(text)'") }
        throw Self.tables.fault(&machine, gnu: "", busybox: "invalid number '\(text)'")
    }

    private mutating func begin(_ machine: inout Machine) throws(OptionRefusal) -> Progress {
        let options = try Self.tables.read(&machine, words)
        if let name = options["s"] {
            guard let known = Signal(name: name) else {
                if machine.isGNU { throw Self.tables.refusal(&machine, "'\(name)': invalid signal") }
                throw Self.tables.fault(&machine, gnu: "", busybox: "unknown signal '\(name)'")
            }
            signal = known
        }
        if let text = options["k"] { killAfter = try length(text, &machine) }
        (preservesStatus, isVerbose) = (options.has("π"), options.has("v"))
        guard let limit = options.words.first, options.words.count > 1 else {
            throw Self.tables.refusal(&machine, nil)
        }
        var length = try length(limit, &machine)
        // GNU's takes 0 for no limit.
        if machine.isGNU, length == .zero { length = nil }
        command = Array(options.words.dropFirst())
        switch machine.program(for: command, path: machine.searchPath) {
        case .failure(let failure):
            let verb = machine.isGNU ? "failed to run command" : "can't execute"
            let text = "\(verb) '\(failure.command)'"
            return .exited(Applets.fail(&machine, "timeout", text, failure.errno) + failure.code - 1)
        case .program(let program):
            guard let number = machine.fork(program, arguments: command, takesPlace: true) else {
                return .exited(125)
            }
            machine.process.handled = [.terminate, .interrupt]
            child = number
            deadline = length.map { machine.now + $0 }
            return waiting
        }
    }
}

/// `time`.
struct TimeProgram: Program {
    let words: [String]
    private var child: Int?
    private var start: Timestamp?

    init(words: [String]) { self.words = words }

    mutating func run(_ machine: inout Machine) -> Progress {
        guard let child, let start else {
            let command = Array(words.dropFirst().drop { $0.hasPrefix("-") })
            switch machine.program(for: command, path: machine.searchPath) {
            case .failure(let failure):
                return .exited(
                    Applets.fail(&machine, "time", "can't execute '\(failure.command)'", failure.errno) + failure.code
                        - 1
                )
            case .program(let program):
                guard let number = machine.fork(program, arguments: command, takesPlace: true) else {
                    return .exited(125)
                }
                self.child = number
                self.start = machine.now
                return .blocked(.child)
            }
        }
        guard let code = machine.process.endedChildren[child] else { return .blocked(.child) }
        let centiseconds = Int((machine.now - start).nanoseconds / 10_000_000)
        let seconds =
            "\(centiseconds / 6000)m \(centiseconds / 100 % 60).\(PrintFormatter.zeros(centiseconds % 100, 2))s"
        if words.dropFirst().first == "-p" {
            let plain = "\(centiseconds / 100).\(PrintFormatter.zeros(centiseconds % 100, 2))"
            machine.complain("real \(plain)\nuser 0.00\nsys 0.00")
        } else {
            machine.complain("real\t\(seconds)\nuser\t0m 0.00s\nsys\t0m 0.00s")
        }
        return .exited(code)
    }
}

/// `watch`: runs a command again and again.
struct WatchProgram: Program {
    /// Without `-n`.
    // busybox: procps/watch.c
    private static let usualPeriod: Duration = .seconds(2)

    let words: [String]
    private var child: Int?
    private var next: Timestamp?

    init(words: [String]) { self.words = words }

    mutating func run(_ machine: inout Machine) -> Progress {
        let options = AppletOptions(words, valued: "n", stops: true)
        if options.words.isEmpty { return .exited(Applets.usage(&machine, "watch")) }
        let period = options["n"].flatMap { Applets.duration($0).length } ?? Self.usualPeriod
        if let child, machine.process.endedChildren.removeValue(forKey: child) == nil { return .blocked(.child) }
        if child != nil {
            child = nil
            next = machine.now + period
        }
        if let next, machine.now < next { return .blocked(.time(next)) }
        let shell = Shell(["sh", "-c", options.words.joined(separator: " ")], machine.process.environment, machine)
        child = machine.fork(shell, arguments: ["sh", "-c"])
        return child == nil ? .exited(1) : .blocked(.child)
    }
}

/// `yes`.
struct YesProgram: Program {
    let line: String

    mutating func run(_ machine: inout Machine) -> Progress {
        let text = Array((line + "\n").utf8)
        let block = Array(repeatElement(text, count: max(1, 2048 / text.count)).joined())
        while !machine.mustYield {
            // The work is set high: output without end is of no use to anybody.
            machine.spend(200)
            machine.write(block, to: 1)
        }
        return .ready
    }
}

extension Machine {
    /// `$PATH` of the running process.
    var searchPath: String? { process.environment.last { $0.name == "PATH" }?.value }
}
