// SPDX-License-Identifier: Apache-2.0
// How fast an autoscaler may go up or down.

import PodiumCodec
import PodiumMachinery

/// The rules of scaling in one direction.
// Kubernetes: pkg/apis/autoscaling/types.go HPAScalingRules
struct ScalingRules: Hashable, Sendable {
    enum Select: String, Sendable {
        /// The policy that changes most.
        case most = "Max"
        /// The policy that changes least.
        case least = "Min"
        case disabled = "Disabled"
    }

    struct Policy: Hashable, Sendable {
        let isPercent: Bool
        let value: Int
        let period: Duration
    }

    /// How long recommendations are remembered, of which the most cautious is followed; nil when nothing is said.
    let stabilization: Duration?
    let select: Select
    let policies: [Policy]
    /// How far usage may be off its target, as a fraction; nil when nothing is said.
    let tolerance: Double?

    init(_ rules: JSONValue?) {
        stabilization = rules?["stabilizationWindowSeconds"]?.integer.map { .seconds($0) }
        select = Select(rawValue: rules?["selectPolicy"]?.string ?? "") ?? .most
        policies = (rules?["policies"]?.elements ?? []).map { policy in
            Policy(
                isPercent: policy["type"] == "Percent",
                value: policy["value"]?.int ?? 0,
                period: .seconds(policy["periodSeconds"]?.integer ?? 0)
            )
        }
        tolerance = Quantity(json: rules?["tolerance"])?.double
    }

    /// The time of the longest policy.
    var longestPeriod: Duration { policies.map(\.period).max() ?? .zero }

    /// The most replicas to which the rules let the scale grow.
    /// - Parameter start: the replicas at the beginning of a period.
    // Kubernetes: pkg/controller/podautoscaler/horizontal.go calculateScaleUpLimitWithScalingRules
    func upperLimit(from current: Int, start: (Duration) -> Int) -> Int {
        if select == .disabled { return current }
        let limits = policies.map { policy in
            let start = start(policy.period)
            // Rounded up: what is small could not grow by a percentage at all.
            return policy.isPercent
                ? Int((Double(start) * (1 + Double(policy.value) / 100)).rounded(.up)) : start + policy.value
        }
        return (select == .least ? limits.min() : limits.max()) ?? current
    }

    /// The fewest replicas to which the rules let the scale shrink.
    // Kubernetes: pkg/controller/podautoscaler/horizontal.go calculateScaleDownLimitWithBehaviors
    func lowerLimit(from current: Int, start: (Duration) -> Int) -> Int {
        if select == .disabled { return current }
        let limits = policies.map { policy in
            let start = start(policy.period)
            return policy.isPercent ? Int(Double(start) * (1 - Double(policy.value) / 100)) : start - policy.value
        }
        return (select == .least ? limits.max() : limits.min()) ?? current
    }
}

/// The rules of an autoscaler for both directions.
struct ScalingBehavior: Hashable, Sendable {
    let up: ScalingRules
    let down: ScalingRules

    /// - Parameter behavior: what the specification says, complete; nil when it says nothing.
    init?(_ behavior: JSONValue?) {
        guard let behavior, behavior.object != nil else { return nil }
        up = ScalingRules(behavior["scaleUp"])
        down = ScalingRules(behavior["scaleDown"])
    }
}
