// SPDX-License-Identifier: Apache-2.0
// `test`, `[` and `[[`.

import PodiumCodec
import PodiumMachinery
import PodiumRuntime

/// A cursor over the words of a test.
struct TestExpression {
    /// A test that cannot be read.
    enum Failure: Error {
        /// A word is no number.
        case number(String)
        /// Nothing is known of what stands at a place.
        case unknown(Int)
        case text(String)

        /// The words of a shell; those of dash and bash begin with the name of the command.
        func text(_ words: [String], _ flavour: ShellFlavour) -> String {
            switch self {
            case .number(let word):
                switch flavour {
                case .ash: return word.isEmpty ? "bad number" : "\(word): bad number"
                case .dash: return "Illegal number: \(word)"
                case .bash: return "\(word): integer expression expected"
                }
            case .text where flavour == .bash && words.count == 2: return "\(words[0]): unary operator expected"
            case .text(let text): return text
            case .unknown(let index):
                switch flavour {
                case .ash: return "\(words[index]): unknown operand"
                // It tells the word that it has just read.
                case .dash: return "\(words[max(0, index - 1)]): unexpected operator"
                case .bash where words.count == 2: return "\(words[0]): unary operator expected"
                case .bash where words.count == 3: return "\(words[1]): binary operator expected"
                case .bash: return "too many arguments"
                }
            }
        }
    }

    /// Negations and parentheses within one another.
    private static let maximumDepth = 50

    private let words: [String]
    private var index = 0
    private var depth = 0
    /// `[[ … ]]`: patterns behind `=`, and `=~`.
    private let isDouble: Bool
    /// What joins tests.
    private let marks: (and: String, or: String)
    private let flavour: ShellFlavour
    /// The names of variables that are set, for `-v`.
    private let isSet: (String) -> Bool
    /// What `=~` found.
    private(set) var captures: [String] = []

    init(
        _ words: [String],
        isDouble: Bool = false,
        _ flavour: ShellFlavour = .ash,
        isSet: @escaping (String) -> Bool = { _ in false }
    ) {
        self.words = words
        self.isDouble = isDouble
        self.flavour = flavour
        self.isSet = isSet
        marks = isDouble && flavour == .bash ? ("&&", "||") : ("-a", "-o")
    }

    /// Whether the test holds.
    mutating func evaluate(_ machine: inout Machine) throws(Failure) -> Bool {
        if words.isEmpty { return false }
        // POSIX decides by the number of words, so that `[ -f = x ]` and `[ ! ]` are what they look like.
        if !isDouble, words.count == 1 { return !words[0].isEmpty }
        if !isDouble, words.count == 3, isBinary(words[1]) {
            return try compare(words[0], words[1], words[2], machine)
        }
        let result = try or(&machine)
        if index < words.count { throw .unknown(index) }
        return result
    }

    private var current: String? { index < words.count ? words[index] : nil }

    private mutating func or(_ machine: inout Machine) throws(Failure) -> Bool {
        var result = try and(&machine)
        while current == marks.or {
            index += 1
            let right = try and(&machine)
            result = result || right
        }
        return result
    }

    private mutating func and(_ machine: inout Machine) throws(Failure) -> Bool {
        var result = try not(&machine)
        while current == marks.and {
            index += 1
            let right = try not(&machine)
            result = result && right
        }
        return result
    }

    private mutating func not(_ machine: inout Machine) throws(Failure) -> Bool {
        depth += 1
        defer { depth -= 1 }
        if depth > Self.maximumDepth { throw .text("too many operators") }
        if current == "!", index + 1 < words.count {
            index += 1
            return try !not(&machine)
        }
        return try primary(&machine)
    }

    private mutating func primary(_ machine: inout Machine) throws(Failure) -> Bool {
        guard let word = current else { throw .text("argument expected") }
        if index + 2 < words.count, isBinary(words[index + 1]) {
            index += 3
            return try compare(word, words[index - 2], words[index - 1], machine)
        }
        if !isDouble, index + 2 == words.count, isBinary(words[index + 1]), word.count != 2 || !word.hasPrefix("-") {
            throw .text("\(words[index + 1]): argument expected")
        }
        if word == "(" {
            index += 1
            let result = try or(&machine)
            guard current == ")" else { throw .text("closing paren expected") }
            index += 1
            return result
        }
        if word.count == 2, word.hasPrefix("-"), index + 1 < words.count {
            index += 2
            return try unary(word, words[index - 1], &machine)
        }
        index += 1
        return !word.isEmpty
    }

    private static let binary: Set<String> = [
        "=", "==", "!=", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef", "<", ">", "=~",
    ]

    private func isBinary(_ word: String) -> Bool {
        switch word {
        case "==": flavour != .dash
        case "=~": isDouble
        default: Self.binary.contains(word)
        }
    }

    private mutating func compare(
        _ left: String,
        _ operation: String,
        _ right: String,
        _ machine: Machine
    ) throws(Failure) -> Bool {
        switch operation {
        case "=", "==", "!=":
            machine.charge(bytes: left.utf8.count + right.utf8.count)
            let isEqual =
                isDouble ? ShellPattern(right).matches(left, machine.meter) : Array(left.utf8) == Array(right.utf8)
            return isEqual == (operation != "!=")
        case "<": return Array(left.utf8).lexicographicallyPrecedes(Array(right.utf8))
        case ">": return Array(right.utf8).lexicographicallyPrecedes(Array(left.utf8))
        case "=~": return try search(left, right, machine.meter)
        case "-nt", "-ot", "-ef": return compareFiles(left, operation, right, machine)
        default: break
        }
        let first = try number(left)
        let second = try number(right)
        switch operation {
        case "-eq": return first == second
        case "-ne": return first != second
        case "-lt": return first < second
        case "-le": return first <= second
        case "-gt": return first > second
        default: return first >= second
        }
    }

    private mutating func search(
        _ text: String,
        _ expression: String,
        _ meter: WorkMeter
    ) throws(Failure) -> Bool {
        guard let expression = RegularExpression(expression, isExtended: true) else {
            throw .text("invalid regular expression")
        }
        let units = Array(text.utf8)
        guard let match = expression.firstMatch(in: units, meter) else { return false }
        captures = [units[match.range].text] + match.groups.dropFirst().map { $0.map { units[$0].text } ?? "" }
        return true
    }

    private func compareFiles(_ left: String, _ operation: String, _ right: String, _ machine: Machine) -> Bool {
        // What is not there is older than all that is, for bash alone.
        guard let first = machine.node(left) else {
            return flavour == .bash && operation == "-ot" && machine.node(right) != nil
        }
        guard let second = machine.node(right) else { return flavour == .bash && operation == "-nt" }
        switch operation {
        // busybox compares whole seconds.
        case "-nt" where flavour == .ash: return first.time.seconds > second.time.seconds
        case "-ot" where flavour == .ash: return first.time.seconds < second.time.seconds
        case "-nt": return first.time > second.time
        case "-ot": return first.time < second.time
        default:
            guard let one = try? machine.locate(left), let other = try? machine.locate(right) else { return false }
            return machine.kernel.isSame(one, other)
        }
    }

    private func number(_ text: String) throws(Failure) -> Int {
        let start = text.utf8.drop(while: \.isBlank)
        let end = start.lastIndex { !$0.isBlank }.map(start.index(after:)) ?? start.startIndex
        guard let number = Int(String(decoding: start[..<end], as: UTF8.self)) else { throw .number(text) }
        return number
    }

    private func unary(_ operation: String, _ word: String, _ machine: inout Machine) throws(Failure) -> Bool {
        switch operation {
        case "-n": return !word.isEmpty
        case "-z": return word.isEmpty
        case "-t":
            guard let descriptor = Int(word), machine.process.files[descriptor] != nil else { return false }
            return machine.container?.specification.tty ?? false
        case "-h", "-L": return machine.node(word, follow: false)?.kind == .link
        case "-v" where flavour == .bash: return isSet(word)
        case "-o" where flavour == .bash: return false
        default: break
        }
        let node = machine.node(word)
        switch operation {
        case "-e", "-a", "-r", "-O", "-G": return node != nil
        case "-w": return node != nil && (try? machine.locate(word))?.readOnly != true
        case "-f": return node?.kind == .file
        case "-d": return node?.kind == .directory
        case "-s": return (node?.content.size ?? 0) > 0 || node?.kind == .directory
        case "-x": return node.map { $0.kind == .directory || $0.mode & 0o111 != 0 } ?? false
        case "-p": return node?.kind == .fifo
        case "-c": return node?.kind == .device
        case "-u": return node.map { $0.mode & 0o4000 != 0 } ?? false
        case "-g": return node.map { $0.mode & 0o2000 != 0 } ?? false
        case "-k": return node.map { $0.mode & 0o1000 != 0 } ?? false
        case "-b", "-S": return false
        default: throw .unknown(index - 1)
        }
    }
}

extension Shell {
    /// `test`, `[ … ]` and `[[ … ]]`, the last of which sets `BASH_REMATCH`.
    mutating func evaluateTest(_ words: [String], _ machine: inout Machine) -> Int {
        let name = words[0]
        if let closing = ["[": "]", "[[": "]]"][name], words.last != closing {
            switch flavour {
            case .ash: machine.complain("sh: missing \(closing)")
            case .dash: machine.complain(complaint("\(name): missing \(closing)"))
            case .bash: machine.complain(complaint("\(name): missing `\(closing)'"))
            }
            return 2
        }
        let operands = name == "test" ? words.dropFirst() : words.dropFirst().dropLast()
        let variables = variables
        var test = TestExpression(Array(operands), isDouble: name == "[[", flavour) { variables[$0] != nil }
        do throws(TestExpression.Failure) {
            let holds = try test.evaluate(&machine)
            if !test.captures.isEmpty, flavour == .bash {
                let captures = Dictionary(uniqueKeysWithValues: test.captures.enumerated().map { ($0, $1) })
                self.variables.set("BASH_REMATCH", elements: captures)
            }
            return holds ? 0 : 1
        } catch {
            let text = error.text(Array(operands), flavour)
            machine.complain(flavour == .ash ? "sh: \(text)" : complaint("\(name): \(text)"))
            return 2
        }
    }
}
