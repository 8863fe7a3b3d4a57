// SPDX-License-Identifier: Apache-2.0
// One process: what it runs, what it waits for, its open files and signals.

package import PodiumMachinery

/// Something a process runs: a shell, an applet, a server.
package protocol Program: Sendable {
    /// Goes on until it must wait, has ended, or has done a slice of work. Called again after any of these but the
    /// end; a
    /// program that was woken for nothing returns the same wait again.
    mutating func run(_ machine: inout Machine) -> Progress
    /// The bytes of what it has read and made, beyond what every program takes.
    var heldBytes: Int { get }
    /// Whether it is a shell at which somebody types.
    var isInteractive: Bool { get }
}

extension Program {
    /// Nothing that is worth counting.
    package var heldBytes: Int { 0 }
    /// Few are.
    package var isInteractive: Bool { false }
}

/// Where a program stands after a slice of work.
package enum Progress: Sendable {
    /// It has more to do at once.
    case ready
    /// It waits.
    case blocked(Wait)
    /// It ended with a code of 0…255.
    case exited(Int)
    /// It becomes another program, as `exec` does.
    case replaced(any Program)
}

/// What a process waits for. Every signal that it handles ends a wait as well.
package enum Wait: Hashable, Sendable {
    /// A moment.
    case time(Timestamp)
    /// Something to read from an open file (by number), or its end.
    case input(Int)
    /// Something to read, but no longer than until a moment.
    case inputUntil(Int, Timestamp)
    /// Room in a pipe.
    case room(Int)
    /// The end of a child.
    case child
    /// The end of a child, or a moment.
    case childUntil(Timestamp)
    /// A change of files after change number `since`.
    case fileChange(since: Int)
    /// A moment, because it did all the work that fits into one.
    case working(Timestamp)
    /// A signal only.
    case forever
}

/// A running or ended process.
package struct Process: Sendable {
    /// The number in the sandbox.
    package let number: Int
    /// The number of the parent in the sandbox; 0 outside of it.
    package var parent: Int
    /// The number of its container.
    package let container: Int
    /// The process ID that it sees itself.
    package let pid: Int
    /// The process ID of its parent.
    package var parentPID: Int
    var program: any Program
    /// The command line.
    package var arguments: [String]
    /// The variables that it hands on.
    package var environment: [EnvironmentVariable]
    /// The working directory.
    package var directory: String
    /// The permissions that new files do not get.
    package var mask = 0o022
    /// The user that it became by `su` and the like; nil for that of its container.
    package var userID: Int?
    /// The group that it became; nil for that of its container.
    package var groupID: Int?
    /// How little it insists on the processor; nothing depends on it.
    package var niceness = 0
    /// Open files by descriptor.
    package var files: [Int: Int] = [:]
    var wait: Wait?
    /// Since when it waits.
    var waitsSince: Timestamp
    /// Signals with a handler; they arrive in `pendingSignals`.
    package var handled: Set<Signal> = []
    /// Signals that pass it by.
    package var ignored: Set<Signal> = []
    /// Signals that arrived and were not handled yet.
    package var pendingSignals: [Signal] = []
    /// How many of the pending signals it knew when it last gave up its turn; a shell leaves them until its child ends.
    var noticedSignals = 0
    /// The signal that ends it as soon as it has given up its turn.
    var fatalSignal: Signal?
    /// Whether it was stopped by a signal and not resumed.
    package var isStopped = false
    /// Codes of ended children that nobody asked for yet, by their number in the sandbox.
    package var endedChildren: [Int: Int] = [:]
    /// The command that this is the first process of.
    package var command: Int?
    /// The bytes that its program had from its parent when it began, which both share.
    var inheritedBytes = 0
    /// What its program has come to hold of its own.
    var ownBytes = 0
    /// Whether something goes on when it ends, so that it does not stand for its container: a probe, a part of a
    /// pipeline, a command before others. What it starts stands no better.
    package var isStep = false
    /// When it began.
    package let startedAt: Timestamp
    /// What it shares its budget of work with: the number of a container's first process, or of the container for those
    /// of commands.
    var group: Int

    /// A process that has not run yet.
    init(number: Int, parent: Process?, container: Int, pid: Int, program: any Program, startedAt: Timestamp) {
        self.number = number
        self.parent = parent?.number ?? 0
        self.container = container
        self.pid = pid
        parentPID = parent?.pid ?? 0
        self.program = program
        arguments = []
        environment = parent?.environment ?? []
        directory = parent?.directory ?? "/"
        isStep = parent?.isStep ?? false
        mask = parent?.mask ?? 0o022
        userID = parent?.userID
        groupID = parent?.groupID
        niceness = parent?.niceness ?? 0
        waitsSince = startedAt
        self.startedAt = startedAt
        group = parent?.group ?? number
    }

    /// Becomes nicer by a step, as far as that goes.
    package mutating func becomeNicer(by step: Int) { niceness = min(19, max(-20, niceness + min(39, max(-39, step)))) }

    /// Whether signals without a handler pass it by, as they do the first process of a PID namespace.
    package var isInit: Bool { pid == 1 }
}
