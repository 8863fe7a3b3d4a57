// SPDX-License-Identifier: Apache-2.0
// The points at which plugins take part in a scheduling cycle.

/// A rule of scheduling.
// Kubernetes: k8s.io/kube-scheduler/framework/interface.go
package protocol Plugin: Sendable {
    /// Its name in Kubernetes' configuration.
    static var name: String { get }
}

/// What a filter found out about a pod before it looks at single nodes.
package enum PreFilterResult<State: Sendable>: Sendable {
    /// It has nothing against any node.
    case skip
    /// It will look at each node with this state.
    case state(State)
    /// It will look at no node but these.
    case nodes(Set<String>, State)
    /// The pod fits nowhere.
    case rejected(PluginStatus)
}

/// A rule that says on which nodes a pod may run.
package protocol Filter: Plugin {
    /// What it computes once a cycle.
    associatedtype FilterState: Sendable

    /// Prepares a cycle for `pod`.
    func preFilter(_ pod: SchedulingPod, _ cluster: SchedulerCache) -> PreFilterResult<FilterState>

    /// Whether `pod` may run on `node`.
    func filter(_ pod: SchedulingPod, _ node: NodeInfo, _ state: FilterState) -> PluginStatus

    /// Adds `other`, as if it were on `node`, to the state of a cycle for `pod`.
    func add(_ other: SchedulingPod, to node: NodeInfo, for pod: SchedulingPod, _ state: inout FilterState)

    /// Takes `other`, as if it had left `node`, from the state of a cycle for `pod`.
    func remove(_ other: SchedulingPod, from node: NodeInfo, for pod: SchedulingPod, _ state: inout FilterState)

    /// Whether `pod`, which this rule refused, may fit after `event`.
    func mayFit(_ pod: SchedulingPod, after event: ClusterEvent) -> Bool
}

extension Filter {
    package func add(_ other: SchedulingPod, to node: NodeInfo, for pod: SchedulingPod, _ state: inout FilterState) {}
    package func remove(
        _ other: SchedulingPod,
        from node: NodeInfo,
        for pod: SchedulingPod,
        _ state: inout FilterState
    ) {}
}

/// A rule that says which of the nodes that fit is better.
package protocol Score: Plugin {
    /// What it computes once a cycle.
    associatedtype ScoreState: Sendable

    /// How much its scores count.
    var weight: Int64 { get }

    /// Prepares the scores of `nodes` for `pod`; nil when it has no preference.
    func preScore(_ pod: SchedulingPod, _ nodes: [NodeInfo], _ cluster: SchedulerCache) -> ScoreState?

    /// How good `node` is, in any scale that `normalize` understands.
    func score(_ pod: SchedulingPod, _ node: NodeInfo, _ state: ScoreState) -> Int64

    /// Brings the scores of `nodes` into the range from 0 to 100, the more the better.
    func normalize(_ scores: inout [Int64], _ nodes: [NodeInfo], _ state: ScoreState)
}

extension Score {
    package func normalize(_ scores: inout [Int64], _ nodes: [NodeInfo], _ state: ScoreState) {}
}

/// The highest score of a node.
package let maximumNodeScore: Int64 = 100

extension Array where Element == Int64 {
    /// Stretches scores so that the highest becomes 100; `isReversed` makes the highest the worst.
    // Kubernetes: pkg/scheduler/framework/plugins/helper/normalize_score.go
    package mutating func normalizeScores(isReversed: Bool) {
        let highest = self.max() ?? 0
        for index in indices {
            if highest == 0 {
                if isReversed { self[index] = maximumNodeScore }
                continue
            }
            let score = maximumNodeScore * self[index] / highest
            self[index] = isReversed ? maximumNodeScore - score : score
        }
    }
}
