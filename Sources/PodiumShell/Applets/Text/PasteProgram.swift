// SPDX-License-Identifier: Apache-2.0
// paste and comm: several files line by line.

import PodiumMachinery
import PodiumRuntime

/// Inputs that are read line by line, each at its own pace.
struct LineSources: Sendable {
    private static let firstDescriptor = 70
    /// The inputs of one program.
    static let maximumSources = 64
    /// A longer line is taken in pieces.
    private static let maximumLineBytes = 1 << 20

    private struct Source {
        var descriptor: Int
        var pending: [UInt8] = []
        var isEnded = false
    }

    private var sources: [Source] = []
    /// What stands behind each line.
    let end: UInt8

    init(end: UInt8 = UInt8(ascii: "\n")) { self.end = end }

    var count: Int { sources.count }

    /// The bytes that are kept of lines that are not complete.
    var heldBytes: Int { sources.reduce(0) { $0 + $1.pending.count } }

    /// Opens a file, or standard input for `-`.
    mutating func open(_ path: String, _ machine: inout Machine) throws(Errno) {
        guard path != "-" else { return sources.append(Source(descriptor: 0)) }
        if machine.node(path)?.kind == .directory { throw .isDirectory }
        let descriptor = Self.firstDescriptor + sources.count
        machine.attach(try machine.open(path, .read), as: descriptor)
        sources.append(Source(descriptor: descriptor))
    }

    /// Takes something that cannot be read for an input without lines.
    mutating func addEmpty() { sources.append(Source(descriptor: Self.firstDescriptor + count, isEnded: true)) }

    enum Line: Sendable { case line([UInt8]), end, wait(Wait) }

    /// The next line of an input, without its newline.
    mutating func next(_ index: Int, _ machine: inout Machine) -> Line {
        while !sources[index].isEnded {
            if machine.mustYield { return .wait(.time(machine.now)) }
            switch machine.readPiece(sources[index].descriptor, through: end) {
            case .wait(let wait): return .wait(wait)
            case .end, .failed: sources[index].isEnded = true
            case .bytes(let bytes):
                machine.spend()
                sources[index].pending += bytes
                let isWhole = bytes.last == end
                if isWhole || sources[index].pending.count > Self.maximumLineBytes {
                    let line = isWhole ? Array(sources[index].pending.dropLast()) : sources[index].pending
                    sources[index].pending = []
                    return .line(line)
                }
            }
        }
        let rest = sources[index].pending
        sources[index].pending = []
        return rest.isEmpty ? .end : .line(rest)
    }
}

/// `paste`.
struct PasteProgram: Program {
    static let tables = OptionTables(
        "paste",
        busybox: OptionTable(letters: "d:s"),
        gnu: OptionTable(letters: "d:sz", long: ["delimiters": "d", "serial": "s", "zero-terminated": "z"])
    )

    private let paths: [String]
    private let separators: [UInt8]
    private let isSerial: Bool
    private var sources: LineSources
    private var hasStarted = false
    /// The line that is being put together, and the input whose turn it is.
    private var line: [UInt8] = []
    private var index = 0
    private var count = 0
    private var code = 0

    /// A program as its options ask for it.
    init(_ options: AppletOptions) {
        paths = options.words.isEmpty ? ["-"] : Array(options.words.prefix(LineSources.maximumSources))
        isSerial = options.has("s")
        sources = LineSources(end: options.has("z") ? 0 : 0x0A)
        let text = options["d"].map { EscapedText.resolve(Array($0.utf8), .echo).bytes } ?? [0x09]
        separators = text.isEmpty ? [0] : text
    }

    var heldBytes: Int { line.count + sources.heldBytes }

    mutating func run(_ machine: inout Machine) -> Progress {
        if !hasStarted {
            hasStarted = true
            for path in paths {
                do {
                    try sources.open(path, &machine)
                } catch  where error == .isDirectory {
                    if machine.isGNU { code = Applets.fail(&machine, "paste", path, error) }
                    sources.addEmpty()
                } catch {
                    return .exited(Applets.fail(&machine, "paste", path, error))
                }
            }
        }
        while !machine.mustYield {
            switch sources.next(index, &machine) {
            case .wait(let wait): return .blocked(wait)
            case .line(let part):
                if isSerial {
                    addSerial(part, &machine)
                } else if let code = add(part, &machine) {
                    return .exited(code)
                }
            case .end:
                if isSerial {
                    // busybox's has no line for an input without lines.
                    if machine.isGNU || count > 0 { machine.write([sources.end], to: 1) }
                    count = 0
                    index += 1
                    if index == sources.count { return .exited(code) }
                } else if let code = add(nil, &machine) {
                    return .exited(code)
                }
            }
        }
        return .ready
    }

    private func separator(_ number: Int) -> [UInt8] {
        let separator = separators[number % separators.count]
        return separator == 0 ? [] : [separator]
    }

    /// Writes a part at once, since the whole line is as long as all of the input.
    private mutating func addSerial(_ part: [UInt8], _ machine: inout Machine) {
        machine.write(count > 0 ? separator(count - 1) + part : part, to: 1)
        count += 1
    }

    /// Takes a part of a line, or that there is none; the code when all inputs have ended.
    private mutating func add(_ part: [UInt8]?, _ machine: inout Machine) -> Int? {
        let isLast = index == sources.count - 1
        if let part {
            if line.count + part.count > Whole.maximumBytes { return machine.refuseMemory() }
            line += part
            // busybox's separates what there is, and ends lines behind the last input only.
            if !machine.isGNU { line += isLast ? [sources.end] : separator(count) }
            count += 1
        }
        if machine.isGNU { line += isLast ? [sources.end] : separator(index) }
        index += 1
        guard isLast else { return nil }
        // When all inputs have ended there is no further line, not even one of separators.
        if count == 0 { return code }
        machine.write(line, to: 1)
        (line, index, count) = ([], 0, 0)
        return nil
    }
}

/// `comm`.
struct CommonLinesProgram: Program {
    static let tables: OptionTables = {
        // busybox's of this name knows the letters only. A Greek letter has a long name only.
        let letters = OptionTable(letters: "123")
        let long: [String: Character] = [
            "check-order": "κ", "nocheck-order": "ν", "output-delimiter": "δ", "total": "τ", "zero-terminated": "z",
        ]
        return OptionTables("comm", busybox: letters, gnu: letters.adding("zδ:", long))
    }()

    private let paths: [String]
    private let options: AppletOptions
    private let delimiter: [UInt8]
    private var sources: LineSources
    private var lines: [[UInt8]?] = [nil, nil]
    private var needs = [true, true]
    private var hasStarted = false
    private var totals = [0, 0, 0]
    /// The line before the present one of each file, and whether a file was found to be out of order.
    private var before: [[UInt8]?] = [nil, nil]
    private var isUnsorted = [false, false]
    private var hasUnpaired = false

    init(_ options: AppletOptions, _ machine: inout Machine) throws(OptionRefusal) {
        if options.words.count < 2 {
            let text = options.words.first.map { "missing operand after '\($0)'" } ?? "missing operand"
            throw Self.tables.refusal(&machine, machine.isGNU ? text : nil)
        }
        if options.words.count > 2 {
            let text = "extra operand '\(options.words[2])'"
            throw Self.tables.refusal(&machine, machine.isGNU ? text : nil)
        }
        paths = options.words
        self.options = options
        delimiter = options["δ"].map { $0.isEmpty ? [0] : Array($0.utf8) } ?? [0x09]
        sources = LineSources(end: options.has("z") ? 0 : 0x0A)
    }

    var heldBytes: Int { (lines + before).reduce(sources.heldBytes) { $0 + ($1?.count ?? 0) } }

    mutating func run(_ machine: inout Machine) -> Progress {
        if !hasStarted {
            hasStarted = true
            for path in paths {
                do {
                    try sources.open(path, &machine)
                } catch {
                    return .exited(Applets.fail(&machine, "comm", machine.isGNU ? path : "can't open '\(path)'", error))
                }
            }
        }
        while !machine.mustYield {
            for index in 0..<2 where needs[index] {
                switch sources.next(index, &machine) {
                case .wait(let wait): return .blocked(wait)
                case .line(let line): lines[index] = line
                case .end: lines[index] = nil
                }
                needs[index] = false
                if !check(index, &machine) { return .exited(1) }
            }
            machine.charge(bytes: (lines[0]?.count ?? 0) + (lines[1]?.count ?? 0))
            let order: Int
            switch (lines[0], lines[1]) {
            case (nil, nil): return .exited(finish(&machine))
            case (_?, nil): order = -1
            case (nil, _?): order = 1
            case (let first?, let second?): order = SortOrder.order(first[...], second[...])
            }
            if order != 0 { hasUnpaired = true }
            show(order, &machine)
            needs = [order <= 0, order >= 0]
        }
        return .ready
    }

    /// Tells that a file is out of order; false when that ends the program.
    private mutating func check(_ index: Int, _ machine: inout Machine) -> Bool {
        defer { before[index] = lines[index] }
        guard machine.isGNU, !options.has("ν"), !isUnsorted[index], options.has("κ") || hasUnpaired,
            let earlier = before[index], let line = lines[index], SortOrder.order(earlier[...], line[...]) > 0
        else { return true }
        isUnsorted[index] = true
        machine.complain("comm: file \(index + 1) is not in sorted order")
        return !options.has("κ")
    }

    private func finish(_ machine: inout Machine) -> Int {
        if options.has("τ") {
            let columns = totals.map { Array(String($0).utf8) } + [Array("total".utf8)]
            machine.write(Array(columns.joined(separator: delimiter)) + [sources.end], to: 1)
        }
        guard isUnsorted.contains(true) else { return 0 }
        machine.complain("comm: input is not in sorted order")
        return 1
    }

    private mutating func show(_ order: Int, _ machine: inout Machine) {
        let column: Character = order < 0 ? "1" : order > 0 ? "2" : "3"
        totals[order < 0 ? 0 : order > 0 ? 1 : 2] += 1
        guard !options.has(column), let line = order > 0 ? lines[1] : lines[0] else { return }
        let before = ["1", "2"].filter { $0 < String(column) && !options.has(Character($0)) }.count
        let gap = Array(repeatElement(delimiter, count: before).joined())
        machine.write(gap + line + [sources.end], to: 1)
    }
}
