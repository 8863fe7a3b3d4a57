// SPDX-License-Identifier: Apache-2.0
// Commands that are run in containers from outside: probes, hooks, `exec`.

import OrderedCollections
package import PodiumMachinery

extension PodSandbox {
    /// Runs a command in a running container, for probes, hooks and `exec`. Its end is an event, also when it is
    /// immediate.
    ///
    /// A program that is not simulated ends at once with 0, unlike one that a container runs itself: a probe that never
    /// ended would be worth nothing.
    package mutating func exec(
        _ command: [String],
        in container: ContainerHandle,
        options: ExecOptions = ExecOptions(),
        now: Timestamp,
        world: some PodWorld
    ) throws(StartError) -> ExecHandle {
        let result = Machine.use(&kernel, now: now, world: world) { machine in
            let result = machine.begin(command, in: container.number, options)
            if case .success = result { machine.runAll() }
            return result
        }
        return ExecHandle(number: try result.get())
    }

    /// Kills a command and what it started; it ends with 137.
    package mutating func kill(_ command: ExecHandle, now: Timestamp, world: some PodWorld) {
        guard let state = kernel.commands[command.number] else { return }
        Machine.use(&kernel, now: now, world: world) { machine in
            for number in machine.descendants(of: state.process) { machine.send(.kill, to: number, outside: true) }
            machine.runAll()
        }
    }

    /// Gives a command started with `stdin` something to read. With a terminal, what is typed is shown.
    package mutating func write(_ bytes: [UInt8], to command: ExecHandle, now: Timestamp, world: some PodWorld) {
        guard let state = kernel.commands[command.number], let pipe = state.inputPipe else { return }
        var input = bytes
        if state.options.tty {
            // A terminal hands on return as newline.
            input = bytes.map { $0 == 0x0D ? 0x0A : $0 }
            let echo = input.flatMap { $0 == 0x0A ? [0x0D, 0x0A] : [$0] }
            kernel.capture(echo, command: command.number, stream: .stdout)
        }
        // Nobody waits for the reader: what it does not take in time is dropped.
        guard let waiting = kernel.pipes[pipe]?.count, waiting < Self.maximumCapturedBytes else { return }
        kernel.pipes[pipe]?.append(input)
        advance(to: now, world: world)
    }

    /// Ends the input of a command.
    package mutating func closeInput(of command: ExecHandle, now: Timestamp, world: some PodWorld) {
        guard let pipe = kernel.commands[command.number]?.inputPipe else { return }
        kernel.commands[command.number]?.inputPipe = nil
        kernel.closeWriter(of: pipe)
        advance(to: now, world: world)
    }
}

extension Machine {
    /// Starts a command in a container.
    mutating func begin(_ words: [String], in number: Int, _ options: ExecOptions) -> Result<Int, StartError> {
        guard let owner = kernel.containers[number], owner.exit == nil,
            kernel.processes.count < Kernel.maximumProcesses
        else { return .failure(StartError(cause: "cannot exec in a stopped container")) }
        let command = kernel.nextNumber()
        let pid = kernel.nextPID(in: number)
        var started = Process(
            number: kernel.nextNumber(),
            parent: nil,
            container: number,
            pid: pid,
            program: Idle(),
            startedAt: now
        )
        started.arguments = words
        started.environment = owner.environment(in: kernel.configuration)
        started.directory = owner.directory
        started.command = command
        started.isStep = true
        started.group = number
        kernel.commands[command] = ExecState(container: number, process: started.number, options: options)
        attachCommandStreams(&started, command, options)
        let failure = run(words, in: &started)
        guard failure == nil else {
            for file in started.files.values { kernel.release(file) }
            kernel.commands[command] = nil
            return .failure(failure?.startError ?? StartError(cause: ""))
        }
        kernel.processes[started.number] = started
        return .success(command)
    }

    private mutating func attachCommandStreams(_ started: inout Process, _ command: Int, _ options: ExecOptions) {
        var targets: [OpenFileTarget] = [
            .null, .commandOutput(command: command, .stdout), .commandOutput(command: command, .stderr),
        ]
        if options.tty { targets[2] = targets[1] }
        if options.stdin, let pipe = kernel.makePipe() {
            if case .pipeWriter(let number)? = kernel.openFiles[pipe.writer]?.target {
                // The sandbox itself writes; the open file for it is not needed.
                kernel.openFiles[pipe.writer] = nil
                kernel.commands[command]?.inputPipe = number
            }
            kernel.openFiles[pipe.reader]?.references += 1
            started.files[0] = pipe.reader
        }
        for (descriptor, target) in targets.enumerated() where started.files[descriptor] == nil {
            guard let file = kernel.open(target) else { continue }
            kernel.openFiles[file]?.references += 1
            started.files[descriptor] = file
        }
    }

    /// Gives a process the program of a command line.
    private mutating func run(_ words: [String], in started: inout Process) -> ProgramFailure? {
        let previous = process
        process = started
        defer { process = previous }
        let path = started.environment.last { $0.name == "PATH" }?.value
        switch program(for: words, path: path) {
        case .failure(let failure): return failure
        case .program(let program):
            started.program = program
            return nil
        }
    }

    /// A process and all that it started, children first.
    func descendants(of number: Int) -> [Int] {
        let children = kernel.processes.values.filter { $0.parent == number }.map(\.number).sorted()
        return children.flatMap { descendants(of: $0) } + [number]
    }
}
