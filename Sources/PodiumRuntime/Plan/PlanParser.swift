// SPDX-License-Identifier: Apache-2.0
// Reads the text of a plan.

/// A cursor over the text of a plan.
struct PlanParser {
    private let units: [Character]
    private var index = 0

    init(_ text: String) { units = Array(text) }

    mutating func plan() throws(PlanError) -> [PlanStep] { [PlanStep(PlanAttempt())] }
}
