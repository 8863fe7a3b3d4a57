// SPDX-License-Identifier: Apache-2.0
// `mapfile` and `readarray` of bash: the lines of an input as the elements of an array.

/// What `mapfile` was asked for, and the lines that it has.
struct LineArray: Sendable {
    /// The lines of one array; what comes after them is not kept, nor what is more than all variables can hold.
    static let maximumLines = 1 << 20

    var name = "MAPFILE"
    /// `-t`.
    var dropsDelimiter = false
    /// `-s`: the lines at the beginning that are not kept.
    var skipped = 0
    /// `-n`: the lines that are read; nil for all.
    var limit: Int?
    /// `-O`: the index of the first line in an array that is kept; nil for a new one.
    var origin: Int?
    var lines: [String] = []
    private(set) var byteCount = 0

    /// Keeps a line.
    mutating func append(_ line: [UInt8]) {
        guard lines.count < Self.maximumLines, byteCount <= ShellVariables.maximumBytes else { return }
        lines.append(line.text)
        byteCount += line.count
    }
}

extension ReadJob {
    /// Takes what was read as a line; whether that was the last one.
    mutating func takeLine() -> Bool {
        guard var list = lines else { return true }
        let isWhole = bytes.last == delimiter
        // A NUL is no part of any value.
        if isWhole, list.dropsDelimiter || delimiter == 0 { bytes.removeLast() }
        if list.skipped > 0 { list.skipped -= 1 } else { list.append(bytes) }
        bytes = []
        lines = list
        return list.lines.count == list.limit
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
                guard "dnsOuCc".contains(letter), let value = letters.isEmpty ? rest.popFirst() : String(letters) else {
                    machine.complain(complaint("\(words[0]): -\(letter): invalid option"))
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
        guard ShellParser.isName(list.name) else {
            machine.complain(complaint("\(words[0]): `\(list.name)': not a valid identifier"))
            return .refused(1)
        }
        if list.limit == 0 { list.limit = nil }
        job.lines = list
        return .step(read(job, &machine))
    }

    private func apply(_ option: Character, _ value: String, _ job: inout ReadJob, _ list: inout LineArray) -> Bool {
        if option == "d" {
            job.delimiter = value.utf8.first ?? 0
            return true
        }
        guard option != "C", let number = Int(value), (0...ShellVariables.maximumIndex).contains(number) else {
            return false
        }
        switch option {
        case "n": list.limit = number
        case "s": list.skipped = number
        case "O": list.origin = number
        case "u": job.descriptor = number
        default: break
        }
        return true
    }

    private static func fault(of option: Character) -> String {
        switch option {
        case "C": "callbacks are not simulated"
        case "n", "s": "invalid line count"
        case "O": "invalid array origin"
        case "u": "invalid file descriptor specification"
        default: "invalid callback quantum"
        }
    }

    /// Makes the array of what has been read.
    mutating func finishLineArray(_ job: ReadJob, _ machine: inout Machine) -> Step {
        var job = job
        if !job.bytes.isEmpty { _ = job.takeLine() }
        guard let list = job.lines else { return .next }
        machine.charge(components: list.lines.count)
        var elements = list.origin == nil ? [:] : variables.elements(list.name)
        for (index, line) in list.lines.enumerated() { elements[index + (list.origin ?? 0)] = line }
        variables.set(list.name, elements: elements)
        status = 0
        return finishCommand()
    }
}
