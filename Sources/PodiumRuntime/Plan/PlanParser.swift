// SPDX-License-Identifier: Apache-2.0
// Reads the text of a plan.

import PodiumMachinery

/// A cursor over the text of a plan.
///
///     plan    = attempt { "," attempt }
///     attempt = { detail "," } end [ "x" count ]      a last attempt may leave out its end, which is `run` then
///     detail  = "pull" duration
///             | "ready" "after" duration
///             | "print" string [ "after" duration ]
///             | "on" "stop" "exit" code
///             | ( "cpu" | "memory" ) quantity [ "after" duration ]
///     end     = "run"
///             | "exit" code [ reason ] [ "after" duration ]
///             | "fail" "pull" [ reason ]
struct PlanParser {
    /// Longer texts are refused.
    static let maximumCharacters = 16_384
    /// More attempts that differ are refused.
    static let maximumSteps = 256
    /// More lines of one attempt are refused.
    static let maximumLines = 256
    /// More changes of what one attempt uses are refused.
    static let maximumUsages = 256
    /// An attempt that is to be made more often should be the last one, which goes on for ever.
    static let maximumTimes = 1_000_000
    /// Ten years; more would not fit into the times of a long history.
    static let maximumDuration = Duration.seconds(10 * 366 * 24 * 3600)

    private let units: [Character]
    private var index = 0

    init(_ text: String) { units = Array(text.prefix(Self.maximumCharacters + 1)) }

    /// The whole plan.
    mutating func plan() throws(PlanError) -> [PlanStep] {
        guard units.count <= Self.maximumCharacters else {
            throw PlanError(
                column: Self.maximumCharacters + 1,
                detail: "a plan has at most \(Self.maximumCharacters) characters"
            )
        }
        var steps: [PlanStep] = []
        repeat {
            skipSpace()
            guard steps.count < Self.maximumSteps else {
                throw fault("a plan has at most \(Self.maximumSteps) attempts")
            }
            steps.append(try step())
        } while take(",")
        guard index == units.count else { throw fault("expected \",\" or the end") }
        return steps
    }

    // Attempts

    private mutating func step() throws(PlanError) -> PlanStep {
        var attempt = PlanAttempt()
        while true {
            skipSpace()
            let start = index
            let word = word()
            switch word {
            case "run": return PlanStep(attempt, times: try times())
            case "exit":
                attempt.end = try end()
                return PlanStep(attempt, times: try times())
            case "fail":
                attempt.pullFailure = try pullFailure(attempt, start: start)
                return PlanStep(attempt, times: try times())
            case "pull", "ready", "print", "on", "cpu", "memory": try detail(word, &attempt, start: start)
            default:
                index = start
                throw fault("expected run, exit, fail, pull, ready, print, cpu, memory or on stop")
            }
            skipSpace()
            if isAtRepeat { throw fault("a number of times follows run, exit or fail only") }
            if index == units.count { return PlanStep(attempt) }
            guard take(",") else { throw fault("expected \",\" or the end") }
        }
    }

    private mutating func detail(_ word: String, _ attempt: inout PlanAttempt, start: Int) throws(PlanError) {
        switch word {
        case "pull":
            if attempt.pull != nil { throw fault("this attempt has a pull already", at: start) }
            attempt.pull = try duration()
        case "ready":
            if attempt.readyAfter != nil { throw fault("this attempt has a ready already", at: start) }
            try expect("after")
            attempt.readyAfter = try duration()
        case "on":
            if attempt.stopCode != nil { throw fault("this attempt has an on stop already", at: start) }
            try expect("stop")
            try expect("exit")
            attempt.stopCode = try code()
        case "cpu", "memory": attempt.usage.append(try usage(word, attempt, start: start))
        default:
            guard attempt.lines.count < Self.maximumLines else {
                throw fault("an attempt prints at most \(Self.maximumLines) lines", at: start)
            }
            let text = try string()
            attempt.lines.append(PlanLine(text: text, after: try delay()))
        }
    }

    private mutating func usage(
        _ word: String,
        _ attempt: PlanAttempt,
        start: Int
    ) throws(PlanError) -> PlanUsage {
        guard attempt.usage.count < Self.maximumUsages, let resource = PlanUsage.Resource(rawValue: word) else {
            throw fault("what an attempt uses changes at most \(Self.maximumUsages) times", at: start)
        }
        let amount = try quantity()
        let usage = PlanUsage(resource: resource, amount: amount, after: try delay())
        if attempt.usage.contains(where: { $0.resource == resource && $0.after == usage.after }) {
            throw fault("this attempt says already what is used of \(word) from then on", at: start)
        }
        return usage
    }

    private mutating func end() throws(PlanError) -> PlanEnd {
        let code = try code()
        let reason = reason()
        return PlanEnd(code: code, reason: reason, after: try delay())
    }

    private mutating func code() throws(PlanError) -> Int {
        skipSpace()
        let start = index
        guard let code = number(), (0...255).contains(code) else {
            throw fault("expected an exit code between 0 and 255", at: start)
        }
        return code
    }

    private mutating func pullFailure(_ attempt: PlanAttempt, start: Int) throws(PlanError) -> String {
        try expect("pull")
        let runs = !attempt.lines.isEmpty || !attempt.usage.isEmpty
        if attempt.readyAfter != nil || runs || attempt.stopCode != nil {
            throw fault("a container whose image cannot be pulled is never ready and prints nothing", at: start)
        }
        return reason() ?? "ErrImagePull"
    }

    /// `x3` behind an attempt; 1 when there is none.
    private mutating func times() throws(PlanError) -> Int {
        skipSpace()
        guard isAtRepeat else { return 1 }
        index += 1
        let start = index
        guard let times = number(), (1...Self.maximumTimes).contains(times) else {
            throw fault("expected a number of times between 1 and \(Self.maximumTimes)", at: start)
        }
        return times
    }

    private var isAtRepeat: Bool {
        guard index + 1 < units.count, units[index] == "x" else { return false }
        return !units[index + 1].isLetter
    }

    // Pieces

    /// `after 5s`; no time at all when it is not there.
    private mutating func delay() throws(PlanError) -> Duration {
        skipSpace()
        let start = index
        guard word() == "after" else {
            index = start
            return .zero
        }
        return try duration()
    }

    private mutating func duration() throws(PlanError) -> Duration {
        skipSpace()
        let start = index
        let text = String(units[index...].prefix { $0 != "," && !$0.isWhitespace })
        var length: Duration?
        do throws(GoDurationError) {
            length = try GoDuration.parse(text)
        } catch {
            if case .missingUnit = error { throw fault("\(text) has no unit; write \(text)s for seconds", at: start) }
        }
        guard let length, length >= .zero, length <= Self.maximumDuration else {
            throw fault(
                "expected a duration such as 5s or 1m30s, at most \(GoDuration.print(Self.maximumDuration))",
                at: start
            )
        }
        index += text.count
        return length
    }

    private mutating func quantity() throws(PlanError) -> Quantity {
        skipSpace()
        let start = index
        let text = String(units[index...].prefix { $0 != "," && !$0.isWhitespace })
        do throws(QuantityError) {
            let amount = try Quantity(text)
            if amount.sign >= 0 {
                index += text.count
                return amount
            }
        } catch {
            throw fault("expected an amount such as 200m or 64Mi", at: start)
        }
        throw fault("expected an amount that is not negative", at: start)
    }

    /// What a status calls it: a word that begins with a capital letter.
    private mutating func reason() -> String? {
        skipSpace()
        guard index < units.count, units[index].isUppercase, units[index].isASCII else { return nil }
        let word = units[index...].prefix { $0.isASCII && ($0.isLetter || $0.isNumber) }
        index += word.count
        return String(word)
    }

    /// Text in quotation marks, in which `\` stands before these and before itself.
    private mutating func string() throws(PlanError) -> String {
        guard take("\"") else { throw fault("expected a text in quotation marks") }
        let start = index
        var text = ""
        while index < units.count {
            let unit = units[index]
            index += 1
            switch unit {
            case "\"": return text
            case "\\":
                guard index < units.count, units[index] == "\"" || units[index] == "\\" else {
                    throw fault("\\ stands before \" and \\ only")
                }
                text.append(units[index])
                index += 1
            default: text.append(unit)
            }
        }
        throw fault("this text has no closing quotation mark", at: start - 1)
    }

    private mutating func number() -> Int? {
        let digits = units[index...].prefix { $0 >= "0" && $0 <= "9" }
        index += digits.count
        return Int(String(digits))
    }

    private mutating func word() -> String {
        let word = units[index...].prefix { $0 >= "a" && $0 <= "z" }
        index += word.count
        return String(word)
    }

    private mutating func expect(_ wanted: String) throws(PlanError) {
        skipSpace()
        let start = index
        guard word() == wanted else { throw fault("expected \(wanted)", at: start) }
    }

    private mutating func take(_ unit: Character) -> Bool {
        skipSpace()
        guard index < units.count, units[index] == unit else { return false }
        index += 1
        return true
    }

    private mutating func skipSpace() {
        while index < units.count, units[index].isWhitespace { index += 1 }
    }

    private func fault(_ detail: String, at place: Int? = nil) -> PlanError {
        PlanError(column: (place ?? index) + 1, detail: detail)
    }
}
