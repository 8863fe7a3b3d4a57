// SPDX-License-Identifier: Apache-2.0
// How many pods may go voluntarily, as far as preemption cares.

package import PodiumClient
import PodiumCodec
package import PodiumMachinery

/// A PodDisruptionBudget.
package struct DisruptionBudget: Sendable {
    package let namespace: String
    package let selector: LabelSelector
    package let disruptionsAllowed: Int64
    /// Pods that are being evicted already, and counted.
    package let disruptedPods: Set<String>

    /// Reads a budget.
    package init(_ object: APIObject) {
        namespace = object.namespace
        selector = LabelSelector(object: object.spec["selector"])
        disruptionsAllowed = object.status["disruptionsAllowed"]?.integer ?? 0
        disruptedPods = Set(object.status["disruptedPods"]?.object?.keys.map { $0 } ?? [])
    }

    /// Whether the removal of `pod` counts against this budget.
    func covers(_ pod: SchedulingPod) -> Bool {
        namespace == pod.name.namespace && !selector.isEverything && selector.matches(pod.labels)
            && !disruptedPods.contains(pod.name.name)
    }

    /// Parts `pods`, the most important first, into those whose removal violates a budget and the others.
    // Kubernetes: pkg/scheduler/framework/plugins/defaultpreemption/default_preemption.go filterPodsWithPDBViolation
    static func split(
        _ pods: [SchedulingPod],
        _ budgets: [DisruptionBudget]
    ) -> (violating: [SchedulingPod], others: [SchedulingPod]) {
        var allowed = budgets.map(\.disruptionsAllowed)
        var violating: [SchedulingPod] = []
        var others: [SchedulingPod] = []
        for pod in pods {
            var isViolating = false
            for index in budgets.indices where budgets[index].covers(pod) {
                allowed[index] -= 1
                if allowed[index] < 0 { isViolating = true }
            }
            if isViolating { violating.append(pod) } else { others.append(pod) }
        }
        return (violating, others)
    }
}
