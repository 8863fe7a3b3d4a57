// SPDX-License-Identifier: Apache-2.0
// What the containers of all pods use, for whoever asks from outside of the kubelets' queues.

package import PodiumMachinery
import PodiumRuntime
import Synchronization

/// What a running container uses, as far as its plan says.
package struct ContainerUsage: Hashable, Sendable {
    package let startedAt: Timestamp
    let plan: PlanAttempt

    /// What it uses of a resource; nil when the plan does not say.
    package func amount(of resource: String, at now: Timestamp) -> Quantity? {
        plan.usage(of: resource, after: now - startedAt)
    }
}

/// What pods use. Pods of which nothing is known are not here.
// State | guarded by | why separate
// pods | mutex | written on the kubelets' queues, read by controllers
package final class PodUsages: Sendable {
    private typealias Known = (uid: String, containers: [String: ContainerUsage])

    private let pods = Mutex<[NamespacedName: Known]>([:])

    /// What the containers of a pod use, by name; empty when nothing is known.
    package func containers(of pod: NamespacedName, uid: String) -> [String: ContainerUsage] {
        pods.withLock { pods in pods[pod].flatMap { $0.uid == uid ? $0.containers : nil } ?? [:] }
    }

    /// Replaces what is known of a pod.
    func publish(_ pod: NamespacedName, uid: String, _ containers: [String: ContainerUsage]) {
        pods.withLock { pods in
            if containers.isEmpty, pods[pod] == nil { return }
            pods[pod] = containers.isEmpty ? nil : (uid, containers)
        }
    }

    func remove(_ pod: NamespacedName, uid: String) {
        pods.withLock { pods in if pods[pod]?.uid == uid { pods[pod] = nil } }
    }

    func removeAll() { pods.withLock { $0 = [:] } }
}

extension PodWorker {
    /// What the running containers use, of which something is known.
    var containerUsages: [String: ContainerUsage] {
        var usages: [String: ContainerUsage] = [:]
        for record in runtime.containers where record.state == .running {
            guard let handle = record.handle, let start = record.startedAt,
                let plan = sandbox?.plan(of: handle), !plan.usage.isEmpty
            else { continue }
            usages[record.name] = ContainerUsage(startedAt: start, plan: plan)
        }
        return usages
    }
}
