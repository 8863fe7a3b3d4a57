// SPDX-License-Identifier: Apache-2.0
// Reads awk programs: rules, functions and statements.

import PodiumRuntime

/// A cursor over the words of a program, which writes down instructions as it goes.
struct AwkParser {
    /// Statements and expressions within each other.
    private static let maximumDepth = 100
    /// Instructions of one program.
    static let maximumInstructions = 100_000

    var lexer: AwkLexer
    var token = AwkToken.newline
    var program: AwkProgram
    /// The segment that instructions are written to.
    var segment = AwkProgram.mainSegment
    /// The parameters of the function that is being read.
    var locals: [String: Int] = [:]
    var functionNumbers: [String: Int] = [:]
    var depth = 0
    /// Whether `>` ends an expression, as it does behind `print`.
    var stopsAtGreater = false
    private var loops: [Loop] = []

    /// A loop with jumps whose goal is not known yet.
    private struct Loop {
        var breaks: [Int] = []
        var continues: [Int] = []
    }

    private init() {
        lexer = AwkLexer([])
        program = AwkProgram()
    }

    /// The whole program, whose texts are read one after the other.
    static func parse(_ texts: [[UInt8]]) throws(AwkFault) -> AwkProgram {
        var parser = AwkParser()
        for text in texts { try parser.parse(text) }
        return parser.program
    }

    private mutating func parse(_ text: [UInt8]) throws(AwkFault) {
        lexer = AwkLexer(text)
        try advance()
        try skipTerminators()
        while token != .end {
            try item()
            try skipTerminators()
        }
    }

    // Words

    func fault(_ text: String = "Unexpected token") -> AwkFault { AwkFault(text: text, line: lexer.line) }

    mutating func advance() throws(AwkFault) { token = try lexer.next() }

    /// Goes one level deeper. Whatever reads what it is part of itself does so, or a program could use up the stack.
    mutating func descend() throws(AwkFault) {
        depth += 1
        if depth > Self.maximumDepth { throw fault("program is too large") }
    }

    /// Takes a symbol when it is there.
    mutating func take(_ symbol: String) throws(AwkFault) -> Bool {
        guard token == .symbol(symbol) else { return false }
        try advance()
        return true
    }

    mutating func take(_ keyword: AwkKeyword) throws(AwkFault) -> Bool {
        guard token == .keyword(keyword) else { return false }
        try advance()
        return true
    }

    mutating func expect(_ symbol: String) throws(AwkFault) {
        guard try take(symbol) else { throw fault() }
    }

    /// A place to go back to: what is read there, and how much was written before it.
    struct Mark {
        fileprivate var lexer: AwkLexer
        fileprivate var token: AwkToken
        fileprivate var instructions: Int
        fileprivate var constants: Int
        fileprivate var patterns: Int
    }

    /// The present place. A copy of the whole parser would make the next instruction copy the whole program.
    var mark: Mark {
        Mark(
            lexer: lexer,
            token: token,
            instructions: place,
            constants: program.constants.count,
            patterns: program.patterns.count
        )
    }

    mutating func goBack(to mark: Mark) {
        (lexer, token) = (mark.lexer, mark.token)
        program.segments[segment].code.removeLast(place - mark.instructions)
        program.segments[segment].lines.removeLast(program.segments[segment].lines.count - mark.instructions)
        program.constants.removeLast(program.constants.count - mark.constants)
        program.patterns.removeLast(program.patterns.count - mark.patterns)
    }

    mutating func skipNewlines() throws(AwkFault) { while token == .newline { try advance() } }

    private mutating func skipTerminators() throws(AwkFault) {
        while token == .newline || token == .symbol(";") { try advance() }
    }

    // Instructions

    var place: Int { program.segments[segment].code.count }

    mutating func emit(_ instruction: AwkInstruction) {
        program.segments[segment].code.append(instruction)
        program.segments[segment].lines.append(lexer.line)
    }

    /// Writes a jump that is given its goal later.
    mutating func emitJump(_ make: (Int) -> AwkInstruction) -> (Int) {
        emit(make(0))
        return place - 1
    }

    /// Lets a jump lead to the present place, or to `goal`.
    mutating func settle(_ jump: Int, to goal: Int? = nil) {
        let goal = goal ?? place
        switch program.segments[segment].code[jump] {
        case .jumpIfTrue: program.segments[segment].code[jump] = .jumpIfTrue(goal)
        case .jumpIfFalse: program.segments[segment].code[jump] = .jumpIfFalse(goal)
        case .iterate(let slot, _): program.segments[segment].code[jump] = .iterate(slot, end: goal)
        case .jumpIfOpen(let range, _): program.segments[segment].code[jump] = .jumpIfOpen(range: range, goal)
        default: program.segments[segment].code[jump] = .jump(goal)
        }
    }

    mutating func constant(_ value: AwkValue) {
        program.constants.append(value)
        emit(.constant(program.constants.count - 1))
    }

    func slot(_ name: String) -> AwkSlot? {
        locals[name].map { .local($0) } ?? program.globals[name].map { .global($0) }
    }

    /// The variable of a name, made when it is new.
    mutating func variable(_ name: String) -> AwkSlot {
        if let known = slot(name) { return known }
        let number = program.globals.count
        program.globals[name] = number
        return .global(number)
    }

    // Rules

    private mutating func item() throws(AwkFault) {
        if place > Self.maximumInstructions { throw fault("program is too large") }
        if token == .keyword(.begin) || token == .keyword(.end) {
            segment = token == .keyword(.begin) ? AwkProgram.beginSegment : AwkProgram.endSegment
            try advance()
            guard token == .symbol("{") else { throw fault() }
            try block()
        } else if try take(.function) {
            try function()
        } else if try take(.func) {
            try function()
        } else {
            segment = AwkProgram.mainSegment
            try rule()
        }
        segment = AwkProgram.mainSegment
    }

    private mutating func rule() throws(AwkFault) {
        var exits: [Int] = []
        if token != .symbol("{") {
            let begin = place
            try expression()
            if try take(",") {
                exits = try range(from: begin)
            } else {
                exits.append(emitJump { .jumpIfFalse($0) })
            }
        }
        if token == .symbol("{") {
            try block()
        } else {
            emit(.print(count: 0, .standard))
        }
        for exit in exits { settle(exit) }
    }

    /// The second half of `from, to`. The test for the beginning was written already and is moved behind a jump.
    private mutating func range(from begin: Int) throws(AwkFault) -> [Int] {
        let number = program.ranges
        program.ranges += 1
        let moved = Array(program.segments[segment].code[begin...])
        program.segments[segment].code[begin...] = [.jumpIfOpen(range: number, 0)]
        program.segments[segment].code += moved.map { Self.shifted($0) }
        program.segments[segment].lines.append(lexer.line)
        let exit = emitJump { .jumpIfFalse($0) }
        emit(.setRange(number, isOpen: true))
        settle(begin)
        try skipNewlines()
        try expression()
        let stays = emitJump { .jumpIfFalse($0) }
        emit(.setRange(number, isOpen: false))
        settle(stays)
        return [exit]
    }

    private static func shifted(_ instruction: AwkInstruction) -> AwkInstruction {
        switch instruction {
        case .jump(let goal): .jump(goal + 1)
        case .jumpIfTrue(let goal): .jumpIfTrue(goal + 1)
        case .jumpIfFalse(let goal): .jumpIfFalse(goal + 1)
        default: instruction
        }
    }

    private mutating func function() throws(AwkFault) {
        let name: String
        switch token {
        case .name(let text), .call(let text): name = text
        default: throw fault()
        }
        try advance()
        try expect("(")
        var parameters: [String] = []
        while case .name(let parameter) = token {
            parameters.append(parameter)
            try advance()
            guard try take(",") else { break }
            try skipNewlines()
        }
        try expect(")")
        try skipNewlines()
        let number = functionNumber(name)
        guard program.functions[number].segment == nil else { throw fault("Duplicate function") }
        program.segments.append(AwkSegment())
        segment = program.segments.count - 1
        program.functions[number].segment = segment
        program.functions[number].parameters = parameters.count
        locals = Dictionary(parameters.enumerated().map { ($1, $0) }) { first, _ in first }
        guard token == .symbol("{") else { throw fault() }
        try block()
        constant(.none)
        emit(.return)
        locals = [:]
    }

    mutating func functionNumber(_ name: String) -> Int {
        if let number = functionNumbers[name] { return number }
        program.functions.append(AwkFunction(name: name))
        functionNumbers[name] = program.functions.count - 1
        return program.functions.count - 1
    }

    // Statements

    private mutating func block() throws(AwkFault) {
        try expect("{")
        try skipTerminators()
        while token != .symbol("}") {
            if token == .end { throw fault("Unexpected end of string") }
            try statement()
            try skipTerminators()
        }
        try advance()
    }

    /// One statement, also an empty one.
    private mutating func body() throws(AwkFault) {
        try skipNewlines()
        if token == .symbol(";") {
            try advance()
        } else {
            try statement()
        }
    }

    private mutating func statement() throws(AwkFault) {
        try descend()
        defer { depth -= 1 }
        if place > Self.maximumInstructions { throw fault("program is too large") }
        switch token {
        case .symbol("{"): try block()
        case .keyword(.if): try ifStatement()
        case .keyword(.while): try whileStatement()
        case .keyword(.do): try doStatement()
        case .keyword(.for): try forStatement()
        default:
            try simpleStatement()
            guard token == .newline || token == .symbol(";") || token == .symbol("}") || token == .end else {
                throw fault()
            }
        }
    }

    private mutating func simpleStatement() throws(AwkFault) {
        guard case .keyword(let keyword) = token else {
            try expression()
            return emit(.pop)
        }
        switch keyword {
        case .print, .printf:
            try advance()
            try printStatement(isFormatted: keyword == .printf)
        case .next, .nextfile:
            try advance()
            emit(keyword == .next ? .next : .nextFile)
        case .exit, .return:
            try advance()
            let hasValue = ![.newline, .symbol(";"), .symbol("}"), .end].contains(token)
            if hasValue { try expression() }
            if keyword == .exit { return emit(.exit(hasCode: hasValue)) }
            if !hasValue { constant(.none) }
            emit(.return)
        case .break, .continue:
            guard !loops.isEmpty else { throw fault("'\(keyword.rawValue)' not in a loop") }
            try advance()
            let jump = emitJump { .jump($0) }
            if keyword == .break {
                loops[loops.count - 1].breaks.append(jump)
            } else {
                loops[loops.count - 1].continues.append(jump)
            }
        case .delete:
            try advance()
            try deleteStatement()
        default:
            try expression()
            emit(.pop)
        }
    }

    private mutating func deleteStatement() throws(AwkFault) {
        guard case .name(let name) = token else { throw fault() }
        let array = variable(name)
        try advance()
        guard try take("[") else { return emit(.deleteAll(array)) }
        try subscripts()
        emit(.delete(array))
    }

    /// The arguments of `print` may stand in parentheses, which must not be taken for part of an expression.
    private mutating func printStatement(isFormatted: Bool) throws(AwkFault) {
        let saved = stopsAtGreater
        stopsAtGreater = true
        defer { stopsAtGreater = saved }
        var count = 0
        if token == .symbol("(") {
            let start = mark
            try advance()
            stopsAtGreater = false
            count = try expressions()
            stopsAtGreater = true
            let closes = try take(")")
            let ends: Set<AwkToken> = [
                .newline, .symbol(";"), .symbol("}"), .symbol(">"), .symbol(">>"), .symbol("|"), .end,
            ]
            if !closes || !ends.contains(token) {
                goBack(to: start)
                count = try expressions()
            }
        } else if ![.newline, .symbol(";"), .symbol("}"), .symbol(">"), .symbol(">>"), .symbol("|"), .end]
            .contains(token)
        {
            count = try expressions()
        }
        var output = AwkOutput.standard
        if case .symbol(let symbol) = token, let found = [">": AwkOutput.file, ">>": .append, "|": .command][symbol] {
            try advance()
            output = found
            try expression()
        }
        if isFormatted, count == 0 { throw fault("Not enough args for printf") }
        emit(isFormatted ? .format(count: count, output) : .print(count: count, output))
    }

    /// Expressions with commas between them; how many there were.
    mutating func expressions() throws(AwkFault) -> Int {
        var count = 0
        repeat {
            if count > 0 { try skipNewlines() }
            try expression()
            count += 1
        } while try take(",")
        return count
    }

    private mutating func condition() throws(AwkFault) {
        try expect("(")
        try expression()
        try expect(")")
    }

    /// `if`, with as many `else if` as there are.
    private mutating func ifStatement() throws(AwkFault) {
        var ends: [Int] = []
        defer { for end in ends { settle(end) } }
        while true {
            try advance()
            try condition()
            let otherwise = emitJump { .jumpIfFalse($0) }
            try body()
            // What separates statements here says nothing when no `else` follows.
            try skipTerminators()
            guard try take(.else) else { return settle(otherwise) }
            ends.append(emitJump { .jump($0) })
            settle(otherwise)
            try skipNewlines()
            if token != .keyword(.if) { return try body() }
            if place > Self.maximumInstructions { throw fault("program is too large") }
        }
    }

    private mutating func whileStatement() throws(AwkFault) {
        try advance()
        let begin = place
        try condition()
        let end = emitJump { .jumpIfFalse($0) }
        loops.append(Loop())
        try body()
        emit(.jump(begin))
        settle(end)
        endLoop(continuingAt: begin)
    }

    private mutating func endLoop(continuingAt goal: Int) {
        guard let loop = loops.popLast() else { return }
        for jump in loop.breaks { settle(jump) }
        for jump in loop.continues { settle(jump, to: goal) }
    }

    private mutating func doStatement() throws(AwkFault) {
        try advance()
        let begin = place
        loops.append(Loop())
        try body()
        try skipTerminators()
        guard try take(.while) else { throw fault() }
        let test = place
        try condition()
        emit(.jumpIfTrue(begin))
        endLoop(continuingAt: test)
    }

    private mutating func forStatement() throws(AwkFault) {
        try advance()
        try expect("(")
        let start = mark
        if case .name(let name) = token {
            try advance()
            if try take(.in), case .name(let array) = token {
                try advance()
                if try take(")") { return try forIn(name, array) }
            }
            goBack(to: start)
        }
        if token != .symbol(";") { try simpleStatement() }
        try expect(";")
        try skipNewlines()
        let test = place
        var end: Int?
        if token != .symbol(";") {
            try expression()
            end = emitJump { .jumpIfFalse($0) }
        }
        try expect(";")
        try skipNewlines()
        let toBody = emitJump { .jump($0) }
        let step = place
        if token != .symbol(")") { try simpleStatement() }
        emit(.jump(test))
        try expect(")")
        settle(toBody)
        loops.append(Loop())
        try body()
        emit(.jump(step))
        if let end { settle(end) }
        endLoop(continuingAt: step)
    }

    private mutating func forIn(_ name: String, _ array: String) throws(AwkFault) {
        emit(.beginIteration(variable(array)))
        let next = place
        emit(.iterate(variable(name), end: 0))
        loops.append(Loop())
        try body()
        emit(.jump(next))
        settle(next)
        endLoop(continuingAt: next)
        emit(.endIteration)
    }
}
