// SPDX-License-Identifier: Apache-2.0
// An awk program as instructions for a machine with a stack.

import PodiumRuntime

/// A variable by where it stands.
enum AwkSlot: Hashable, Sendable {
    case global(Int)
    case local(Int)
}

/// What can be assigned to.
enum AwkTarget: Hashable, Sendable {
    case variable(AwkSlot)
    /// `$…`, whose number is on the stack.
    case field
    /// An element, whose key is on the stack.
    case element(AwkSlot)

    /// Whether it takes something from the stack.
    var hasKey: Bool { if case .variable = self { false } else { true } }
}

/// What is done with two numbers.
enum AwkOperation: Hashable, Sendable {
    case add, subtract, multiply, divide, remainder, power
}

/// How two values are compared.
enum AwkComparison: Hashable, Sendable {
    case less, lessOrEqual, equal, notEqual, greater, greaterOrEqual
}

/// Where `print` writes to.
enum AwkOutput: Hashable, Sendable {
    case standard
    /// `>`, `>>` and `|`, with the name on the stack.
    case file, append, command
}

/// Where `getline` reads from.
enum AwkInput: Hashable, Sendable {
    case main
    /// `<` and `|`, with the name on the stack.
    case file, command
}

/// One instruction.
enum AwkInstruction: Hashable, Sendable {
    case constant(Int)
    case pattern(Int)
    /// Whether the record matches a pattern.
    case matchRecord(Int)
    case load(AwkTarget)
    case store(AwkTarget)
    case assign(AwkOperation, AwkTarget)
    case increment(AwkTarget, by: Double, isPostfix: Bool)
    /// Makes one key of several values.
    case subscripts(Int)
    case contains(AwkSlot)
    case delete(AwkSlot)
    case deleteAll(AwkSlot)
    case arithmetic(AwkOperation)
    case compare(AwkComparison)
    case match(isNegated: Bool)
    case concatenate
    case negate, plus, not, truth
    case pop
    case jump(Int)
    case jumpIfTrue(Int)
    case jumpIfFalse(Int)
    /// A variable as the argument of a call, which may turn out to be an array.
    case argument(AwkSlot)
    case arrayArgument(AwkSlot)
    case call(Int, count: Int)
    case `return`
    case builtin(AwkBuiltin, count: Int)
    case substitute(isGlobal: Bool, AwkTarget?)
    case print(count: Int, AwkOutput)
    case format(count: Int, AwkOutput)
    case getline(AwkInput, AwkTarget?)
    case beginIteration(AwkSlot)
    case iterate(AwkSlot, end: Int)
    case endIteration
    /// Goes on behind the test for the beginning when the range is open.
    case jumpIfOpen(range: Int, Int)
    case setRange(Int, isOpen: Bool)
    case next, nextFile
    /// Ends with the code on the stack, or the one there is.
    case exit(hasCode: Bool)
    case end
}

/// Instructions that belong together.
struct AwkSegment: Sendable {
    var code: [AwkInstruction] = []
    /// The line of each instruction.
    var lines: [Int] = []
}

/// A function.
struct AwkFunction: Sendable {
    var name: String
    /// Nil while it was only called.
    var segment: Int?
    var parameters = 0
}

/// A whole program.
struct AwkProgram: Sendable {
    /// Places of segments.
    static let beginSegment = 0
    static let mainSegment = 1
    static let endSegment = 2

    var segments = Array(repeating: AwkSegment(), count: 3)
    var constants: [AwkValue] = []
    var patterns: [[UInt8]] = []
    var functions: [AwkFunction] = []
    /// The numbers of global variables by name.
    var globals: [String: Int] = [:]
    var ranges = 0

    /// About the bytes that it keeps.
    var byteCount: Int {
        let code = segments.reduce(0) { $0 + $1.code.count } * (MemoryLayout<AwkInstruction>.size + 8)
        return constants.reduce(code) { $0 + $1.size + MemoryLayout<AwkValue>.size }
    }

    /// Whether input is read at all.
    var readsInput: Bool { !segments[Self.mainSegment].code.isEmpty || !segments[Self.endSegment].code.isEmpty }

    /// The variables with a meaning; the number of each is its place.
    enum Special: Int {
        case conversionFormat, outputFormat, fieldSeparator, outputFieldSeparator, outputRecordSeparator
        case recordSeparator, recordTerminator, fileName, subscriptSeparator, argumentCount, arguments
        case fileRecordNumber, recordNumber, fieldCount, ignoresCase, environment, errorNumber, argumentIndex
        case matchStart, matchLength

        /// The names that programs know them by, in the same order.
        static let names = [
            "CONVFMT", "OFMT", "FS", "OFS", "ORS", "RS", "RT", "FILENAME", "SUBSEP", "ARGC", "ARGV", "FNR", "NR", "NF",
            "IGNORECASE", "ENVIRON", "ERRNO", "ARGIND", "RSTART", "RLENGTH",
        ]
    }

    init() {
        for (number, name) in Special.names.enumerated() { globals[name] = number }
    }
}
