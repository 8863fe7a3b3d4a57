// SPDX-License-Identifier: Apache-2.0
// bc: carries out what its programs were translated to, so that it can stop behind any step.

import PodiumMachinery
import PodiumRuntime

/// `bc`.
struct BcProgram: Program {
    /// Values on the stack.
    private static let maximumStack = 2_000

    private struct Frame {
        var code: [CalculatorInstruction]
        var place: Int
        /// What the names that the function has for itself meant before.
        var numbers: [Int: DecimalNumber] = [:]
        var arrays: [Int: [Int: DecimalNumber]] = [:]
        var isVoid = false
    }

    private let options: AppletOptions
    private var files: ArraySlice<String>
    private var input: [UInt8] = []
    private var parser: BcParser?
    private var isLibrary: Bool
    private var code: [CalculatorInstruction] = []
    private var place = 0
    private var frames: [Frame] = []
    private var stack: [DecimalNumber] = []
    /// The arrays that are arguments, by their place on the stack.
    private var arrayArguments: [Int: Int] = [:]
    private var variables: [Int: DecimalNumber] = [:]
    private var arrays: [Int: [Int: DecimalNumber]] = [:]
    private var scale = 0
    private var inputBase = 10
    private var outputBase = 10
    private var last = DecimalNumber(0)
    private var hold = CalculatorHold()
    /// The values of literals, and the base in which they were read.
    private var literals: [Int: (base: Int, value: DecimalNumber)] = [:]
    /// Whether the last step left a function without a value.
    private var leftVoid = false
    /// The functions of the library, which later lines find.
    private var libraryNames = BcNames()

    init(words: [String]) {
        options = AppletOptions(words, long: Self.longOptions)
        files = options.words[...]
        isLibrary = options.has("l")
        if isLibrary { parser = BcParser(Array(BcLibrary.source.utf8), BcNames()) }
    }

    private static let longOptions: [String: Character] = [
        "mathlib": "l", "quiet": "q", "standard": "s", "warn": "w", "version": "v", "interactive": "i",
    ]

    var heldBytes: Int { input.count + hold.bytes }

    /// What is said about words that ask for no calculation; nil for others.
    private func answer(_ machine: inout Machine) -> Int? {
        if options.has("v") {
            let text = machine.hasBusybox ? "bc 1.36.1\nAdapted from https://github.com/gavinhoward/bc" : "bc 1.07.1"
            machine.print(text + "\n")
            return 0
        }
        guard let unknown = options.flags.subtracting(["l", "q", "s", "w", "i"]).min() else { return nil }
        machine.complain("bc: invalid option -- '\(unknown)'\nUsage: bc [-sqlw] [FILE]...")
        return 1
    }

    mutating func run(_ machine: inout Machine) -> Progress {
        if let code = answer(&machine) { return .exited(code) }
        while true {
            if machine.mustYield { return .ready }
            do throws(CalculatorFault) {
                if place < code.count || !frames.isEmpty {
                    if try step(&machine) { return .exited(0) }
                } else if parser == nil {
                    if let wait = try gather(&machine) { return .blocked(wait) }
                } else if let line = try parser?.nextLine() {
                    machine.spend(1 + line.count / 16)
                    (code, place) = (line, 0)
                } else if isLibrary {
                    isLibrary = false
                    input = []
                    (code, place) = ([], 0)
                    libraryNames = parser?.names ?? BcNames()
                    parser = nil
                } else {
                    return .exited(0)
                }
            } catch {
                if !goesOn(after: error, &machine) { return .exited(1) }
            }
        }
    }

    /// Reads the files, then standard input; what it waits for, if it has to.
    private mutating func gather(_ machine: inout Machine) throws(CalculatorFault) -> Wait? {
        if let path = files.popFirst() {
            do throws(Errno) {
                input += try machine.contents(path).prefix(max(0, CalculatorLimits.programBytes - input.count))
                if input.last != 0x0A { input.append(0x0A) }
            } catch {
                throw CalculatorFault(text: "can't open '\(path)': \(error.text)")
            }
            return nil
        }
        switch machine.read(0) {
        case .bytes(let bytes):
            let start = input.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
            input += bytes.prefix(max(0, CalculatorLimits.programBytes - input.count))
            machine.charge(bytes: bytes.count)
            // Nothing behind this line is waited for.
            let quit = Array("quit".utf8)
            if input[start...].split(separator: 0x0A).contains(where: { $0.elementsEqual(quit) }) {
                parser = BcParser(input, libraryNames)
            }
        case .wait(let wait): return wait
        case .end, .failed: parser = BcParser(input, libraryNames)
        }
        return nil
    }

    /// busybox's bc ends at a mistake; GNU's tells it and goes on with the next line.
    private mutating func goesOn(after fault: CalculatorFault, _ machine: inout Machine) -> Bool {
        let isSyntax = place >= code.count && frames.isEmpty
        guard machine.container?.flavour != .ash, parser != nil else {
            machine.complain("bc: \(fault.text)")
            return false
        }
        if isSyntax {
            machine.complain("(standard_in) \(parser?.countLines() ?? 1): syntax error")
            parser?.skipLine()
        } else {
            let text = fault.text.prefix(1).uppercased() + fault.text.dropFirst()
            machine.complain("Runtime error (func=(main), adr=\(place)): \(text)")
        }
        leaveAll()
        return true
    }

    private mutating func leaveAll() {
        while let frame = frames.popLast() { restore(frame) }
        (code, place) = ([], 0)
        stack = []
        arrayArguments = [:]
    }

    // Steps

    private mutating func pop() -> DecimalNumber { stack.popLast() ?? DecimalNumber(0) }

    private mutating func push(_ number: DecimalNumber, _ machine: Machine) throws(CalculatorFault) {
        if stack.count >= Self.maximumStack { throw CalculatorFault(text: "out of memory") }
        stack.append(number)
        machine.charge(bytes: number.size)
        hold.add(number.keptBytes)
        guard hold.needsCount else { return }
        let tables = [variables] + Array(arrays.values) + frames.map(\.numbers) + frames.flatMap(\.arrays.values)
        let values = tables.reduce(stack.reduce(0) { $0 + $1.keptBytes }) { sum, table in
            table.values.reduce(sum) { $0 + $1.keptBytes }
        }
        try hold.count(literals.values.reduce(values) { $0 + $1.value.keptBytes }, machine.meter)
    }

    /// The value of a literal, which is read once as long as the base stays the same.
    private mutating func literal(_ number: Int, _ machine: Machine) throws(CalculatorFault) -> DecimalNumber {
        if let known = literals[number], known.base == inputBase { return known.value }
        let digits = parser?.names.literals[number] ?? ""
        let value = try DecimalNumber(digits: digits, base: inputBase, machine.meter)
        literals[number] = (inputBase, value)
        hold.add(value.keptBytes)
        return value
    }

    /// Does one step; true when the program ends.
    private mutating func step(_ machine: inout Machine) throws(CalculatorFault) -> Bool {
        guard place < code.count else {
            leaveFunction()
            return false
        }
        machine.charge(bytes: 32)
        let instruction = code[place]
        place += 1
        if leftVoid {
            leftVoid = false
            if case .show = instruction {
                _ = pop()
                return false
            }
        }
        return try execute(instruction, &machine)
    }

    private mutating func execute(
        _ instruction: CalculatorInstruction,
        _ machine: inout Machine
    ) throws(CalculatorFault) -> Bool {
        switch instruction {
        case .literal(let number): try push(try literal(number, machine), machine)
        case .load(let target): try push(try load(target), machine)
        case .store(let target):
            let value = pop()
            try store(value, target)
            try push(value, machine)
        case .assign(let operation, let target):
            let operand = pop()
            let index = stack.last
            let old = try load(target)
            if case .element = target, let index { stack.append(index) }
            let value = try old.applying(operation, operand, scale: scale, machine.meter)
            try store(value, target)
            try push(value, machine)
        case .increment(let target, let step, let isPostfix):
            let index = stack.last
            let old = try load(target)
            if case .element = target, let index { stack.append(index) }
            let value = old.plus(DecimalNumber(step))
            try store(value, target)
            try push(isPostfix ? old : value, machine)
        case .binary(let operation):
            let right = pop()
            try push(try pop().applying(operation, right, scale: scale, machine.meter), machine)
        case .negate: try push(pop().negated, machine)
        case .not: try push(DecimalNumber(pop().isZero ? 1 : 0), machine)
        case .squareRoot:
            try push(try pop().squareRoot(scale: scale, machine.meter), machine)
        case .length: try push(DecimalNumber(pop().length(isGNU: !machine.hasBusybox)), machine)
        case .scale: try push(DecimalNumber(pop().scale), machine)
        case .show, .print, .text, .escapedText: try show(instruction, &machine)
        case .pop: _ = pop()
        case .jump(let goal): place = goal
        case .jumpIfFalse(let goal): if pop().isZero { place = goal }
        case .array(let slot):
            arrayArguments[stack.count] = slot
            try push(DecimalNumber(0), machine)
        case .call(let number, let count): try call(number, count, machine)
        case .return: leaveFunction()
        case .quit: return true
        }
        return false
    }

    private mutating func index() throws(CalculatorFault) -> Int {
        let value = pop()
        if value.isNegative { throw .negative }
        guard let index = value.integer, index < CalculatorLimits.index else {
            throw CalculatorFault(text: "array too long; must be [1,\(CalculatorLimits.index)]")
        }
        return index
    }

    private mutating func load(_ target: CalculatorPlace) throws(CalculatorFault) -> DecimalNumber {
        switch target {
        case .variable(let slot): return variables[slot] ?? DecimalNumber(0)
        case .element(let slot):
            let index = try index()
            return arrays[slot]?[index] ?? DecimalNumber(0)
        case .scale: return DecimalNumber(scale)
        case .inputBase: return DecimalNumber(inputBase)
        case .outputBase: return DecimalNumber(outputBase)
        case .last: return last
        }
    }

    private mutating func store(_ value: DecimalNumber, _ target: CalculatorPlace) throws(CalculatorFault) {
        switch target {
        case .variable(let slot): variables[slot] = value
        case .element(let slot):
            let index = try index()
            arrays[slot, default: [:]][index] = value
        case .scale: scale = try CalculatorSetting.scale.number(value)
        case .inputBase: inputBase = try CalculatorSetting.inputBase.number(value)
        case .outputBase: outputBase = try CalculatorSetting.outputBase.number(value)
        case .last: last = value
        }
    }

    private mutating func show(_ instruction: CalculatorInstruction, _ machine: inout Machine) throws(CalculatorFault) {
        if case .text(let text) = instruction {
            machine.print(text)
            return
        }
        if case .escapedText(let text) = instruction {
            machine.print(CalculatorOutput.unescaped(text, isGNU: !machine.hasBusybox))
            return
        }
        let value = pop()
        last = value
        var text = CalculatorOutput.wrapped(try value.text(base: outputBase, machine.meter), "BC_LINE_LENGTH", machine)
        if case .show = instruction { text += "\n" }
        machine.print(text)
    }

    // Functions

    private mutating func call(_ number: Int, _ count: Int, _ machine: Machine) throws(CalculatorFault) {
        guard let names = parser?.names, number < names.functions.count else { return }
        let function = names.functions[number]
        guard let body = function.code else { throw CalculatorFault(text: "undefined function") }
        if function.parameters.count != count {
            throw CalculatorFault(
                text: "function has \(function.parameters.count) parameters, but called with \(count)"
            )
        }
        if frames.count >= CalculatorLimits.frames { throw CalculatorFault(text: "out of memory") }
        var frame = Frame(code: code, place: place, isVoid: function.isVoid)
        let own = function.parameters + function.locals
        for local in own where local.isArray {
            frame.arrays[local.slot] = arrays[local.slot] ?? [:]
        }
        for local in own where !local.isArray {
            frame.numbers[local.slot] = variables[local.slot] ?? DecimalNumber(0)
        }
        let first = stack.count - count
        let given = Array(stack[first...])
        let givenArrays = (0..<count).map {
            arrayArguments.removeValue(forKey: first + $0).flatMap { arrays[$0] } ?? [:]
        }
        stack.removeLast(count)
        for local in function.locals { set(local, DecimalNumber(0), [:]) }
        for (index, local) in function.parameters.enumerated() {
            set(local, given[index], givenArrays[index])
            machine.charge(bytes: givenArrays[index].count * MemoryLayout<DecimalNumber>.size)
        }
        frames.append(frame)
        (code, place) = (body, 0)
    }

    private mutating func set(_ local: CalculatorLocal, _ number: DecimalNumber, _ array: [Int: DecimalNumber]) {
        if local.isArray { arrays[local.slot] = array } else { variables[local.slot] = number }
    }

    /// Leaves the innermost call, whose value stands on the stack.
    private mutating func leaveFunction() {
        guard let frame = frames.popLast() else { return }
        restore(frame)
        (code, place) = (frame.code, frame.place)
        leftVoid = frame.isVoid
    }

    private mutating func restore(_ frame: Frame) {
        variables.merge(frame.numbers) { $1 }
        arrays.merge(frame.arrays) { $1 }
    }
}

/// How long numbers are printed.
enum CalculatorOutput {
    /// The characters of a line, when the environment does not say otherwise.
    private static let lineLength = 70
    /// The lengths that the environment can ask for; 0 stands for no end.
    private static let lineLengths = 3...65_535

    /// A text of `print` with its escapes resolved; those that are unknown stay as they are.
    static func unescaped(_ text: String, isGNU: Bool) -> String {
        let meanings: [Character: Character] = [
            "n": "\n", "t": "\t", "a": "\u{7}", "b": "\u{8}", "f": "\u{C}", "r": "\r", "\\": "\\", "e": "\\",
        ]
        var result = ""
        var rest = text[...]
        while let unit = rest.popFirst() {
            guard unit == "\\", let next = rest.popFirst() else {
                result.append(unit)
                continue
            }
            if let meaning = next == "q" && isGNU ? "\"" : meanings[next] {
                result.append(meaning)
            } else {
                result += "\\" + String(next)
            }
        }
        return result
    }

    /// A number cut into lines that go on behind a backslash, as long as the environment asks for under a name. What it
    /// asks for counts the newline, for bc a place more.
    static func wrapped(_ text: String, _ name: String, _ machine: Machine) -> String {
        let given = machine.process.environment.last { $0.name == name }.flatMap { Int($0.value) }
        if given == 0 { return text }
        let length = given.flatMap { lineLengths.contains($0) ? $0 : nil } ?? lineLength
        let limit = length - (name == "BC_LINE_LENGTH" ? 2 : 1)
        guard text.utf8.count > limit else { return text }
        var lines: [Substring] = []
        var rest = text[...]
        while rest.utf8.count > limit {
            lines.append(rest.prefix(limit))
            rest = rest.dropFirst(limit)
        }
        return (lines + [rest]).joined(separator: "\\\n")
    }
}
