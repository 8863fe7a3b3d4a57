// SPDX-License-Identifier: Apache-2.0
// awk's command line: from its words to a program at work.

import PodiumMachinery
import PodiumRuntime

/// An awk that still has to read its program.
struct AwkCommandLine: Program {
    /// The bytes of a program.
    private static let maximumProgramBytes = 1 << 20

    /// What reading a byte of a program costs, against looking at one.
    private static let parsingWeight = 16

    private let words: [String]
    /// A program that comes from standard input.
    private var input: [UInt8]?

    init(words: [String]) { self.words = words }

    var heldBytes: Int { input?.count ?? 0 }

    mutating func run(_ machine: inout Machine) -> Progress {
        let options = AppletOptions(words, valued: "FvfeW", stops: true)
        var rest = options.words
        var texts: [[UInt8]] = []
        for file in options.lists["f"] ?? [] {
            if file == "-" {
                switch machine.read(0) {
                case .bytes(let bytes):
                    input = Array(((input ?? []) + bytes).prefix(Self.maximumProgramBytes))
                    return .ready
                case .wait(let wait): return .blocked(wait)
                case .end, .failed: texts.append(input ?? [])
                }
                continue
            }
            do {
                texts.append(try machine.contents(file))
            } catch {
                return .exited(Applets.fail(&machine, "awk", "can't open '\(file)'", error))
            }
            if texts.reduce(0, { $0 + $1.count }) > Self.maximumProgramBytes {
                return .exited(Applets.fail(&machine, "awk", "program is too large"))
            }
        }
        texts += (options.lists["e"] ?? []).map { Array($0.utf8) }
        if texts.isEmpty {
            guard !rest.isEmpty else { return .exited(Applets.usage(&machine, "awk")) }
            texts = [Array(rest.removeFirst().utf8)]
        }
        machine.charge(bytes: texts.reduce(0) { $0 + $1.count } * Self.parsingWeight)
        do {
            return .replaced(try Self.interpreter(texts, rest, options, machine))
        } catch {
            return .exited(Applets.fail(&machine, "awk", "cmd. line:\(error.line): \(error.text)"))
        }
    }

    private static func interpreter(
        _ texts: [[UInt8]],
        _ arguments: [String],
        _ options: AppletOptions,
        _ machine: Machine
    ) throws(AwkFault) -> AwkInterpreter {
        var program = try AwkParser.parse(texts)
        let assignments = try (options.lists["v"] ?? []).map { item throws(AwkFault) in
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2 else { throw AwkFault(text: "bad assignment '\(item)'", line: 1) }
            // Variables that the program never names are kept as well, for what is read by name at run time.
            if program.globals[parts[0]] == nil { program.globals[parts[0]] = program.globals.count }
            return (parts[0], parts[1])
        }
        var awk = AwkInterpreter(program, globals: Array(repeating: .none, count: program.globals.count))
        for (special, text) in [
            (AwkProgram.Special.conversionFormat, "%.6g"), (.outputFormat, "%.6g"), (.fieldSeparator, " "),
            (.outputFieldSeparator, " "), (.outputRecordSeparator, "\n"), (.recordSeparator, "\n"),
            (.subscriptSeparator, "\u{1C}"),
        ] { awk.globals[special.rawValue] = .text(Array(text.utf8)) }
        for special in [AwkProgram.Special.recordNumber, .fileRecordNumber, .fieldCount] {
            awk.globals[special.rawValue] = .number(0)
        }
        let environment = machine.process.environment.map { (Array($0.name.utf8), Array($0.value.utf8)) }
        try awk.fill(.environment, environment)
        let words = (["awk"] + arguments).enumerated().map { (Array(String($0).utf8), Array($1.utf8)) }
        try awk.fill(.arguments, words)
        awk.setting.isNarrow = machine.hasBusybox
        awk.globals[AwkProgram.Special.argumentCount.rawValue] = .number(Double(words.count))
        if let separator = options["F"] {
            awk.globals[AwkProgram.Special.fieldSeparator.rawValue] = .text(AwkLexer.unescaped(Array(separator.utf8)))
        }
        for (name, value) in assignments { try awk.assign(name, Array(value.utf8)) }
        return awk
    }
}

extension AwkInterpreter {
    /// Sets an array that the program finds when it begins.
    mutating func fill(_ special: AwkProgram.Special, _ items: [([UInt8], [UInt8])]) throws(AwkFault) {
        let number = makeArray()
        for (key, value) in items { try set(number, key, .input(value)) }
        globals[special.rawValue] = .array(number)
    }
}
