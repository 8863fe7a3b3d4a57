// SPDX-License-Identifier: Apache-2.0
// bc: carries out what its programs were translated to, so that it can stop behind any step.

import PodiumMachinery

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
    }

    private let words: [String]
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
    private var builtBytes = 0
    /// The functions of the library, which later lines find.
    private var libraryNames = BcNames()

    init(words: [String]) {
        self.words = words
        let options = AppletOptions(words)
        files = options.words[...]
        isLibrary = options.has("l") || options["mathlib"] != nil
        if isLibrary { parser = BcParser(Array(BcLibrary.source.utf8), BcNames()) }
    }

    mutating func run(_ machine: inout Machine) -> Progress {
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
                input += try machine.contents(path).prefix(CalculatorLimits.programBytes - input.count)
                if input.last != 0x0A { input.append(0x0A) }
            } catch {
                throw CalculatorFault(text: "can't open '\(path)': \(error.text)")
            }
            return nil
        }
        switch machine.read(0) {
        case .bytes(let bytes): input += bytes.prefix(max(0, CalculatorLimits.programBytes - input.count))
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
            machine.complain("(standard_in) \(parser?.line ?? 1): syntax error")
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
        builtBytes += number.size
        guard builtBytes > CalculatorLimits.bytes else { return }
        let tables = [variables] + Array(arrays.values) + frames.map(\.numbers) + frames.flatMap(\.arrays.values)
        let live = tables.reduce(stack.reduce(0) { $0 + $1.size }) { $1.values.reduce($0) { $0 + $1.size } }
        machine.charge(bytes: live)
        if live > CalculatorLimits.bytes { throw CalculatorFault(text: "out of memory") }
        builtBytes = live
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
        switch instruction {
        case .number(let text): try push(DecimalNumber(digits: text, base: inputBase), machine)
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
            let value = try apply(operation, old, operand, machine)
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
            try push(try apply(operation, pop(), right, machine), machine)
        case .negate: try push(pop().negated, machine)
        case .not: try push(DecimalNumber(pop().isZero ? 1 : 0), machine)
        case .squareRoot:
            let value = pop()
            let bytes = value.size + scale / 2
            machine.charge(bytes: bytes * bytes)
            try push(try value.squareRoot(scale: scale), machine)
        case .length: try push(DecimalNumber(pop().length), machine)
        case .scale: try push(DecimalNumber(pop().scale), machine)
        case .show, .print, .text: try show(instruction, &machine)
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

    private func apply(
        _ operation: CalculatorOperator,
        _ left: DecimalNumber,
        _ right: DecimalNumber,
        _ machine: Machine
    ) throws(CalculatorFault) -> DecimalNumber {
        func truth(_ value: Bool) -> DecimalNumber { DecimalNumber(value ? 1 : 0) }
        machine.charge(bytes: left.size + right.size)
        switch operation {
        case .add: return left.plus(right)
        case .subtract: return left.plus(right.negated)
        case .multiply:
            machine.charge(bytes: left.size * right.size / 8)
            return try left.times(right, scale: scale)
        case .divide, .remainder:
            machine.charge(bytes: (left.size + scale / 2) * (right.size + scale / 2) / 8)
            return try operation == .divide
                ? left.divided(by: right, scale: scale) : left.remainder(by: right, scale: scale)
        case .power:
            let result = try left.power(right, scale: scale)
            machine.charge(bytes: result.size * result.size / 8)
            return result
        case .less: return truth(left < right)
        case .lessOrEqual: return truth(!(right < left))
        case .equal: return truth(left.isEqual(to: right))
        case .notEqual: return truth(!left.isEqual(to: right))
        case .greater: return truth(right < left)
        case .greaterOrEqual: return truth(!(left < right))
        case .and: return truth(!left.isZero && !right.isZero)
        case .or: return truth(!left.isZero || !right.isZero)
        }
    }

    private mutating func index() throws(CalculatorFault) -> Int {
        guard let index = pop().integer, (0..<CalculatorLimits.index).contains(index) else {
            throw CalculatorFault(text: "bad array index")
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
        case .scale:
            if value.isNegative { throw .negative }
            scale = try setting(value, 0...CalculatorLimits.scale, "scale", 0)
        case .inputBase: inputBase = try setting(value, 2...DecimalNumber.maximumInputBase, "ibase", 2)
        case .outputBase: outputBase = try setting(value, 2...CalculatorLimits.index, "obase", 2)
        case .last: last = value
        }
    }

    private func setting(
        _ value: DecimalNumber,
        _ range: ClosedRange<Int>,
        _ name: String,
        _ least: Int
    ) throws(CalculatorFault) -> Int {
        guard let number = value.integer, range.contains(number) else {
            throw CalculatorFault(text: "bad \(name); must be [\(least), \(range.upperBound)]")
        }
        return number
    }

    private mutating func show(_ instruction: CalculatorInstruction, _ machine: inout Machine) throws(CalculatorFault) {
        if case .text(let text) = instruction {
            machine.print(text)
            return
        }
        let value = pop()
        last = value
        if outputBase != 10 { machine.charge(bytes: value.size * value.size / 4) }
        var text = CalculatorOutput.wrapped(try value.text(base: outputBase), "BC_LINE_LENGTH", machine)
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
        var frame = Frame(code: code, place: place)
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
