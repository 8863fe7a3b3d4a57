// SPDX-License-Identifier: Apache-2.0
// Plans as text: how an annotation is read and printed, and where it is wrong.

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
