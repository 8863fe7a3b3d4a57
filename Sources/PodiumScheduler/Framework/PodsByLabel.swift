// SPDX-License-Identifier: Apache-2.0
// The pods on nodes by their labels, so that those of a selector are found without a look at all others.

import PodiumMachinery

/// Pods with a node, by each of their labels.
///
/// To spread the pods of a workload the scheduler counts those that are there already, for each pod anew. Upstream
/// walks over the pods of all nodes; here the few that carry one of the selector's labels are looked at.
struct PodsByLabel: Sendable {
    private struct Label: Hashable {
        let namespace: String
        let key: String
        let value: String
    }

    private struct Placement {
        let pod: SchedulingPod
        let nodeName: String
    }

    private var placements: [Label: [ObjectIdentifier: Placement]] = [:]

    /// Adds `pod`, which is on `nodeName`.
    mutating func add(_ pod: SchedulingPod, on nodeName: String) {
        let placement = Placement(pod: pod, nodeName: nodeName)
        for (key, value) in pod.labels {
            let label = Label(namespace: pod.name.namespace, key: key, value: value)
            placements[label, default: [:]][ObjectIdentifier(pod)] = placement
        }
    }

    /// Takes out `pod`, the very one that was added.
    mutating func remove(_ pod: SchedulingPod) {
        for (key, value) in pod.labels {
            let label = Label(namespace: pod.name.namespace, key: key, value: value)
            guard let index = placements.index(forKey: label) else { continue }
            placements.values[index][ObjectIdentifier(pod)] = nil
            if placements.values[index].isEmpty { placements.remove(at: index) }
        }
    }

    /// How many pods of `namespace` that `selector` takes are on which node; those on their way out do not count.
    /// - Returns: nil when the selector requires no label to have a value, so that all pods must be looked at.
    func counts(in namespace: String, matching selector: LabelSelector) -> [String: Int]? {
        guard let candidates = candidates(in: namespace, for: selector) else { return nil }
        var counts: [String: Int] = [:]
        for list in candidates {
            for placement in list.values
            where !placement.pod.isTerminating && selector.matches(placement.pod.labels) {
                counts[placement.nodeName, default: 0] += 1
            }
        }
        return counts
    }

    /// The fewest pods among which all that `selector` takes must be; the lists have no pod in common.
    private func candidates(
        in namespace: String,
        for selector: LabelSelector
    ) -> [[ObjectIdentifier: Placement]]? {
        var fewest: (count: Int, lists: [[ObjectIdentifier: Placement]])?
        for requirement in selector.requirements where requirement.operator.takesListedValuesOnly {
            let lists = Set(requirement.values).compactMap {
                placements[Label(namespace: namespace, key: requirement.key, value: $0)]
            }
            let count = lists.reduce(0) { $0 + $1.count }
            if count < fewest?.count ?? .max { fewest = (count, lists) }
        }
        return fewest?.lists
    }
}

extension LabelSelector.Operator {
    /// Whether a label must have one of the values that the requirement lists.
    fileprivate var takesListedValuesOnly: Bool {
        switch self {
        case .in, .equals, .doubleEquals: true
        case .notIn, .notEquals, .exists, .doesNotExist, .greaterThan, .lessThan: false
        }
    }
}
