// SPDX-License-Identifier: Apache-2.0
// Applets that read files or standard input piece by piece.

import PodiumCodec
import PodiumRuntime

/// What is done with a stream of bytes.
protocol StreamProcessor: Sendable {
    /// The bytes that it keeps of what it has read.
    var heldBytes: Int { get }
    /// How a file that cannot be opened is complained about, with `%` for its name; empty for not at all.
    var openFault: String { get }
    /// A file or standard input begins; the name is `-` for the latter.
    mutating func begin(_ name: String, _ machine: inout Machine)
    /// Some bytes of it. A code ends the program at once.
    mutating func take(_ bytes: [UInt8], _ machine: inout Machine) -> Int?
    /// The file ended.
    mutating func end(_ name: String, _ machine: inout Machine) -> Int?
    /// The file could not be read.
    mutating func abandon(_ name: String, _ machine: inout Machine) -> Int?
    /// Whether it still works on what it was given, and is to be given nothing more.
    var isBusy: Bool { get }
    /// Goes on with that.
    mutating func goOn(_ machine: inout Machine) -> Int?
    /// What it waits for before it can go on; nil when it only gave up its turn.
    var wait: Wait? { get }
    /// All files ended, and something may be left to do, for which it may be busy.
    mutating func conclude(_ machine: inout Machine) -> Int?
    /// All is done; the code so far is that of files that could not be opened.
    mutating func finish(_ code: Int, _ machine: inout Machine) -> Int
}

extension StreamProcessor {
    var heldBytes: Int { 0 }
    var openFault: String { "can't open '%'" }
    mutating func begin(_ name: String, _ machine: inout Machine) {}
    mutating func end(_ name: String, _ machine: inout Machine) -> Int? { nil }
    mutating func abandon(_ name: String, _ machine: inout Machine) -> Int? { end(name, &machine) }
    var isBusy: Bool { false }
    mutating func goOn(_ machine: inout Machine) -> Int? { nil }
    var wait: Wait? { nil }
    mutating func conclude(_ machine: inout Machine) -> Int? { nil }
    mutating func finish(_ code: Int, _ machine: inout Machine) -> Int { code }
}

/// A program that gives its inputs to a processor one after the other.
struct StreamProgram<Processor: StreamProcessor>: Program {
    /// The descriptor that inputs are opened as.
    static var descriptor: Int { 63 }
    /// What a byte that is processed costs, in bytes that are only read.
    static var weight: Int { 3 }

    private let name: String
    private var inputs: ArraySlice<String>
    private var processor: Processor
    private var current: String?
    private var code = 0
    private var isConcluded = false
    /// The code when an input cannot be opened.
    private let missingCode: Int

    /// A program called `name` that reads `inputs`, or standard input when there are none.
    init(_ name: String, inputs: [String], _ processor: Processor, missingCode: Int = 1) {
        self.name = name
        self.inputs = (inputs.isEmpty ? ["-"] : inputs)[...]
        self.processor = processor
        self.missingCode = missingCode
    }

    var heldBytes: Int { processor.heldBytes }

    mutating func run(_ machine: inout Machine) -> Progress {
        while true {
            if machine.mustYield { return .ready }
            machine.spend()
            if processor.isBusy {
                if let code = processor.goOn(&machine) { return .exited(code) }
                if let wait = processor.wait { return .blocked(wait) }
                continue
            }
            guard let input = current else {
                if let next = inputs.popFirst() {
                    open(next, &machine)
                } else if isConcluded {
                    return .exited(processor.finish(code, &machine))
                } else {
                    isConcluded = true
                    if let code = processor.conclude(&machine) { return .exited(code) }
                }
                continue
            }
            switch machine.read(input == "-" ? 0 : Self.descriptor, limit: 8 << 10) {
            case .bytes(let bytes):
                machine.charge(bytes: Self.weight * bytes.count)
                if let code = processor.take(bytes, &machine) { return .exited(code) }
            case .end:
                if let code = close(input, &machine) { return .exited(code) }
            case .failed(let errno):
                fail(input, errno, &machine)
                if let code = close(input, isRead: false, &machine) { return .exited(code) }
            case .wait(let wait): return .blocked(wait)
            }
        }
    }

    private mutating func open(_ input: String, _ machine: inout Machine) {
        if input != "-" {
            do {
                machine.attach(try machine.open(input, .read), as: Self.descriptor)
            } catch {
                let own = processor.openFault
                let fault = machine.isGNU && !own.isEmpty ? InputFault.gnuOpening(name) : own
                if !fault.isEmpty { machine.complain("\(name): \(fault.replacing("%", with: input)): \(error.text)") }
                code = missingCode
                return
            }
        }
        current = input
        processor.begin(input, &machine)
    }

    /// An input that was opened cannot be read.
    private mutating func fail(_ input: String, _ errno: Errno, _ machine: inout Machine) {
        let isGNU = machine.isGNU
        guard let text = InputFault.reading(name, input, errno, isGNU: isGNU) else { return }
        if !processor.openFault.isEmpty { machine.complain("\(name): \(text)") }
        code = max(code, InputFault.code(name, isGNU: isGNU, missing: missingCode))
    }

    private mutating func close(_ input: String, isRead: Bool = true, _ machine: inout Machine) -> Int? {
        current = nil
        if input != "-" { machine.close(Self.descriptor) }
        return isRead ? processor.end(input, &machine) : processor.abandon(input, &machine)
    }
}

/// What is done with lines.
protocol LineProcessor: Sendable {
    /// The bytes that it keeps of what it has read.
    var heldBytes: Int { get }
    var openFault: String { get }
    mutating func begin(_ name: String, _ machine: inout Machine)
    /// A line without its newline; `isWhole` unless the input ended without one. A code ends the program at once.
    mutating func line(_ line: [UInt8], isWhole: Bool, _ machine: inout Machine) -> Int?
    mutating func end(_ name: String, _ machine: inout Machine) -> Int?
    /// As with ``StreamProcessor``.
    var isBusy: Bool { get }
    mutating func goOn(_ machine: inout Machine) -> Int?
    var wait: Wait? { get }
    mutating func conclude(_ machine: inout Machine) -> Int?
    mutating func finish(_ code: Int, _ machine: inout Machine) -> Int
}

extension LineProcessor {
    var heldBytes: Int { 0 }
    var openFault: String { "%" }
    mutating func begin(_ name: String, _ machine: inout Machine) {}
    mutating func end(_ name: String, _ machine: inout Machine) -> Int? { nil }
    var isBusy: Bool { false }
    mutating func goOn(_ machine: inout Machine) -> Int? { nil }
    var wait: Wait? { nil }
    mutating func conclude(_ machine: inout Machine) -> Int? { nil }
    mutating func finish(_ code: Int, _ machine: inout Machine) -> Int { code }
}

/// Cuts a stream into lines.
struct Lines<Processor: LineProcessor>: StreamProcessor {
    /// A longer line is handed on in pieces.
    private static var maximumLineBytes: Int { 256 << 10 }

    /// The processor as it is after what it has seen.
    private(set) var inner: Processor
    private var rest: [UInt8] = []
    /// Whether whole lines wait in `rest`.
    private var hasLines = false
    /// The input whose end the processor does not know of yet.
    private var ended: String?
    private let end: UInt8

    init(_ processor: Processor, end: UInt8 = UInt8(ascii: "\n")) {
        inner = processor
        self.end = end
    }

    var heldBytes: Int { rest.count + inner.heldBytes }

    var openFault: String { inner.openFault }

    mutating func begin(_ name: String, _ machine: inout Machine) { inner.begin(name, &machine) }

    mutating func take(_ bytes: [UInt8], _ machine: inout Machine) -> Int? {
        // What is left over from before has no newline in it.
        let from = rest.count
        rest += bytes
        return handOn(from: from, &machine)
    }

    /// Hands on the lines of `rest`, in which no line ends before `from`, until one takes longer than a turn.
    private mutating func handOn(from: Int, _ machine: inout Machine) -> Int? {
        var from = from
        var start = rest.startIndex
        hasLines = false
        while let index = rest[from...].firstIndex(of: end) {
            if inner.isBusy {
                hasLines = true
                break
            }
            let code = inner.line(Array(rest[start..<index]), isWhole: true, &machine)
            start = index + 1
            from = start
            machine.spend()
            if let code { return code }
        }
        rest.removeFirst(start)
        // A line without end is handed on in pieces rather than kept for ever.
        if !hasLines, rest.count > Self.maximumLineBytes { return handOnRest(isWhole: true, &machine) }
        return nil
    }

    private mutating func handOnRest(isWhole: Bool, _ machine: inout Machine) -> Int? {
        let piece = rest
        rest = []
        return inner.line(piece, isWhole: isWhole, &machine)
    }

    mutating func end(_ name: String, _ machine: inout Machine) -> Int? {
        if !rest.isEmpty, let code = handOnRest(isWhole: false, &machine) { return code }
        if inner.isBusy {
            ended = name
            return nil
        }
        return inner.end(name, &machine)
    }

    var isBusy: Bool { inner.isBusy || hasLines || ended != nil }

    var wait: Wait? { inner.isBusy ? inner.wait : nil }

    mutating func goOn(_ machine: inout Machine) -> Int? {
        if inner.isBusy { return inner.goOn(&machine) }
        if hasLines { return handOn(from: 0, &machine) }
        guard let name = ended else { return nil }
        ended = nil
        return inner.end(name, &machine)
    }

    mutating func conclude(_ machine: inout Machine) -> Int? { inner.conclude(&machine) }

    mutating func finish(_ code: Int, _ machine: inout Machine) -> Int { inner.finish(code, &machine) }
}

/// Keeps a whole stream and works on it at its end.
struct Whole: StreamProcessor {
    /// The bytes that are kept; a program that needs more ends with 1.
    static let maximumBytes = FileContent.maximumStoredBytes
    /// The parts that are kept by programs that keep each as a text of its own, and what one costs beside its bytes.
    static let maximumParts = 1 << 18
    private static let bytesPerPart = 64

    /// Of what parts a program makes a list.
    enum Parts: Sendable { case none, lines, words }

    let openFault: String
    private var bytes: [UInt8] = []
    private let parts: Parts
    private var partCount = 0
    /// Works on the content of one input, or of all together.
    private let perFile: Bool
    private let work: @Sendable ([UInt8], String, inout Machine) -> Int
    private var code = 0

    init(
        perFile: Bool,
        openFault: String = "%",
        parts: Parts = .none,
        _ work: @escaping @Sendable ([UInt8], String, inout Machine) -> Int
    ) {
        self.perFile = perFile
        self.openFault = openFault
        self.parts = parts
        self.work = work
    }

    var heldBytes: Int { bytes.count + Self.bytesPerPart * partCount }

    mutating func take(_ new: [UInt8], _ machine: inout Machine) -> Int? {
        switch parts {
        case .none: break
        case .lines: partCount += new.count { $0 == 0x0A }
        case .words: partCount += new.count(where: \.isBlank)
        }
        if bytes.count + new.count > Self.maximumBytes || partCount > Self.maximumParts {
            return machine.refuseMemory()
        }
        bytes += new
        return nil
    }

    mutating func end(_ name: String, _ machine: inout Machine) -> Int? {
        guard perFile else { return nil }
        code = max(code, work(bytes, name, &machine))
        (bytes, partCount) = ([], 0)
        return nil
    }

    mutating func abandon(_ name: String, _ machine: inout Machine) -> Int? {
        if perFile { (bytes, partCount) = ([], 0) }
        return nil
    }

    mutating func finish(_ code: Int, _ machine: inout Machine) -> Int {
        perFile ? max(code, self.code) : max(code, work(bytes, "-", &machine))
    }
}
