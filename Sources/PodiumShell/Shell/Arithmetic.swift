// SPDX-License-Identifier: Apache-2.0
// The integer arithmetic of `$(( … ))`.

import PodiumCodec
import PodiumRuntime

/// Why an expression has no value.
enum ArithmeticError: Error, Hashable, Sendable {
    /// Something else stands where an operand should; with what bash says was read last.
    case operand(token: String)
    /// What stands there cannot follow.
    case syntax(token: String)
    case divisionByZero(token: String)
    /// Variables that name one another.
    case tooDeep

    /// The words of a shell about an expression.
    func text(_ expression: String, _ flavour: ShellFlavour) -> String {
        if self == .tooDeep { return "expression recursion loop detected" }
        switch flavour {
        case .ash: return wordsOfBusybox
        case .dash: return "arithmetic expression: \(wordsOfDash): \"\(expression)\""
        case .bash: return "\(expression.drop { $0 == " " }): \(wordsOfBash)"
        }
    }

    private var wordsOfBusybox: String {
        if case .divisionByZero = self { "divide by zero" } else { "arithmetic syntax error" }
    }

    private var wordsOfDash: String {
        switch self {
        case .operand: "expecting primary"
        case .divisionByZero: "division by zero"
        default: "expecting EOF"
        }
    }

    private var wordsOfBash: String {
        switch self {
        case .operand(let token): "syntax error: operand expected (error token is \"\(token)\")"
        case .divisionByZero(let token): "division by 0 (error token is \"\(token)\")"
        case .syntax(let token) where token.utf8.first?.isDigit == true && token.hasPrefix("0"):
            "value too great for base (error token is \"\(token)\")"
        case .syntax(let token): "syntax error in expression (error token is \"\(token)\")"
        case .tooDeep: ""
        }
    }
}

/// A cursor over an expression, with the variables that it reads and assigns.
///
/// Precedence climbing: `binary(level)` reads operators of at least that level. While `isSkipping`, in the branch of
/// `?:`
/// or behind a decided `&&`, nothing is assigned and nothing divides.
struct Arithmetic {
    /// Variables within variables, and parentheses.
    private static let maximumDepth = 50
    /// The characters of an expression and of those that its variables hold, each as often as it is named. Without an
    /// end `a=b+b`, `b=c+c` and so on would double the work with each of them.
    private static let maximumUnits = 1 << 20

    private let units: [UInt8]
    private var index = 0
    private var variables: ShellVariables
    private var depth: Int
    private var isSkipping = false
    /// Where the last operator or operand began.
    private var last = 0
    /// The characters that may still be read.
    private var left: Int
    private let meter: WorkMeter?
    /// POSIX arithmetic only: no `++`, `**`, `,` and `16#ff`, and variables hold numbers.
    private let isPlain: Bool

    private init(_ text: String, _ variables: ShellVariables, isPlain: Bool, _ meter: WorkMeter?) {
        self.isPlain = isPlain
        units = Array(text.utf8)
        self.variables = variables
        depth = 0
        left = Self.maximumUnits
        self.meter = meter
    }

    /// The expression that a variable of another one holds.
    private init(_ text: String, within outer: Arithmetic) {
        self = Arithmetic(text, outer.variables, isPlain: outer.isPlain, outer.meter)
        depth = outer.depth + 1
        left = outer.left
    }

    /// The value of an expression; assignments change `variables`. An empty expression is 0.
    static func evaluate(
        _ text: String,
        _ variables: inout ShellVariables,
        isPlain: Bool = false,
        _ meter: WorkMeter? = nil
    ) throws(ArithmeticError) -> Int {
        var expression = Arithmetic(text, variables, isPlain: isPlain, meter)
        let value = try expression.whole()
        variables = expression.variables
        return value
    }

    /// The value of all of it.
    private mutating func whole() throws(ArithmeticError) -> Int {
        left -= units.count
        // It is read character by character, with the variables that it names.
        meter?.charge(bytes: 16 * units.count)
        if depth > Self.maximumDepth || left < 0 { throw .tooDeep }
        skipBlanks()
        if index == units.count { return 0 }
        let value = try comma()
        skipBlanks()
        guard index == units.count else { throw .syntax(token: units[index...].text) }
        return value
    }

    /// What stands behind the last operator or operand.
    private var token: String { units[min(last, units.count)...].text }

    private mutating func skipBlanks() { while index < units.count, units[index].isBlank { index += 1 } }

    private mutating func take(_ text: String, unless next: String = "") -> Bool {
        skipBlanks()
        guard units[index...].starts(with: text.utf8) else { return false }
        let after = index + text.utf8.count
        if after < units.count, next.utf8.contains(units[after]) { return false }
        last = index
        index = after
        return true
    }

    private mutating func comma() throws(ArithmeticError) -> Int {
        var value = try assignment()
        while !isPlain, take(",") { value = try assignment() }
        return value
    }

    private static let assignments = ["<<=", ">>=", "**=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^="]

    private mutating func assignment() throws(ArithmeticError) -> Int {
        depth += 1
        defer { depth -= 1 }
        if depth > Self.maximumDepth { throw .tooDeep }
        let start = index
        if let name = name() {
            if take("=", unless: "=") {
                let value = try assignment()
                assign(name, value)
                return value
            }
            for operation in Self.assignments where !(isPlain && operation == "**=") && take(operation) {
                let old = try value(of: name)
                let right = try assignment()
                let value = try apply(String(operation.dropLast()), old, right)
                assign(name, value)
                return value
            }
        }
        index = start
        return try ternary()
    }

    private mutating func assign(_ name: String, _ value: Int) {
        if !isSkipping { variables.set(name, String(value)) }
    }

    private mutating func ternary() throws(ArithmeticError) -> Int {
        let test = try binary(0)
        guard take("?") else { return test }
        let wasSkipping = isSkipping
        isSkipping = wasSkipping || test == 0
        let first = try assignment()
        guard take(":") else { throw .syntax(token: token) }
        isSkipping = wasSkipping || test != 0
        let second = try assignment()
        isSkipping = wasSkipping
        return test != 0 ? first : second
    }

    /// Operators by level, longer ones first where one begins another.
    private static let levels: [[(text: String, unless: String)]] = [
        [("||", "")], [("&&", "")], [("|", "|=")], [("^", "=")], [("&", "&=")], [("==", ""), ("!=", "")],
        [("<=", ""), (">=", ""), ("<", "<"), (">", ">")], [("<<", "="), (">>", "=")], [("+", "+="), ("-", "-=")],
        [("*", "*="), ("/", "="), ("%", "=")], [("**", "=")],
    ]

    private mutating func binary(_ level: Int) throws(ArithmeticError) -> Int {
        if level == Self.levels.count { return try unary() }
        var left = try binary(level + 1)
        search: while true {
            // Where `++` is no operator, `a++1` adds what has a sign.
            for (text, longer) in Self.levels[level] {
                let unless = isPlain && "+-".contains(text) ? "" : longer
                guard take(text, unless: unless) else { continue }
                if isPlain, text == "**" { throw .syntax(token: token) }
                if text == "**" {
                    depth += 1
                    defer { depth -= 1 }
                    if depth > Self.maximumDepth { throw .tooDeep }
                    let right = try binary(level)
                    return try apply(text, left, right)
                }
                left = try combine(text, left, level)
                continue search
            }
            return left
        }
    }

    private mutating func combine(_ text: String, _ left: Int, _ level: Int) throws(ArithmeticError) -> Int {
        let wasSkipping = isSkipping
        defer { isSkipping = wasSkipping }
        if text == "&&" { isSkipping = wasSkipping || left == 0 }
        if text == "||" { isSkipping = wasSkipping || left != 0 }
        let right = try binary(level + 1)
        return try apply(text, left, right)
    }

    private func apply(_ operation: String, _ left: Int, _ right: Int) throws(ArithmeticError) -> Int {
        switch operation {
        case "+": return left &+ right
        case "-": return left &- right
        case "*": return left &* right
        case "/", "%":
            if isSkipping { return 0 }
            if right == 0 { throw .divisionByZero(token: token) }
            if right == -1 { return operation == "/" ? 0 &- left : 0 }
            return operation == "/" ? left / right : left % right
        case "**": return power(left, right)
        case "<<": return left << (right & 63)
        case ">>": return left >> (right & 63)
        case "&": return left & right
        case "|": return left | right
        case "^": return left ^ right
        case "&&": return left != 0 && right != 0 ? 1 : 0
        case "||": return left != 0 || right != 0 ? 1 : 0
        case "==": return left == right ? 1 : 0
        case "!=": return left != right ? 1 : 0
        case "<": return left < right ? 1 : 0
        case "<=": return left <= right ? 1 : 0
        case ">": return left > right ? 1 : 0
        case ">=": return left >= right ? 1 : 0
        default: throw .syntax(token: token)
        }
    }

    private func power(_ number: Int, _ exponent: Int) -> Int {
        guard exponent > 0 else { return exponent == 0 ? 1 : 0 }
        var result = 1
        var square = number
        var rest = exponent
        while rest > 0 {
            if rest & 1 == 1 { result = result &* square }
            square = square &* square
            rest >>= 1
        }
        return result
    }

    private mutating func unary() throws(ArithmeticError) -> Int {
        depth += 1
        defer { depth -= 1 }
        if depth > Self.maximumDepth { throw .tooDeep }
        if !isPlain {
            if take("++") { return try step(1) }
            if take("--") { return try step(-1) }
        }
        if take("+") { return try unary() }
        if take("-") { return 0 &- (try unary()) }
        if take("!", unless: "=") { return try unary() == 0 ? 1 : 0 }
        if take("~") { return ~(try unary()) }
        if take("(") {
            let value = try comma()
            guard take(")") else { throw .syntax(token: token) }
            return value
        }
        skipBlanks()
        if index < units.count, units[index].isDigit { return try number() }
        guard let name = name() else { throw .operand(token: token) }
        let value = try value(of: name)
        if isPlain { return value }
        if take("++") { assign(name, value &+ 1) } else if take("--") { assign(name, value &- 1) }
        return value
    }

    private mutating func step(_ change: Int) throws(ArithmeticError) -> Int {
        guard let name = name() else { throw .operand(token: token) }
        let value = try value(of: name) &+ change
        assign(name, value)
        return value
    }

    private mutating func name() -> String? {
        skipBlanks()
        guard index < units.count, units[index].isNameUnit, !units[index].isDigit else { return nil }
        let start = index
        last = start
        while index < units.count, units[index].isNameUnit { index += 1 }
        return units[start..<index].text
    }

    /// The value of a variable, which may itself be an expression.
    private mutating func value(of name: String) throws(ArithmeticError) -> Int {
        guard let text = variables[name] else { return 0 }
        if let number = Int(text), !text.hasPrefix("0") || text == "0" { return number }
        let first = text.utf8.first { !$0.isBlank }
        if isPlain, let first, !first.isDigit, first != UInt8(ascii: "-"), first != UInt8(ascii: "+") {
            throw .syntax(token: token)
        }
        var inner = Arithmetic(text, within: self)
        let value = try inner.whole()
        variables = inner.variables
        left = inner.left
        return value
    }

    private mutating func number() throws(ArithmeticError) -> Int {
        let start = index
        last = start
        while index < units.count, units[index].isNameUnit || units[index] == UInt8(ascii: "#") { index += 1 }
        let text = units[start..<index].text
        if text.hasPrefix("0x") || text.hasPrefix("0X") {
            guard let value = UInt(text.dropFirst(2), radix: 16) else { throw .syntax(token: token) }
            return Int(bitPattern: value)
        }
        let parts = text.split(separator: "#")
        if parts.count == 2, !isPlain {
            guard let radix = Int(parts[0]), (2...36).contains(radix), let value = Int(parts[1], radix: radix) else {
                throw .syntax(token: token)
            }
            return value
        }
        guard let value = Int(text, radix: text.hasPrefix("0") && text.utf8.count > 1 ? 8 : 10) else {
            throw .syntax(token: token)
        }
        return value
    }
}
