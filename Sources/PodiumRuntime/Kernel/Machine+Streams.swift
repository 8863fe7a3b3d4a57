// SPDX-License-Identifier: Apache-2.0
// Reading, writing, opening and closing by descriptor.

import OrderedCollections
import PodiumMachinery

/// What reading comes to.
package enum ReadResult: Sendable {
    case bytes([UInt8])
    case end
    /// Nothing yet; wait for this.
    case wait(Wait)
    case failed(Errno)
}

extension Machine {
    /// The work of a turn after which reading ends it, for programs that read on without looking at their work.
    private static let stepsOfReading = 2 * WorkBudget.stepsPerSlice

    /// Reads at most `limit` bytes from a descriptor of the running process.
    package mutating func read(_ descriptor: Int, limit: Int = 64 << 10) -> ReadResult {
        guard let number = process.files[descriptor], let file = kernel.openFiles[number] else {
            return .failed(.badFile)
        }
        if file.target.neverWaits, meter.steps >= Self.stepsOfReading { return .wait(.time(now)) }
        switch file.target {
        case .null: return .end
        case .zero, .full:
            charge(bytes: limit)
            return .bytes(Array(repeating: 0, count: limit))
        case .random:
            charge(bytes: limit * 4)
            return .bytes((0..<limit).map { _ in UInt8(truncatingIfNeeded: kernel.nextRandom() >> 32) })
        case .containerOutput, .commandOutput: return .wait(.forever)
        case .pipeWriter: return .failed(.badFile)
        case .connection(let number): return read(connection: number, limit: limit)
        case .pipeReader(let pipe):
            let result = kernel.read(pipe: pipe, limit: limit, file: number)
            if case .bytes(let bytes) = result { charge(bytes: bytes.count) }
            return result
        case .file, .snapshot: return readFile(number, file, limit: limit)
        }
    }

    private mutating func readFile(_ number: Int, _ file: OpenFile, limit: Int) -> ReadResult {
        if case .file(let location) = file.target, kernel.treeNode(at: location)?.kind == .directory {
            return .failed(.isDirectory)
        }
        let content = kernel.content(of: file)
        let bytes = content.read(at: file.offset, count: limit)
        charge(bytes: bytes.count)
        charge(components: file.depth)
        kernel.openFiles[number]?.offset += bytes.count
        return bytes.isEmpty ? .end : .bytes(bytes)
    }

    /// Reads up to and with the next `delimiter`, and never beyond it. What comes without one is an unfinished piece.
    package mutating func readPiece(_ descriptor: Int, through delimiter: UInt8 = UInt8(ascii: "\n")) -> ReadResult {
        guard let number = process.files[descriptor], let file = kernel.openFiles[number] else {
            return .failed(.badFile)
        }
        switch file.target {
        case .pipeReader(let pipe):
            guard let count = kernel.pipes[pipe]?.count, count > 0 else {
                return kernel.read(pipe: pipe, limit: 1, file: number)
            }
            let bytes = kernel.pipes[pipe]?.take(through: delimiter) ?? []
            charge(bytes: bytes.count)
            return .bytes(bytes)
        case .file, .snapshot:
            let content = kernel.content(of: file)
            let length = content.distance(from: file.offset, through: delimiter, count: 64 << 10)
            return readFile(number, file, limit: length ?? 64 << 10)
        default: return read(descriptor, limit: 1)
        }
    }

    /// Writes to a descriptor of the running process. A pipe without readers ends the process, as SIGPIPE does.
    @discardableResult
    package mutating func write(_ bytes: [UInt8], to descriptor: Int) -> Errno? {
        guard let number = process.files[descriptor], let file = kernel.openFiles[number] else { return .badFile }
        charge(bytes: bytes.count)
        charge(components: file.depth)
        switch file.target {
        case .null, .zero, .random: return nil
        case .connection(let number):
            let room = Connection.maximumBytes - (kernel.connections[number]?.sent.count ?? 0)
            kernel.connections[number]?.sent += bytes.prefix(max(0, room))
            return nil
        case .full: return .noSpace
        case .snapshot, .pipeReader: return .badFile
        case .pipeWriter(let pipe): return write(bytes, toPipe: pipe)
        case .containerOutput(let container, let stream):
            // A line costs more than its bytes.
            charge(bytes: 64 * bytes.count { $0 == 0x0A })
            kernel.log(bytes, container: container, stream: stream, now: now)
            kernel.show(bytes, of: container, stream, now: now)
            return nil
        case .commandOutput(let command, let stream):
            kernel.capture(bytes, command: command, stream: stream)
            return nil
        case .file(let location): return write(bytes, toFile: number, file, at: location)
        }
    }

    private mutating func write(_ bytes: [UInt8], toPipe pipe: Int) -> Errno? {
        guard let readers = kernel.pipes[pipe]?.readers, readers > 0 else {
            send(.pipe, to: process.number)
            return nil
        }
        kernel.pipes[pipe]?.append(bytes)
        if (kernel.pipes[pipe]?.count ?? 0) >= Pipe.capacity { kernel.fullPipes.insert(pipe) }
        return nil
    }

    private mutating func write(
        _ bytes: [UInt8],
        toFile number: Int,
        _ file: OpenFile,
        at location: FileLocation
    ) -> Errno? {
        var end = file.offset
        let moment = now
        let growth = growth(of: location, writing: bytes, at: file.appends ? nil : end)
        if growth > 0, !kernel.reserve(bytes: growth, meter) { return .noSpace }
        kernel.update(location) { node in
            guard node != nil else { return false }
            if file.appends { end = node?.content.size ?? 0 }
            guard end <= Kernel.maximumFileBytes - bytes.count else { return false }
            node?.content.write(bytes, at: end)
            node?.time = moment
            return true
        }
        guard end <= Kernel.maximumFileBytes - bytes.count else { return .noSpace }
        // A file that was removed while it was open takes everything and keeps nothing.
        kernel.openFiles[number]?.offset = end + bytes.count
        return nil
    }

    /// How many bytes more a file keeps after such a write; at its end without an offset.
    // A function of its own, so that nothing else holds the content when it is changed in place.
    private func growth(of location: FileLocation, writing bytes: [UInt8], at offset: Int?) -> Int {
        guard let content = kernel.node(at: location)?.content else { return 0 }
        return content.growth(writing: bytes, at: offset ?? content.size)
    }

    /// Whether a descriptor is a terminal.
    package func isTerminal(_ descriptor: Int) -> Bool { terminal(descriptor) != nil }

    /// The size of the terminal that a descriptor is; the usual one as long as nobody has said it.
    package func terminalSize(_ descriptor: Int) -> TerminalSize? {
        guard let number = terminal(descriptor) else { return nil }
        return kernel.terminals[number]?.size ?? TerminalSize(columns: 80, rows: 24)
    }

    /// Lets the terminal that a descriptor is show what is typed, or hide it.
    package mutating func setEcho(_ echoes: Bool, of descriptor: Int) {
        if let number = terminal(descriptor) { kernel.terminals[number]?.echoes = echoes }
    }

    private func terminal(_ descriptor: Int) -> Int? {
        process.files[descriptor].flatMap { kernel.openFiles[$0]?.terminal }
    }

    /// Writes text to standard output.
    package mutating func print(_ text: String) { write(Array(text.utf8), to: 1) }

    /// Writes text to standard error.
    package mutating func complain(_ text: String) { write(Array((text + "\n").utf8), to: 2) }

    /// A pipe that the running process writes to and that is full.
    func fullPipe() -> Int? {
        if kernel.fullPipes.isEmpty { return nil }
        for file in process.files.values {
            guard case .pipeWriter(let number)? = kernel.openFiles[file]?.target, let pipe = kernel.pipes[number] else {
                continue
            }
            if pipe.count >= Pipe.capacity, pipe.readers > 0 { return number }
        }
        return nil
    }

    /// Makes `descriptor` refer to an open file, closing what it was.
    package mutating func attach(_ file: Int, as descriptor: Int) {
        kernel.openFiles[file]?.references += 1
        if let old = process.files.updateValue(file, forKey: descriptor) { kernel.release(old) }
    }

    /// Closes a descriptor.
    package mutating func close(_ descriptor: Int) {
        if let old = process.files.removeValue(forKey: descriptor) { kernel.release(old) }
    }
}

extension Kernel {
    /// Keeps in mind only those pipes that are still full.
    mutating func forgetEmptiedPipes() {
        guard !fullPipes.isEmpty else { return }
        fullPipes = fullPipes.filter { (pipes[$0]?.count ?? 0) >= Pipe.capacity }
    }

    /// Whether reading from an open file would not wait.
    func isReadable(_ number: Int) -> Bool {
        guard let file = openFiles[number] else { return true }
        switch file.target {
        case .pipeReader(let pipe): return pipes[pipe].map { $0.count > 0 || $0.writers == 0 || $0.marksEnd } ?? true
        case .containerOutput, .commandOutput: return false
        default: return true
        }
    }

    /// Takes bytes from a pipe.
    package mutating func read(pipe number: Int, limit: Int, file: Int) -> ReadResult {
        guard let pipe = pipes[number] else { return .end }
        if pipe.count == 0 {
            guard pipe.writers > 0, !pipe.marksEnd else {
                pipes[number]?.marksEnd = false
                return .end
            }
            return .wait(.input(file))
        }
        return .bytes(pipes[number]?.take(limit) ?? [])
    }

    /// The content of a file or of a snapshot.
    func content(of file: OpenFile) -> FileContent {
        switch file.target {
        case .file(let location): node(at: location)?.content ?? FileContent()
        case .snapshot(let bytes): FileContent(bytes)
        default: FileContent()
        }
    }

    /// Makes an open file that no descriptor refers to yet; nil when there are too many.
    package mutating func open(_ target: OpenFileTarget, path: String = "", appends: Bool = false) -> Int? {
        guard openFiles.count < Self.maximumOpenFiles else { return nil }
        let number = nextNumber()
        var file = OpenFile(target: target)
        file.path = path
        file.appends = appends
        openFiles[number] = file
        switch target {
        case .pipeReader(let pipe): pipes[pipe]?.readers += 1
        case .pipeWriter(let pipe): pipes[pipe]?.writers += 1
        default: break
        }
        return number
    }

    /// A new pipe and open files for its ends.
    package mutating func makePipe() -> (reader: Int, writer: Int)? {
        let pipe = nextNumber()
        pipes[pipe] = Pipe()
        guard let reader = open(.pipeReader(pipe)), let writer = open(.pipeWriter(pipe)) else { return nil }
        return (reader, writer)
    }

    /// One descriptor fewer refers to an open file; without any it is closed.
    package mutating func release(_ number: Int) {
        guard let references = openFiles[number]?.references else { return }
        openFiles[number]?.references = references - 1
        if references <= 1 { dispose(number) }
    }

    /// Closes an open file whatever refers to it.
    package mutating func dispose(_ number: Int) {
        guard let file = openFiles.removeValue(forKey: number) else { return }
        switch file.target {
        case .pipeReader(let pipe):
            pipes[pipe]?.readers -= 1
            forgetPipe(pipe)
        case .pipeWriter(let pipe): closeWriter(of: pipe)
        case .connection(let number): connections[number] = nil
        default: break
        }
    }

    /// One writer of a pipe fewer.
    mutating func closeWriter(of pipe: Int) {
        pipes[pipe]?.writers -= 1
        forgetPipe(pipe)
    }

    private mutating func forgetPipe(_ number: Int) {
        if let pipe = pipes[number], pipe.readers <= 0, pipe.writers <= 0 { pipes[number] = nil }
    }

    /// Adds to a container's log, line by line.
    mutating func log(_ bytes: [UInt8], container number: Int, stream: OutputStream, now: Timestamp) {
        guard containers[number] != nil, !bytes.isEmpty else { return }
        var pending = containers[number]?.unfinishedLines.removeValue(forKey: stream) ?? []
        var lines: [LogLine] = []
        var rest = bytes[...]
        while let index = rest.firstIndex(of: UInt8(ascii: "\n")) {
            pending += rest[..<index]
            Self.split(&pending, into: &lines, stream: stream, now: now)
            lines.append(LogLine(time: now, stream: stream, bytes: pending, isPartial: false))
            pending = []
            rest = rest[(index + 1)...]
        }
        pending += rest
        Self.split(&pending, into: &lines, stream: stream, now: now)
        if !pending.isEmpty { containers[number]?.unfinishedLines[stream] = pending }
        append(lines, to: number)
    }

    private static func split(
        _ pending: inout [UInt8],
        into lines: inout [LogLine],
        stream: OutputStream,
        now: Timestamp
    ) {
        while pending.count > ContainerLog.maximumLineBytes {
            let piece = Array(pending.prefix(ContainerLog.maximumLineBytes))
            lines.append(LogLine(time: now, stream: stream, bytes: piece, isPartial: true))
            pending.removeFirst(ContainerLog.maximumLineBytes)
        }
    }

    private mutating func append(_ lines: [LogLine], to number: Int) {
        guard !lines.isEmpty else { return }
        for line in lines { containers[number]?.log.append(line) }
        let event = SandboxEvent.output(ContainerHandle(number: number))
        if events.last != event { events.append(event) }
    }

    /// Writes out what ended without a newline.
    mutating func flushUnfinishedLines(of number: Int, now: Timestamp) {
        for stream in [OutputStream.stdout, .stderr] {
            guard let rest = containers[number]?.unfinishedLines.removeValue(forKey: stream) else { continue }
            append([LogLine(time: now, stream: stream, bytes: rest, isPartial: true)], to: number)
        }
    }

    /// Shows what a container writes to those who are attached; who is too far behind is left.
    mutating func show(_ bytes: [UInt8], of container: Int, _ stream: OutputStream, now: Timestamp) {
        guard let attached = containers[container]?.attached, !attached.isEmpty else { return }
        for number in attached {
            guard let pipe = commands[number]?.outputPipes.first(where: { $0.stream == stream })?.pipe else { continue }
            if (pipes[pipe]?.count ?? 0) > PodSandbox.maximumCapturedBytes {
                endCommand(number, code: 0, now: now)
            } else {
                pipes[pipe]?.append(bytes)
            }
        }
    }

    /// Keeps what a command wrote.
    mutating func capture(_ bytes: [UInt8], command number: Int, stream: OutputStream) {
        guard let command = commands[number] else { return }
        switch stream {
        case .stdout:
            commands[number]?.output += bytes.prefix(PodSandbox.maximumCapturedBytes - command.output.count)
        case .stderr:
            commands[number]?.errors += bytes.prefix(PodSandbox.maximumCapturedBytes - command.errors.count)
        }
    }
}
