// SPDX-License-Identifier: Apache-2.0
// What programs of bc are translated to.

import PodiumRuntime

/// What bc and dc allow.
enum CalculatorLimits {
    /// The bytes of a program; what is beyond them is not read.
    static let programBytes = 1 << 20
    /// Calls within calls, and macros within macros.
    static let frames = 1_000
    /// What all values may take together.
    static let bytes = 16 << 20
    /// The digits that can be asked for behind the point.
    static let scale = 2_000
    /// The largest index of an array.
    static let index = 1 << 31 - 1
    /// The largest base of output.
    static let outputBase = 999
    /// What `limits` of bc prints.
    static let table = """
        BC_BASE_MAX     = 999
        BC_DIM_MAX      = 2147483647
        BC_SCALE_MAX    = 4294967295
        BC_STRING_MAX   = 4294967294
        MAX Exponent    = 999999999
        Number of vars  = 999999999

        """
}

/// An arithmetic operator of two numbers.
enum CalculatorOperator: Sendable {
    case add, subtract, multiply, divide, remainder, power
    case less, lessOrEqual, equal, notEqual, greater, greaterOrEqual
    case and, or
}

/// Where a number is kept.
enum CalculatorPlace: Hashable, Sendable {
    case variable(Int)
    /// An element of an array; its number stands on the stack.
    case element(Int)
    case scale, inputBase, outputBase
    case last
}

/// A step of a program on a stack of numbers.
enum CalculatorInstruction: Sendable {
    /// A literal by its number, which is read in the base that there is then.
    case literal(Int)
    case load(CalculatorPlace)
    /// Takes the value, and leaves it.
    case store(CalculatorPlace)
    case assign(CalculatorOperator, CalculatorPlace)
    case increment(CalculatorPlace, by: Int, isPostfix: Bool)
    case binary(CalculatorOperator)
    case negate, not
    case squareRoot, length, scale
    /// Prints the value on a line of its own.
    case show
    /// Prints the value as `print` does.
    case print
    /// A text as it stands, and one in which backslashes mean something.
    case text(String)
    case escapedText(String)
    case pop
    case jump(Int)
    case jumpIfFalse(Int)
    /// An array as an argument.
    case array(Int)
    case call(Int, arguments: Int)
    case `return`
    case quit
}

/// What a function is given or has for itself.
struct CalculatorLocal: Hashable, Sendable {
    var slot: Int
    var isArray: Bool
}

/// A function.
struct CalculatorFunction: Sendable {
    var parameters: [CalculatorLocal] = []
    var locals: [CalculatorLocal] = []
    var code: [CalculatorInstruction]?
    /// Whether it has no value that could be printed.
    var isVoid = false
}
