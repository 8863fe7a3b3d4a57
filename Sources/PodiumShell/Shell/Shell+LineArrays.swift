// SPDX-License-Identifier: Apache-2.0
// `mapfile` and `readarray` of bash: the lines of an input as the elements of an array.

import PodiumRuntime

/// What `mapfile` was asked for, and the lines that it has.
struct LineArray: Sendable {
    /// The lines between two calls of a callback, unless it is said how many.
    private static let usualQuantum = 5000

    var name = "MAPFILE"
    /// `-t`.
    var dropsDelimiter = false
    /// `-s`: the lines at the beginning that are not kept.
    var skipped = 0
    /// `-n`: the lines that are read; nil for all.
    var limit: Int?
    /// `-O`: the index of the first line in an array that is kept; nil for a new one.
    var origin: Int?
    /// `-C`: what is called with the index and the text of every line that completes a quantum.
    var callback: String?
    /// `-c`.
    var quantum = usualQuantum
    private(set) var lines: [String] = []
    private var byteCount = 0

    /// What the lines take.
    var heldBytes: Int { byteCount + lines.count * ShellVariables.elementBytes }
    /// Whether the lines are more than all variables may take.
    var isOverfull: Bool { heldBytes > ShellVariables.maximumBytes }
    /// Whether no further line is read.
    var isFull: Bool { lines.count == limit }

    /// Takes a line with its delimiter, if it has one.
    mutating func take(_ bytes: [UInt8], delimiter: UInt8) {
        if skipped > 0 {
            skipped -= 1
            return
        }
        // A NUL is no part of any value.
        let isCut = bytes.last == delimiter && (dropsDelimiter || delimiter == 0)
        let line = (isCut ? bytes.dropLast() : bytes[...]).text
        byteCount += line.utf8.count
        lines.append(line)
    }

    /// The script that the last line calls, if it calls one.
    var call: String? {
        guard let callback, let line = lines.last, lines.count % quantum == 0 else { return nil }
        return "\(callback) \(lines.count - 1 + (origin ?? 0)) '\(line.replacing("'", with: "'\\''"))'"
    }
}

extension Shell {
    /// `mapfile`, which waits for the end of its input like `read` for that of its line.
    mutating func beginLineArray(_ words: [String], _ machine: inout Machine) -> BuiltinResult {
        var job = ReadJob(names: [], isRaw: true)
        var list = LineArray()
        var rest = words.dropFirst()
        while let option = rest.first, option.hasPrefix("-"), option.count > 1 {
            rest = rest.dropFirst()
            if option == "--" { break }
            var letters = option.dropFirst()
            while let letter = letters.popFirst() {
                if letter == "t" {
                    list.dropsDelimiter = true
                    continue
                }
                let isKnown = "dnsOuCc".contains(letter)
                guard isKnown, let value = letters.isEmpty ? rest.popFirst() : String(letters) else {
                    let fault = isKnown ? "option requires an argument" : "invalid option"
                    machine.complain(complaint("\(words[0]): -\(letter): \(fault)"))
                    machine.complain("\(words[0]): usage: \(words[0]) \(Self.lineArrayUsage)")
                    return .refused(2)
                }
                letters = ""
                guard apply(letter, value, &job, &list) else {
                    machine.complain(complaint("\(words[0]): \(value): \(Self.fault(of: letter))"))
                    return .refused(1)
                }
            }
        }
        if let name = rest.first { list.name = name }
        if let fault = fault(of: list, job, machine) {
            machine.complain(complaint("\(fault.isOfBuiltin ? words[0] + ": " : "")\(fault.text)"))
            return .refused(1)
        }
        if list.limit == 0 { list.limit = nil }
        let number = (lineArrays.keys.max() ?? 0) + 1
        lineArrays[number] = list
        job.lines = number
        return .step(read(job, &machine))
    }

    private static let lineArrayUsage =
        "[-d delim] [-n count] [-O origin] [-s count] [-t] [-u fd] [-C callback] [-c quantum] [array]"

    private func fault(of list: LineArray, _ job: ReadJob, _ machine: Machine) -> (text: String, isOfBuiltin: Bool)? {
        if !ShellParser.isName(list.name) { return ("`\(list.name)': not a valid identifier", true) }
        if variables.isReadOnly(list.name) { return ("\(list.name): readonly variable", false) }
        guard machine.process.files[job.descriptor] == nil else { return nil }
        return ("\(job.descriptor): invalid file descriptor: Bad file descriptor", true)
    }

    private func apply(_ option: Character, _ value: String, _ job: inout ReadJob, _ list: inout LineArray) -> Bool {
        switch option {
        case "d": job.delimiter = value.utf8.first ?? 0
        case "C": list.callback = value
        default:
            guard let number = Int(value), (0...ShellVariables.maximumIndex).contains(number) else { return false }
            switch option {
            case "n": list.limit = number
            case "s": list.skipped = number
            case "O": list.origin = number
            case "u": job.descriptor = number
            default:
                list.quantum = number
                return number > 0
            }
        }
        return true
    }

    private static func fault(of option: Character) -> String {
        switch option {
        case "n", "s": "invalid line count"
        case "O": "invalid array origin"
        case "u": "invalid file descriptor specification"
        default: "invalid callback quantum"
        }
    }

    /// Takes what `mapfile` has read as a line, and ends it or lets its callback run; nil when it reads on.
    mutating func takeLine(_ job: inout ReadJob, _ number: Int, _ machine: inout Machine) -> Step? {
        // In place: a copy of the lines for each of them would make long inputs slow.
        lineArrays[number]?.take(job.bytes, delimiter: job.delimiter)
        job.bytes = []
        guard let list = lineArrays[number] else { return .next }
        if list.isOverfull {
            machine.complain(complaint("out of memory"))
            return exit(2)
        }
        let call = list.call
        if list.isFull, call == nil { return finishLineArray(job, number, &machine) }
        guard let call else { return nil }
        job.isEnded = list.isFull
        frames += [.read(job), .script(ShellScript(text: call, flavour).nested(at: line))]
        return .next
    }

    /// Makes the array of what has been read.
    mutating func finishLineArray(_ job: ReadJob, _ number: Int, _ machine: inout Machine) -> Step {
        if !job.bytes.isEmpty {
            var last = job
            last.isEnded = true
            if let step = takeLine(&last, number, &machine) { return step }
        }
        guard let list = lineArrays.removeValue(forKey: number) else { return .next }
        machine.charge(components: list.lines.count)
        var elements = list.origin == nil ? [:] : variables.elements(list.name)
        for (index, line) in list.lines.enumerated() { elements[index + (list.origin ?? 0)] = line }
        variables.set(list.name, elements: elements)
        status = 0
        return finishCommand()
    }
}
