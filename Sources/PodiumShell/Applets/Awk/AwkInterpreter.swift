// SPDX-License-Identifier: Apache-2.0
// The machine that runs awk programs, one instruction after the other.

import PodiumCodec
import PodiumMachinery
import PodiumRuntime

/// What one instruction comes to.
enum AwkStep: Sendable {
    case next
    case wait(Wait)
    case yield
}

/// An awk at work.
///
/// Everything that it knows stands in values, so that it can stop behind any instruction and go on later: when it has
/// to wait for input, for a child or for room in a pipe, or when it used up its turn.
struct AwkInterpreter: Program {
    /// What all texts in arrays may take together.
    static let maximumKeptBytes = 16 << 20
    /// What all other texts (variables, locals, fields) may take together; one that several share counts for each.
    private static let maximumLiveBytes = 32 << 20
    /// The length of one text.
    static let maximumTextBytes = 1 << 20
    /// Values on the stack.
    private static let maximumStack = 50_000
    /// Calls within calls.
    private static let maximumFrames = 10_000
    /// Instructions that count as one step of work.
    private static let instructionsPerStep = 16

    private enum Phase { case begin, main, end, closing }

    /// A call.
    private struct Frame {
        var segment: Int
        var place: Int
        var base: Int
        var arguments: Int
        var iterations: Int
    }

    /// A loop over the keys that an array had when it began.
    private struct Iteration {
        var keys: [[UInt8]]
        var bytes: Int
        var next = 0
    }

    let program: AwkProgram
    /// Counts the work of the present turn.
    private(set) var meter = WorkMeter()
    private var phase = Phase.begin
    private var segment = AwkProgram.beginSegment
    private var place = 0
    private var frames: [Frame] = []
    /// Where the locals of the present function begin on the stack.
    private(set) var base = 0
    var stack: [AwkValue] = []
    var globals: [AwkValue]
    var arrays: [Int: AwkArray] = [:]
    private var lastArray = 0
    /// What arrays keep.
    var keptBytes = 0
    /// What was built since all texts were last counted.
    private var builtBytes = 0
    private var iterations: [Iteration] = []
    /// What the keys take that loops go over.
    private var iterationBytes = 0
    private var openRanges: Set<Int> = []
    private var code = 0
    private var instructions = 0

    var patterns: AwkPatterns
    var record = AwkRecord()
    var streams = AwkStreams()
    var setting = AwkSetting()
    var separator = AwkSeparator.unit(0x0A)
    var random = AwkRandom()
    /// The child that `system` or `close` waits for.
    var awaited: Int?

    init(_ program: AwkProgram, globals: [AwkValue]) {
        self.program = program
        self.globals = globals
        patterns = AwkPatterns(program.patterns)
    }

    var heldBytes: Int {
        streams.heldBytes + keptBytes + iterationBytes + liveBytes + patterns.heldBytes + program.byteCount
    }

    /// What texts in variables, in fields and on the stack take; one that several share counts for each.
    private var liveBytes: Int {
        let fields = record.fields.reduce(record.text.size) { $0 + $1.size }
        let live = globals.reduce(fields) { $0 + $1.size } + stack.reduce(0) { $0 + $1.size }
        return live + (record.fields.count + stack.count) * MemoryLayout<AwkValue>.size
    }

    mutating func run(_ machine: inout Machine) -> Progress {
        meter = machine.meter
        do {
            while true {
                instructions += 1
                if instructions % Self.instructionsPerStep == 0 { machine.spend() }
                if machine.mustYield { return .ready }
                switch try step(&machine) {
                case .next: continue
                case .yield: return .ready
                case .wait(let wait): return .blocked(wait)
                case nil: return .exited(code & 0xFF)
                }
            }
        } catch {
            machine.complain("awk: \(error.line > 0 ? "cmd. line:\(error.line): " : "")\(error.text)")
            return .exited(1)
        }
    }

    /// A fault at the present instruction.
    func fault(_ text: String) -> AwkFault {
        let lines = program.segments[segment].lines
        return AwkFault(text: text, line: place < lines.count ? lines[place] : lines.last ?? 1)
    }

    /// Does one instruction; nil when the program has ended.
    private mutating func step(_ machine: inout Machine) throws(AwkFault) -> AwkStep? {
        if phase == .closing { return closeAll(&machine) }
        guard place < program.segments[segment].code.count else { return try endSegment(&machine) }
        return try execute(program.segments[segment].code[place], &machine)
    }

    private mutating func endSegment(_ machine: inout Machine) throws(AwkFault) -> AwkStep {
        switch phase {
        case .begin:
            guard program.readsInput else {
                phase = .closing
                return .next
            }
            phase = .main
            segment = AwkProgram.mainSegment
            // There is nothing to do yet, which reads the first record.
            place = program.segments[segment].code.count
        case .main:
            switch try readMain(&machine) {
            case .record(let bytes, let mark):
                setRecord(bytes)
                globals[AwkProgram.Special.recordTerminator.rawValue] = .text(mark)
                countRecord()
                place = 0
            case .end: beginEnd()
            case .failed(let errno): throw fault(errno.text)
            case .wait(let wait): return .wait(wait)
            case .yield: return .yield
            }
        case .end, .closing: phase = .closing
        }
        return .next
    }

    private mutating func beginEnd() {
        unwind()
        phase = .end
        segment = AwkProgram.endSegment
        place = 0
    }

    /// Leaves all calls and loops.
    private mutating func unwind() {
        while !frames.isEmpty { leave() }
        stack = []
        endIterations(downTo: 0)
        base = 0
    }

    /// Counts a record of the main input.
    mutating func countRecord() {
        for special in [AwkProgram.Special.recordNumber, .fileRecordNumber] {
            globals[special.rawValue] = .number(globals[special.rawValue].number + 1)
        }
    }

    // Instructions

    mutating func pop() -> AwkValue { stack.popLast() ?? .none }

    mutating func push(_ value: AwkValue) { stack.append(value) }

    private mutating func execute(
        _ instruction: AwkInstruction,
        _ machine: inout Machine
    ) throws(AwkFault) -> AwkStep {
        if stack.count > Self.maximumStack { throw fault("Out of memory") }
        switch instruction {
        case .getline(let input, let target): return try getline(input, target, &machine)
        case .builtin(let function, let count) where count > 1 && function.takesOneArgument:
            throw fault("Too many arguments")
        case .builtin(.close, _): return close(&machine)
        case .builtin(.system, _): return system(&machine)
        case .builtin(let function, let count): try call(function, count, &machine)
        case .print(let count, let output): try print(count, output, &machine)
        case .format(let count, let output): try format(count, output, &machine)
        case .substitute(let isGlobal, let target): try substitute(isGlobal, target, &machine)
        case .call(let number, let count): return try enter(number, count)
        case .return:
            returnFromCall()
            return .next
        case .exit(let hasCode):
            exit(hasCode)
            return .next
        case .next:
            unwind()
            // The end of the rules reads the next record.
            segment = AwkProgram.mainSegment
            place = phase == .main ? program.segments[segment].code.count : place
            if phase != .main { exit(false) }
            return .next
        case .nextFile:
            unwind()
            streams.skipsFile = true
            segment = AwkProgram.mainSegment
            place = program.segments[segment].code.count
            return .next
        case .jump, .jumpIfTrue, .jumpIfFalse, .jumpIfOpen, .iterate:
            try jump(instruction)
            return .next
        default: try compute(instruction)
        }
        place += 1
        return .next
    }

    /// Goes on behind an instruction that waited.
    mutating func advance(_ value: AwkValue) {
        push(value)
        place += 1
    }

    private mutating func jump(_ instruction: AwkInstruction) throws(AwkFault) {
        switch instruction {
        case .jump(let goal): place = goal
        case .jumpIfTrue(let goal): place = try isTrue(pop()) ? goal : place + 1
        case .jumpIfFalse(let goal): place = try isTrue(pop()) ? place + 1 : goal
        case .jumpIfOpen(let range, let goal): place = openRanges.contains(range) ? goal : place + 1
        case .iterate(let slot, let end):
            guard let loop = iterations.last, loop.next < loop.keys.count else {
                place = end
                return
            }
            iterations[iterations.count - 1].next += 1
            try store(.variable(slot), key: .none, .input(loop.keys[loop.next]))
            place += 1
        default: break
        }
    }

    private mutating func compute(_ instruction: AwkInstruction) throws(AwkFault) {
        switch instruction {
        case .constant(let number): push(program.constants[number])
        case .pattern(let number): push(.pattern(number))
        case .matchRecord(let number):
            push(.truth(try patterns.expression(number, setting, meter).matches(try recordText(), meter)))
        case .load(let target): push(try load(target, key: target.hasKey ? pop() : .none))
        case .store(let target):
            let value = pop()
            let key = target.hasKey ? pop() : .none
            try store(target, key: key, value)
            push(value)
        case .assign(let operation, let target):
            let operand = pop().number
            let key = target.hasKey ? pop() : .none
            let value = AwkValue.number(try apply(operation, try load(target, key: key).number, operand))
            try store(target, key: key, value)
            push(value)
        case .increment(let target, let step, let isPostfix):
            let key = target.hasKey ? pop() : .none
            let old = try load(target, key: key).number
            try store(target, key: key, .number(old + step))
            push(.number(isPostfix ? old : old + step))
        case .arithmetic(let operation):
            let right = pop().number
            push(.number(try apply(operation, pop().number, right)))
        case .compare(let comparison):
            let right = pop()
            push(.truth(compare(comparison, pop(), right)))
        case .match(let isNegated):
            let expression = try expression(pop())
            push(.truth(expression.matches(text(pop()), meter) != isNegated))
        case .concatenate:
            let right = text(pop())
            try push(bounded: text(pop()) + right)
        case .negate: push(.number(-pop().number))
        case .plus: push(.number(pop().number))
        case .not: push(.truth(try !isTrue(pop())))
        case .truth: push(.truth(try isTrue(pop())))
        case .pop: _ = pop()
        case .setRange(let number, let isOpen):
            if isOpen { openRanges.insert(number) } else { openRanges.remove(number) }
        default: try computeArrays(instruction)
        }
    }

    private mutating func computeArrays(_ instruction: AwkInstruction) throws(AwkFault) {
        switch instruction {
        case .subscripts(let count):
            let separator = text(globals[AwkProgram.Special.subscriptSeparator.rawValue])
            let key = try joined(stack.suffix(count), by: separator, setting.conversion)
            stack.removeLast(count)
            push(.text(key))
        case .contains(let slot):
            let key = text(pop())
            push(.truth(arrays[try array(slot)]?.contains(key, meter) ?? false))
        case .delete(let slot):
            let key = text(pop())
            keptBytes -= arrays[try array(slot)]?.remove(key, meter) ?? 0
        case .deleteAll(let slot): clear(try array(slot))
        case .argument(let slot): push(try argument(slot))
        case .arrayArgument(let slot): push(.array(try array(slot)))
        case .beginIteration(let slot): try beginIteration(try array(slot))
        case .endIteration: endIterations(downTo: iterations.count - 1)
        default: break
        }
    }

    /// Notes the keys of an array for a loop, since the array may change while it runs.
    private mutating func beginIteration(_ number: Int) throws(AwkFault) {
        let array = arrays[number] ?? AwkArray()
        meter.charge(bytes: array.walkBytes)
        // Keys that are removed meanwhile live on in the loop.
        let bytes = array.keyBytes
        guard iterationBytes + bytes <= Self.maximumKeptBytes else { throw fault("Out of memory") }
        iterationBytes += bytes
        iterations.append(Iteration(keys: array.keys, bytes: bytes))
    }

    private mutating func endIterations(downTo count: Int) {
        while iterations.count > max(0, count), let loop = iterations.popLast() { iterationBytes -= loop.bytes }
    }

    /// Pushes a text, if it is not too long.
    mutating func push(bounded text: [UInt8]) throws(AwkFault) {
        if text.count > Self.maximumTextBytes { throw fault("Out of memory") }
        try count(built: text.count)
        push(.text(text))
    }

    /// Counts bytes that a new text takes, as work and as memory.
    mutating func count(built bytes: Int) throws(AwkFault) {
        meter.charge(bytes: bytes)
        builtBytes += bytes
        guard builtBytes > Self.maximumLiveBytes else { return }
        let live = liveBytes
        meter.charge(bytes: (globals.count + stack.count + record.fields.count) * MemoryLayout<AwkValue>.size)
        if live > Self.maximumLiveBytes { throw fault("Out of memory") }
        builtBytes = live
    }

    private func apply(_ operation: AwkOperation, _ left: Double, _ right: Double) throws(AwkFault) -> Double {
        switch operation {
        case .add: return left + right
        case .subtract: return left - right
        case .multiply: return left * right
        case .divide:
            if right == 0 { throw fault("Division by zero") }
            return left / right
        case .remainder:
            if right == 0 { throw fault("Division by zero") }
            return left.truncatingRemainder(dividingBy: right)
        case .power: return AwkMath.power(left, right)
        }
    }

    private func compare(_ comparison: AwkComparison, _ left: AwkValue, _ right: AwkValue) -> Bool {
        if let first = left.asNumber, let second = right.asNumber {
            switch comparison {
            case .less: return first < second
            case .lessOrEqual: return first <= second
            case .equal: return first == second
            case .notEqual: return first != second
            case .greater: return first > second
            case .greaterOrEqual: return first >= second
            }
        }
        var (first, second) = (text(left), text(right))
        meter.charge(bytes: setting.ignoresCase ? first.count + second.count : min(first.count, second.count))
        if setting.ignoresCase { (first, second) = (first.map(\.lowercased), second.map(\.lowercased)) }
        switch comparison {
        case .less: return first.lexicographicallyPrecedes(second)
        case .lessOrEqual: return !second.lexicographicallyPrecedes(first)
        case .equal: return first == second
        case .notEqual: return first != second
        case .greater: return second.lexicographicallyPrecedes(first)
        case .greaterOrEqual: return !first.lexicographicallyPrecedes(second)
        }
    }

    // Calls

    private mutating func enter(_ number: Int, _ count: Int) throws(AwkFault) -> AwkStep {
        let function = program.functions[number]
        guard let target = function.segment else { throw fault("Call to undefined function") }
        guard frames.count < Self.maximumFrames else { throw fault("Out of memory") }
        frames.append(
            Frame(
                segment: segment,
                place: place + 1,
                base: base,
                arguments: min(count, function.parameters),
                iterations: iterations.count
            )
        )
        // Arguments beyond the parameters are computed, but go nowhere.
        stack.removeLast(max(0, count - function.parameters))
        let taken = min(count, function.parameters)
        base = stack.count - taken
        for _ in taken..<function.parameters { push(.none) }
        segment = target
        place = 0
        return .next
    }

    private mutating func returnFromCall() {
        let value = pop()
        if frames.isEmpty { return exit(false) }
        leave()
        push(value)
    }

    /// Forgets the innermost call with its locals.
    private mutating func leave() {
        guard let frame = frames.popLast() else { return }
        for index in stack.indices.dropFirst(base + frame.arguments) {
            if case .array(let number) = stack[index] { forget(number) }
        }
        stack.removeLast(stack.count - base)
        endIterations(downTo: frame.iterations)
        base = frame.base
        segment = frame.segment
        place = frame.place
    }

    /// A new array.
    mutating func makeArray() -> Int {
        lastArray += 1
        arrays[lastArray] = AwkArray()
        return lastArray
    }

    private mutating func forget(_ number: Int) {
        clear(number)
        keptBytes -= arrays.removeValue(forKey: number)?.tableBytes ?? 0
    }

    mutating func clear(_ number: Int) { keptBytes -= arrays[number]?.removeAll(meter) ?? 0 }

    private mutating func exit(_ hasCode: Bool) {
        if hasCode { code = AwkNumber.integer(pop().number) }
        if phase == .begin || phase == .main {
            beginEnd()
        } else {
            unwind()
            phase = .closing
        }
    }
}
