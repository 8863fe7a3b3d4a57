// SPDX-License-Identifier: Apache-2.0
// paste and comm: several files line by line.

import PodiumMachinery

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

    init() {}

    var count: Int { sources.count }

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
            switch machine.readPiece(sources[index].descriptor) {
            case .wait(let wait): return .wait(wait)
            case .end, .failed: sources[index].isEnded = true
            case .bytes(let bytes):
                machine.spend()
                sources[index].pending += bytes
                let isWhole = bytes.last == 0x0A
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
    private let paths: [String]
    private let separators: [UInt8]
    private let isSerial: Bool
    private var sources = LineSources()
    private var hasStarted = false
    /// The line that is being put together, and the input whose turn it is.
    private var line: [UInt8] = []
    private var index = 0
    private var hasPart = false
    private var count = 0
    private var code = 0

    init(words: [String]) {
        let options = AppletOptions(words, valued: "d")
        paths = options.words.isEmpty ? ["-"] : Array(options.words.prefix(LineSources.maximumSources))
        isSerial = options.has("s")
        let text = options["d"].map { EscapedText.resolve(Array($0.utf8), .echo).bytes } ?? [0x09]
        separators = text.isEmpty ? [0] : text
    }

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
            case .line(let part): if isSerial { addSerial(part) } else { add(part, &machine) }
            case .end:
                if isSerial {
                    // busybox's has no line for an input without lines.
                    if machine.isGNU || count > 0 { machine.write(line + [0x0A], to: 1) }
                    (line, count) = ([], 0)
                    index += 1
                    if index == sources.count { return .exited(code) }
                } else {
                    // When all inputs have ended there is no further line.
                    if index == sources.count - 1, !hasPart { return .exited(code) }
                    add(nil, &machine)
                }
            }
        }
        return .ready
    }

    private mutating func addSerial(_ part: [UInt8]) {
        if count > 0 { append(separators[(count - 1) % separators.count]) }
        line += part
        count += 1
    }

    private mutating func append(_ separator: UInt8) { if separator != 0 { line.append(separator) } }

    private mutating func add(_ part: [UInt8]?, _ machine: inout Machine) {
        let isGNU = machine.isGNU
        if let part {
            hasPart = true
            // busybox's has no column any more for an input that has ended.
            if isGNU { line += part } else { addSerial(part) }
        }
        index += 1
        if index < sources.count {
            if isGNU { append(separators[(index - 1) % separators.count]) }
            return
        }
        machine.write(line + [0x0A], to: 1)
        (line, index, hasPart, count) = ([], 0, false, 0)
    }
}

/// `comm`.
struct CommonLinesProgram: Program {
    private let paths: [String]
    private let hidden: Set<Character>
    private var sources = LineSources()
    private var lines: [[UInt8]?] = [nil, nil]
    private var needs = [true, true]
    private var hasStarted = false

    init(words: [String]) {
        let options = AppletOptions(words)
        paths = options.words
        hidden = options.flags
    }

    mutating func run(_ machine: inout Machine) -> Progress {
        if !hasStarted {
            hasStarted = true
            guard paths.count == 2 else { return .exited(Applets.usage(&machine, "comm")) }
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
            }
            let order: Int
            switch (lines[0], lines[1]) {
            case (nil, nil): return .exited(0)
            case (_?, nil): order = -1
            case (nil, _?): order = 1
            case (let first?, let second?): order = SortOrder.order(first[...], second[...])
            }
            show(order, &machine)
            needs = [order <= 0, order >= 0]
        }
        return .ready
    }

    private func show(_ order: Int, _ machine: inout Machine) {
        let column: Character = order < 0 ? "1" : order > 0 ? "2" : "3"
        guard !hidden.contains(column), let line = order > 0 ? lines[1] : lines[0] else { return }
        let before = ["1", "2"].filter { $0 < String(column) && !hidden.contains(Character($0)) }.count
        machine.write(Array(repeating: 0x09, count: before) + line + [0x0A], to: 1)
    }
}
