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

    /// Shows what a running container writes from now on, and gives it input, as with a command; with its end this
    /// ends.
    package mutating func attach(to container: ContainerHandle, options: ExecOptions) throws(StartError) -> ExecHandle {
        guard let owner = kernel.containers[container.number], owner.exit == nil else {
            throw StartError(cause: "cannot attach to a stopped container")
        }
        let number = kernel.nextNumber()
        var state = ExecState(container: container.number, process: owner.mainProcess, options: options)
        state.isAttachment = true
        state.inputPipe = options.stdin ? owner.inputPipe : nil
        state.terminal = owner.terminal
        kernel.commands[number] = state
        kernel.containers[container.number]?.attached.append(number)
        for stream in [OutputStream.stdout, .stderr] { _ = kernel.outputPipe(of: number, stream) }
        return ExecHandle(number: number)
    }

    /// Leaves a container. Where its input is for one client only, it has ended with this one.
    package mutating func detach(_ attachment: ExecHandle, endsInput: Bool, now: Timestamp, world: some PodWorld) {
        guard let state = kernel.commands[attachment.number], state.isAttachment else { return }
        kernel.endCommand(attachment.number, code: 0, now: now)
        guard endsInput, let pipe = state.inputPipe, kernel.containers[state.container]?.inputPipe == pipe else {
            return
        }
        kernel.containers[state.container]?.inputPipe = nil
        kernel.closeWriter(of: pipe)
        advance(to: now, world: world)
    }

    /// Kills a command and what it started; it ends with 137.
    package mutating func kill(_ command: ExecHandle, now: Timestamp, world: some PodWorld) {
        guard let state = kernel.commands[command.number] else { return }
        Machine.use(&kernel, now: now, world: world) { machine in
            for number in machine.descendants(of: state.process) { machine.send(.kill, to: number, outside: true) }
            machine.runAll()
        }
    }

    /// Gives a command started with `stdin` something to read: nothing, when what it was given before still waits.
    /// - Returns: whether it was taken.
    package mutating func write(
        _ bytes: [UInt8],
        to command: ExecHandle,
        now: Timestamp,
        world: some PodWorld
    ) -> Bool {
        guard let pipe = kernel.commands[command.number]?.inputPipe, let waiting = kernel.pipes[pipe]?.count else {
            return true
        }
        if waiting >= Pipe.capacity { return false }
        Machine.use(&kernel, now: now, world: world) { machine in
            machine.type(bytes, to: command.number, pipe)
            machine.runAll()
        }
        return true
    }

    /// Takes what a command has written since, at most `limit` bytes of each stream; it goes on when it had to wait.
    package mutating func takeOutput(
        of command: ExecHandle,
        limit: Int,
        now: Timestamp,
        world: some PodWorld
    ) -> [(stream: OutputStream, bytes: [UInt8])] {
        guard let state = kernel.commands[command.number] else { return [] }
        var taken: [(stream: OutputStream, bytes: [UInt8])] = []
        var wasFull = false
        for (stream, pipe, _) in state.outputPipes {
            guard let count = kernel.pipes[pipe]?.count, count > 0 else { continue }
            wasFull = wasFull || count >= Pipe.capacity
            let bytes = kernel.pipes[pipe]?.take(limit) ?? []
            taken.append((stream, state.terminal == nil ? bytes : Terminal.shown(bytes)))
        }
        if wasFull { advance(to: now, world: world) }
        return taken
    }

    /// Changes the size of a command's terminal.
    package mutating func resize(_ command: ExecHandle, to size: TerminalSize, now: Timestamp, world: some PodWorld) {
        guard let state = kernel.commands[command.number], let terminal = state.terminal else { return }
        if kernel.terminals[terminal]?.size == size { return }
        kernel.terminals[terminal]?.size = size
        Machine.use(&kernel, now: now, world: world) { machine in
            for number in machine.descendants(of: state.process) { machine.send(.windowChange, to: number) }
            machine.runAll()
        }
    }

    /// Ends the input of a command, or of the container that somebody looks at.
    package mutating func closeInput(of command: ExecHandle, now: Timestamp, world: some PodWorld) {
        guard let state = kernel.commands[command.number], let pipe = state.inputPipe else { return }
        kernel.commands[command.number]?.inputPipe = nil
        if state.isAttachment {
            guard kernel.containers[state.container]?.inputPipe == pipe else { return }
            kernel.containers[state.container]?.inputPipe = nil
        }
        kernel.closeWriter(of: pipe)
        advance(to: now, world: world)
    }
}

extension Machine {
    /// Starts a command in a container.
    mutating func begin(_ words: [String], in number: Int, _ options: ExecOptions) -> Result<Int, StartError> {
        guard let owner = kernel.containers[number], owner.exit == nil else {
            return .failure(StartError(cause: "cannot exec in a stopped container"))
        }
        guard kernel.processes.count < Kernel.maximumProcesses else {
            return .failure(StartError(cause: "fork/exec: \(Errno.again.text.lowercased())"))
        }
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
        started.group = options.streaming ? started.number : number
        kernel.commands[command] = ExecState(container: number, process: started.number, options: options)
        attachCommandStreams(&started, command, options)
        let failure = run(words, in: &started)
        guard failure == nil else {
            for file in started.files.values { kernel.release(file) }
            kernel.forgetCommand(command)
            return .failure(failure?.startError ?? StartError(cause: ""))
        }
        kernel.processes[started.number] = started
        return .success(command)
    }

    private mutating func attachCommandStreams(_ started: inout Process, _ command: Int, _ options: ExecOptions) {
        let terminal = options.tty ? kernel.nextNumber() : nil
        if let terminal {
            var made = Terminal()
            made.size = options.terminalSize
            kernel.terminals[terminal] = made
            kernel.commands[command]?.terminal = terminal
        }
        func attach(_ file: Int?, as descriptor: Int) {
            guard let file else { return }
            kernel.openFiles[file]?.references += 1
            kernel.openFiles[file]?.terminal = terminal
            started.files[descriptor] = file
        }
        if options.stdin, let pipe = kernel.makePipe() {
            if case .pipeWriter(let number)? = kernel.openFiles[pipe.writer]?.target {
                // The sandbox itself writes; the open file for it is not needed.
                kernel.openFiles[pipe.writer] = nil
                kernel.commands[command]?.inputPipe = number
            }
            attach(pipe.reader, as: 0)
        } else {
            attach(kernel.open(.null), as: 0)
        }
        for (descriptor, stream) in [(1, OutputStream.stdout), (2, .stderr)] {
            if terminal != nil, stream == .stderr {
                attach(started.files[1], as: 2)
            } else if options.streaming {
                attach(kernel.outputPipe(of: command, stream), as: descriptor)
            } else {
                attach(kernel.open(.commandOutput(command: command, stream)), as: descriptor)
            }
        }
    }

    /// Gives a command input, by its terminal when it has one.
    fileprivate mutating func type(_ bytes: [UInt8], to command: Int, _ pipe: Int) {
        guard let state = kernel.commands[command], let terminal = state.terminal else {
            kernel.pipes[pipe]?.append(bytes)
            return
        }
        for effect in kernel.terminals[terminal]?.type(bytes) ?? [] {
            switch effect {
            case .echo(let shown):
                for (_, output, _) in state.outputPipes { kernel.pipes[output]?.append(shown) }
            case .input(let line): kernel.pipes[pipe]?.append(line)
            case .end: kernel.pipes[pipe]?.marksEnd = true
            case .signal(let signal): interrupt(state.process, signal, pipe, state.outputPipes.map(\.pipe))
            }
        }
    }

    /// Sends what a key means to those in front: to all that was started, and to what started it unless that is a shell
    /// at which somebody types, which begins a new line instead.
    private mutating func interrupt(_ process: Int, _ signal: Signal, _ pipe: Int, _ outputs: [Int]) {
        let shell = kernel.processes[process].flatMap { $0.program.isInteractive ? $0 : nil }
        var isAtPrompt = shell != nil && signal == .interrupt
        for number in descendants(of: process) where shell == nil || number != process {
            if kernel.processes[number]?.ignored.contains(signal) == false { isAtPrompt = false }
            send(signal, to: number)
        }
        guard shell != nil, signal == .interrupt else { return }
        for output in outputs { kernel.pipes[output]?.append([0x0A]) }
        if isAtPrompt { kernel.pipes[pipe]?.append([0x0A]) }
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

extension Kernel {
    /// Gives back what belongs to a command that did not begin.
    fileprivate mutating func forgetCommand(_ number: Int) {
        guard let command = commands.removeValue(forKey: number) else { return }
        for (_, _, reader) in command.outputPipes { release(reader) }
        if let pipe = command.inputPipe { closeWriter(of: pipe) }
        if let terminal = command.terminal { terminals[terminal] = nil }
    }

    /// A pipe that takes what a command writes; the open file to write to it.
    mutating func outputPipe(of command: Int, _ stream: OutputStream) -> Int? {
        guard let pipe = makePipe(), case .pipeReader(let number)? = openFiles[pipe.reader]?.target else {
            return nil
        }
        openFiles[pipe.reader]?.references += 1
        commands[command]?.outputPipes.append((stream, number, pipe.reader))
        return pipe.writer
    }
}
