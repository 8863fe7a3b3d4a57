// SPDX-License-Identifier: Apache-2.0
// sed at work: its two spaces, and the way from line to line.

import PodiumMachinery
import PodiumRuntime

/// The options of sed.
struct SedSetting: Sendable {
    var isGNU: Bool
    var isQuiet: Bool
    /// The suffix of the copies that `-i` keeps, empty for none; nil without `-i`.
    var suffix: String?
    /// Whether `-i` writes what a link leads to rather than putting a file in the place of the link.
    var followsLinks: Bool
    /// Whether each file has its own last line.
    var isSeparate: Bool
    /// Whether `N` at the end shows nothing.
    var isPosix: Bool
    /// What ends a line.
    var lineEnd: UInt8
    /// The length of the lines of `l`.
    var lineLength: Int
    /// What is said at the end of a file that cannot be edited in place.
    var refusal: String?
}

/// The state of sed between two lines.
struct SedLines: LineProcessor {
    /// The bytes of the pattern and of the hold space.
    static let maximumSpace = 256 << 10
    /// What something that is kept for the end of a cycle costs besides its text.
    private static let bytesPerAppendix = 80
    /// The descriptors of a file of `r` and of the output of a command.
    static let copied = 62
    static let executed = 61

    /// What is to be done next.
    enum Step: Sendable {
        /// Waiting for a line.
        case idle
        case command(Int)
        /// Writing what was kept for the end of the cycle.
        case flush(Ending)
        /// Executing a command, before the script goes on.
        case execute(Int)
    }

    /// How it goes on after a cycle.
    enum Ending: Sendable {
        case nextLine, restart
        case command(Int)
        case quit(Int)
    }

    /// What is written at the end of a cycle.
    enum Appendix: Sendable {
        case text([UInt8])
        case file(String)
        case line(String)
    }

    /// A command that is executed, and what it has said so far.
    struct Execution: Sendable {
        var child: Int
        var output: [UInt8] = []
        var replacesPattern: Bool
        var prints = false
        var file: String?
    }

    let script: SedScript
    let setting: SedSetting
    private let looksAhead: Bool
    var pattern: [UInt8] = []
    var hold: [UInt8] = []
    /// Whether what stands in the spaces came with the end of a line.
    var isWhole = true
    var isHoldWhole = true
    var lineNumber = 0
    /// The line that waits for the next one, so that it is known whether it is the last.
    private var waiting: (line: [UInt8], isWhole: Bool)?
    var step = Step.idle
    /// What the step waits for.
    var wait: Wait?
    /// The code with which a fault ends the program.
    var failure: Int?
    /// Whether the last line is being worked on.
    private var isEnding = false
    /// Where to go on with the next line, for `n` and `N`.
    var resumption: (command: Int, appends: Bool)?
    /// The ranges that have begun, with the line that ends them, as far as that is known.
    var active: [Int: Int?] = [:]
    var lastPattern: RegularExpression?
    var replaced = false
    private var appendices: [Appendix] = []
    private var writtenAppendices = 0
    private var appendixBytes = 0
    /// The last byte of a file of `r` that is being copied.
    private var copiedLast: UInt8?
    private var isCopying = false
    var execution: Execution?
    private var isLast = false
    /// Whether the rest of the input is passed over.
    private var isQuit = false
    var files: SedFiles
    var name = "-"

    init(_ script: SedScript, _ setting: SedSetting, _ files: SedFiles) {
        self.script = script
        self.setting = setting
        self.files = files
        looksAhead = script.asksForLast
        lastPattern = script.lastPattern
        beginRanges()
    }

    var heldBytes: Int {
        let spaces = pattern.count + hold.count + (waiting?.line.count ?? 0)
        let pending = appendixBytes + (files.draft?.count ?? 0) + (execution?.output.count ?? 0)
        return script.patternBytes + spaces + pending
    }

    var isAtLast: Bool { isLast && waiting == nil }
    private var editsInPlace: Bool { setting.suffix != nil && name != "-" }

    /// Only `0,/…/` is in its range before it began.
    private mutating func beginRanges() {
        active = [:]
        for (index, command) in script.commands.enumerated() where setting.isGNU && command.beginsActive {
            active[index] = .some(nil)
        }
    }

    // Inputs

    mutating func begin(_ name: String, _ machine: inout Machine) {
        self.name = name
        files.beginDraft(editsInPlace)
        (isQuit, isLast, isEnding) = (false, false, false)
        guard setting.isSeparate else { return }
        lineNumber = 0
        // busybox's goes on with its ranges in the next file.
        guard setting.isGNU else { return }
        machine.spend(script.commands.count)
        beginRanges()
        files.rewind(&machine)
    }

    mutating func line(_ line: [UInt8], isWhole: Bool, _ machine: inout Machine) -> Int? {
        if isQuit { return nil }
        guard looksAhead else { return process(line, isWhole: isWhole, &machine) }
        let previous = waiting
        waiting = (line, isWhole)
        guard let previous else { return nil }
        return process(previous.line, isWhole: previous.isWhole, &machine)
    }

    mutating func end(_ name: String, _ machine: inout Machine) -> Int? {
        setting.isSeparate ? endInput(&machine) : nil
    }

    mutating func conclude(_ machine: inout Machine) -> Int? { setting.isSeparate ? nil : endInput(&machine) }

    var isBusy: Bool { if case .idle = step { false } else { true } }

    mutating func goOn(_ machine: inout Machine) -> Int? {
        wait = nil
        return work(&machine)
    }

    mutating func finish(_ code: Int, _ machine: inout Machine) -> Int {
        guard let refusal = setting.refusal else { return code }
        _ = Applets.fail(&machine, "sed", refusal)
        return InputFault.panic
    }

    private mutating func endInput(_ machine: inout Machine) -> Int? {
        if isQuit { return nil }
        isLast = true
        isEnding = true
        guard let last = waiting else { return afterLastLine(&machine) }
        waiting = nil
        return process(last.line, isWhole: last.isWhole, &machine)
    }

    private mutating func afterLastLine(_ machine: inout Machine) -> Int? {
        // `N` without a next line prints what is there; `n` has done so before.
        if let pending = resumption {
            resumption = nil
            if pending.appends, !setting.isPosix { emit(&machine) }
            step = .flush(.nextLine)
            return work(&machine)
        }
        isEnding = false
        isLast = false
        return editsInPlace ? store(&machine) : nil
    }

    // One line

    private mutating func process(_ line: [UInt8], isWhole: Bool, _ machine: inout Machine) -> Int? {
        lineNumber += 1
        self.isWhole = isWhole
        guard let resumption else {
            pattern = line
            replaced = false
            step = .command(0)
            return work(&machine)
        }
        self.resumption = nil
        if resumption.appends {
            machine.charge(bytes: line.count)
            Self.append(line, to: &pattern, behind: setting.lineEnd)
        } else {
            pattern = line
        }
        step = .flush(.command(resumption.command))
        return work(&machine)
    }

    /// Adds a line to a space behind `end`, in place, as far as there is room.
    // Static: to ask oneself for anything while one of one's spaces changes copies that space.
    static func append(_ line: [UInt8], to space: inout [UInt8], behind end: UInt8) {
        guard space.count < maximumSpace else { return }
        space.append(end)
        space += line.prefix(maximumSpace - space.count)
    }

    /// Works until a line is needed, there is something to wait for, or the turn is over. A code ends the program.
    private mutating func work(_ machine: inout Machine) -> Int? {
        while wait == nil {
            if case .idle = step { return isEnding ? afterLastLine(&machine) : nil }
            if machine.mustYield { return nil }
            machine.spend()
            switch step {
            case .idle: return nil
            case .command(let index): perform(index, &machine)
            case .execute(let next):
                if execute(&machine) { step = .command(next) }
            case .flush(let ending):
                guard flushNext(&machine) else { continue }
                switch ending {
                case .nextLine: step = .idle
                case .restart: step = .command(0)
                case .command(let index): step = .command(index)
                case .quit(let code):
                    if let stop = quit(code, &machine) { return stop }
                }
            }
            if let failure { return failure }
        }
        return nil
    }

    private mutating func quit(_ code: Int, _ machine: inout Machine) -> Int? {
        guard editsInPlace else { return code }
        if let fault = store(&machine) { return fault }
        if setting.isGNU { return code }
        // busybox's goes on with the next file.
        (step, isQuit, waiting) = (.idle, true, nil)
        return nil
    }

    private mutating func perform(_ index: Int, _ machine: inout Machine) {
        guard index < script.commands.count else { return endCycle(prints: true, &machine) }
        let command = script.commands[index]
        if selects(command, at: index, &machine) != command.isNegated {
            step = .command(index + 1)
            perform(command, index, &machine)
        } else if case .begin(let end) = command.action {
            step = .command(end)
        } else {
            step = .command(index + 1)
        }
    }

    mutating func endCycle(prints: Bool, then ending: Ending = .nextLine, _ machine: inout Machine) {
        if prints { emit(&machine) }
        step = .flush(ending)
    }

    /// Prints the pattern space as it is printed by itself.
    mutating func emit(_ machine: inout Machine) {
        if !setting.isQuiet { show(pattern, &machine) }
    }

    /// Prints a line, without an end if the input ended without one.
    mutating func show(_ line: [UInt8], _ machine: inout Machine) {
        files.print(line, end: isWhole ? setting.lineEnd : nil, &machine)
    }

    mutating func fail(_ text: String, _ machine: inout Machine) { failure = Applets.fail(&machine, "sed", text) }

    // What is written at the end of a cycle

    mutating func keep(_ appendix: Appendix) {
        appendixBytes += Self.bytesPerAppendix
        if case .text(let bytes) = appendix { appendixBytes += bytes.count }
        appendices.append(appendix)
    }

    mutating func forgetAppendices() {
        appendices = []
        (writtenAppendices, appendixBytes) = (0, 0)
    }

    /// Writes the next of what was kept; whether that was all.
    private mutating func flushNext(_ machine: inout Machine) -> Bool {
        if isCopying {
            copy(&machine)
            return false
        }
        guard writtenAppendices < appendices.count else {
            forgetAppendices()
            return true
        }
        switch appendices[writtenAppendices] {
        case .text(let bytes): files.print(bytes, &machine)
        case .file(let path):
            if let file = try? machine.open(path, .read) {
                machine.attach(file, as: Self.copied)
                (isCopying, copiedLast) = (true, nil)
            }
        case .line(let path):
            switch files.readLine(path, &machine) {
            case .bytes(let bytes): files.print(bytes, &machine)
            case .wait(let wait):
                self.wait = wait
                return false
            case .end, .failed: break
            }
        }
        writtenAppendices += 1
        return false
    }

    /// Copies a piece of a file of `r`.
    private mutating func copy(_ machine: inout Machine) {
        switch machine.read(Self.copied, limit: 8 << 10) {
        case .bytes(let bytes):
            copiedLast = bytes.last
            files.print(bytes, &machine)
        case .wait(let wait): self.wait = wait
        case .end, .failed:
            // busybox's copies lines, and ends the last one.
            if !setting.isGNU, let copiedLast, copiedLast != 0x0A { files.print([0x0A], &machine) }
            machine.close(Self.copied)
            isCopying = false
        }
    }
}
