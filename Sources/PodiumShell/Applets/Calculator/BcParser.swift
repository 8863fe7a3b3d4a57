// SPDX-License-Identifier: Apache-2.0
// Reads programs of bc: words and statements.

import PodiumCodec
import PodiumRuntime

/// A word of a program.
enum BcToken: Hashable, Sendable {
    case number(String)
    case name(String)
    case text(String)
    case symbol(String)
    case newline
    case end

    /// How a message names it.
    var shown: String {
        switch self {
        case .number(let text), .name(let text), .text(let text), .symbol(let text): text
        case .newline, .end: ""
        }
    }
}

/// Names by number, functions by number: what lines have in common.
struct BcNames: Sendable {
    private(set) var variables: [String: Int] = [:]
    private(set) var arrays: [String: Int] = [:]
    private(set) var functionNumbers: [String: Int] = [:]
    /// The digits of numbers as they are written.
    private(set) var literals: [String] = []
    private var literalNumbers: [String: Int] = [:]
    var functions: [CalculatorFunction] = []

    private static func number(_ name: String, _ table: inout [String: Int]) -> Int {
        if let known = table[name] { return known }
        table[name] = table.count
        return table.count - 1
    }

    mutating func variable(_ name: String) -> Int { Self.number(name, &variables) }
    mutating func array(_ name: String) -> Int { Self.number(name, &arrays) }

    mutating func literal(_ digits: String) -> Int {
        let number = Self.number(digits, &literalNumbers)
        if number == literals.count { literals.append(digits) }
        return number
    }

    mutating func function(_ name: String) -> Int {
        let number = Self.number(name, &functionNumbers)
        if number == functions.count { functions.append(CalculatorFunction()) }
        return number
    }
}

/// Translates a program line by line, since what stands before a mistake is carried out.
struct BcParser: Sendable {
    /// Statements and brackets within each other.
    private static let maximumDepth = 40

    private let bytes: [UInt8]
    private var position = 0
    private var countedBytes = 0
    private var countedLines = 0
    private(set) var token = BcToken.newline
    var names: BcNames
    private var code: [CalculatorInstruction] = []
    /// The jumps of `break` and `continue` that are still without a goal, by loop.
    private var loops: [(breaks: [Int], continues: [Int])] = []
    private var depth = 0
    private var isInFunction = false
    /// Whether `quit` was read, behind which nothing counts.
    private var hasQuit = false
    /// Whether the last statement was a block, behind which the next one may stand at once.
    private var lastWasBlock = false

    init(_ bytes: [UInt8], _ names: BcNames) {
        self.bytes = bytes
        self.names = names
    }

    /// The next line that says something; nil at the end.
    mutating func nextLine() throws(CalculatorFault) -> [CalculatorInstruction]? {
        code = []
        loops = []
        depth = 0
        try advance()
        while token == .newline || token == .symbol(";") { try advance() }
        if token == .end { return nil }
        do throws(CalculatorFault) {
            if token == .name("define") {
                try definition()
                return []
            }
            try statements(until: [.newline, .end])
        } catch {
            guard hasQuit else { throw error }
        }
        return code
    }

    /// Goes to the end of the line, past a mistake.
    mutating func skipLine() {
        isInFunction = false
        while token != .newline, position < bytes.count, bytes[position] != 0x0A { position += 1 }
    }

    /// The number of the line that is being read. What was counted once is not counted again.
    mutating func countLines() -> Int {
        let end = min(position, bytes.count)
        if end > countedBytes {
            countedLines += bytes[countedBytes..<end].count { $0 == 0x0A }
            countedBytes = end
        }
        return 1 + countedLines - (token == .newline && position > 0 ? 1 : 0)
    }

    private func fault() -> CalculatorFault { CalculatorFault(text: "bad expression at '\(token.shown)'") }

    // Words

    private mutating func advance() throws(CalculatorFault) {
        skipBlanks()
        guard position < bytes.count else {
            token = .end
            return
        }
        let unit = bytes[position]
        let start = position
        if unit == 0x0A {
            position += 1
            token = .newline
        } else if unit.isDigit || unit.isUpper || unit == UInt8(ascii: ".") {
            readNumber()
        } else if unit.isLower {
            while position < bytes.count, bytes[position].isLowerOrDigit || bytes[position] == UInt8(ascii: "_") {
                position += 1
            }
            token = .name(bytes[start..<position].text)
        } else if unit == UInt8(ascii: "\"") {
            guard let end = bytes[(position + 1)...].firstIndex(of: unit) else {
                throw CalculatorFault(text: "unterminated string")
            }
            token = .text(bytes[(position + 1)..<end].text)
            position = end + 1
        } else {
            try readSymbol()
        }
    }

    private mutating func skipBlanks() {
        while position < bytes.count {
            let next = position + 1 < bytes.count ? bytes[position + 1] : 0
            if bytes[position] == UInt8(ascii: "\\"), next == 0x0A {
                position += 2
            } else if bytes[position] == UInt8(ascii: "/"), next == UInt8(ascii: "*") {
                position += 2
                while position < bytes.count, !bytes[position...].starts(with: "*/".utf8) { position += 1 }
                position = min(position + 2, bytes.count)
            } else if bytes[position] == UInt8(ascii: "#") {
                while position < bytes.count, bytes[position] != 0x0A { position += 1 }
            } else if bytes[position].isBlank, bytes[position] != 0x0A {
                position += 1
            } else {
                return
            }
        }
    }

    private mutating func readNumber() {
        let start = position
        var hasPoint = false
        while position < bytes.count {
            let unit = bytes[position]
            if unit == UInt8(ascii: "."), !hasPoint { hasPoint = true } else if !unit.isDigit, !unit.isUpper { break }
            position += 1
        }
        let text = bytes[start..<position].text
        token = text == "." ? .name("last") : .number(text)
    }

    private mutating func readSymbol() throws(CalculatorFault) {
        let rest = bytes[position...]
        let known = [
            "++", "--", "+=", "-=", "*=", "/=", "%=", "^=", "==", "!=", "<=", ">=", "&&", "||", "+", "-", "*", "/", "%",
            "^", "=", "!", "<", ">", "(", ")", "[", "]", "{", "}", ";", ",",
        ]
        guard let symbol = known.first(where: { rest.starts(with: $0.utf8) }) else {
            throw CalculatorFault(text: "bad character '\(rest.prefix(1).text)'")
        }
        position += symbol.utf8.count
        token = .symbol(symbol)
    }

    private mutating func take(_ symbol: String) throws(CalculatorFault) -> Bool {
        guard token == .symbol(symbol) else { return false }
        try advance()
        return true
    }

    private mutating func expect(_ symbol: String) throws(CalculatorFault) {
        if try !take(symbol) { throw fault() }
    }

    private mutating func skipNewlines() throws(CalculatorFault) { while token == .newline { try advance() } }

    // Statements

    private mutating func statements(until ends: Set<BcToken>) throws(CalculatorFault) {
        while !ends.contains(token) {
            if token == .end { throw fault() }
            if token == .symbol(";") || token == .newline {
                try advance()
                continue
            }
            try statement()
            guard ends.contains(token) || token == .symbol(";") || token == .newline || lastWasBlock else {
                throw fault()
            }
        }
    }

    private mutating func statement() throws(CalculatorFault) {
        depth += 1
        defer { depth -= 1 }
        if depth > Self.maximumDepth { throw CalculatorFault(text: "program is too large") }
        lastWasBlock = false
        switch token {
        case .symbol("{"):
            try advance()
            try statements(until: [.symbol("}")])
            try advance()
            lastWasBlock = true
        case .text(let text):
            code.append(.text(text))
            try advance()
        case .name("print"): try printStatement()
        case .name("if"): try conditional()
        case .name("while"): try whileLoop()
        case .name("for"): try forLoop()
        case .name("break"), .name("continue"):
            guard !loops.isEmpty else { throw fault() }
            if token == .name("break") {
                loops[loops.count - 1].breaks.append(code.count)
            } else {
                loops[loops.count - 1].continues.append(code.count)
            }
            code.append(.jump(0))
            try advance()
        case .name("return"): try returnStatement()
        case .name("limits"):
            code.append(.text(CalculatorLimits.table))
            try advance()
        case .name("quit"):
            // It ends the program as soon as it is read, wherever it stands, behind what stands before it.
            if depth == 1, !isInFunction {
                code.append(.quit)
            } else {
                code = [.quit]
            }
            hasQuit = true
            throw CalculatorFault(text: "quit")
        case .name("halt"):
            code.append(.quit)
            try advance()
        case .name("auto"), .name("define"): throw fault()
        default:
            var parser = BcExpression()
            try binary(0, &parser)
            code.append(parser.isAssignment ? .pop : .show)
        }
    }

    private mutating func printStatement() throws(CalculatorFault) {
        repeat {
            try advance()
            if case .text(let text) = token {
                code.append(.escapedText(text))
                try advance()
            } else {
                try expression()
                code.append(.print)
            }
        } while token == .symbol(",")
    }

    private mutating func conditional() throws(CalculatorFault) {
        try advance()
        try expect("(")
        try expression()
        try expect(")")
        let toElse = code.count
        code.append(.jumpIfFalse(0))
        try skipNewlines()
        try statement()
        guard token == .name("else") else {
            code[toElse] = .jumpIfFalse(code.count)
            return
        }
        try advance()
        let toEnd = code.count
        code.append(.jump(0))
        code[toElse] = .jumpIfFalse(code.count)
        try skipNewlines()
        try statement()
        code[toEnd] = .jump(code.count)
    }

    private mutating func whileLoop() throws(CalculatorFault) {
        try advance()
        try expect("(")
        let start = code.count
        try expression()
        try expect(")")
        let toEnd = code.count
        code.append(.jumpIfFalse(0))
        try body(continues: start)
        code[toEnd] = .jumpIfFalse(code.count)
    }

    /// The statement of a loop, the jump back, and the goals of `break` and `continue`.
    private mutating func body(continues start: Int) throws(CalculatorFault) {
        loops.append(([], []))
        try skipNewlines()
        try statement()
        code.append(.jump(start))
        let loop = loops.removeLast()
        for at in loop.breaks { code[at] = .jump(code.count) }
        for at in loop.continues { code[at] = .jump(start) }
    }

    private mutating func forLoop() throws(CalculatorFault) {
        try advance()
        try expect("(")
        if token != .symbol(";") {
            try expression()
            code.append(.pop)
        }
        try expect(";")
        let test = code.count
        if token == .symbol(";") { code.append(.literal(names.literal("1"))) } else { try expression() }
        try expect(";")
        let toEnd = code.count
        code.append(.jumpIfFalse(0))
        let toBody = code.count
        code.append(.jump(0))
        let step = code.count
        if token != .symbol(")") {
            try expression()
            code.append(.pop)
        }
        code.append(.jump(test))
        try expect(")")
        code[toBody] = .jump(code.count)
        try body(continues: step)
        code[toEnd] = .jumpIfFalse(code.count)
    }

    private mutating func returnStatement() throws(CalculatorFault) {
        guard isInFunction else { throw fault() }
        try advance()
        let hasValue: Bool =
            switch token {
            case .newline, .end, .symbol(";"), .symbol("}"): false
            default: true
            }
        if hasValue { try expression() } else { code.append(.literal(names.literal("0"))) }
        code.append(.return)
    }

    // Functions

    private mutating func definition() throws(CalculatorFault) {
        try advance()
        let isVoid = token == .name("void")
        if isVoid { try advance() }
        guard case .name(let name) = token else { throw fault() }
        try advance()
        try expect("(")
        var function = CalculatorFunction()
        function.parameters = try locals()
        try expect(")")
        try skipNewlines()
        try expect("{")
        while token == .newline || token == .symbol(";") { try advance() }
        if token == .name("auto") {
            try advance()
            function.locals = try locals()
        }
        isInFunction = true
        try statements(until: [.symbol("}")])
        isInFunction = false
        try advance()
        let number = names.function(name)
        function.code = code + [.literal(names.literal("0")), .return]
        function.isVoid = isVoid
        names.functions[number] = function
        code = []
    }

    private mutating func locals() throws(CalculatorFault) -> [CalculatorLocal] {
        var found: [CalculatorLocal] = []
        while true {
            _ = try take("*")
            guard case .name(let name) = token else { return found }
            try advance()
            if try take("[") {
                try expect("]")
                found.append(CalculatorLocal(slot: names.array(name), isArray: true))
            } else {
                found.append(CalculatorLocal(slot: names.variable(name), isArray: false))
            }
            if try !take(",") { return found }
        }
    }

    // Expressions

    private mutating func expression() throws(CalculatorFault) {
        var parser = BcExpression()
        try binary(0, &parser)
    }
}

/// What is found out about an expression.
struct BcExpression: Sendable {
    /// The operators of two operands, those that bind least first; all but the powers group from the left.
    private static let levels: [[String: CalculatorOperator]] = [
        ["&&": .and, "||": .or],
        ["<": .less, "<=": .lessOrEqual, "==": .equal, "!=": .notEqual, ">": .greater, ">=": .greaterOrEqual],
        ["+": .add, "-": .subtract],
        ["*": .multiply, "/": .divide, "%": .remainder],
        ["^": .power],
    ]
    /// Each operator with how much it binds.
    static let operators: [String: (level: Int, operation: CalculatorOperator)] = {
        var table: [String: (level: Int, operation: CalculatorOperator)] = [:]
        for (level, operators) in levels.enumerated() {
            for (symbol, operation) in operators { table[symbol] = (level, operation) }
        }
        return table
    }()
    static let assignments: [String: CalculatorOperator] = [
        "+=": .add, "-=": .subtract, "*=": .multiply, "/=": .divide, "%=": .remainder, "^=": .power,
    ]

    /// Whether it is an assignment as a whole, whose value is not printed.
    var isAssignment = false
}

extension BcParser {
    /// Reads an operand, and what follows it as long as its operators bind at least as much as `weakest`.
    private mutating func binary(_ weakest: Int, _ state: inout BcExpression) throws(CalculatorFault) {
        try operand(&state)
        while case .symbol(let symbol) = token, let (level, operation) = BcExpression.operators[symbol],
            level >= weakest
        {
            state.isAssignment = false
            try advance()
            var right = BcExpression()
            depth += 1
            defer { depth -= 1 }
            if depth > Self.maximumDepth { throw CalculatorFault(text: "program is too large") }
            // Powers group from the right.
            try binary(operation == .power ? level : level + 1, &right)
            code.append(.binary(operation))
        }
    }

    private mutating func operand(_ state: inout BcExpression) throws(CalculatorFault) {
        depth += 1
        defer { depth -= 1 }
        if depth > Self.maximumDepth { throw CalculatorFault(text: "program is too large") }
        switch token {
        case .number(let text):
            code.append(.literal(names.literal(text)))
            try advance()
        case .symbol("("):
            try advance()
            try expression()
            try expect(")")
        case .symbol("-"):
            try advance()
            var inner = BcExpression()
            try operand(&inner)
            code.append(.negate)
        case .symbol("!"):
            try advance()
            var inner = BcExpression()
            try operand(&inner)
            code.append(.not)
        case .symbol("++"), .symbol("--"):
            let step = token == .symbol("++") ? 1 : -1
            try advance()
            guard case .name(let name) = token else { throw fault() }
            try advance()
            code.append(.increment(try target(name), by: step, isPostfix: false))
        case .name(let name):
            try advance()
            try named(name, &state)
        default: throw fault()
        }
    }

    /// A place by its name, behind which the word stands; the number of an element is put on the stack.
    private mutating func target(_ name: String) throws(CalculatorFault) -> CalculatorPlace {
        switch name {
        case "scale": return .scale
        case "ibase": return .inputBase
        case "obase": return .outputBase
        case "last": return .last
        default: break
        }
        guard try take("[") else { return .variable(names.variable(name)) }
        try expression()
        try expect("]")
        return .element(names.array(name))
    }

    private mutating func named(_ name: String, _ state: inout BcExpression) throws(CalculatorFault) {
        if token == .symbol("(") {
            try advance()
            return try call(name)
        }
        let place = try target(name)
        guard case .symbol(let symbol) = token else {
            code.append(.load(place))
            return
        }
        if symbol == "=" || BcExpression.assignments[symbol] != nil {
            try advance()
            var right = BcExpression()
            // What is assigned reaches as far as sums do.
            try binary(2, &right)
            code.append(BcExpression.assignments[symbol].map { .assign($0, place) } ?? .store(place))
            state.isAssignment = true
        } else if symbol == "++" || symbol == "--" {
            try advance()
            code.append(.increment(place, by: symbol == "++" ? 1 : -1, isPostfix: true))
        } else {
            code.append(.load(place))
        }
    }

    private mutating func call(_ name: String) throws(CalculatorFault) {
        let builtins: [String: CalculatorInstruction] = ["sqrt": .squareRoot, "length": .length, "scale": .scale]
        if let builtin = builtins[name] {
            try expression()
            try expect(")")
            code.append(builtin)
            return
        }
        if name == "read" { throw CalculatorFault(text: "bad expression") }
        var count = 0
        while token != .symbol(")") {
            if count > 0 { try expect(",") }
            count += 1
            if let array = try arrayArgument() { code.append(.array(array)) } else { try expression() }
        }
        try advance()
        code.append(.call(names.function(name), arguments: count))
    }

    /// `name[]`, when it stands here.
    private mutating func arrayArgument() throws(CalculatorFault) -> Int? {
        guard case .name(let name) = token else { return nil }
        let before = (position, token)
        try advance()
        if try take("["), try take("]") { return names.array(name) }
        (position, token) = before
        return nil
    }
}
