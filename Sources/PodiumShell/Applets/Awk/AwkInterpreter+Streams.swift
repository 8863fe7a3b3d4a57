// SPDX-License-Identifier: Apache-2.0
// What awk reads and writes: its input, files, and commands at the other end of a pipe.

import PodiumCodec
import PodiumMachinery
import PodiumRuntime

/// What a program has open.
struct AwkStreams: Sendable {
    /// Files and commands that are open at once.
    static let maximumOpen = 64
    /// The descriptor of the first of them; children do not get it.
    static let firstDescriptor = 100

    /// A file or command by its name and by what is done with it.
    struct Key: Hashable, Sendable {
        var name: [UInt8]
        var isInput: Bool
    }

    /// An open file or pipe.
    struct Stream: Sendable {
        var descriptor: Int
        var reader: AwkReader?
        /// The command at the other end.
        var child: Int?
    }

    var open: [Key: Stream] = [:]
    private var lastDescriptor = Self.firstDescriptor
    /// The file of the main input that is being read.
    var main: AwkReader?
    /// Its place among the arguments.
    var argument = 0
    /// Whether some input was named or taken.
    var hasInput = false
    /// Whether `nextfile` was called.
    var skipsFile = false

    /// What was read and is not used yet.
    var heldBytes: Int { open.values.reduce(main?.heldBytes ?? 0) { $0 + ($1.reader?.heldBytes ?? 0) } }

    /// A descriptor that was not used yet.
    mutating func nextDescriptor() -> Int {
        lastDescriptor += 1
        return lastDescriptor
    }
}

extension AwkInterpreter {
    private typealias Special = AwkProgram.Special

    private func ioFault(_ text: String) -> AwkFault { AwkFault(text: text, line: 0) }

    // The main input

    /// The next record of the files that were named, or of standard input.
    mutating func readMain(_ machine: inout Machine) throws(AwkFault) -> AwkRead {
        while true {
            if streams.skipsFile {
                streams.skipsFile = false
                closeMain(&machine)
            }
            if streams.main == nil, let stop = try openNext(&machine) { return stop }
            let read = streams.main?.record(separator, &machine) ?? .end
            guard case .end = read else { return read }
            closeMain(&machine)
        }
    }

    private mutating func closeMain(_ machine: inout Machine) {
        if let descriptor = streams.main?.descriptor, descriptor != 0 { machine.close(descriptor) }
        streams.main = nil
    }

    /// Opens the next file; why there is none, nil when there is.
    private mutating func openNext(_ machine: inout Machine) throws(AwkFault) -> AwkRead? {
        let count = AwkNumber.integer(globals[Special.argumentCount.rawValue].number)
        while streams.argument + 1 < count {
            streams.argument += 1
            machine.spend()
            guard case .array(let arguments) = globals[Special.arguments.rawValue] else { return .end }
            let name = text(arrays[arguments]?[Array(String(streams.argument).utf8), meter] ?? .none)
            if name.isEmpty {
                if machine.mustYield { return .yield }
                continue
            }
            if let equals = name.firstIndex(of: UInt8(ascii: "=")), equals > 0, !name[0].isDigit,
                name[..<equals].allSatisfy(\.isNameUnit)
            {
                try assign(name[..<equals].text, Array(name[(equals + 1)...]))
                continue
            }
            try open(name, &machine)
            return nil
        }
        guard !streams.hasInput else { return .end }
        try open([UInt8(ascii: "-")], &machine)
        return nil
    }

    private mutating func open(_ name: [UInt8], _ machine: inout Machine) throws(AwkFault) {
        streams.hasInput = true
        globals[Special.argumentIndex.rawValue] = .number(Double(streams.argument))
        globals[Special.fileName.rawValue] = .input(name)
        globals[Special.fileRecordNumber.rawValue] = .number(0)
        guard name != [UInt8(ascii: "-")] else {
            streams.main = AwkReader(descriptor: 0)
            return
        }
        let descriptor = streams.nextDescriptor()
        do {
            machine.attach(try machine.open(name.text, .read), as: descriptor)
        } catch {
            throw ioFault("\(name.text): \(error.text)")
        }
        streams.main = AwkReader(descriptor: descriptor)
    }

    // getline

    /// Reads a record; the name of the file or command and the key of the target are on the stack.
    mutating func getline(
        _ input: AwkInput,
        _ target: AwkTarget?,
        _ machine: inout Machine
    ) throws(AwkFault) -> AwkStep {
        let hasKey = target?.hasKey ?? false
        let read: AwkRead
        if input == .main {
            read = try readMain(&machine)
        } else {
            // The key was computed behind a command, but before a file's name.
            let name = text(stack[stack.count - (input == .command && hasKey ? 2 : 1)])
            let key = AwkStreams.Key(name: name, isInput: true)
            if streams.open[key] == nil { try openInput(key, input, &machine) }
            read = streams.open[key]?.reader?.record(separator, &machine) ?? .failed(.noEntry)
        }
        switch read {
        case .wait(let wait): return .wait(wait)
        case .yield: return .yield
        default: break
        }
        var place = AwkValue.none
        switch input {
        case .main: if hasKey { place = pop() }
        case .command:
            if hasKey { place = pop() }
            _ = pop()
        case .file:
            _ = pop()
            if hasKey { place = pop() }
        }
        guard case .record(let bytes, let mark) = read else {
            if case .end = read { advance(.number(0)) } else { advance(.number(-1)) }
            return .next
        }
        globals[Special.recordTerminator.rawValue] = .text(mark)
        if input == .main { countRecord() }
        if let target { try store(target, key: place, .input(bytes)) } else { setRecord(bytes) }
        advance(.number(1))
        return .next
    }

    private mutating func checkRoom() throws(AwkFault) {
        if streams.open.count >= AwkStreams.maximumOpen { throw ioFault("too many open files") }
    }

    private mutating func openInput(
        _ key: AwkStreams.Key,
        _ input: AwkInput,
        _ machine: inout Machine
    ) throws(AwkFault) {
        try checkRoom()
        let descriptor = streams.nextDescriptor()
        var stream = AwkStreams.Stream(descriptor: descriptor, reader: AwkReader(descriptor: descriptor))
        if input == .file {
            if key.name == [UInt8(ascii: "-")] || key.name == Array("/dev/stdin".utf8) {
                stream.descriptor = 0
                stream.reader = AwkReader(descriptor: 0)
                streams.open[key] = stream
                return
            }
            guard let file = try? machine.open(key.name.text, .read) else {
                globals[Special.errorNumber.rawValue] = .number(2)
                return
            }
            machine.attach(file, as: descriptor)
        } else {
            stream.child = try startCommand(key, descriptor, &machine)
        }
        streams.open[key] = stream
    }

    /// Starts a command whose output or input a descriptor becomes.
    private func startCommand(
        _ key: AwkStreams.Key,
        _ descriptor: Int,
        _ machine: inout Machine
    ) throws(AwkFault) -> Int {
        guard let pipe = machine.kernel.makePipe() else { throw ioFault(Errno.again.text) }
        let (own, other) = key.isInput ? (pipe.reader, pipe.writer) : (pipe.writer, pipe.reader)
        guard
            let child = key.isInput
                ? machine.startShell(key.name.text, output: other) : machine.startShell(key.name.text, input: other)
        else {
            machine.kernel.dispose(other)
            machine.kernel.dispose(own)
            throw ioFault(Errno.again.text)
        }
        machine.attach(own, as: descriptor)
        return child
    }

    // Output

    /// The values on the stack, or the record when there are none.
    mutating func print(_ count: Int, _ output: AwkOutput, _ machine: inout Machine) throws(AwkFault) {
        let name = output == .standard ? [] : text(pop())
        var bytes: [UInt8]
        if count == 0 {
            bytes = try recordText()
        } else {
            let separator = text(globals[Special.outputFieldSeparator.rawValue])
            bytes = try joined(stack.suffix(count), by: separator, setting.output)
            stack.removeLast(count)
        }
        bytes += text(globals[Special.outputRecordSeparator.rawValue])
        try write(bytes, output, name, &machine)
    }

    /// `printf`, with the format and its values on the stack.
    mutating func format(_ count: Int, _ output: AwkOutput, _ machine: inout Machine) throws(AwkFault) {
        let name = output == .standard ? [] : text(pop())
        let values = Array(stack.suffix(count))
        stack.removeLast(count)
        try write(try formatted(values), output, name, &machine)
    }

    /// A format with its values as text.
    func formatted(_ values: [AwkValue]) throws(AwkFault) -> [UInt8] {
        let format = text(values.first ?? .none)
        meter.charge(bytes: format.count)
        if AwkFormat.takesWidths(format) { throw fault("%*x formats are not supported") }
        guard let text = AwkFormat(format, Array(values.dropFirst()), setting).text() else {
            throw fault("Invalid format specifier")
        }
        return text
    }

    private mutating func write(
        _ bytes: [UInt8],
        _ output: AwkOutput,
        _ name: [UInt8],
        _ machine: inout Machine
    ) throws(AwkFault) {
        let descriptor = output == .standard ? 1 : try openOutput(name, output, &machine)
        if bytes.isEmpty { return }
        if let errno = machine.write(bytes, to: descriptor) { throw ioFault("write error: \(errno.text)") }
    }

    private mutating func openOutput(
        _ name: [UInt8],
        _ output: AwkOutput,
        _ machine: inout Machine
    ) throws(AwkFault) -> Int {
        if output != .command {
            if name == [UInt8(ascii: "-")] || name == Array("/dev/stdout".utf8) { return 1 }
            if name == Array("/dev/stderr".utf8) { return 2 }
        }
        let key = AwkStreams.Key(name: name, isInput: false)
        if let open = streams.open[key] { return open.descriptor }
        try checkRoom()
        let descriptor = streams.nextDescriptor()
        var stream = AwkStreams.Stream(descriptor: descriptor)
        if output == .command {
            stream.child = try startCommand(key, descriptor, &machine)
        } else {
            do {
                machine.attach(try machine.open(name.text, output == .file ? .write : .append), as: descriptor)
            } catch {
                throw ioFault("can't open '\(name.text)': \(error.text)")
            }
        }
        streams.open[key] = stream
        return descriptor
    }

    // Ends

    /// `system`, whose command is on the stack.
    mutating func system(_ machine: inout Machine) -> AwkStep {
        guard let child = awaited else {
            awaited = machine.startShell(text(stack.last ?? .none).text)
            if awaited != nil { return .wait(.child) }
            _ = pop()
            advance(.number(-1))
            return .next
        }
        guard let code = machine.process.endedChildren.removeValue(forKey: child) else { return .wait(.child) }
        awaited = nil
        _ = pop()
        advance(.number(Double(code)))
        return .next
    }

    /// `close`, whose name is on the stack.
    mutating func close(_ machine: inout Machine) -> AwkStep {
        if awaited == nil {
            let name = text(stack.last ?? .none)
            let keys = [true, false].map { AwkStreams.Key(name: name, isInput: $0) }
            guard let key = keys.first(where: { streams.open[$0] != nil }),
                let stream = streams.open.removeValue(forKey: key)
            else {
                _ = pop()
                advance(.number(0))
                return .next
            }
            if stream.descriptor != 0 { machine.close(stream.descriptor) }
            awaited = stream.child
        }
        var result = 0
        if let child = awaited {
            guard let code = machine.process.endedChildren.removeValue(forKey: child) else { return .wait(.child) }
            // The form in which a process learns of a child's end has the code in its second byte.
            result = code << 8
        }
        awaited = nil
        _ = pop()
        advance(.number(Double(result)))
        return .next
    }

    /// Closes everything and waits for the commands; nil when all of them have ended.
    mutating func closeAll(_ machine: inout Machine) -> AwkStep? {
        for (key, stream) in streams.open {
            if stream.descriptor > 0 { machine.close(stream.descriptor) }
            guard let child = stream.child else { continue }
            if machine.process.endedChildren.removeValue(forKey: child) != nil { streams.open[key] = nil }
        }
        return streams.open.values.contains { $0.child != nil } ? .wait(.child) : nil
    }
}

extension Machine {
    /// The descriptors that children get.
    private static let inheritedDescriptors = 10

    /// Starts `sh -c command`, perhaps with an end of a pipe as its input or output; nil when there are too many
    /// processes.
    mutating func startShell(_ command: String, input: Int? = nil, output: Int? = nil) -> Int? {
        let words = ["sh", "-c", command]
        return startChild(Shell(words, process.environment, self), words, input: input, output: output)
    }

    /// Starts a child that gets the standard descriptors, but none that the running program opened for itself.
    mutating func startChild(
        _ program: any Program,
        _ words: [String],
        input: Int? = nil,
        output: Int? = nil
    ) -> Int? {
        let files = process.files
        process.files = files.filter { $0.key < Self.inheritedDescriptors }
        if let input { process.files[0] = input }
        if let output { process.files[1] = output }
        let number = fork(program, arguments: words)
        process.files = files
        return number
    }
}
