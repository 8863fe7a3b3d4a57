// SPDX-License-Identifier: Apache-2.0
// dc: a calculator on a stack.

import PodiumMachinery

/// What stands on the stack of `dc`.
enum DcValue: Sendable {
    case number(DecimalNumber)
    case text([UInt8])

    /// The bytes that it keeps.
    var size: Int {
        switch self {
        case .number(let number): number.size
        case .text(let bytes): bytes.count + 8
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
    private var input: [UInt8] = []
    private var frames: [Frame] = []
    private var stack: [DcValue] = []
    private var registers: [UInt8: [DcValue]] = [:]
    private var arrays: [UInt8: [Int: DcValue]] = [:]
    private var scale = 0
    private var inputBase = 10
    private var outputBase = 10
    private var builtBytes = 0

    init(words: [String]) {
        var rest = words.dropFirst()
        while let word = rest.popFirst() {
            if word == "-e" || word == "-f" {
                sources.append((rest.popFirst() ?? "", word == "-f"))
            } else if word.hasPrefix("-e") || word.hasPrefix("-f") {
                sources.append((String(word.dropFirst(2)), word.hasPrefix("-f")))
            } else if word != "-x", word != "--" {
                sources.append((word, true))
            }
        }
        readsInput = sources.isEmpty
    }

    mutating func run(_ machine: inout Machine) -> Progress {
        while true {
            if machine.mustYield { return .ready }
            do throws(CalculatorFault) {
                if !frames.isEmpty {
                    if try step(&machine) { return .exited(0) }
                } else if !sources.isEmpty {
                    try begin(sources.removeFirst(), machine)
                } else if readsInput {
                    switch machine.read(0) {
                    case .bytes(let bytes): input += bytes.prefix(max(0, CalculatorLimits.programBytes - input.count))
                    case .wait(let wait): return .blocked(wait)
                    case .end, .failed:
                        readsInput = false
                        frames = [Frame(bytes: input)]
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
        builtBytes += value.size
        guard builtBytes > CalculatorLimits.bytes else { return }
        let lists = [stack] + Array(registers.values) + arrays.values.map { Array($0.values) }
        let live = lists.joined().reduce(0) { $0 + $1.size }
        machine.charge(bytes: live)
        if live > CalculatorLimits.bytes { throw CalculatorFault(text: "out of memory") }
        builtBytes = live
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

    /// Does one step; true when the program ends.
    private mutating func step(_ machine: inout Machine) throws(CalculatorFault) -> Bool {
        machine.charge(bytes: 32)
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
            guard let count = try number().integer, count > 0 else { throw .negative }
            if count >= frames.count { return true }
            frames.removeLast(count)
        case "a":
            let value = try pop()
            if case .number(let number) = value {
                try push(.text([UInt8(truncatingIfNeeded: number.integer ?? 0)]), machine)
            } else {
                stack.append(value)
            }
        case "#": while let unit = next(), unit != 0x0A {}
        case " ", "\t", "\n", "\r": break
        case "?": break
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
        let value = try DecimalNumber(digits: digits.text, base: inputBase)
        try push(first == UInt8(ascii: "_") ? value.negated : value, machine)
    }

    private mutating func calculate(_ unit: UInt8, _ machine: Machine) throws(CalculatorFault) {
        let needed = unit == UInt8(ascii: "v") ? 1 : unit == UInt8(ascii: "|") ? 3 : 2
        if stack.count < needed { throw CalculatorFault(text: "stack has too few elements") }
        let right = try number()
        machine.charge(bytes: (right.size + scale / 2) * (right.size + scale / 2) / 8)
        if unit == UInt8(ascii: "v") { return try push(try right.squareRoot(scale: scale), machine) }
        let left = try number()
        machine.charge(bytes: (left.size + scale / 2) * (right.size + scale / 2) / 8)
        switch Character(UnicodeScalar(unit)) {
        case "+": try push(left.plus(right), machine)
        case "-": try push(left.plus(right.negated), machine)
        case "*": try push(try left.times(right, scale: scale), machine)
        case "/": try push(try left.divided(by: right, scale: scale), machine)
        case "%": try push(try left.remainder(by: right, scale: scale), machine)
        case "^":
            let result = try left.power(right, scale: scale)
            machine.charge(bytes: result.size * result.size / 8)
            try push(result, machine)
        case "~":
            try push(try left.divided(by: right, scale: scale), machine)
            try push(try left.remainder(by: right, scale: scale), machine)
        default: try push(try power(try number(), left, modulo: right, machine), machine)
        }
    }

    private func power(
        _ base: DecimalNumber,
        _ exponent: DecimalNumber,
        modulo: DecimalNumber,
        _ machine: Machine
    ) throws(CalculatorFault) -> DecimalNumber {
        guard let count = exponent.integer, count >= 0 else { throw .negative }
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
            for value in stack.reversed() { machine.print(try text(value, &machine) + "\n") }
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
            if outputBase != 10 { machine.charge(bytes: number.size * number.size / 4) }
            return CalculatorOutput.wrapped(try number.text(base: outputBase), "DC_LINE_LENGTH", machine)
        }
    }

    private mutating func set(_ unit: UInt8) throws(CalculatorFault) {
        let value = try number()
        if value.isNegative { throw .negative }
        let given = value.integer ?? .max
        let (name, range): (String, ClosedRange<Int>) =
            switch unit {
            case UInt8(ascii: "k"): ("scale", 0...CalculatorLimits.scale)
            case UInt8(ascii: "i"): ("ibase", 2...DecimalNumber.maximumInputBase)
            default: ("obase", 2...CalculatorLimits.index)
            }
        guard range.contains(given) else {
            throw CalculatorFault(text: "bad \(name); must be [\(range.lowerBound), \(range.upperBound)]")
        }
        switch unit {
        case UInt8(ascii: "k"): scale = given
        case UInt8(ascii: "i"): inputBase = given
        default: outputBase = given
        }
    }

    private mutating func measure(_ unit: UInt8, _ machine: Machine) throws(CalculatorFault) {
        let isLength = unit == UInt8(ascii: "Z")
        switch try pop() {
        case .number(let number): try push(DecimalNumber(isLength ? number.length : number.scale), machine)
        case .text(let bytes): try push(DecimalNumber(isLength ? bytes.count : 0), machine)
        }
    }

    private mutating func useRegister(_ unit: UInt8, _ machine: Machine) throws(CalculatorFault) {
        let name = try register()
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
        guard holds != isNegated else { return }
        guard case .text? = registers[name]?.last, let macro = registers[name]?.last else {
            throw CalculatorFault(text: "variable is wrong type")
        }
        try execute(macro)
    }
}
