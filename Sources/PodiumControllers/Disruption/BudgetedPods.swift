// SPDX-License-Identifier: Apache-2.0
// The pods of each budget, so that a change of a pod need not look at all pods.

import OrderedCollections
import PodiumClient
import PodiumMachinery
import PodiumStorage

/// Which pods the budgets of a cluster select. A value.
///
/// Pods without a budget are not kept: most have none.
struct BudgetedPods: Sendable {
    private struct Budget {
        let selector: LabelSelector
        var pods: OrderedDictionary<String, WorkloadPod> = [:]
    }

    /// By namespace and name.
    private var budgets: [String: [String: Budget]] = [:]

    /// Whether the budget `name` selects by `selector` already.
    func isKnown(_ name: NamespacedName, _ selector: LabelSelector) -> Bool {
        budgets[name.namespace]?[name.name]?.selector == selector
    }

    /// Takes in a budget.
    /// - Parameter pods: all pods of its namespace.
    mutating func set(_ name: NamespacedName, _ selector: LabelSelector, _ pods: [APIObject]) {
        var budget = Budget(selector: selector)
        for pod in pods where selector.matches(pod.labels) { budget.pods[pod.name] = WorkloadPod(pod) }
        budgets[name.namespace, default: [:]][name.name] = budget
    }

    mutating func remove(_ name: NamespacedName) {
        budgets[name.namespace]?[name.name] = nil
        if budgets[name.namespace]?.isEmpty == true { budgets[name.namespace] = nil }
    }

    /// The pods of a budget, in the order in which they came.
    func pods(of name: NamespacedName) -> [WorkloadPod] {
        budgets[name.namespace]?[name.name].map { Array($0.pods.values) } ?? []
    }

    /// Takes in a change of a pod.
    /// - Returns: the budgets that select it, by name.
    mutating func take(_ pod: APIObject, isGone: Bool) -> [NamespacedName] {
        guard let names = budgets[pod.namespace]?.keys.sorted() else { return [] }
        var selecting: [NamespacedName] = []
        for name in names {
            guard let budget = budgets[pod.namespace]?[name] else { continue }
            let matches = budget.selector.matches(pod.labels)
            if matches { selecting.append(NamespacedName(namespace: pod.namespace, name: name)) }
            // What was read from storage for a new budget may be newer than this.
            if let known = budget.pods[pod.name], known.stored.revision > pod.revision { continue }
            if matches, !isGone {
                budgets[pod.namespace]?[name]?.pods[pod.name] = WorkloadPod(pod)
            } else if budget.pods[pod.name] != nil {
                budgets[pod.namespace]?[name]?.pods[pod.name] = nil
            }
        }
        return selecting
    }
}
