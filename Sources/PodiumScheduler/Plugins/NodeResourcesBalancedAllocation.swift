// SPDX-License-Identifier: Apache-2.0
// Nodes whose CPU and memory fill up evenly are better.

import PodiumPodModel

/// Prefers nodes on which CPU and memory would be used to similar shares.
// Kubernetes: pkg/scheduler/framework/plugins/noderesources/balanced_allocation.go
package struct NodeResourcesBalancedAllocation: Score {
    package static let name = "NodeResourcesBalancedAllocation"
    package let weight: Int64 = 1

    package init() {}

    package func preScore(_ pod: SchedulingPod, _ nodes: [NodeInfo], _ cluster: SchedulerCache) -> Void? {
        pod.requestsNothing ? nil : ()
    }

    package func score(_ pod: SchedulingPod, _ node: NodeInfo, _ state: Void) -> Int64 {
        let allocatable = node.node.allocatable
        // With one resource, or none, there is nothing to balance.
        guard allocatable.milliCPU > 0, allocatable.memory > 0 else { return maximumNodeScore }
        let cpu = min(1, Double(node.requested.milliCPU + pod.requests.milliCPU) / Double(allocatable.milliCPU))
        let memory = min(1, Double(node.requested.memory + pod.requests.memory) / Double(allocatable.memory))
        return Int64((1 - abs(cpu - memory) / 2) * Double(maximumNodeScore))
    }
}
