// SPDX-License-Identifier: Apache-2.0
// What a plan annotation says a container does, start by start.

package import PodiumMachinery

/// The meaning of one `podium.dev/plan.<container>` annotation: what each attempt to start the container comes to.
package struct ContainerPlan: Hashable, Sendable {
    /// The prefix of the annotation's key; the container's name follows.
    package static let annotationPrefix = "podium.dev/plan."

    /// The steps in order, each with how often it is taken.
    package var steps: [PlanStep]

    /// A plan of steps; there must be one at least.
    package init(steps: [PlanStep]) { self.steps = steps }

    /// What attempt `index` (0, 1, …) comes to, attempts that failed to pull included. The last step is taken for ever.
    package func attempt(_ index: Int) -> PlanAttempt {
        var rest = index
        for step in steps {
            if rest < step.times { return step.attempt }
            rest -= step.times
        }
        return steps.last?.attempt ?? PlanAttempt()
    }
}

/// An attempt and how often it is made.
package struct PlanStep: Hashable, Sendable {
    /// What happens.
    package var attempt: PlanAttempt
    /// How often, at least 1.
    package var times: Int

    /// A step.
    package init(_ attempt: PlanAttempt, times: Int = 1) {
        self.attempt = attempt
        self.times = times
    }
}

/// What one attempt to start a container comes to.
package struct PlanAttempt: Hashable, Sendable {
    /// How long the image is pulled; nil leaves it to the image's name.
    package var pull: Duration?
    /// The waiting reason when the image cannot be pulled (`ErrImagePull`, …); nil when it can.
    package var pullFailure: String?
    /// How long after its start the container answers its probes; nil means at once.
    package var readyAfter: Duration?
    /// The code with which it ends when it is asked to stop; nil means 0.
    package var stopCode: Int?
    /// What the container prints and when, counted from its start.
    package var lines: [PlanLine]
    /// What the container uses, and from when on.
    package var usage: [PlanUsage]
    /// The end; nil means that it runs until it is told to stop.
    package var end: PlanEnd?

    /// An attempt that runs for ever.
    package init() {
        lines = []
        usage = []
    }
}

/// What a planned container uses of a resource from some time on.
package struct PlanUsage: Hashable, Sendable {
    /// The resources of which a plan can say something.
    package enum Resource: String, Sendable {
        case cpu
        case memory
    }

    package var resource: Resource
    package var amount: Quantity
    /// From when on, counted from the start.
    package var after: Duration
}

extension [PlanUsage] {
    /// What has come together of a resource some time after the start, in its unit times seconds; nil when the plan
    /// does not say.
    package func total(of resource: String, after time: Duration) -> Double? {
        let steps = filter { $0.resource.rawValue == resource && $0.after <= time }.sorted { $0.after < $1.after }
        if steps.isEmpty { return nil }
        let ends = steps.dropFirst().map(\.after) + [time]
        return zip(steps, ends).reduce(0) { $0 + $1.0.amount.double * Double(($1.1 - $1.0.after).nanoseconds) / 1e9 }
    }

    /// What the container uses of a resource some time after its start; nil when the plan does not say.
    package func amount(of resource: String, after time: Duration) -> Quantity? {
        filter { $0.resource.rawValue == resource && $0.after <= time }.max { $0.after < $1.after }?.amount
    }
}

/// A line that a planned container prints.
package struct PlanLine: Hashable, Sendable {
    /// The text without its newline.
    package var text: String
    /// When, counted from the start.
    package var after: Duration
}

/// How a planned container ends.
package struct PlanEnd: Hashable, Sendable {
    /// 0…255.
    package var code: Int
    /// `OOMKilled`, …; nil means `Completed` for 0 and `Error` otherwise.
    package var reason: String?
    /// When, counted from the start.
    package var after: Duration
}
