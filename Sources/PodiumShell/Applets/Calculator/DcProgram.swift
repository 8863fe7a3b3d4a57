// SPDX-License-Identifier: Apache-2.0
// dc: a calculator on a stack.

import PodiumCodec
import PodiumMachinery
import PodiumRuntime

/// What stands on the stack of `dc`.
enum DcValue: Sendable {
    case number(DecimalNumber)
    case text([UInt8])

    /// The bytes that it keeps.
    var size: Int {
        switch self {
        case .number(let number): number.keptBytes
        case .text(let bytes): bytes.count + 64
        }
    }
}

/// `dc`.
struct DcProgram: Program {
    /// Values on one stack.
    private static let maximumStack = 10_000

    private struct Frame {
        var bytes: [UInt8]
        var place = 0
    }

    private var sources: [(text: String, isFile: Bool)] = []
    private var readsInput: Bool
    /// Whether what is carried out came from there.
    private var sourceIsInput = false
    private var input: [UInt8] = []
    private var frames: [Frame] = []
    private var stack: [DcValue] = []
    private var registers: [UInt8: [DcValue]] = [:]
    private var arrays: [UInt8: [Int: DcValue]] = [:]
    private var scale = 0
    private var inputBase = 10
    private var outputBase = 10
    private var hold = CalculatorHold()
    /// How many values `f` has still to print.
    private var shown = 0
    /// The line that `?` reads.
    private var question: [UInt8]?
    private var unknownOption: Character?

    init(words: [String]) {
        var rest = words.dropFirst()
        while let word = rest.popFirst() {
            if word == "-e" || word == "-f" {
                sources.append((rest.popFirst() ?? "", word == "-f"))
            } else if word.hasPrefix("-e") || word.hasPrefix("-f") {
                sources.append((String(word.dropFirst(2)), word.hasPrefix("-f")))
            } else if word.hasPrefix("-"), word.utf8.count > 1, word != "-x", word != "--" {
                unknownOption = unknownOption ?? word.dropFirst().first
            } else if word != "-x", word != "--" {
                sources.append((word, true))
            }
        }
        readsInput = sources.isEmpty
    }

    var heldBytes: Int { frames.reduce(hold.bytes + input.count + (question?.count ?? 0)) { $0 + $1.bytes.count } }

    mutating func run(_ machine: inout Machine) -> Progress {
        if let unknownOption {
            machine.complain("dc: invalid option -- '\(unknownOption)'")
            machine.complain("Usage: dc [-x] [-eSCRIPT]... [-fFILE]... [FILE]...")
            return .exited(1)
        }
        while true {
            if machine.mustYield { return .ready }
            do throws(CalculatorFault) {
                if question != nil {
                    if let wait = try ask(&machine) { return .blocked(wait) }
                } else if !frames.isEmpty {
                    if try step(&machine) { return .exited(0) }
                } else if !sources.isEmpty {
                    try begin(sources.removeFirst(), machine)
                } else if readsInput {
                    switch machine.read(0) {
                    case .bytes(let bytes): input += bytes.prefix(max(0, CalculatorLimits.programBytes - input.count))
                    case .wait(let wait): return .blocked(wait)
                    case .end, .failed:
                        readsInput = false
                        sourceIsInput = true
                        frames = [Frame(bytes: input)]
                        input = []
                    }
                } else {
                    return .exited(0)
                }
            } catch {
                machine.complain("dc: \(error.text)")
                return .exited(1)
            }
        }
    }

    private mutating func begin(_ source: (text: String, isFile: Bool), _ machine: Machine) throws(CalculatorFault) {
        guard source.isFile else {
            frames = [Frame(bytes: Array(source.text.utf8))]
            return
        }
        do throws(Errno) {
            frames = [Frame(bytes: Array(try machine.contents(source.text).prefix(CalculatorLimits.programBytes)))]
        } catch {
            throw CalculatorFault(text: "can't open '\(source.text)': \(error.text)")
        }
    }

    // The stack

    private mutating func pop() throws(CalculatorFault) -> DcValue {
        guard let value = stack.popLast() else { throw CalculatorFault(text: "stack has too few elements") }
        return value
    }

    private mutating func number() throws(CalculatorFault) -> DecimalNumber {
        guard case .number(let number) = try pop() else { throw CalculatorFault(text: "variable is wrong type") }
        return number
    }

    private mutating func push(_ value: DcValue, _ machine: Machine) throws(CalculatorFault) {
        if stack.count >= Self.maximumStack { throw CalculatorFault(text: "out of memory") }
        stack.append(value)
        machine.charge(bytes: value.size)
        hold.add(value.size)
        guard hold.needsCount else { return }
        let lists = [stack] + Array(registers.values) + arrays.values.map { Array($0.values) }
        try hold.count(lists.joined().reduce(0) { $0 + $1.size }, machine.meter)
    }

    private mutating func push(_ number: DecimalNumber, _ machine: Machine) throws(CalculatorFault) {
        try push(.number(number), machine)
    }

    // Steps

    private mutating func next() -> UInt8? {
        let last = frames.count - 1
        guard frames[last].place < frames[last].bytes.count else { return nil }
        frames[last].place += 1
        return frames[last].bytes[frames[last].place - 1]
    }

    private mutating func register() throws(CalculatorFault) -> UInt8 {
        guard let name = next() else { throw CalculatorFault(text: "bad token") }
        return name
    }

    /// Reads the line for `?`, and makes it a macro; what it waits for, if it has to.
    private mutating func ask(_ machine: inout Machine) throws(CalculatorFault) -> Wait? {
        if sourceIsInput, let line = takeLine() {
            question = nil
            try execute(.text(line))
            return nil
        }
        switch machine.readPiece(0) {
        case .wait(let wait): return wait
        case .bytes(let bytes):
            question?.append(contentsOf: bytes)
            if (question?.count ?? 0) > CalculatorLimits.programBytes { throw CalculatorFault(text: "out of memory") }
            if bytes.last != 0x0A { return nil }
        case .end, .failed: break
        }
        let line = question ?? []
        question = nil
        try execute(.text(line))
        return nil
    }

    /// Takes the next line out of a program that comes from standard input.
    private mutating func takeLine() -> [UInt8]? {
        guard let main = frames.first else { return nil }
        let rest = main.bytes[main.place...]
        let begin = (rest.firstIndex(of: 0x0A) ?? main.bytes.count - 1) + 1
        let end = main.bytes[begin...].firstIndex(of: 0x0A).map { $0 + 1 } ?? main.bytes.count
        let line = Array(main.bytes[begin..<end])
        frames[0].bytes.removeSubrange(begin..<end)
        return line
    }

    /// Does one step; true when the program ends.
    private mutating func step(_ machine: inout Machine) throws(CalculatorFault) -> Bool {
        machine.charge(bytes: 32)
        if shown > 0 {
            shown -= 1
            if shown < stack.count { machine.print(try text(stack[shown], &machine) + "\n") }
            return false
        }
        guard let unit = next() else {
            frames.removeLast()
            return false
        }
        if unit.isDigit || unit.isUpper && unit <= UInt8(ascii: "F") || ".[_".utf8.contains(unit) {
            try readValue(unit, machine)
            return false
        }
        switch Character(UnicodeScalar(unit)) {
        case "+", "-", "*", "/", "%", "^", "~", "|", "v": try calculate(unit, machine)
        case "p", "n", "f", "P": try show(unit, &machine)
        case "c": stack = []
        case "d":
            let value = try pop()
            stack.append(value)
            try push(value, machine)
        case "r":
            let first = try pop()
            let second = try pop()
            stack += [first, second]
        case "R": _ = try pop()
        case "k", "i", "o": try set(unit)
        case "K": try push(DecimalNumber(scale), machine)
        case "I": try push(DecimalNumber(inputBase), machine)
        case "O": try push(DecimalNumber(outputBase), machine)
        case "z": try push(DecimalNumber(stack.count), machine)
        case "Z", "X": try measure(unit, machine)
        case "s", "l", "S", "L", ":", ";": try useRegister(unit, machine)
        case "x": try execute(try pop())
        case ">", "<", "=", "!": try conditional(unit)
        case "q":
            if frames.count <= 2 { return true }
            frames.removeLast(2)
        case "Q":
            guard let count = try number().integer, count >= 0 else { throw .negative }
            if count == 0 { return false }
            if count >= frames.count { return true }
            frames.removeLast(count)
        case "a":
            switch try pop() {
            case .number(let number):
                if number.isNegative { throw .negative }
                try push(.text([UInt8(truncatingIfNeeded: number.integer ?? 0)]), machine)
            case .text(let bytes): try push(.text(Array(bytes.prefix(1))), machine)
            }
        case "(", "{", "G", "N": try compare(unit, machine)
        case "#": while let unit = next(), unit != 0x0A {}
        case " ", "\t", "\n", "\r": break
        case "?": question = []
        default: throw CalculatorFault(text: "bad character '\(Character(UnicodeScalar(unit)))'")
        }
        return false
    }

    private mutating func readValue(_ first: UInt8, _ machine: Machine) throws(CalculatorFault) {
        if first == UInt8(ascii: "[") {
            var depth = 1
            var text: [UInt8] = []
            while let unit = next() {
                if unit == UInt8(ascii: "[") { depth += 1 }
                if unit == UInt8(ascii: "]") { depth -= 1 }
                if depth == 0 { return try push(.text(text), machine) }
                text.append(unit)
            }
            throw CalculatorFault(text: "unterminated string")
        }
        var digits: [UInt8] = first == UInt8(ascii: "_") ? [] : [first]
        while let unit = next() {
            let isPoint = unit == UInt8(ascii: ".") && !digits.contains(unit)
            guard unit.isDigit || unit.isUpper && unit <= UInt8(ascii: "F") || isPoint else {
                frames[frames.count - 1].place -= 1
                break
            }
            digits.append(unit)
        }
        if digits.isEmpty { throw CalculatorFault(text: "bad token") }
        let value = try DecimalNumber(digits: digits.text, base: inputBase, machine.meter)
        try push(first == UInt8(ascii: "_") ? value.negated : value, machine)
    }

    private mutating func calculate(_ unit: UInt8, _ machine: Machine) throws(CalculatorFault) {
        let needed = unit == UInt8(ascii: "v") ? 1 : unit == UInt8(ascii: "|") ? 3 : 2
        if stack.count < needed { throw CalculatorFault(text: "stack has too few elements") }
        let right = try number()
        if unit == UInt8(ascii: "v") { return try push(try right.squareRoot(scale: scale, machine.meter), machine) }
        let left = try number()
        if let operation = Self.operators[unit] {
            try push(try left.applying(operation, right, scale: scale, machine.meter), machine)
        } else if unit == UInt8(ascii: "~") {
            try push(try left.applying(.divide, right, scale: scale, machine.meter), machine)
            try push(try left.applying(.remainder, right, scale: scale, machine.meter), machine)
        } else {
            try push(try power(try number(), left, modulo: right, machine), machine)
        }
    }

    private static let operators: [UInt8: CalculatorOperator] = [
        UInt8(ascii: "+"): .add, UInt8(ascii: "-"): .subtract, UInt8(ascii: "*"): .multiply,
        UInt8(ascii: "/"): .divide, UInt8(ascii: "%"): .remainder, UInt8(ascii: "^"): .power,
    ]

    /// Comparisons that leave 1 or 0.
    private mutating func compare(_ unit: UInt8, _ machine: Machine) throws(CalculatorFault) {
        let top = try number()
        if unit == UInt8(ascii: "N") { return try push(.truth(top.isZero), machine) }
        let second = try number()
        switch Character(UnicodeScalar(unit)) {
        case "(": try push(.truth(top < second), machine)
        case "{": try push(.truth(!(second < top)), machine)
        default: try push(.truth(top.isEqual(to: second)), machine)
        }
    }

    private func power(
        _ base: DecimalNumber,
        _ exponent: DecimalNumber,
        modulo: DecimalNumber,
        _ machine: Machine
    ) throws(CalculatorFault) -> DecimalNumber {
        guard let count = exponent.integer, count >= 0 else { throw .negative }
        let size = max(base.size, modulo.size)
        machine.charge(bytes: size * size / 4)
        var result = DecimalNumber(1)
        var factor = try base.whole.remainder(by: modulo.whole, scale: 0)
        var rest = count
        while rest > 0 {
            machine.charge(bytes: factor.size * factor.size / 4)
            if rest & 1 == 1 { result = try result.times(factor, scale: 0).remainder(by: modulo.whole, scale: 0) }
            factor = try factor.times(factor, scale: 0).remainder(by: modulo.whole, scale: 0)
            rest >>= 1
        }
        return result
    }

    private mutating func show(_ unit: UInt8, _ machine: inout Machine) throws(CalculatorFault) {
        if unit == UInt8(ascii: "f") {
            // One in each step, since there can be many.
            shown = stack.count
            return
        }
        let value = try pop()
        switch Character(UnicodeScalar(unit)) {
        case "p":
            machine.print(try text(value, &machine) + "\n")
            stack.append(value)
        case "n": machine.print(try text(value, &machine) + (machine.hasBusybox ? "\n" : ""))
        default:
            guard case .number(let number) = value else { return machine.print(try text(value, &machine)) }
            if number.isNegative { throw .negative }
            machine.charge(bytes: number.size * number.size)
            var bytes: [UInt8] = []
            var rest = number.whole.magnitude
            while !rest.isZero {
                let (quotient, remainder) = rest.divided(bySmall: 256)
                bytes.append(UInt8(remainder))
                rest = quotient
            }
            machine.write(bytes.reversed(), to: 1)
        }
    }

    private func text(_ value: DcValue, _ machine: inout Machine) throws(CalculatorFault) -> String {
        switch value {
        case .text(let bytes): return bytes.text
        case .number(let number):
            return CalculatorOutput.wrapped(try number.text(base: outputBase, machine.meter), "DC_LINE_LENGTH", machine)
        }
    }

    private mutating func set(_ unit: UInt8) throws(CalculatorFault) {
        let value = try number()
        switch unit {
        case UInt8(ascii: "k"): scale = try CalculatorSetting.scale.number(value)
        case UInt8(ascii: "i"): inputBase = try CalculatorSetting.inputBase.number(value)
        default: outputBase = try CalculatorSetting.outputBase.number(value)
        }
    }

    private mutating func measure(_ unit: UInt8, _ machine: Machine) throws(CalculatorFault) {
        let isLength = unit == UInt8(ascii: "Z")
        switch try pop() {
        case .number(let number):
            let value = isLength ? number.length(isGNU: !machine.hasBusybox) : number.scale
            try push(DecimalNumber(value), machine)
        case .text(let bytes):
            if !isLength { throw CalculatorFault(text: "variable is wrong type") }
            try push(DecimalNumber(bytes.count), machine)
        }
    }

    private mutating func useRegister(_ unit: UInt8, _ machine: Machine) throws(CalculatorFault) {
        guard let name = next() else { throw CalculatorFault(text: "bad token at '\(Character(UnicodeScalar(unit)))'") }
        switch Character(UnicodeScalar(unit)) {
        case "s":
            var list = registers[name] ?? []
            _ = list.popLast()
            registers[name] = list + [try pop()]
        case "l": try push(registers[name]?.last ?? .number(DecimalNumber(0)), machine)
        case "S":
            guard registers[name]?.count ?? 0 < Self.maximumStack else { throw CalculatorFault(text: "out of memory") }
            registers[name, default: []].append(try pop())
        case "L":
            guard let value = registers[name]?.popLast() else {
                throw CalculatorFault(text: "stack has too few elements")
            }
            try push(value, machine)
        default:
            guard let index = try number().integer, (0..<CalculatorLimits.index).contains(index) else {
                throw CalculatorFault(text: "bad array index")
            }
            if unit == UInt8(ascii: ":") {
                arrays[name, default: [:]][index] = try pop()
            } else {
                try push(arrays[name]?[index] ?? .number(DecimalNumber(0)), machine)
            }
        }
    }

    private mutating func execute(_ value: DcValue) throws(CalculatorFault) {
        guard case .text(let bytes) = value else {
            stack.append(value)
            return
        }
        // A macro at the end of another one takes its place, so that loops need no room.
        if let frame = frames.last, frame.place >= frame.bytes.count, frames.count > 1 { frames.removeLast() }
        if frames.count >= CalculatorLimits.frames { throw CalculatorFault(text: "out of memory") }
        frames.append(Frame(bytes: bytes))
    }

    private mutating func conditional(_ unit: UInt8) throws(CalculatorFault) {
        var comparison = unit
        let isNegated = unit == UInt8(ascii: "!")
        if isNegated {
            comparison = next() ?? 0
            guard "<>=".utf8.contains(comparison) else { throw CalculatorFault(text: "bad character '!'") }
        }
        let name = try register()
        let top = try number()
        let second = try number()
        let holds =
            switch comparison {
            case UInt8(ascii: ">"): second < top
            case UInt8(ascii: "<"): top < second
            default: top.isEqual(to: second)
            }
        // Another macro may be named for the case that it does not hold.
        var chosen: UInt8? = holds != isNegated ? name : nil
        if frames[frames.count - 1].bytes.dropFirst(frames[frames.count - 1].place).first == UInt8(ascii: "e") {
            _ = next()
            guard let other = next() else { throw CalculatorFault(text: "bad token at 'e'") }
            chosen = chosen ?? other
        }
        guard let chosen else { return }
        guard case .text? = registers[chosen]?.last, let macro = registers[chosen]?.last else {
            throw CalculatorFault(text: "variable is wrong type")
        }
        try execute(macro)
    }
}
