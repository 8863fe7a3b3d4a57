// SPDX-License-Identifier: Apache-2.0
// tail: the end of files, and what comes behind it.

import PodiumMachinery
import PodiumRuntime

/// `tail`, which with `-f` and `-F` goes on for ever.
struct TailProgram: Program {
    /// A Greek letter has a long name only.
    static let tables = OptionTables(
        "tail",
        busybox: OptionTable(letters: "fn:c:qs:vF"),
        gnu: OptionTable(
            letters: "c:fFn:qs:vzφ::π:μ:ρ",
            long: [
                "bytes": "c", "follow": "φ", "lines": "n", "max-unchanged-stats": "μ", "pid": "π", "quiet": "q",
                "silent": "q", "retry": "ρ", "sleep-interval": "s", "verbose": "v", "zero-terminated": "z",
            ]
        )
    )
    /// What is written at once of a file that is longer.
    private static let followedBytes = 1 << 20
    /// Of a stream of which only the end counts, so much is kept before what is surely not part of it is let go.
    private static let slackBytes = 64 << 10

    private let inputs: [String]
    private let follows: Bool
    /// Whether a file that is missing is waited for.
    private let retries: Bool
    private let limit: Int
    private let countsBytes: Bool
    /// `-n +3`: from the third line on.
    private let fromStart: Bool
    private let end: UInt8
    private var showsNames: Bool
    /// Whether names are shown of a single file as well.
    private let isVerbose: Bool
    /// What of standard input may be part of its end, and when it was last cut; or what is still to be passed over.
    private var pending: [UInt8] = []
    private var cutBytes = 0
    private var unskipped = 0
    private var hasStarted = false
    /// What was shown of each file.
    private var positions: [String: Int] = [:]
    private var shown: String?
    private var code = 0

    /// The first word may be `-5`, `+5` or, with GNU's, `-5f`.
    static let applet = tables.applet(preparing: obsolete) { machine, options throws(OptionRefusal) in
        try TailProgram(options, &machine)
    }

    @Sendable
    private static func obsolete(_ words: [String], isGNU: Bool) -> [String] {
        guard words.count > 1, let mark = words[1].first, mark == "-" || mark == "+" else { return words }
        let digits = words[1].dropFirst().prefix { $0.isASCII && $0.isNumber }
        var letters = words[1].dropFirst(1 + digits.count)
        guard !digits.isEmpty, isGNU || letters.isEmpty else { return words }
        var words = words
        let unit = letters.first.map { "bcl".contains($0) } == true ? letters.removeFirst() : "l"
        guard letters.isEmpty || letters == "f" else { return words }
        let count = (mark == "+" ? "+" : "") + digits + (unit == "b" ? "b" : "")
        let option = (unit == "l" ? "-n" : "-c") + count
        words.replaceSubrange(1...1, with: [option] + (letters.isEmpty ? [] : ["-f"]))
        return words
    }

    private init(_ options: AppletOptions, _ machine: inout Machine) throws(OptionRefusal) {
        inputs = options.words
        follows = options.has("f") || options.has("F") || options["φ"] != nil
        retries = options.has("F") || options.has("ρ") || options["φ"] == "name"
        countsBytes = options["c"] != nil
        let text = options["c"] ?? options["n"] ?? "10"
        fromStart = text.hasPrefix("+")
        let digits = String(text.hasPrefix("-") || fromStart ? text.dropFirst() : text[...])
        guard let number = HeadProcessor.number(digits, machine) else {
            let shown = fromStart ? text : digits
            let words = "invalid number of \(countsBytes ? "bytes" : "lines"): '\(shown)'"
            throw Self.tables.fault(&machine, gnu: words, busybox: "invalid number '\(digits)'")
        }
        if let pause = options["s"], !Applets.duration(pause).isValid {
            let gnu = "invalid number of seconds: '\(pause)'"
            throw Self.tables.fault(&machine, gnu: gnu, busybox: "invalid number '\(pause)'")
        }
        limit = number
        unskipped = max(1, number) - 1
        end = options.has("z") ? 0 : 0x0A
        isVerbose = options.has("v")
        showsNames = options.words.count > 1 && !options.has("q") || isVerbose
    }

    var heldBytes: Int { pending.count }

    mutating func run(_ machine: inout Machine) -> Progress {
        if machine.mustYield { return .ready }
        machine.spend()
        if inputs.isEmpty { return readInput(&machine) }
        let changes = machine.kernel.fileChanges
        if !hasStarted {
            hasStarted = true
            // busybox's counts the files that are there.
            if machine.hasBusybox, !isVerbose, inputs.count(where: { machine.node($0) != nil }) < 2 {
                showsNames = false
            }
            for input in inputs { begin(input, &machine) }
            guard follows else { return .exited(code) }
            if positions.isEmpty, !retries {
                machine.complain(machine.isGNU ? "tail: no files remaining" : "tail: no files")
                return .exited(1)
            }
        } else {
            for input in inputs { followUp(input, &machine) }
        }
        return .blocked(.fileChange(since: changes))
    }

    private mutating func readInput(_ machine: inout Machine) -> Progress {
        while true {
            if machine.mustYield { return .ready }
            machine.spend()
            switch machine.read(0) {
            case .bytes(let bytes):
                if let code = take(bytes, &machine) { return .exited(code) }
            case .wait(let wait): return .blocked(wait)
            case .failed(let errno):
                machine.complain("tail: \(fault("-", errno, machine))")
                return .exited(1)
            case .end:
                machine.write(Array(pending[start(in: pending)...]), to: 1)
                pending = []
                // `tail -f` without a file is a popular way to wait for ever, and standard input is no file here.
                return follows ? .blocked(.forever) : .exited(0)
            }
        }
    }

    /// Takes a piece of standard input. What stands from a line on is written as it comes.
    private mutating func take(_ bytes: [UInt8], _ machine: inout Machine) -> Int? {
        guard fromStart else {
            if pending.count + bytes.count > Whole.maximumBytes { return machine.refuseMemory() }
            pending += bytes
            guard pending.count > 2 * cutBytes + Self.slackBytes else { return nil }
            machine.charge(bytes: pending.count)
            pending.removeFirst(start(in: pending))
            cutBytes = pending.count
            return nil
        }
        var rest = bytes[...]
        if countsBytes {
            let skipped = min(unskipped, rest.count)
            unskipped -= skipped
            rest = rest.dropFirst(skipped)
        } else {
            while unskipped > 0, let index = rest.firstIndex(of: end) {
                unskipped -= 1
                rest = rest[(index + 1)...]
            }
            if unskipped > 0 { return nil }
        }
        if !rest.isEmpty { machine.write(Array(rest), to: 1) }
        return nil
    }

    private mutating func begin(_ input: String, _ machine: inout Machine) {
        guard let node = machine.node(input) else {
            let verb = machine.isGNU ? "cannot open '\(input)' for reading" : "can't open '\(input)'"
            machine.complain("tail: \(verb): \(Errno.noEntry.text)")
            code = 1
            return
        }
        if node.kind == .device || input == "/dev/null" {
            positions[input] = 0
            return
        }
        do throws(Errno) {
            let bytes = try machine.contents(input)
            machine.charge(bytes: bytes.count)
            show(Array(bytes[start(in: bytes)...]), of: input, isFirst: true, &machine)
            positions[input] = node.content.size
        } catch {
            show([], of: input, isFirst: true, &machine)
            machine.complain("tail: \(fault(input, error, machine))")
            code = 1
        }
    }

    private func fault(_ input: String, _ errno: Errno, _ machine: Machine) -> String {
        InputFault.reading("tail", input, errno, isGNU: machine.isGNU) ?? errno.text
    }

    private mutating func followUp(_ input: String, _ machine: inout Machine) {
        guard let node = machine.node(input), node.kind == .file else {
            if retries { positions[input] = nil }
            return
        }
        guard let position = positions[input] ?? (retries ? 0 : nil) else { return }
        let start = node.content.size < position ? 0 : position
        if node.content.size > start {
            show(node.content.read(at: start, count: Self.followedBytes), of: input, isFirst: false, &machine)
        }
        positions[input] = node.content.size
    }

    private mutating func show(_ bytes: [UInt8], of input: String, isFirst: Bool, _ machine: inout Machine) {
        if showsNames, isFirst || shown != input { machine.print("\(shown == nil ? "" : "\n")==> \(input) <==\n") }
        shown = input
        if !bytes.isEmpty { machine.write(bytes, to: 1) }
    }

    /// Where the end of a text begins that is shown.
    private func start(in bytes: [UInt8]) -> Int {
        if fromStart {
            // Of standard input all that is kept is shown.
            if inputs.isEmpty { return 0 }
            if countsBytes { return min(bytes.count, max(0, limit - 1)) }
            var start = 0
            var left = max(1, limit) - 1
            while left > 0, let index = bytes[start...].firstIndex(of: end) {
                start = index + 1
                left -= 1
            }
            return left > 0 ? bytes.count : start
        }
        if countsBytes || limit == 0 { return max(0, bytes.count - limit) }
        var start = bytes.last == end ? bytes.count - 1 : bytes.count
        var left = limit
        while let index = bytes[..<start].lastIndex(of: end) {
            left -= 1
            if left == 0 { return index + 1 }
            start = index
        }
        return 0
    }
}
