// SPDX-License-Identifier: Apache-2.0
// The expressions of find as flat lists of tests and jumps.

import PodiumMachinery

/// `3`, `+3` or `-3`.
struct FindNumber: Sendable {
    var value: Int
    /// Below zero for less, above it for more.
    var order: Int

    /// A number as it stands on a command line; nil when it is none.
    init?(_ text: String) {
        guard let value = Int(text.drop { $0 == "+" || $0 == "-" }), value >= 0 else { return nil }
        self.value = value
        order = text.hasPrefix("-") ? -1 : text.hasPrefix("+") ? 1 : 0
    }

    /// Whether an amount of `size` for each one of the number is what was asked for.
    func accepts(_ amount: Int, size: Int = 1) -> Bool {
        let (limit, overflow) = value.multipliedReportingOverflow(by: size)
        if overflow { return order < 0 }
        return order < 0 ? amount < limit : order > 0 ? amount > limit : amount == limit
    }

    /// Whether an age in seconds lies in the unit that was asked for.
    func accepts(age: Int, unit: Int) -> Bool {
        let (limit, overflow) = value.multipliedReportingOverflow(by: unit)
        if overflow || limit > Int.max - unit { return order < 0 }
        return order < 0 ? age < limit : order > 0 ? age >= limit + unit : age >= limit && age < limit + unit
    }
}

/// A question about a file, or something that is done with it.
enum FindTest: Sendable {
    case name(ShellPattern, ignoresCase: Bool)
    case path(ShellPattern, ignoresCase: Bool)
    case pattern(RegularExpression)
    case kind(FileKind)
    case size(FindNumber, unit: Int)
    case age(FindNumber, unit: Int)
    case newer(Timestamp)
    /// All of the bits, one of them, or exactly those.
    case modeAll(Int), modeSome(Int), mode(Int)
    case owner(Int)
    case group(Int)
    case links(FindNumber)
    case executable
    case empty
    case always
    case prune, print, printWithZero, delete, quit
}

/// `-exec`, `-ok` and `-exec … +`.
struct FindCommand: Sendable {
    var words: [String]
    var asks = false
    var collects = false
}

/// One step of an expression; the value of the step before decides about jumps.
enum FindInstruction: Sendable {
    case test(FindTest)
    case run(Int)
    case jumpIfFalse(Int)
    case jumpIfTrue(Int)
    case not
}

/// Why an expression cannot be used.
struct FindFault: Error {
    var text: String
}

/// An expression with what holds for the whole search.
struct FindExpression: Sendable {
    var instructions: [FindInstruction] = []
    var commands: [FindCommand] = []
    var maximumDepth = Int.max
    var minimumDepth = 0
    /// Whether directories come behind what they hold.
    var isDepthFirst = false
    var follows = false
}

/// A cursor over the words of an expression.
struct FindParser {
    /// Parentheses within parentheses.
    private static let maximumDepth = 50

    private var words: ArraySlice<String>
    private var expression = FindExpression()
    private var depth = 0
    private var acts = false

    /// The words behind the paths.
    init(_ words: [String]) { self.words = words[...] }

    /// The whole expression; `stat` says what is at a path, for `-newer`.
    mutating func parse(_ stat: (String) -> FileNode?) throws(FindFault) -> FindExpression {
        if !words.isEmpty { try choice(stat) }
        if let word = words.first { throw FindFault(text: word == ")" ? "unmatched ')'" : "unrecognized: \(word)") }
        if !acts {
            let start = expression.instructions.count
            if start > 0 { expression.instructions.append(.jumpIfFalse(start + 2)) }
            expression.instructions.append(.test(.print))
        }
        return expression
    }

    private mutating func choice(_ stat: (String) -> FileNode?) throws(FindFault) {
        depth += 1
        defer { depth -= 1 }
        if depth > Self.maximumDepth { throw FindFault(text: "expression is too deep") }
        try sequence(stat)
        while words.first == "-o" || words.first == "-or" {
            words.removeFirst()
            let jump = expression.instructions.count
            expression.instructions.append(.jumpIfTrue(0))
            try sequence(stat)
            expression.instructions[jump] = .jumpIfTrue(expression.instructions.count)
        }
    }

    private mutating func sequence(_ stat: (String) -> FileNode?) throws(FindFault) {
        try primary(stat)
        while let word = words.first, word != "-o", word != "-or", word != ")" {
            if word == "-a" || word == "-and" { words.removeFirst() }
            let jump = expression.instructions.count
            expression.instructions.append(.jumpIfFalse(0))
            try primary(stat)
            expression.instructions[jump] = .jumpIfFalse(expression.instructions.count)
        }
    }

    private mutating func primary(_ stat: (String) -> FileNode?) throws(FindFault) {
        var isNegated = false
        while words.first == "!" || words.first == "-not" {
            words.removeFirst()
            isNegated.toggle()
        }
        guard let word = words.popFirst() else { throw FindFault(text: "argument expected") }
        if word == "(" {
            try choice(stat)
            guard words.popFirst() == ")" else { throw FindFault(text: "unmatched '('") }
        } else if word == "-exec" || word == "-ok" {
            try command(word)
        } else if try !option(word) {
            expression.instructions.append(.test(try test(word, stat)))
        }
        if isNegated { expression.instructions.append(.not) }
    }

    /// Options that hold for the whole search count as true where they stand.
    private mutating func option(_ word: String) throws(FindFault) -> Bool {
        switch word {
        case "-maxdepth", "-mindepth":
            let text = try argument(word)
            guard let number = Int(text), number >= 0 else { throw FindFault(text: "invalid number '\(text)'") }
            if word == "-maxdepth" { expression.maximumDepth = number } else { expression.minimumDepth = number }
        case "-depth", "-d": expression.isDepthFirst = true
        case "-follow": expression.follows = true
        case "-xdev", "-mount", "-noleaf": break
        default: return false
        }
        expression.instructions.append(.test(.always))
        return true
    }

    private mutating func argument(_ word: String) throws(FindFault) -> String {
        guard let next = words.popFirst() else { throw FindFault(text: "\(word) requires an argument") }
        return next
    }

    private mutating func command(_ name: String) throws(FindFault) {
        var command = FindCommand(words: [], asks: name == "-ok")
        while true {
            guard let word = words.popFirst() else { throw FindFault(text: "\(name) requires an argument") }
            if word == ";" { break }
            if word == "+", command.words.last == "{}" {
                command.collects = true
                break
            }
            command.words.append(word)
        }
        if command.words.isEmpty { throw FindFault(text: "\(name) requires an argument") }
        acts = true
        expression.instructions.append(.run(expression.commands.count))
        expression.commands.append(command)
    }

    private mutating func test(_ word: String, _ stat: (String) -> FileNode?) throws(FindFault) -> FindTest {
        switch word {
        case "-print", "-print0", "-delete", "-quit", "-prune":
            acts = acts || word != "-prune"
            if word == "-delete" { expression.isDepthFirst = true }
            return word == "-print"
                ? .print
                : word == "-print0" ? .printWithZero : word == "-delete" ? .delete : word == "-quit" ? .quit : .prune
        case "-empty": return .empty
        case "-executable": return .executable
        case "-name", "-iname", "-path", "-ipath", "-wholename":
            let ignoresCase = word.hasPrefix("-i")
            let text = try argument(word)
            let pattern = ShellPattern(ignoresCase ? text.lowercased() : text)
            return word.hasSuffix("name") && word != "-wholename"
                ? .name(pattern, ignoresCase: ignoresCase) : .path(pattern, ignoresCase: ignoresCase)
        case "-regex", "-iregex":
            let text = try argument(word)
            guard let found = RegularExpression(text, isExtended: false, ignoresCase: word == "-iregex") else {
                throw FindFault(text: "bad regex '\(text)'")
            }
            return .pattern(found)
        case "-type": return try kind(argument(word))
        case "-newer":
            let path = try argument(word)
            guard let node = stat(path) else { throw FindFault(text: "\(path): \(Errno.noEntry.text)") }
            return .newer(node.time)
        case "-perm": return try mode(argument(word))
        case "-user", "-uid", "-group", "-gid":
            let text = try argument(word)
            guard let number = text == "root" ? 0 : Int(text) else {
                throw FindFault(text: "unknown \(word.hasPrefix("-u") ? "user" : "group") \(text)")
            }
            return word.hasPrefix("-u") ? .owner(number) : .group(number)
        default: return try amount(word)
        }
    }

    private mutating func amount(_ word: String) throws(FindFault) -> FindTest {
        let units = ["-mtime": 86_400, "-atime": 86_400, "-ctime": 86_400, "-mmin": 60, "-amin": 60, "-cmin": 60]
        guard units[word] != nil || word == "-size" || word == "-links" || word == "-inum" else {
            throw FindFault(text: "unrecognized: \(word)")
        }
        var text = try argument(word)
        var unit = units[word] ?? 512
        if word == "-size", let letter = text.last,
            let size = ["c": 1, "b": 512, "k": 1024, "w": 2, "M": 1 << 20][letter]
        {
            unit = size
            text.removeLast()
        }
        guard let number = FindNumber(text) else { throw FindFault(text: "invalid number '\(text)'") }
        return word == "-size"
            ? .size(number, unit: unit)
            : word == "-links" || word == "-inum" ? .links(number) : .age(number, unit: unit)
    }

    private func kind(_ text: String) throws(FindFault) -> FindTest {
        let kinds: [String: FileKind] = [
            "f": .file, "d": .directory, "l": .link, "p": .fifo, "c": .device, "b": .device, "s": .fifo,
        ]
        guard let kind = kinds[text] else { throw FindFault(text: "invalid argument '\(text)' to '-type'") }
        return .kind(kind)
    }

    private func mode(_ text: String) throws(FindFault) -> FindTest {
        let mark = text.first
        let rest = mark == "-" || mark == "/" || mark == "+" ? String(text.dropFirst()) : text
        guard let bits = ModeChange(rest)?.applied(to: 0, isDirectory: false, mask: 0) else {
            throw FindFault(text: "invalid mode '\(text)'")
        }
        return mark == "-" ? .modeAll(bits) : mark == "/" || mark == "+" ? .modeSome(bits) : .mode(bits)
    }
}
