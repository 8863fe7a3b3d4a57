// SPDX-License-Identifier: Apache-2.0
// How processes begin, end and are signalled.

import OrderedCollections
import PodiumMachinery

extension Machine {
    /// Starts a child of the running process with copies of its open files; nil when there are too many processes.
    ///
    /// What goes on when its child ends starts a step. A child that `takesPlace` stands for its parent, as far as that
    /// one stands for its container.
    package mutating func fork(_ program: any Program, arguments: [String], takesPlace: Bool = false) -> Int? {
        // A process costs the simulator more than a step of a script does.
        spend(WorkBudget.stepsPerProcess)
        guard kernel.processes.count < Kernel.maximumProcesses else { return nil }
        let pid = kernel.nextPID(in: process.container)
        let number = kernel.nextNumber()
        var child = Process(
            number: number,
            parent: process,
            container: process.container,
            pid: pid,
            program: program,
            startedAt: now
        )
        child.arguments = arguments
        child.inheritedBytes = program.heldBytes
        child.isStep = process.isStep || !takesPlace
        child.ignored = process.ignored
        child.files = process.files
        for file in child.files.values { kernel.openFiles[file]?.references += 1 }
        kernel.processes[number] = child
        return number
    }

    /// Takes an ended process, which no longer stands in the table, out of the world.
    mutating func finish(_ ended: Process, code: Int) {
        kernel.processes[ended.number] = nil
        if ended.number == ended.group { kernel.budgets[ended.group] = nil }
        for file in ended.files.values { kernel.release(file) }
        for (port, listener) in kernel.listeners where listener.process == ended.number { kernel.listeners[port] = nil }
        kernel.containers[ended.container]?.answering.removeAll { $0 == ended.number }
        noteEnd(of: ended, code: code)
        if let command = ended.command { kernel.endCommand(command, code: code, now: now) }
        if kernel.containers[ended.container]?.mainProcess == ended.number {
            endContainer(ended.container, code: code)
        }
    }

    private mutating func noteEnd(of ended: Process, code: Int) {
        if ended.parent == process.number {
            process.endedChildren[ended.number] = code
            process.pendingSignals += process.handled.contains(.child) ? [.child] : []
        } else {
            kernel.processes[ended.parent]?.endedChildren[ended.number] = code
        }
    }

    private mutating func endContainer(_ number: Int, code: Int) {
        let exit = ContainerExit(code: code, at: now, reason: kernel.containers[number]?.endReason)
        kernel.containers[number]?.exit = exit
        if let pipe = kernel.containers[number]?.inputPipe { kernel.closeWriter(of: pipe) }
        kernel.containers[number]?.inputPipe = nil
        let victims = kernel.processes.values.filter { $0.container == number }.sorted { $0.number < $1.number }
        for number in kernel.containers[number]?.attached ?? [] { kernel.endCommand(number, code: 0, now: now) }
        if let terminal = kernel.containers[number]?.terminal { kernel.terminals[terminal] = nil }
        for victim in victims { finish(victim, code: 128 + Signal.kill.number) }
        if process.container == number { process.fatalSignal = .kill }
        kernel.flushUnfinishedLines(of: number, now: now)
        kernel.events.append(.exited(ContainerHandle(number: number), exit))
    }

    /// Sends a signal to a process by its number in the sandbox. `outside` signals come from the node and end even
    /// the first
    /// process of a container, if they are KILL.
    package mutating func send(_ signal: Signal, to number: Int, outside: Bool = false) {
        if number == process.number {
            let isFatal = process.receive(signal, outside: outside)
            if isFatal { process.fatalSignal = signal }
        } else if var target = kernel.processes[number] {
            let isFatal = target.receive(signal, outside: outside)
            kernel.processes[number] = target
            if isFatal { finish(target, code: 128 + signal.number) }
        }
    }

    /// The number of the process that the running one knows as `pid`.
    package func number(ofPID pid: Int) -> Int? {
        if process.pid == pid { return process.number }
        return kernel.visibleProcesses(from: process.container).first { $0.pid == pid }?.number
    }

    /// The processes that the running one sees, itself included, by process ID.
    package var visibleProcesses: [Process] {
        (kernel.visibleProcesses(from: process.container) + [process]).sorted { $0.pid < $1.pid }
    }

    /// Says once per container that something is not simulated.
    package mutating func note(_ text: String) {
        guard kernel.containers[process.container]?.notes.insert(text).inserted == true else { return }
        kernel.events.append(.note(ContainerHandle(number: process.container), text))
    }
}

extension Process {
    /// Takes in a signal and says whether it ends the process.
    mutating func receive(_ signal: Signal, outside: Bool) -> Bool {
        if signal == .kill { return outside || !isInit }
        if signal == .resume { isStopped = false }
        if signal == .stop {
            isStopped = outside || !isInit
            return false
        }
        if handled.contains(signal) {
            // Equal signals that were not yet handled are one, as for a real process.
            if !pendingSignals.contains(signal) { pendingSignals.append(signal) }
            return false
        }
        if isInit || ignored.contains(signal) || signal.isIgnoredByDefault { return false }
        if signal.stopsByDefault {
            isStopped = true
            return false
        }
        return true
    }
}

extension Kernel {
    /// The next process ID in a container, or in the pod when its containers share processes.
    mutating func nextPID(in container: Int) -> Int {
        if configuration.sharesProcesses {
            lastSharedPID += 1
            return lastSharedPID
        }
        guard let pid = containers[container]?.nextPID else { return 1 }
        containers[container]?.nextPID = pid + 1
        return pid
    }

    /// The processes that one in `container` sees.
    func visibleProcesses(from container: Int) -> [Process] {
        processes.values.filter { configuration.sharesProcesses || $0.container == container }
    }
}

extension Kernel {
    /// A command, or the look of somebody who is attached, is over.
    mutating func endCommand(_ number: Int, code: Int, now: Timestamp) {
        guard let command = commands.removeValue(forKey: number) else { return }
        var result = ExecResult(exitCode: code, output: command.output, errors: command.errors, at: now)
        for (stream, pipe, reader) in command.outputPipes {
            var rest = pipes[pipe]?.take(.max) ?? []
            if command.terminal != nil { rest = Terminal.shown(rest) }
            if stream == .stdout { result.output += rest } else { result.errors += rest }
            // Whoever still writes to it finds nobody at the other end.
            release(reader)
        }
        if command.isAttachment {
            containers[command.container]?.attached.removeAll { $0 == number }
        } else {
            if let pipe = command.inputPipe { closeWriter(of: pipe) }
            if let terminal = command.terminal { terminals[terminal] = nil }
        }
        events.append(.execEnded(ExecHandle(number: number), result))
    }
}
