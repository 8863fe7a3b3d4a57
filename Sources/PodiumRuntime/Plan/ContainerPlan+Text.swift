// SPDX-License-Identifier: Apache-2.0
// Plans as text: how an annotation is read and printed, and where it is wrong.

import PodiumMachinery

/// Why an annotation is no plan.
package struct PlanError: Error, Hashable, Sendable {
    /// The column, counted from 1 in characters, where reading stopped.
    package var column: Int
    /// What was expected there.
    package var detail: String

    /// `column 8: expected a duration such as 5s`.
    package var message: String { "column \(column): \(detail)" }
}

extension ContainerPlan {
    /// Reads a plan, `exit 1 after 5s x3, run`.
    package init(parsing text: String) throws(PlanError) {
        var parser = PlanParser(text)
        self.init(steps: try parser.plan())
    }
}

// Printing

extension ContainerPlan: CustomStringConvertible {
    /// The plan in its shortest usual form, which reads back as the same plan.
    package var description: String { steps.map(\.description).joined(separator: ", ") }
}

extension PlanStep: CustomStringConvertible {
    /// `pull 20s, exit 1 after 5s x3`.
    package var description: String { times == 1 ? attempt.description : "\(attempt) x\(times)" }
}

extension PlanAttempt: CustomStringConvertible {
    /// `pull 20s, ready after 3s, exit 0 after 1m0s`.
    package var description: String {
        var parts: [String] = []
        if let pull { parts.append("pull \(GoDuration.print(pull))") }
        if let readyAfter { parts.append("ready after \(GoDuration.print(readyAfter))") }
        parts += usage.map(\.description)
        parts += lines.map(\.description)
        if let stopCode { parts.append("on stop exit \(stopCode)") }
        if let pullFailure {
            parts.append("fail pull \(pullFailure)")
        } else {
            parts.append(end?.description ?? "run")
        }
        return parts.joined(separator: ", ")
    }
}

extension PlanUsage: CustomStringConvertible {
    /// `cpu 200m after 30s`.
    package var description: String { "\(resource.rawValue) \(amount)" + PlanLine.delay(after) }
}

extension PlanLine: CustomStringConvertible {
    /// `print "listening" after 2s`.
    package var description: String {
        let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return "print \"\(escaped)\"" + Self.delay(after)
    }

    /// ` after 2s`, nothing for no time at all.
    static func delay(_ duration: Duration) -> String {
        duration == .zero ? "" : " after \(GoDuration.print(duration))"
    }
}

extension PlanEnd: CustomStringConvertible {
    /// `exit 137 OOMKilled after 10s`.
    package var description: String { "exit \(code)" + (reason.map { " " + $0 } ?? "") + PlanLine.delay(after) }
}
