// SPDX-License-Identifier: Apache-2.0
// The expressions of find as flat lists of tests and jumps.

import PodiumMachinery
import PodiumRuntime

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
    /// One of some kinds, of what a link leads to with the flag.
    case kind(Set<FileKind>, follows: Bool)
    /// A size in units, of which GNU's takes one that is begun for a whole one.
    case size(FindNumber, unit: Int, rounds: Bool)
    case age(FindNumber, unit: Int)
    case newer(Timestamp)
    case same(String)
    /// All of the bits, one of them, or exactly those.
    case modeAll(Int), modeSome(Int), mode(Int)
    case owner(Int)
    case group(Int)
    case links(FindNumber)
    case inode(FindNumber)
    /// Where a link leads to.
    case target(ShellPattern)
    case executable
    case empty
    case always, never
    case prune, print, printWithZero, delete, quit, list
    case format(FindFormat)
}

/// `-exec`, `-ok` and `-exec … +`.
struct FindCommand: Sendable {
    var words: [String]
    var asks = false
    var collects = false
    /// `-execdir`: it runs where the file is.
    var isLocal = false
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
    /// Whether busybox shows how it is used then.
    var showsUsage = false
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
    private let isGNU: Bool
    private var expression = FindExpression()
    private var depth = 0
    private var acts = false
    private var isExtended = false

    /// The words behind the paths.
    init(_ words: [String], isGNU: Bool) {
        self.words = words[...]
        self.isGNU = isGNU
    }

    /// What GNU's say, or busybox's.
    private func fault(_ gnu: String, _ busybox: String) -> FindFault { FindFault(text: isGNU ? gnu : busybox) }

    private func unknown(_ word: String) -> FindFault {
        isGNU
            ? FindFault(text: "unknown predicate `\(word)'")
            : FindFault(text: "unrecognized: \(word)", showsUsage: true)
    }

    /// The whole expression; `stat` says what is at a path, for `-newer`.
    mutating func parse(_ machine: Machine) throws(FindFault) -> FindExpression {
        if !words.isEmpty { try choice(machine) }
        if let word = words.first {
            if word == ")" { throw fault("you have too many ')'", "unmatched ')'") }
            throw unknown(word)
        }
        if !acts {
            let start = expression.instructions.count
            if start > 0 { expression.instructions.append(.jumpIfFalse(start + 2)) }
            expression.instructions.append(.test(.print))
        }
        return expression
    }

    private mutating func choice(_ machine: Machine) throws(FindFault) {
        depth += 1
        defer { depth -= 1 }
        if depth > Self.maximumDepth { throw FindFault(text: "expression is too deep") }
        try sequence(machine, after: nil)
        while let word = words.first, word == "-o" || word == "-or" {
            words.removeFirst()
            // Behind the last one, busybox's looks for nothing further.
            if words.isEmpty, !isGNU { return }
            let jump = expression.instructions.count
            expression.instructions.append(.jumpIfTrue(0))
            try sequence(machine, after: word)
            expression.instructions[jump] = .jumpIfTrue(expression.instructions.count)
        }
    }

    private mutating func sequence(_ machine: Machine, after operation: String?) throws(FindFault) {
        try primary(machine, after: operation)
        while let word = words.first, word != "-o", word != "-or", word != ")" {
            let isNamed = word == "-a" || word == "-and"
            if isNamed { words.removeFirst() }
            let jump = expression.instructions.count
            expression.instructions.append(.jumpIfFalse(0))
            try primary(machine, after: isNamed ? word : nil)
            expression.instructions[jump] = .jumpIfFalse(expression.instructions.count)
        }
    }

    private mutating func primary(_ machine: Machine, after operation: String?) throws(FindFault) {
        var isNegated = false
        var operation = operation
        // busybox's overlooks that nothing stands beside it, and takes nothing for what is true.
        while !isGNU, let word = words.first, word == "-a" || word == "-and" { words.removeFirst() }
        while let word = words.first, word == "!" || word == "-not" {
            words.removeFirst()
            operation = word
            isNegated.toggle()
        }
        if !isGNU, words.first.map({ $0 == "-o" || $0 == "-or" }) ?? true {
            return expression.instructions.append(.test(.always))
        }
        guard let word = words.popFirst() else {
            let gnu = operation.map { "expected an expression after '\($0)'" } ?? "invalid expression"
            throw fault(gnu, "argument expected")
        }
        if isGNU, ["-a", "-and", "-o", "-or"].contains(word) {
            let text = "invalid expression; you have used a binary operator '\(word)' with nothing before it."
            throw FindFault(text: text)
        }
        if word == "(" {
            if isGNU, words.first == ")" {
                throw FindFault(text: "invalid expression; empty parentheses are not allowed.")
            }
            try choice(machine)
            guard words.popFirst() == ")" else {
                let gnu = "invalid expression; I was expecting to find a ')' somewhere but did not see one."
                throw fault(gnu, "unpaired '('")
            }
        } else if word == "-exec" || word == "-ok" || isGNU && (word == "-execdir" || word == "-okdir") {
            try command(word)
        } else if try !option(word) {
            expression.instructions.append(.test(try test(word, machine)))
        }
        if isNegated { expression.instructions.append(.not) }
    }

    /// Options that hold for the whole search count as true where they stand.
    private mutating func option(_ word: String) throws(FindFault) -> Bool {
        switch word {
        case "-maxdepth", "-mindepth":
            let text = try argument(word)
            guard let number = OptionNumber.count(text) else {
                let gnu = "Expected a positive decimal integer argument to \(word), but got '\(text)'"
                throw fault(gnu, "invalid number '\(text)'")
            }
            if word == "-maxdepth" { expression.maximumDepth = number } else { expression.minimumDepth = number }
        case "-depth", "-d": expression.isDepthFirst = true
        case "-follow": expression.follows = true
        case "-xdev", "-mount", "-noleaf": break
        case "-warn" where isGNU, "-nowarn" where isGNU, "-daystart" where isGNU, "-ignore_readdir_race" where isGNU:
            break
        case "-regextype" where isGNU:
            let kind = try argument(word)
            isExtended = kind.hasSuffix("extended") || kind.hasSuffix("egrep") || kind.hasSuffix("awk")
        default: return false
        }
        expression.instructions.append(.test(.always))
        return true
    }

    private mutating func argument(_ word: String) throws(FindFault) -> String {
        guard let next = words.popFirst() else {
            throw fault("missing argument to `\(word)'", "\(word) requires an argument")
        }
        return next
    }

    private mutating func command(_ name: String) throws(FindFault) {
        var command = FindCommand(words: [], asks: name.hasPrefix("-ok"), isLocal: name.hasSuffix("dir"))
        while true {
            let word = try argument(name)
            if word == ";" { break }
            if word == "+", command.words.last == "{}" {
                command.collects = true
                break
            }
            command.words.append(word)
        }
        if command.words.isEmpty {
            throw fault("invalid argument `;' to `\(name)'", "\(name) requires an argument")
        }
        acts = true
        expression.instructions.append(.run(expression.commands.count))
        expression.commands.append(command)
    }

    private mutating func test(_ word: String, _ machine: Machine) throws(FindFault) -> FindTest {
        let actions: [String: FindTest] = [
            "-print": .print, "-print0": .printWithZero, "-delete": .delete, "-quit": .quit, "-prune": .prune,
        ]
        if let action = actions[word] {
            acts = acts || word != "-prune"
            if word == "-delete" { expression.isDepthFirst = true }
            return action
        }
        switch word {
        case "-empty": return .empty
        case "-executable": return .executable
        case "-name", "-iname", "-path", "-ipath", "-wholename", "-iwholename":
            let ignoresCase = word.hasPrefix("-i")
            let text = try argument(word)
            let pattern = ShellPattern(ignoresCase ? text.lowercased() : text)
            return word.hasSuffix("name") && !word.hasSuffix("wholename")
                ? .name(pattern, ignoresCase: ignoresCase) : .path(pattern, ignoresCase: ignoresCase)
        case "-regex", "-iregex":
            let text = try argument(word)
            guard let found = RegularExpression(text, isExtended: isExtended, ignoresCase: word == "-iregex") else {
                throw FindFault(text: "bad regex '\(text)'")
            }
            return .pattern(found)
        case "-type", "-xtype": return try kind(word, argument(word))
        case "-newer", "-cnewer", "-anewer", "-newermm", "-samefile":
            let path = try argument(word)
            guard let node = machine.node(path) else {
                let reason = Errno.noEntry.text
                throw fault("'\(path)': \(reason)", "can't stat '\(path)': \(reason)")
            }
            return word == "-samefile" ? .same(path) : .newer(node.time)
        case "-perm": return try mode(argument(word))
        case "-user", "-uid", "-group", "-gid": return try owner(word, machine)
        default:
            if isGNU, let test = try gnu(word, machine) { return test }
            return try amount(word)
        }
    }

    /// What only GNU's know; nil for what they do not know either.
    private mutating func gnu(_ word: String, _ machine: Machine) throws(FindFault) -> FindTest? {
        switch word {
        case "-true": return .always
        case "-false", "-nouser", "-nogroup": return .never
        case "-readable", "-writable": return .always
        case "-lname": return .target(ShellPattern(try argument(word)))
        case "-newermt":
            let text = try argument(word)
            guard let moment = DateText.moment(text, now: machine.now, reader: .gnu) else {
                throw FindFault(text: "I cannot figure out how to interpret '\(text)' as a date or time")
            }
            return .newer(moment)
        case "-ls":
            acts = true
            return .list
        case "-printf":
            acts = true
            return .format(FindFormat(try argument(word)))
        default: return nil
        }
    }

    private mutating func owner(_ word: String, _ machine: Machine) throws(FindFault) -> FindTest {
        let text = try argument(word)
        let isUser = word.hasPrefix("-u")
        let named =
            isUser
            ? machine.accounts.first { $0.name == text }?.user
            : machine.accountGroups.first { $0.name == text }?.number
        guard let number = named ?? OptionNumber.count(text) else {
            let what = isUser ? "the name of a known user" : "the name of an existing group"
            throw fault("'\(text)' is not \(what)", "unknown \(isUser ? "user" : "group") \(text)")
        }
        return isUser ? .owner(number) : .group(number)
    }

    private mutating func amount(_ word: String) throws(FindFault) -> FindTest {
        let units = ["-mtime": 86_400, "-atime": 86_400, "-ctime": 86_400, "-mmin": 60, "-amin": 60, "-cmin": 60]
        guard units[word] != nil || word == "-size" || word == "-links" || word == "-inum" else { throw unknown(word) }
        var text = try argument(word)
        var unit = units[word] ?? 512
        let given = text
        if word == "-size", let letter = text.last, !letter.isNumber {
            let sizes: [Character: Int] = ["c": 1, "b": 512, "k": 1024, "w": 2, "M": 1 << 20, "G": 1 << 30]
            guard let size = sizes[letter], isGNU || letter != "G" else {
                throw fault("invalid -size type `\(letter)'", "invalid number '\(given)'")
            }
            unit = size
            text.removeLast()
        }
        guard let number = FindNumber(text) else {
            throw fault("invalid argument `\(given)' to `\(word)'", "invalid number '\(given)'")
        }
        switch word {
        case "-size": return .size(number, unit: unit, rounds: isGNU)
        case "-links": return .links(number)
        case "-inum": return .inode(number)
        default: return .age(number, unit: unit)
        }
    }

    private func kind(_ word: String, _ text: String) throws(FindFault) -> FindTest {
        // Nothing here is a socket.
        let kinds: [String: Set<FileKind>] = [
            "f": [.file], "d": [.directory], "l": [.link], "p": [.fifo], "c": [.device], "b": [], "s": [],
        ]
        var found: Set<FileKind> = []
        for part in isGNU ? text.split(separator: ",", omittingEmptySubsequences: false) : [text[...]] {
            guard let kind = kinds[String(part)] else {
                throw fault("Unknown argument to \(word): \(text)", "invalid argument '\(text)' to '\(word)'")
            }
            found.formUnion(kind)
        }
        return .kind(found, follows: word == "-xtype")
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
