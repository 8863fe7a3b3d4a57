// SPDX-License-Identifier: Apache-2.0
// A node with the pods on it and their sums, kept up to date pod by pod.

package import PodiumMachinery
package import PodiumPodModel

/// A node and what runs on it. A value: preemption tries things out on copies of it.
// Kubernetes: pkg/scheduler/framework/types.go NodeInfo
package struct NodeInfo: Sendable {
    package var node: SchedulingNode
    /// The pods on it, those included whose binding is not yet confirmed; in no particular but a repeatable order.
    package private(set) var pods: [SchedulingPod] = []
    /// The sum of their requests.
    package private(set) var requested = ResourceAmounts()
    /// The same, with a default for containers that request no CPU or memory.
    package private(set) var nonZeroRequested = ResourceAmounts()
    /// Those of its pods that have terms about other pods.
    package private(set) var podsWithAffinity: [SchedulingPod] = []
    /// Those of its pods that other pods must stay away from.
    package private(set) var podsWithRequiredAntiAffinity: [SchedulingPod] = []
    package private(set) var usedPorts: [HostPort] = []

    /// An empty node.
    package init(_ node: SchedulingNode) { self.node = node }

    package var name: String { node.name }
    package var labels: [String: String] { node.labels }

    /// Puts `pod` on the node.
    package mutating func add(_ pod: SchedulingPod) {
        pods.append(pod)
        requested += pod.requests
        nonZeroRequested += pod.nonZeroRequests
        if pod.hasAffinity { podsWithAffinity.append(pod) }
        if !pod.antiAffinity.required.isEmpty { podsWithRequiredAntiAffinity.append(pod) }
        usedPorts += pod.hostPorts
    }

    /// Takes the pod `name` from the node, if it is there.
    package mutating func remove(_ name: NamespacedName) {
        guard let index = pods.firstIndex(where: { $0.name == name }) else { return }
        let pod = pods.remove(at: index)
        requested -= pod.requests
        nonZeroRequested -= pod.nonZeroRequests
        if pod.hasAffinity { podsWithAffinity.removeAll { $0.name == name } }
        if !pod.antiAffinity.required.isEmpty { podsWithRequiredAntiAffinity.removeAll { $0.name == name } }
        for port in pod.hostPorts {
            if let index = usedPorts.firstIndex(of: port) { usedPorts.remove(at: index) }
        }
    }

    /// Whether none of the ports is taken.
    package func hasFree(_ ports: [HostPort]) -> Bool {
        !ports.contains { wanted in usedPorts.contains { $0.conflicts(with: wanted) } }
    }
}
