// SPDX-License-Identifier: Apache-2.0
// Builtins for variables, directories and input.

import PodiumCodec
import PodiumMachinery
import PodiumRuntime

/// A `read` that waits for the rest of its line.
struct ReadJob: Sendable {
    var names: [String]
    var isRaw = false
    var array: String?
    var delimiter = UInt8(ascii: "\n")
    var limit: Int?
    var deadline: Timestamp?
    var descriptor = 0
    /// What came so far.
    var bytes: [UInt8] = []
    /// The number of the lines that `mapfile` gathers; nil for `read`.
    var lines: Int?
    /// Whether nothing more is to be read, because a callback was called for the last line.
    var isEnded = false
}

extension Shell {
    static let variableBuiltins: [String: ShellBuiltin] = [
        "unset": { shell, machine, words in shell.unset(words, &machine) },
        "cd": { shell, machine, words in shell.changeDirectory(words, &machine) },
        "read": { shell, machine, words in shell.beginRead(words, &machine) },
        "mapfile": { shell, machine, words in shell.beginLineArray(words, &machine) },
        "readarray": { shell, machine, words in shell.beginLineArray(words, &machine) },
    ]

    private mutating func unset(_ words: [String], _ machine: inout Machine) -> BuiltinResult {
        var isFunction = false
        for word in words.dropFirst() {
            if word == "-f" {
                isFunction = true
            } else if word == "-v" {
                isFunction = false
            } else if word.hasPrefix("-"), let letter = word.dropFirst().first, word != "-n" || flavour != .bash {
                return refuseOption(letter, usage: "unset [-f] [-v] [-n] [name ...]", &machine)
            } else if isFunction {
                functions[word] = nil
            } else if variables.isReadOnly(word) {
                if flavour != .bash { return refuseChange(of: word, &machine) }
                machine.complain(complaint("unset: \(word): cannot unset: readonly variable"))
                return .refused(1)
            } else if flavour == .bash, let (name, index) = element(word) {
                variables.remove(name, at: index)
            } else if flavour == .bash, !ShellParser.isName(word.prefix { $0 != "[" }) {
                functions[word] = nil
            } else if !ShellParser.isName(word.prefix { $0 != "[" }) {
                machine.complain(complaint("unset: \(word): bad variable name"))
                return .refused(1)
            } else {
                if variables[word] == nil, variables.elements(word).isEmpty { functions[word] = nil }
                variables.remove(word)
            }
        }
        return .status(0)
    }

    /// The array and the index of `name[index]`; a negative one counts from the end. Nil for other words.
    private mutating func element(_ word: String) -> (name: String, index: Int)? {
        guard word.hasSuffix("]"), let open = word.firstIndex(of: "[") else { return nil }
        let name = String(word[..<open])
        let expression = String(word[word.index(after: open)...].dropLast())
        guard ShellParser.isName(name), expression != "@", expression != "*" else { return nil }
        do throws(ArithmeticError) {
            let number = try Arithmetic.evaluate(expression, &variables, nil)
            return variables.index(number, in: name).map { (name, $0) }
        } catch {
            // What is no expression is no name of a variable either, and called so.
            return nil
        }
    }

    private mutating func changeDirectory(_ words: [String], _ machine: inout Machine) -> BuiltinResult {
        let targets = words.dropFirst().filter { !["-P", "-L", "--"].contains($0) }
        let target = targets.first
        if flavour == .bash, targets.count > 1 {
            machine.complain(complaint("cd: too many arguments"))
            return .status(1)
        }
        var path = target ?? variables["HOME"] ?? "/root"
        if target == "-" { path = variables["OLDPWD"] ?? machine.process.directory }
        let isPhysical = words.contains("-P")
        // `..` goes back on the way by which the shell came, links included.
        let logical = Self.withoutDots(path.hasPrefix("/") ? path : directory + "/" + path)
        let absolute = isPhysical ? machine.absolute(path) : logical
        let canonical: String
        do throws(Errno) {
            canonical = try machine.canonicalDirectory(absolute)
        } catch {
            switch flavour {
            case .ash: machine.complain(complaint("cd: can't cd to \(path): \(error.text)"))
            case .dash: machine.complain(complaint("cd: can't cd to \(path)"))
            case .bash: machine.complain(complaint("cd: \(path): \(error.text)"))
            }
            return .refused(1)
        }
        variables.set("OLDPWD", directory)
        variables.export("OLDPWD", true)
        machine.process.directory = canonical
        directory = isPhysical ? canonical : logical
        variables.set("PWD", directory)
        if target == "-" { machine.print(directory + "\n") }
        return .status(0)
    }

    /// An absolute path without `.` and `..`.
    private static func withoutDots(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }

    // Reading

    private mutating func beginRead(_ words: [String], _ machine: inout Machine) -> BuiltinResult {
        var job = ReadJob(names: [])
        var rest = words.dropFirst()
        while let option = rest.first, option.hasPrefix("-"), option.count > 1 {
            rest = rest.dropFirst()
            if option == "--" { break }
            for letter in option.dropFirst() {
                guard readOptions.contains(letter) else {
                    return refuseOption(letter, usage: Self.readUsage, &machine)
                }
                switch letter {
                case "r": job.isRaw = true
                case "s", "e", "i": break
                case "p", "t", "n", "d", "u", "a", "N":
                    let value = option.last == letter ? rest.popFirst() ?? "" : ""
                    apply(letter, value, &job, &machine)
                default: return .status(2)
                }
            }
        }
        if rest.isEmpty, job.array == nil, flavour == .dash {
            machine.complain(complaint("read: arg count"))
            return .refused(2)
        }
        job.names = rest.isEmpty ? ["REPLY"] : Array(rest)
        return .step(read(job, &machine))
    }

    private static let readUsage =
        "read [-ers] [-a array] [-d delim] [-i text] [-n nchars] [-N nchars] [-p prompt] [-t timeout] [-u fd] [name ...]"

    private var readOptions: String {
        switch flavour {
        case .ash: "rsptndu"
        case .dash: "rp"
        case .bash: "rspetndauNi"
        }
    }

    private func apply(_ option: Character, _ value: String, _ job: inout ReadJob, _ machine: inout Machine) {
        switch option {
        case "t":
            if let seconds = Double(value), seconds >= 0, seconds < 1e9 {
                job.deadline = machine.now + .milliseconds(Int64(seconds * 1000))
            }
        case "n", "N": job.limit = Int(value)
        case "d": job.delimiter = value.utf8.first ?? 0
        case "u": job.descriptor = Int(value) ?? 0
        case "a": job.array = value
        default: if options.isInteractive { machine.write(Array(value.utf8), to: 2) }
        }
    }

    /// Reads on for `read`.
    mutating func read(_ job: ReadJob, _ machine: inout Machine) -> Step {
        var job = job
        if job.isEnded, let number = job.lines { return finishLineArray(job, number, &machine) }
        while true {
            machine.spend()
            if machine.mustYield {
                frames.append(.read(job))
                return .next
            }
            if let limit = job.limit, job.bytes.count >= limit { return finishRead(job, isWhole: true, &machine) }
            let piece =
                job.limit == nil
                ? machine.readPiece(job.descriptor, through: job.delimiter)
                : machine.read(job.descriptor, limit: 1)
            switch piece {
            case .bytes(let bytes):
                if job.bytes.count < Expansion.maximumWordBytes { job.bytes += bytes }
                guard job.bytes.last == job.delimiter else { continue }
                if let number = job.lines {
                    if let step = takeLine(&job, number, &machine) { return step }
                    continue
                }
                job.bytes.removeLast()
                let isContinued = !job.isRaw && job.delimiter == UInt8(ascii: "\n") && job.bytes.endsWithBackslash
                if !isContinued { return finishRead(job, isWhole: true, &machine) }
                job.bytes.removeLast()
            case .end, .failed:
                if let number = job.lines { return finishLineArray(job, number, &machine) }
                return finishRead(job, isWhole: false, &machine)
            case .wait(let wait):
                if let deadline = job.deadline, deadline <= machine.now {
                    let step = finishRead(job, isWhole: false, &machine)
                    status = flavour == .bash ? 142 : 1
                    return step
                }
                frames.append(.read(job))
                guard let deadline = job.deadline else { return .wait(wait) }
                if case .input(let file) = wait { return .wait(.inputUntil(file, deadline)) }
                return .wait(.time(deadline))
            }
        }
    }

    private mutating func finishRead(_ job: ReadJob, isWhole: Bool, _ machine: inout Machine) -> Step {
        if let name = (job.array.map { [$0] } ?? job.names).first(where: { variables.isReadOnly($0) }) {
            builtin = "read"
            defer { builtin = nil }
            _ = refuseChange(of: name, &machine)
            status = flavour == .bash ? 1 : 2
            return finishCommand()
        }
        let separators = variables["IFS"].map { Array($0.utf8) } ?? [0x20, 0x09, 0x0A]
        let line = job.isRaw ? job.bytes.map { ($0, false) } : Self.resolveEscapes(job.bytes)
        if let array = job.array {
            let fields = Self.split(line, separators, limit: .max)
            variables.set(array, elements: Dictionary(uniqueKeysWithValues: fields.enumerated().map { ($0, $1) }))
        } else {
            let fields = Self.split(line, separators, limit: job.names.count)
            for (index, name) in job.names.enumerated() {
                variables.set(name, index < fields.count ? fields[index] : "")
            }
        }
        status = isWhole ? 0 : 1
        return finishCommand()
    }

    /// The units of a line with which of them were escaped.
    private static func resolveEscapes(_ bytes: [UInt8]) -> [(UInt8, Bool)] {
        var result: [(UInt8, Bool)] = []
        var isEscaped = false
        for unit in bytes {
            if !isEscaped, unit == UInt8(ascii: "\\") {
                isEscaped = true
            } else {
                result.append((unit, isEscaped))
                isEscaped = false
            }
        }
        return result
    }

    /// Splits a line into at most `limit` fields; the last one takes the rest.
    private static func split(_ line: [(UInt8, Bool)], _ separators: [UInt8], limit: Int) -> [String] {
        func isSeparator(_ item: (UInt8, Bool)) -> Bool { !item.1 && separators.contains(item.0) }
        func isSpace(_ item: (UInt8, Bool)) -> Bool { isSeparator(item) && item.0.isBlank }
        var rest = line[...].drop(while: isSpace)
        while let last = rest.last, isSpace(last) { rest = rest.dropLast() }
        var fields: [String] = []
        while !rest.isEmpty {
            if fields.count == limit - 1 {
                fields.append(rest.map(\.0).text)
                break
            }
            let field = rest.prefix { !isSeparator($0) }
            fields.append(field.map(\.0).text)
            rest = rest.dropFirst(field.count).drop(while: isSpace)
            if let next = rest.first, isSeparator(next) { rest = rest.dropFirst().drop(while: isSpace) }
        }
        return fields
    }
}

extension [UInt8] {
    /// Whether an odd number of backslashes stands at the end.
    var endsWithBackslash: Bool {
        reversed().prefix { $0 == UInt8(ascii: "\\") }.count % 2 == 1
    }
}
