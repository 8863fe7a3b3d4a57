// SPDX-License-Identifier: Apache-2.0
// What the containers of all pods use, for whoever asks from outside of the kubelets' queues.

import OrderedCollections
package import PodiumMachinery
import PodiumRuntime
import Synchronization

/// What a running container uses: as its plan or its image says, and else by the work that it does.
package struct ContainerUsage: Hashable, Sendable {
    /// The memory of a process that does nothing, for which no plan speaks.
    private static let idleMemory: Int64 = 1 << 20

    package let name: String
    package let startedAt: Timestamp
    let plan: [PlanUsage]
    let work: ContainerWork
    /// The bytes that its processes hold.
    let heldBytes: Int
    /// As much of a processor as it may use, in billionths; nil when there is no limit.
    let processorLimit: Int64?

    /// The time over which usage is averaged, and for which a container must have run before anything can be said.
    package static var window: Duration { ProcessorTime.window }

    /// Whether anything can be said of it.
    package func isMeasured(at now: Timestamp) -> Bool { startedAt + Self.window <= now }

    /// What it uses of a resource; nil of those that nobody measures.
    package func amount(of resource: String, at now: Timestamp) -> Quantity? {
        if let planned = plan.amount(of: resource, after: now - startedAt) { return planned }
        switch resource {
        case "cpu": return Quantity(nano: min(work.average(at: now), processorLimit ?? .max))
        case "memory": return Quantity((Self.idleMemory + Int64(heldBytes) + 1023) & ~1023, format: .binarySI)
        default: return nil
        }
    }
}

extension ContainerUsage {
    /// The seconds of a processor that it has used since its start.
    package func processorSeconds(at now: Timestamp) -> Double {
        plan.total(of: "cpu", after: now - startedAt) ?? Double(work.total(at: now).nanoseconds) / 1e9
    }
}

/// The containers of a pod, of which something is known.
package struct PodUsage: Sendable {
    package let pod: NamespacedName
    package let uid: String
    package let containers: [ContainerUsage]
}

/// What pods use. Pods of which nothing is known are not here.
// State | guarded by | why separate
// pods | mutex | written on the kubelets' queues, read by controllers and requests
package final class PodUsages: Sendable {
    private struct Known {
        var uid: String
        var node: String
        var containers: [ContainerUsage]
    }

    private let pods = Mutex<[NamespacedName: Known]>([:])

    /// What the containers of a pod use; empty when nothing is known.
    package func containers(of pod: NamespacedName, uid: String) -> [ContainerUsage] {
        pods.withLock { pods in pods[pod].flatMap { $0.uid == uid ? $0.containers : nil } ?? [] }
    }

    /// What the pods of a node use, in the order of their names.
    package func pods(onNode node: String) -> [PodUsage] {
        let found = pods.withLock { pods in pods.filter { $0.value.node == node } }
        return found.sorted { $0.key < $1.key }.map { name, known in
            PodUsage(pod: name, uid: known.uid, containers: known.containers)
        }
    }

    /// Replaces what is known of a pod.
    func publish(_ pod: NamespacedName, uid: String, on node: String, _ containers: [ContainerUsage]) {
        pods.withLock { pods in
            if containers.isEmpty, pods[pod]?.uid != uid { return }
            pods[pod] = containers.isEmpty ? nil : Known(uid: uid, node: node, containers: containers)
        }
    }

    func remove(_ pod: NamespacedName, uid: String) {
        pods.withLock { pods in if pods[pod]?.uid == uid { pods[pod] = nil } }
    }

    func removeAll() { pods.withLock { $0 = [:] } }
}

extension PodWorker {
    /// What the running containers use.
    var containerUsages: [ContainerUsage] {
        guard let sandbox else { return [] }
        var usages: [ContainerUsage] = []
        for record in runtime.containers where record.state == .running {
            guard let handle = record.handle, let start = record.startedAt else { continue }
            let limit = record.resources.limits["cpu"]
            usages.append(
                ContainerUsage(
                    name: record.name,
                    startedAt: start,
                    plan: sandbox.plan(of: handle)?.usage ?? [],
                    work: sandbox.work(of: handle),
                    heldBytes: sandbox.memory(of: handle),
                    processorLimit: limit.map { $0.scaledValue(-9) }
                )
            )
        }
        return usages
    }
}
