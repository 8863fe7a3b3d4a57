// SPDX-License-Identifier: Apache-2.0
// Reads the expressions of awk programs.

import PodiumRuntime

/// What was read last and may still be assigned to.
enum AwkOperand {
    case value
    /// Its key, when it has one, is on the stack.
    case target(AwkTarget)
    case pattern(Int)
}

extension AwkParser {
    /// The level of operands that are joined by standing side by side.
    static let concatenationLevel = 7

    private static let levels: [String: Int] = [
        "||": 2, "&&": 3, "~": 5, "!~": 5, "<": 6, "<=": 6, "==": 6, "!=": 6, ">": 6, ">=": 6, "+": 8, "-": 8,
        "*": 9, "/": 9, "%": 9,
    ]

    private static let comparisons: [String: AwkComparison] = [
        "<": .less, "<=": .lessOrEqual, "==": .equal, "!=": .notEqual, ">": .greater, ">=": .greaterOrEqual,
    ]

    private static let operations: [String: AwkOperation] = [
        "+": .add, "-": .subtract, "*": .multiply, "/": .divide, "%": .remainder,
    ]

    private static let assignments: [String: AwkOperation] = [
        "+=": .add, "-=": .subtract, "*=": .multiply, "/=": .divide, "%=": .remainder, "^=": .power, "**=": .power,
    ]

    /// An expression, whose value is left on the stack.
    mutating func expression() throws(AwkFault) {
        try descend()
        defer { depth -= 1 }
        try binary(2)
        guard try take("?") else { return }
        try skipNewlines()
        let otherwise = emitJump { .jumpIfFalse($0) }
        try expression()
        try skipNewlines()
        try expect(":")
        try skipNewlines()
        let end = emitJump { .jump($0) }
        settle(otherwise)
        try expression()
        settle(end)
    }

    /// Operands and the operators between them that bind at least as tightly as `minimum`.
    mutating func binary(_ minimum: Int) throws(AwkFault) {
        try unary()
        while true {
            if token == .keyword(.in), minimum <= 4 {
                try advance()
                guard case .name(let name) = token else { throw fault() }
                emit(.contains(variable(name)))
                try advance()
            } else if token == .symbol("|"), minimum <= 6, try pipeIntoGetline() {
                continue
            } else if startsOperand, minimum <= Self.concatenationLevel {
                try binary(Self.concatenationLevel + 1)
                emit(.concatenate)
            } else if case .symbol(let symbol) = token, let level = Self.levels[symbol], level >= minimum,
                symbol != ">" || !stopsAtGreater
            {
                try advance()
                try apply(symbol, level)
            } else {
                return
            }
        }
    }

    private mutating func apply(_ symbol: String, _ level: Int) throws(AwkFault) {
        try skipNewlines()
        switch symbol {
        case "&&", "||":
            // The first value decides alone, or the second one does.
            let decided = emitJump { symbol == "&&" ? .jumpIfFalse($0) : .jumpIfTrue($0) }
            try binary(level + 1)
            emit(.truth)
            let end = emitJump { .jump($0) }
            settle(decided)
            constant(.truth(symbol == "||"))
            settle(end)
        case "~", "!~":
            try matchOperand(level + 1)
            emit(.match(isNegated: symbol == "!~"))
        default:
            try binary(level + 1)
            if let comparison = Self.comparisons[symbol] { emit(.compare(comparison)) }
            if let operation = Self.operations[symbol] { emit(.arithmetic(operation)) }
        }
    }

    /// The right side of `~`, at which a regular expression stands for itself.
    private mutating func matchOperand(_ level: Int) throws(AwkFault) {
        let begin = place
        try binary(level)
        patternAlone(since: begin)
    }

    /// Lets a regular expression that is the whole of what was written since `begin` stand for itself.
    private mutating func patternAlone(since begin: Int) {
        guard place == begin + 1, case .matchRecord(let number) = program.segments[segment].code[begin] else { return }
        program.segments[segment].code[begin] = .pattern(number)
    }

    private var startsOperand: Bool {
        switch token {
        case .number, .text, .name, .call, .builtin: true
        case .symbol(let symbol): ["$", "!", "(", "++", "--"].contains(symbol)
        default: false
        }
    }

    /// `command | getline`, if it is that.
    private mutating func pipeIntoGetline() throws(AwkFault) -> Bool {
        let start = mark
        try advance()
        guard try take(.getline) else {
            goBack(to: start)
            return false
        }
        let target = try optionalTarget()
        emit(.getline(.command, target))
        return true
    }

    private mutating func unary() throws(AwkFault) {
        guard case .symbol(let symbol) = token, ["!", "-", "+"].contains(symbol) else { return try power() }
        try descend()
        defer { depth -= 1 }
        try advance()
        try unary()
        emit(symbol == "!" ? .not : symbol == "-" ? .negate : .plus)
    }

    private mutating func power() throws(AwkFault) {
        let operand = try postfix()
        if case .symbol(let symbol) = token {
            if case .target(let target) = operand, try assignment(symbol, target) { return }
            if symbol == "^" || symbol == "**" {
                settle(operand)
                try descend()
                defer { depth -= 1 }
                try advance()
                try unary()
                return emit(.arithmetic(.power))
            }
        }
        settle(operand)
    }

    private mutating func assignment(_ symbol: String, _ target: AwkTarget) throws(AwkFault) -> Bool {
        guard symbol == "=" || Self.assignments[symbol] != nil else { return false }
        try advance()
        try skipNewlines()
        try expression()
        if let operation = Self.assignments[symbol] { emit(.assign(operation, target)) } else { emit(.store(target)) }
        return true
    }

    /// Leaves the value of an operand on the stack.
    private mutating func settle(_ operand: AwkOperand) {
        switch operand {
        case .value: break
        case .target(let target): emit(.load(target))
        case .pattern(let number): emit(.matchRecord(number))
        }
    }

    private mutating func postfix() throws(AwkFault) -> AwkOperand {
        let operand = try primary()
        guard case .target(let target) = operand, case .symbol(let symbol) = token, symbol == "++" || symbol == "--"
        else { return operand }
        try advance()
        emit(.increment(target, by: symbol == "++" ? 1 : -1, isPostfix: true))
        return .value
    }

    // Operands

    private mutating func primary() throws(AwkFault) -> AwkOperand {
        switch token {
        case .number(let value):
            try advance()
            constant(.number(value))
            return .value
        case .text(let text):
            try advance()
            constant(.text(text))
            return .value
        case .name(let name):
            try advance()
            return .target(try named(name))
        case .call(let name):
            try advance()
            return try call(name)
        case .builtin(let function):
            try advance()
            return try builtin(function)
        case .keyword(.getline):
            try advance()
            return try getline()
        case .symbol(let symbol): return try primary(symbol)
        default: throw fault()
        }
    }

    private mutating func primary(_ symbol: String) throws(AwkFault) -> AwkOperand {
        switch symbol {
        case "/", "/=":
            let text = try lexer.pattern()
            try advance()
            program.patterns.append(text)
            return .pattern(program.patterns.count - 1)
        case "$":
            try advance()
            try fieldNumber()
            return .target(.field)
        case "++", "--":
            try descend()
            defer { depth -= 1 }
            try advance()
            guard case .target(let target) = try primary() else { throw fault() }
            emit(.increment(target, by: symbol == "++" ? 1 : -1, isPostfix: false))
            return .value
        case "(":
            try advance()
            return try grouping()
        case "-", "+", "!":
            try unary()
            return .value
        default: throw fault()
        }
    }

    private mutating func fieldNumber() throws(AwkFault) {
        try descend()
        defer { depth -= 1 }
        settle(try primary())
    }

    private mutating func grouping() throws(AwkFault) -> AwkOperand {
        let saved = stopsAtGreater
        stopsAtGreater = false
        let count = try expressions()
        stopsAtGreater = saved
        try expect(")")
        guard count > 1 else { return .value }
        guard try take(.in), case .name(let name) = token else { throw fault() }
        emit(.subscripts(count))
        emit(.contains(variable(name)))
        try advance()
        return .value
    }

    private mutating func named(_ name: String) throws(AwkFault) -> AwkTarget {
        let slot = variable(name)
        guard try take("[") else { return .variable(slot) }
        try subscripts()
        return .element(slot)
    }

    /// The key behind `[`, and the bracket behind it.
    mutating func subscripts() throws(AwkFault) {
        let saved = stopsAtGreater
        stopsAtGreater = false
        let count = try expressions()
        stopsAtGreater = saved
        if count > 1 { emit(.subscripts(count)) }
        try expect("]")
    }

    /// The variable of a `getline`, when one follows.
    private mutating func optionalTarget() throws(AwkFault) -> AwkTarget? {
        switch token {
        case .name, .symbol("$"):
            guard case .target(let target) = try primary() else { return nil }
            return target
        default: return nil
        }
    }

    private mutating func getline() throws(AwkFault) -> AwkOperand {
        let target = try optionalTarget()
        guard try take("<") else {
            emit(.getline(.main, target))
            return .value
        }
        try descend()
        defer { depth -= 1 }
        settle(try postfix())
        emit(.getline(.file, target))
        return .value
    }

    // Calls

    private mutating func arguments(_ read: (inout AwkParser, Int) throws(AwkFault) -> Void) throws(AwkFault) -> Int {
        try expect("(")
        let saved = stopsAtGreater
        stopsAtGreater = false
        defer { stopsAtGreater = saved }
        var count = 0
        try skipNewlines()
        while token != .symbol(")") {
            try read(&self, count)
            count += 1
            try skipNewlines()
            guard try take(",") else { break }
            try skipNewlines()
        }
        try expect(")")
        return count
    }

    /// A variable alone can be an array, which the function has to be told.
    private mutating func argument() throws(AwkFault) {
        let begin = place
        try expression()
        guard place == begin + 1, case .load(.variable(let slot)) = program.segments[segment].code[begin] else {
            return
        }
        program.segments[segment].code[begin] = .argument(slot)
    }

    private mutating func call(_ name: String) throws(AwkFault) -> AwkOperand {
        let number = functionNumber(name)
        let count = try arguments { (parser, _) throws(AwkFault) in try parser.argument() }
        emit(.call(number, count: count))
        return .value
    }

    private mutating func builtin(_ function: AwkBuiltin) throws(AwkFault) -> AwkOperand {
        guard token == .symbol("(") else {
            guard function == .length else { throw fault() }
            emit(.builtin(.length, count: 0))
            return .value
        }
        if function == .sub || function == .gsub { return try substitution(function) }
        let count = try arguments { (parser, index) throws(AwkFault) in
            let begin = parser.place
            if function == .length {
                try parser.argument()
            } else if function == .split, index == 1 {
                guard case .name(let name) = parser.token else { throw parser.fault() }
                try parser.advance()
                let slot = parser.variable(name)
                parser.emit(.arrayArgument(slot))
            } else {
                try parser.expression()
            }
            parser.patternAlone(since: begin)
        }
        if let least = Self.leastArguments[function], count < least { throw fault("Too few arguments") }
        emit(.builtin(function, count: count))
        return .value
    }

    private static let leastArguments: [AwkBuiltin: Int] = [
        .and: 2, .atan2: 2, .close: 1, .compl: 1, .cos: 1, .exp: 1, .gensub: 3, .index: 2, .int: 1, .log: 1,
        .lshift: 2, .match: 2, .mktime: 1, .or: 2, .rshift: 2, .sin: 1, .split: 2, .sqrt: 1,
        .substr: 2, .system: 1, .tolower: 1, .toupper: 1, .xor: 2,
    ]

    /// `sub(pattern, text, target)`.
    private mutating func substitution(_ function: AwkBuiltin) throws(AwkFault) -> AwkOperand {
        var target: AwkTarget? = .field
        let count = try arguments { (parser, index) throws(AwkFault) in
            let begin = parser.place
            guard index == 2 else {
                try parser.expression()
                return index == 0 ? parser.patternAlone(since: begin) : ()
            }
            try parser.expression()
            target = parser.takeBackLoad(since: begin)
        }
        guard count >= 2 else { throw fault("Too few arguments") }
        if count == 2 { constant(.number(0)) }
        emit(.substitute(isGlobal: function == .gsub, target))
        return .value
    }

    /// Makes a target of an expression that only loads one.
    private mutating func takeBackLoad(since begin: Int) -> AwkTarget? {
        guard place > begin, case .load(let target) = program.segments[segment].code[place - 1] else { return nil }
        // `x ? y : z` ends by loading something as well.
        let jumps = program.segments[segment].code[begin...].contains { instruction in
            if case .jump = instruction { true } else { false }
        }
        if jumps { return nil }
        program.segments[segment].code.removeLast()
        program.segments[segment].lines.removeLast()
        return target
    }
}
