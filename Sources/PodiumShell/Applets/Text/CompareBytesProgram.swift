// SPDX-License-Identifier: Apache-2.0
// cmp, and how diff reads what it compares.

import PodiumMachinery
import PodiumRuntime

/// What a program that compares two files reads of streams: standard input, and pipes that are known by a path.
struct ComparedInputs: Sendable {
    private var contents: [String: GatheredInput] = [:]

    /// The bytes that are kept.
    var count: Int { contents.values.reduce(0) { $0 + $1.bytes.count } }

    /// Whether a path stands for a descriptor.
    static func isStream(_ path: String) -> Bool { descriptor(path) != nil }

    /// Whether a path stands for a descriptor that is closed.
    static func isClosed(_ path: String, _ machine: Machine) -> Bool {
        descriptor(path).map { machine.process.files[$0] == nil } ?? false
    }

    private static func descriptor(_ path: String) -> Int? {
        if path == "-" || path == "/dev/stdin" { return 0 }
        return path.hasPrefix("/dev/fd/") ? Int(path.dropFirst("/dev/fd/".utf8.count)) : nil
    }

    /// Reads what a turn allows; why it cannot go on, nil when all streams are read.
    mutating func read(_ paths: [String], _ machine: inout Machine) -> Progress? {
        for path in paths {
            guard let descriptor = Self.descriptor(path) else { continue }
            if let progress = contents[path, default: GatheredInput()].read(descriptor, &machine) { return progress }
        }
        return nil
    }

    /// What a path holds.
    func bytes(_ path: String, _ machine: Machine) throws(Errno) -> [UInt8] {
        if Self.isStream(path) { return contents[path]?.bytes ?? [] }
        return try machine.contents(path)
    }
}

/// `cmp`. It reads its files as they are compared, however long they are.
struct CompareBytesProgram: Program {
    static let tables = OptionTables(
        "cmp",
        busybox: OptionTable(letters: "lsn:"),
        gnu: OptionTable(
            letters: "bi:ln:s",
            long: [
                "print-bytes": "b", "ignore-initial": "i", "verbose": "l", "bytes": "n", "silent": "s", "quiet": "s",
            ]
        ),
        code: 2,
        hint: .named
    )
    private static let firstDescriptor = 70
    /// The bytes that are read and compared at a time.
    private static let pieceBytes = 4 << 10
    /// What it costs to show a byte that differs, in bytes that are only read.
    private static let weight = 64

    /// One of the two inputs.
    private struct Side: Sendable {
        let path: String
        var descriptor = 0
        var unskipped: Int
        var bytes: ArraySlice<UInt8> = []
        var isEnded = false
    }

    private let options: AppletOptions
    private let limit: Int
    private var sides: [Side]
    private var hasStarted = false
    private var offset = 0
    private var line = 1
    private var last: UInt8 = 0x0A
    private var differs = false
    /// The width of GNU's numbers of bytes.
    private var width = 0

    init(_ options: AppletOptions, _ machine: inout Machine) throws(OptionRefusal) {
        let (words, tables) = (options.words, Self.tables)
        guard let first = words.first else {
            throw tables.refusal(&machine, machine.isGNU ? "missing operand after 'cmp'" : nil)
        }
        if options.has("l"), options.has("s") {
            throw tables.refusal(&machine, machine.isGNU ? "options -l and -s are incompatible" : nil)
        }
        func number(_ text: String?, _ name: String) throws(OptionRefusal) -> Int? {
            guard let text else { return nil }
            if let number = OptionNumber.size(text) { return number }
            if machine.isGNU { throw tables.refusal(&machine, "invalid \(name) value '\(text)'") }
            throw tables.fault(&machine, gnu: "", busybox: "invalid number '\(text)'")
        }
        var skips = [0, 0]
        if let text = options["i"] {
            let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let one = try number(parts[0], "--ignore-initial") ?? 0
            skips = [one, try number(parts.count > 1 ? parts[1] : nil, "--ignore-initial") ?? one]
        }
        for (index, text) in words.dropFirst(2).prefix(2).enumerated() {
            skips[index] = max(skips[index], try number(text, "--ignore-initial") ?? 0)
        }
        if words.count > 4 {
            throw tables.refusal(&machine, machine.isGNU ? "extra operand '\(words[4])'" : nil)
        }
        self.options = options
        limit = try number(options["n"], "--bytes") ?? OptionNumber.maximum
        let paths = [first, words.dropFirst().first ?? "-"]
        sides = zip(paths, skips).map { Side(path: $0, unskipped: $1) }
    }

    var heldBytes: Int { sides.reduce(0) { $0 + $1.bytes.count } }

    mutating func run(_ machine: inout Machine) -> Progress {
        if !hasStarted {
            hasStarted = true
            if let code = open(&machine) { return .exited(code) }
        }
        while true {
            if machine.mustYield { return .ready }
            machine.spend()
            for index in sides.indices {
                if let progress = read(index, &machine) { return progress }
            }
            let count = min(limit - offset, sides[0].bytes.count, sides[1].bytes.count)
            if count == 0 { return .exited(finish(&machine)) }
            let pieces = sides.map { $0.bytes.prefix(count) }
            machine.charge(bytes: 2 * count)
            if let code = compare(pieces[0], pieces[1], &machine) { return .exited(code) }
            offset += count
            last = pieces[0].last ?? last
            for index in sides.indices { sides[index].bytes.removeFirst(count) }
        }
    }

    private mutating func open(_ machine: inout Machine) -> Int? {
        let paths = sides.map(\.path)
        let isSame = paths[0] == paths[1] || !paths.contains("-") && machine.isSameFile(paths[0], paths[1])
        if machine.isGNU, isSame, sides[0].unskipped == sides[1].unskipped, machine.node(paths[0]) != nil {
            return 0
        }
        for (index, path) in paths.enumerated() where path != "-" {
            sides[index].descriptor = Self.firstDescriptor + index
            do throws(Errno) {
                machine.attach(try machine.open(path, .read), as: sides[index].descriptor)
            } catch {
                if !options.has("s") { _ = Applets.fail(&machine, "cmp", path, error) }
                return 2
            }
        }
        let sizes = sides.compactMap { side -> Int? in
            guard let number = machine.process.files[side.descriptor],
                case .file(let location)? = machine.kernel.openFiles[number]?.target
            else { return nil }
            return machine.kernel.node(at: location).map { max(0, $0.content.size - side.unskipped) }
        }
        if machine.isGNU { width = String(min(limit, sizes.min() ?? limit)).utf8.count }
        return nil
    }

    /// Reads on when nothing is left of an input; why that cannot be done now.
    private mutating func read(_ index: Int, _ machine: inout Machine) -> Progress? {
        while sides[index].bytes.isEmpty, !sides[index].isEnded, offset < limit {
            if machine.mustYield { return .ready }
            switch machine.read(sides[index].descriptor, limit: Self.pieceBytes) {
            case .wait(let wait): return .blocked(wait)
            case .end: sides[index].isEnded = true
            case .bytes(let bytes):
                let skipped = min(bytes.count, sides[index].unskipped)
                sides[index].unskipped -= skipped
                sides[index].bytes = bytes.dropFirst(skipped)
            case .failed(let errno):
                // busybox takes an input that is closed for one that is empty.
                if !machine.isGNU, errno == .badFile {
                    sides[index].isEnded = true
                    continue
                }
                let text = errno == .isDirectory && !machine.isGNU ? "I/O error" : errno.text
                if !options.has("s") { machine.complain("cmp: \(sides[index].path): \(text)") }
                return .exited(2)
            }
        }
        return nil
    }

    private mutating func compare(
        _ old: ArraySlice<UInt8>,
        _ new: ArraySlice<UInt8>,
        _ machine: inout Machine
    ) -> Int? {
        if old == new {
            line += old.count { $0 == 0x0A }
            return nil
        }
        differs = true
        if options.has("s") { return 1 }
        let isBrief = !options.has("l")
        var output = ""
        for (index, (left, right)) in zip(old, new).enumerated() {
            if left != right {
                let (place, bytes) = (offset + index + 1, shown(left, right))
                if isBrief {
                    let name = options.has("b") ? "byte" : "char"
                    let values = options.has("b") ? " is \(bytes)" : ""
                    let names = "\(sides[0].path) \(sides[1].path)"
                    machine.print("\(names) differ: \(name) \(place), line \(line)\(values)\n")
                    return 1
                }
                machine.charge(bytes: Self.weight)
                output += "\(PrintFormatter.padded(String(place), width, left: false)) \(bytes)\n"
            }
            if left == 0x0A { line += 1 }
        }
        machine.print(output)
        return nil
    }

    /// Two bytes in octal digits, with `-b` as characters too.
    private func shown(_ left: UInt8, _ right: UInt8) -> String {
        let (first, second) = (octal(left), octal(right))
        guard options.has("b") else { return "\(first) \(second)" }
        let names = [left, right].map { ShownLines.printable($0).text }
        let name = options.has("l") ? PrintFormatter.padded(names[0], 4, left: true) : names[0]
        return "\(first) \(name) \(second) \(names[1])"
    }

    private func octal(_ unit: UInt8) -> String { PrintFormatter.padded(String(unit, radix: 8), 3, left: false) }

    private func finish(_ machine: inout Machine) -> Int {
        let ended = sides.indices.filter { sides[$0].bytes.isEmpty }
        guard offset < limit, ended.count == 1, let index = ended.first else { return differs ? 1 : 0 }
        if options.has("s") { return 1 }
        var place = ""
        if machine.isGNU {
            let row = last == 0x0A ? ", line \(line - 1)" : ", in line \(line)"
            place = offset == 0 ? " which is empty" : " after byte \(offset)\(options.has("l") ? "" : row)"
        }
        machine.complain("cmp: EOF on \(sides[index].path)\(place)")
        return 1
    }
}
