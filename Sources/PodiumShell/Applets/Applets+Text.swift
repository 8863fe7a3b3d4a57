// SPDX-License-Identifier: Apache-2.0
// Applets that print: echo, printf, seq, expr, basename and the like.

import PodiumRuntime

extension Applets {
    static let textApplets: [String: ImmediateApplet] = [
        "echo": { machine, words in echo(&machine, words) },
        "printf": printf,
        "true": { _, _ in 0 },
        "false": { _, _ in 1 },
        ":": { _, _ in 0 },
        "test": { machine, words in test(&machine, Array(words.dropFirst())) },
        "[": { machine, words in
            guard words.last == "]" else { return fail(&machine, "[", "missing ]") + 1 }
            return test(&machine, Array(words.dropFirst().dropLast()))
        },
        "basename": { machine, words in baseName(&machine, words) },
        "dirname": { machine, words in directoryName(&machine, words) },
        "expr": { machine, words in expression(&machine, Array(words.dropFirst())) },
    ]

    private static let baseNameTables = OptionTables(
        "basename",
        busybox: OptionTable(letters: "as:", stops: true),
        gnu: OptionTable(letters: "as:z", long: ["multiple": "a", "suffix": "s", "zero": "z"], stops: true)
    )
    private static let directoryNameTables = OptionTables(
        "dirname",
        busybox: OptionTable(letters: "", stops: true),
        gnu: OptionTable(letters: "z", long: ["zero": "z"])
    )

    private static func baseName(_ machine: inout Machine, _ words: [String]) -> Int {
        do throws(OptionRefusal) {
            let options = try baseNameTables.read(&machine, words)
            let isSeveral = options.has("a") || options["s"] != nil
            if options.words.isEmpty {
                throw baseNameTables.refusal(&machine, machine.isGNU ? "missing operand" : nil)
            }
            if !isSeveral, options.words.count > 2 {
                throw baseNameTables.refusal(&machine, machine.isGNU ? "extra operand '\(options.words[2])'" : nil)
            }
            let suffix = options["s"] ?? (isSeveral ? "" : options.words.dropFirst().first ?? "")
            for path in isSeveral ? options.words[...] : options.words.prefix(1) {
                var name = path.lastComponent
                if name.hasSuffix(suffix), name != suffix { name.removeLast(suffix.count) }
                machine.print(name + (options.has("z") ? "\0" : "\n"))
            }
            return 0
        } catch {
            return error.code
        }
    }

    private static func directoryName(_ machine: inout Machine, _ words: [String]) -> Int {
        do throws(OptionRefusal) {
            // busybox's has no options.
            let isPlain = machine.hasBusybox && words.dropFirst().first != "--"
            let words = isPlain ? words.prefix(1) + ["--"] + words.dropFirst() : words
            let options = try directoryNameTables.read(&machine, words)
            if options.words.isEmpty || machine.hasBusybox && options.words.count > 1 {
                throw directoryNameTables.refusal(&machine, machine.isGNU ? "missing operand" : nil)
            }
            for path in options.words {
                let directory = path.split(separator: "/").dropLast().joined(separator: "/")
                let name = path.hasPrefix("/") ? "/\(directory)" : directory.isEmpty ? "." : directory
                machine.print(name + (options.has("z") ? "\0" : "\n"))
            }
            return 0
        } catch {
            return error.code
        }
    }

    /// `echo`, as program and as builtin. That of dash knows `-n` only, and always resolves escapes.
    static func echo(_ machine: inout Machine, _ words: [String], _ flavour: ShellFlavour? = nil) -> Int {
        var rest = words.dropFirst()
        var hasNewline = true
        var resolves = flavour == .dash
        let letters = flavour == .dash ? "n" : "neE"
        while let option = rest.first, option.count > 1, option.hasPrefix("-"),
            option.dropFirst().allSatisfy({ letters.contains($0) })
        {
            rest = rest.dropFirst()
            for letter in option.dropFirst() {
                if letter == "n" { hasNewline = false } else { resolves = letter == "e" }
            }
            if flavour == .dash { break }
        }
        var bytes = Array(rest.joined(separator: " ").utf8)
        if resolves {
            let (resolved, isStopped) = EscapedText.resolve(bytes, .echo)
            bytes = resolved
            if isStopped { hasNewline = false }
        }
        if hasNewline { bytes.append(UInt8(ascii: "\n")) }
        if let errno = machine.write(bytes, to: 1) { return fail(&machine, "sh", "write error", errno) }
        return 0
    }

    /// `test` without its brackets.
    static func test(_ machine: inout Machine, _ words: [String]) -> Int {
        var expression = TestExpression(words)
        do throws(TestExpression.Failure) {
            return try expression.evaluate(&machine) ? 0 : 1
        } catch {
            machine.complain("sh: \(error.text(words, .ash))")
            return 2
        }
    }

    private static func printf(_ machine: inout Machine, _ words: [String]) -> Int {
        guard words.count > 1 else {
            machine.complain("printf: usage: printf FORMAT [ARG...]")
            return 2
        }
        let (bytes, faults) = formatted(words, machine.container?.flavour ?? .ash)
        if !bytes.isEmpty { machine.write(bytes, to: 1) }
        for fault in faults { machine.complain("printf: \(fault)") }
        return faults.isEmpty ? 0 : 1
    }

    /// What `printf` prints, and what is wrong with its words.
    static func formatted(_ words: [String], _ flavour: ShellFlavour) -> (bytes: [UInt8], faults: [String]) {
        var rest = words.dropFirst()
        if rest.first == "--" { rest = rest.dropFirst() }
        var formatter = PrintFormatter(rest.first ?? "", Array(rest.dropFirst()), flavour: flavour)
        let bytes = formatter.format()
        var faults = formatter.faults.map { flavour == .ash ? "invalid number '\($0)'" : "\($0): invalid number" }
        // busybox minds a number that is empty.
        if flavour == .ash, formatter.hasEmptyNumber { faults.append("invalid number ''") }
        if let directive = formatter.badDirective { faults.append("%\(directive): invalid directive") }
        return (bytes, faults)
    }

    // expr

    private static func expression(_ machine: inout Machine, _ words: [String]) -> Int {
        var parser = ExpressionWords(words, machine.meter, isGNU: machine.isGNU)
        guard let value = parser.evaluate() else {
            machine.complain("expr: \(parser.fault)")
            return 2
        }
        machine.print(value + "\n")
        return value.isEmpty || value == "0" ? 1 : 0
    }
}

/// A cursor over the words of `expr`.
private struct ExpressionWords {
    private let words: [String]
    private var index = 0
    private var depth = 0
    private let meter: WorkMeter
    private let isGNU: Bool
    /// What is wrong, when it is more than that the words make no sense.
    private var problem: String?

    init(_ words: [String], _ meter: WorkMeter, isGNU: Bool) {
        self.words = words
        self.meter = meter
        self.isGNU = isGNU
    }

    /// Why there is no value.
    var fault: String {
        if let problem { return problem }
        guard isGNU else { return words.isEmpty ? "too few arguments" : "syntax error" }
        guard let last = words.last else { return "missing operand\nTry 'expr --help' for more information." }
        return index < words.count
            ? "syntax error: unexpected argument '\(words[index])'" : "syntax error: missing argument after '\(last)'"
    }

    mutating func evaluate() -> String? {
        guard let value = level(0), index == words.count else { return nil }
        return value
    }

    private static let levels: [Set<String>] = [
        ["|"], ["&"], ["=", "==", "!=", "<", "<=", ">", ">="], ["+", "-"], ["*", "/", "%"], [":"],
    ]

    private mutating func level(_ number: Int) -> String? {
        guard number < Self.levels.count else { return primary() }
        guard var left = level(number + 1) else { return nil }
        while index < words.count, Self.levels[number].contains(words[index]) {
            let operation = words[index]
            index += 1
            guard let right = level(number + 1), let value = apply(operation, left, right) else { return nil }
            left = value
        }
        return left
    }

    private mutating func apply(_ operation: String, _ left: String, _ right: String) -> String? {
        func isTrue(_ text: String) -> Bool { !text.isEmpty && text != "0" }
        switch operation {
        case "|": return isTrue(left) ? left : right
        case "&": return isTrue(left) && isTrue(right) ? left : "0"
        case ":":
            guard let expression = RegularExpression("^\\(\(right)\\)", isExtended: false) else { return nil }
            guard let match = expression.firstMatch(in: Array(left.utf8), meter) else {
                return expression.groups > 1 ? "" : "0"
            }
            if expression.groups > 1 { return match.groups[2].map { Array(left.utf8)[$0].text } ?? "" }
            return String(match.range.count)
        default: break
        }
        if let first = Int(left), let second = Int(right) {
            let value = number(operation, first, second)
            if value == nil { problem = "division by zero" }
            return value.map { String($0) }
        }
        let isLess = Array(left.utf8).lexicographicallyPrecedes(Array(right.utf8))
        switch operation {
        case "=", "==": return left == right ? "1" : "0"
        case "!=": return left != right ? "1" : "0"
        case "<": return isLess ? "1" : "0"
        case "<=": return isLess || left == right ? "1" : "0"
        case ">": return !isLess && left != right ? "1" : "0"
        case ">=": return !isLess ? "1" : "0"
        default:
            problem = isGNU ? "non-integer argument" : "non-numeric argument"
            return nil
        }
    }

    private func number(_ operation: String, _ left: Int, _ right: Int) -> Int? {
        switch operation {
        case "+": left &+ right
        case "-": left &- right
        case "*": left &* right
        case "/": right == 0 || right == -1 ? (right == 0 ? nil : 0 &- left) : left / right
        case "%": right == 0 || right == -1 ? (right == 0 ? nil : 0) : left % right
        case "=", "==": left == right ? 1 : 0
        case "!=": left != right ? 1 : 0
        case "<": left < right ? 1 : 0
        case "<=": left <= right ? 1 : 0
        case ">": left > right ? 1 : 0
        case ">=": left >= right ? 1 : 0
        default: nil
        }
    }

    private mutating func primary() -> String? {
        guard index < words.count, depth < 50 else { return nil }
        let word = words[index]
        index += 1
        if word == "(" {
            depth += 1
            let value = level(0)
            depth -= 1
            guard index < words.count, words[index] == ")" else {
                if isGNU, value != nil { problem = "syntax error: expecting ')' after '\(words[index - 1])'" }
                return nil
            }
            index += 1
            return value
        }
        if word == "length", index < words.count {
            index += 1
            return String(words[index - 1].count)
        }
        if word == "+" || word == "quote", index < words.count {
            index += 1
            return words[index - 1]
        }
        if word == "index", index + 1 < words.count {
            index += 2
            let marks = Set(words[index - 1])
            return String(
                words[index - 2].firstIndex { marks.contains($0) }.map { place in
                    words[index - 2].distance(from: words[index - 2].startIndex, to: place) + 1
                } ?? 0
            )
        }
        if word == "match", index + 1 < words.count {
            index += 2
            return apply(":", words[index - 2], words[index - 1])
        }
        if word == "substr", index + 2 < words.count, let start = Int(words[index + 1]),
            let count = Int(words[index + 2])
        {
            index += 3
            // Before the first character there is nothing.
            guard start > 0 else { return "" }
            return String(words[index - 3].dropFirst(start - 1).prefix(max(0, count)))
        }
        return word
    }
}
