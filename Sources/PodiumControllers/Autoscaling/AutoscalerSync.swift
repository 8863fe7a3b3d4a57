// SPDX-License-Identifier: Apache-2.0
// One look of an autoscaler at its target: what the scale ought to be, and what is said about it.

import PodiumClient
import PodiumCodec
import PodiumMachinery
import PodiumStorage

/// One look of an autoscaler. A value that is used once.
// Kubernetes: pkg/controller/podautoscaler/horizontal.go reconcileAutoscaler
struct AutoscalerSync {
    /// An Event about the autoscaler.
    struct Report: Hashable {
        let type: EventType
        let reason: String
        let message: String
    }

    /// What the metrics ask for together.
    private struct Recommendation {
        var replicas: Int
        var name: String
        var statuses: [JSONValue]
    }

    /// A reason to leave the scale as it is.
    private struct Refusal: Error {
        let message: String
        /// What the metrics said; nil when none was looked at.
        var statuses: [JSONValue]?
    }

    let autoscaler: APIObject
    let now: Timestamp
    private(set) var status: AutoscalerStatus
    private(set) var history: ScalingHistory
    private(set) var reports: [Report] = []

    private let behavior: ScalingBehavior?
    private let bounds: (lower: Int, upper: Int)

    init(_ autoscaler: APIObject, _ history: ScalingHistory, now: Timestamp) {
        self.autoscaler = autoscaler
        self.history = history
        self.now = now
        status = AutoscalerStatus(autoscaler.status)
        behavior = ScalingBehavior(autoscaler.spec["behavior"])
        bounds = (autoscaler.spec["minReplicas"]?.int ?? 1, autoscaler.spec["maxReplicas"]?.int ?? 0)
    }

    /// How far usage may be off.
    private var tolerances: ReplicaCalculator.Tolerances {
        let standard = ReplicaCalculator.Tolerances.standard
        return .init(down: behavior?.down.tolerance ?? standard, up: behavior?.up.tolerance ?? standard)
    }

    /// The target could not be read.
    mutating func fail(_ error: ScaleError) {
        report(.warning, "FailedGetScale", error.message)
        let message = "the HPA controller was unable to get the target's current scale: \(error.message)"
        status.set(.ableToScale, false, "FailedGetScale", message, now: now)
    }

    /// Brings the scale of `target` to what it ought to be.
    /// - Parameters:
    ///   - metrics: reads the metrics with certain tolerances.
    ///   - rivals: the autoscalers, this one among them, that have pods of the target, by name.
    ///   - scale: sets the replicas of the target.
    mutating func run(
        _ target: ScaleTarget,
        rivals: () throws -> [NamespacedName],
        metrics: (ReplicaCalculator.Tolerances) throws -> AutoscalerMetrics,
        scale: (Int) throws(StatusError) -> Void
    ) throws {
        let current = target.replicas
        let message = "the HPA controller was able to get the target's current scale"
        status.set(.ableToScale, true, "SucceededGetScale", message, now: now)
        history.begin(current, now: now)
        var desired = current
        var reason = ""
        var statuses: [JSONValue]?
        if current == 0, bounds.lower != 0 {
            let message = "scaling is disabled since the replica count of the target is zero"
            status.set(.scalingActive, false, "ScalingDisabled", message, now: now)
        } else if current > bounds.upper {
            (desired, reason) = (bounds.upper, "Current number of replicas above Spec.MaxReplicas")
        } else if current < bounds.lower {
            (desired, reason) = (bounds.lower, "Current number of replicas below Spec.MinReplicas")
        } else {
            do {
                try checkSelector(target, rivals)
                let recommendation = try recommend(current, metrics(tolerances))
                statuses = recommendation.statuses
                if recommendation.replicas > current { reason = "\(recommendation.name) above target" }
                if recommendation.replicas < current { reason = "All metrics below target" }
                desired = normalize(recommendation.replicas, from: current)
            } catch let refusal as Refusal {
                status.set(
                    current: current,
                    desired: status.desiredReplicas,
                    metrics: refusal.statuses,
                    scaled: nil
                )
                report(.warning, "FailedComputeMetricsReplicas", refusal.message)
                return
            }
        }
        try rescale(from: current, to: desired, reason, statuses, scale)
    }

    private mutating func rescale(
        from current: Int,
        to desired: Int,
        _ reason: String,
        _ statuses: [JSONValue]?,
        _ scale: (Int) throws(StatusError) -> Void
    ) throws(StatusError) {
        guard desired != current else {
            status.set(current: current, desired: current, metrics: statuses, scaled: nil)
            return
        }
        do throws(StatusError) {
            try scale(desired)
        } catch {
            let text = "New size: \(desired); reason: \(reason); error: \(error.message)"
            report(.warning, "FailedRescale", text)
            let message = "the HPA controller was unable to update the target scale: \(error.message)"
            status.set(.ableToScale, false, "FailedUpdateScale", message, now: now)
            status.set(current: current, desired: status.desiredReplicas, metrics: statuses, scaled: nil)
            return
        }
        let message = "the HPA controller was able to update the target scale to \(desired)"
        status.set(.ableToScale, true, "SucceededRescale", message, now: now)
        report(.normal, "SuccessfulRescale", "New size: \(desired); reason: \(reason)")
        history.note(from: current, to: desired, behavior, now: now)
        status.set(current: current, desired: desired, metrics: statuses, scaled: now)
    }

    private mutating func report(_ type: EventType, _ reason: String, _ message: String) {
        reports.append(Report(type: type, reason: reason, message: message))
    }

    // Kubernetes: pkg/controller/podautoscaler/horizontal.go validateAndParseSelector
    private mutating func checkSelector(_ target: ScaleTarget, _ rivals: () throws -> [NamespacedName]) throws {
        let text = target.selector.description
        if text.isEmpty {
            report(.warning, "SelectorRequired", "selector is required")
            let message = "the HPA target's scale is missing a selector"
            status.set(.scalingActive, false, "InvalidSelector", message, now: now)
            throw Refusal(message: "selector is required")
        }
        let names = try rivals()
        if names.count > 1 {
            let list = names.map(\.description).joined(separator: " ")
            let message = "pods by selector \(text) are controlled by multiple HPAs: [\(list)]"
            report(.warning, "AmbiguousSelector", message)
            status.set(.scalingActive, false, "AmbiguousSelector", message, now: now)
            throw Refusal(message: message)
        }
    }

    /// What the metrics ask for: the most of what they do, unless one that failed might ask for more.
    // Kubernetes: pkg/controller/podautoscaler/horizontal.go computeReplicasForMetrics
    private mutating func recommend(_ current: Int, _ metrics: AutoscalerMetrics) throws -> Recommendation {
        let specs = autoscaler.spec["metrics"]?.elements ?? []
        var recommendation = Recommendation(replicas: 0, name: "", statuses: [])
        var failures: [MetricFailure] = []
        for spec in specs {
            do {
                let proposal = try metrics.proposal(of: spec)
                recommendation.statuses.append(proposal.status)
                if recommendation.replicas == 0 || proposal.replicas > recommendation.replicas {
                    recommendation.replicas = proposal.replicas
                    recommendation.name = proposal.name
                }
            } catch let failure as MetricFailure {
                recommendation.statuses.append(["type": ""])
                report(.warning, failure.reason, failure.message)
                failures.append(failure)
            }
        }
        if let first = failures.first, failures.count >= specs.count || recommendation.replicas < current {
            let message = "the HPA was unable to compute the replica count: \(first.message)"
            status.set(.scalingActive, false, first.reason, message, now: now)
            let count = "\(failures.count) invalid out of \(specs.count)"
            throw Refusal(
                message: "invalid metrics (\(count)), first error is: \(first.context)",
                statuses: recommendation.statuses
            )
        }
        let message = "the HPA was able to successfully calculate a replica count from \(recommendation.name)"
        status.set(.scalingActive, true, "ValidMetricFound", message, now: now)
        return recommendation
    }

    // Kubernetes: pkg/controller/podautoscaler/horizontal.go normalizeDesiredReplicas,
    // normalizeDesiredReplicasWithBehaviors
    private mutating func normalize(_ wanted: Int, from current: Int) -> Int {
        let range = min(bounds.lower, bounds.upper)...bounds.upper
        let stable: Normalized
        let limited: Normalized
        if let behavior {
            stable = history.stabilized(wanted, from: current, behavior, now: now)
            limited = history.limited(stable.replicas, from: current, range, behavior, now: now)
        } else {
            stable = history.stabilized(wanted, now: now)
            limited = ScalingHistory.limited(stable.replicas, from: current, range)
        }
        status.set(.ableToScale, true, stable.reason, stable.message, now: now)
        let isLimited = limited.replicas != stable.replicas
        status.set(.scalingLimited, isLimited, limited.reason, limited.message, now: now)
        return limited.replicas
    }
}
