// SPDX-License-Identifier: Apache-2.0
// What an autoscaler recommended and did of late, and what it may therefore do now.

import PodiumMachinery

/// A number of replicas, and why it is not what the metrics asked for.
struct Normalized: Hashable, Sendable {
    var replicas: Int
    var reason: String
    var message: String
}

/// The memory of an autoscaler. A value.
// Kubernetes: pkg/controller/podautoscaler/horizontal.go
struct ScalingHistory: Sendable {
    /// The times and bounds that hold when a specification says nothing.
    enum Limits {
        /// How long a lower recommendation has to wait.
        static let downscaleStabilization: Duration = .seconds(300)
        /// By how much the scale may grow at once.
        static let scaleUpFactor = 2
        static let scaleUpMinimum = 4
    }

    private struct Entry: Sendable {
        var value: Int
        var time: Timestamp
    }

    private var recommendations: [Entry] = []
    private var ups: [Entry] = []
    private var downs: [Entry] = []

    /// Notes the replicas that an autoscaler found when it first looked.
    mutating func begin(_ replicas: Int, now: Timestamp) {
        if recommendations.isEmpty { recommendations = [Entry(value: replicas, time: now)] }
    }

    /// Notes that the scale was changed.
    // Kubernetes: pkg/controller/podautoscaler/horizontal.go storeScaleEvent
    mutating func note(from old: Int, to new: Int, _ behavior: ScalingBehavior?, now: Timestamp) {
        guard let behavior else { return }
        if new > old {
            Self.add(new - old, to: &ups, forgetting: behavior.up.longestPeriod, now: now)
        } else {
            Self.add(old - new, to: &downs, forgetting: behavior.down.longestPeriod, now: now)
        }
    }

    private static func add(_ value: Int, to list: inout [Entry], forgetting age: Duration, now: Timestamp) {
        list.removeAll { $0.time < now - age }
        list.append(Entry(value: value, time: now))
    }

    // MARK: Stabilisation

    /// The highest recommendation of late.
    // Kubernetes: pkg/controller/podautoscaler/horizontal.go stabilizeRecommendation
    mutating func stabilized(_ desired: Int, now: Timestamp) -> Normalized {
        let cutoff = now - Limits.downscaleStabilization
        let highest = recommendations.filter { $0.time >= cutoff }.map(\.value).max() ?? desired
        remember(desired, after: cutoff, now: now)
        return Self.stabilized(max(desired, highest), desired, isUp: false)
    }

    /// What is left of a recommendation when it may neither be above the lowest nor below the highest of late.
    // Kubernetes: pkg/controller/podautoscaler/horizontal.go stabilizeRecommendationWithBehaviors
    mutating func stabilized(
        _ desired: Int,
        from current: Int,
        _ behavior: ScalingBehavior,
        now: Timestamp
    ) -> Normalized {
        let upCutoff = now - (behavior.up.stabilization ?? .zero)
        let downCutoff = now - (behavior.down.stabilization ?? Limits.downscaleStabilization)
        let lowest = recommendations.filter { $0.time > upCutoff }.map(\.value).min() ?? desired
        let highest = recommendations.filter { $0.time > downCutoff }.map(\.value).max() ?? desired
        let stable = min(max(current, min(desired, lowest)), max(desired, highest))
        remember(desired, after: min(upCutoff, downCutoff), now: now)
        return Self.stabilized(stable, desired, isUp: desired >= current)
    }

    private mutating func remember(_ desired: Int, after cutoff: Timestamp, now: Timestamp) {
        recommendations.removeAll { $0.time < cutoff }
        recommendations.append(Entry(value: desired, time: now))
    }

    private static func stabilized(_ stable: Int, _ desired: Int, isUp: Bool) -> Normalized {
        if stable == desired {
            return Normalized(
                replicas: stable,
                reason: "ReadyForNewScale",
                message: "recommended size matches current size"
            )
        }
        let (other, extreme) = isUp ? ("lower", "lowest") : ("higher", "highest")
        return Normalized(
            replicas: stable,
            reason: isUp ? "ScaleUpStabilized" : "ScaleDownStabilized",
            message: "recent recommendations were \(other) than current one, "
                + "applying the \(extreme) recent recommendation"
        )
    }

    // MARK: Limits

    /// What of `desired` is within the bounds and not too fast.
    // Kubernetes: pkg/controller/podautoscaler/horizontal.go convertDesiredReplicasWithRules
    static func limited(_ desired: Int, from current: Int, _ bounds: ClosedRange<Int>) -> Normalized {
        let fastest = max(Limits.scaleUpFactor * current, Limits.scaleUpMinimum)
        if desired < bounds.lowerBound { return .tooFew(bounds.lowerBound) }
        if desired > min(fastest, bounds.upperBound) {
            return bounds.upperBound > fastest ? .tooFastUp(fastest) : .tooMany(bounds.upperBound)
        }
        return .withinRange(desired)
    }

    /// The same by the rules of a specification.
    // Kubernetes: pkg/controller/podautoscaler/horizontal.go convertDesiredReplicasWithBehaviorRate
    func limited(
        _ desired: Int,
        from current: Int,
        _ bounds: ClosedRange<Int>,
        _ behavior: ScalingBehavior,
        now: Timestamp
    ) -> Normalized {
        func start(_ period: Duration) -> Int {
            current - Self.change(in: ups, period, now) + Self.change(in: downs, period, now)
        }
        if desired > current {
            let fastest = max(current, behavior.up.upperLimit(from: current, start: start))
            if desired > min(fastest, bounds.upperBound) {
                return bounds.upperBound > fastest ? .tooFastUp(fastest) : .tooMany(bounds.upperBound)
            }
        } else if desired < current {
            let fastest = min(current, behavior.down.lowerLimit(from: current, start: start))
            if desired < max(fastest, bounds.lowerBound) {
                return bounds.lowerBound < fastest ? .tooFastDown(fastest) : .tooFew(bounds.lowerBound)
            }
        }
        return .withinRange(desired)
    }

    private static func change(in list: [Entry], _ period: Duration, _ now: Timestamp) -> Int {
        list.filter { $0.time > now - period }.reduce(0) { $0 + $1.value }
    }
}

extension Normalized {
    fileprivate static func tooFew(_ replicas: Int) -> Normalized {
        let message = "the desired replica count is less than the minimum replica count"
        return Normalized(replicas: replicas, reason: "TooFewReplicas", message: message)
    }

    fileprivate static func tooMany(_ replicas: Int) -> Normalized {
        let message = "the desired replica count is more than the maximum replica count"
        return Normalized(replicas: replicas, reason: "TooManyReplicas", message: message)
    }

    fileprivate static func tooFastUp(_ replicas: Int) -> Normalized {
        let message = "the desired replica count is increasing faster than the maximum scale rate"
        return Normalized(replicas: replicas, reason: "ScaleUpLimit", message: message)
    }

    fileprivate static func tooFastDown(_ replicas: Int) -> Normalized {
        let message = "the desired replica count is decreasing faster than the maximum scale rate"
        return Normalized(replicas: replicas, reason: "ScaleDownLimit", message: message)
    }

    fileprivate static func withinRange(_ replicas: Int) -> Normalized {
        let message = "the desired count is within the acceptable range"
        return Normalized(replicas: replicas, reason: "DesiredWithinRange", message: message)
    }
}
