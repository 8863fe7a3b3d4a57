// SPDX-License-Identifier: Apache-2.0
// Pods that their kubelet stops because they use too much, or because others need their room.

import OrderedCollections
package import PodiumMachinery
package import PodiumPodModel
import PodiumRuntime

/// Why a kubelet stops a pod.
package struct PodEviction: Hashable, Sendable {
    package var reason: String
    package var message: String
    package var graceSeconds: Int?

    package init(reason: String, message: String, graceSeconds: Int?) {
        self.reason = reason
        self.message = message
        self.graceSeconds = graceSeconds
    }
}

/// When a pod's local storage is looked at, and what is known of it.
package struct StorageWatch: Hashable, Sendable {
    /// When the limits are next compared with what is known.
    package var check: Timestamp?
    /// When the volumes are next measured.
    package var scan: Timestamp?
    /// How large each volume was when it was measured last.
    package var volumes: [String: Int] = [:]
}

// Kubernetes: pkg/kubelet/eviction/eviction_manager.go localStorageEviction, synchronize;
// pkg/kubelet/server/stats/volume_stat_calculator.go
extension PodWorker {
    private static let immediateGraceSeconds = 1

    /// Stops the pod for good.
    package mutating func evict(
        _ eviction: PodEviction,
        condition: PodCondition? = nil,
        in environment: any WorkerEnvironment
    ) {
        guard self.eviction == nil, stage < .terminated else { return }
        self.eviction = eviction
        if var condition {
            condition.lastTransition = Timestamp(seconds: environment.now.seconds)
            condition.observedGeneration = pod.generation
            status?.set(condition)
        }
        requestSync(in: environment)
    }

    /// Whether the pod has limits of local storage.
    private var hasStorageLimits: Bool {
        pod.spec.volumes.contains { $0.sizeLimit != nil }
            || pod.spec.allContainers.contains { $0.resources.limits["ephemeral-storage"] != nil }
    }

    /// Plans the next look at the pod's storage.
    mutating func planStorageCheck(in environment: any WorkerEnvironment) {
        let isWatched = hasStorageLimits || heldBytes >= Self.watchedBytes && environment.isMemoryShort
        guard isWatched, stage == .syncing else {
            storageWatch = StorageWatch()
            return
        }
        storageWatch.check = node.evictionChecks.next(after: environment.now)
        guard hasStorageLimits, storageWatch.scan == nil else { return }
        storageWatch.scan = node.volumeScans.next(after: environment.now)
    }

    /// Who holds as much is looked at while memory is short.
    private static let watchedBytes = 1 << 20

    /// What the pod holds of this machine's memory.
    var heldBytes: Int { sandbox?.heldBytes ?? 0 }

    /// Takes note of what the pod may hold.
    mutating func allow(_ bytes: Int, in environment: any WorkerEnvironment) {
        sandbox?.allow(bytes)
        noteMemoryShortage(in: environment)
    }

    /// Memory may have become short.
    mutating func noteMemoryShortage(in environment: any WorkerEnvironment) {
        if storageWatch.check == nil { planStorageCheck(in: environment) }
    }

    /// Measures the pod's volumes, which is dear on a real node and so happens every one to two minutes.
    mutating func measureVolumes(in environment: any WorkerEnvironment) {
        storageWatch.scan = environment.now + environment.jittered(node.volumeScans.period, by: 1)
        guard let sandbox else { return }
        for volume in pod.spec.volumes where volume.kind == "emptyDir" {
            storageWatch.volumes[volume.name] = sandbox.volume(named: volume.name)?.totalBytes
        }
    }

    /// Stops a pod that uses more local storage than its limits allow.
    mutating func checkStorageUse(in environment: any WorkerEnvironment) {
        // Of what was removed or written over since the last look nothing is left.
        sandbox?.recountFiles()
        planStorageCheck(in: environment)
        guard stage == .syncing else { return }
        if let message = storageExcess {
            evict(message, in: environment)
        } else if let shortage = environment.memoryShortage(of: pod.uid, holding: heldBytes) {
            let message = memoryExcess(shortage)
            let condition = PodCondition(
                PodConditionType.disruptionTarget,
                true,
                reason: "TerminationByKubelet",
                message: message
            )
            evict(message, condition: condition, in: environment)
        }
    }

    private mutating func evict(
        _ message: String,
        condition: PodCondition? = nil,
        in environment: any WorkerEnvironment
    ) {
        emit("", warning: true, "Evicted", message)
        evict(
            PodEviction(reason: "Evicted", message: message, graceSeconds: Self.immediateGraceSeconds),
            condition: condition,
            in: environment
        )
    }

    /// What a node that runs low says of the pod that must go; it ends with a blank.
    // Kubernetes: pkg/kubelet/eviction/helpers.go evictionMessage
    private func memoryExcess(_ shortage: MemoryShortage) -> String {
        func text(_ bytes: Int) -> String { "\(bytes >> 10)Ki" }
        let inProcesses = sandbox?.processBytes ?? 0
        let resource = 2 * inProcesses > heldBytes ? "memory" : "ephemeral-storage"
        var message =
            "The node was low on resource: \(resource). Threshold quantity: \(text(shortage.reserve)), "
            + "available: \(text(shortage.available)). "
        for record in runtime.containers {
            guard let handle = record.handle, let sandbox else { continue }
            let isMemory = resource == "memory"
            let used = isMemory ? sandbox.memory(of: handle) : sandbox.writtenBytes(of: handle)
            let request = pod.spec.container(record.name)?.resources.requests[resource]
            if used <= request?.value ?? 0 { continue }
            message +=
                "Container \(record.name) was using \(text(used)), request is \(request?.description ?? "0"), "
                + "has larger consumption of \(resource). "
        }
        return message
    }

    /// What is used too much; nil when everything is within its limits. The messages end with a blank.
    private var storageExcess: String? {
        guard let sandbox else { return nil }
        for volume in pod.spec.volumes {
            guard let text = volume.sizeLimit, let limit = try? Quantity(text),
                let used = storageWatch.volumes[volume.name]
            else { continue }
            if used > limit.value {
                return "Usage of EmptyDir volume \"\(volume.name)\" exceeds the limit \"\(limit.description)\". "
            }
        }
        var total = 0
        for record in runtime.containers {
            guard let handle = record.handle else { continue }
            let used = sandbox.writtenBytes(of: handle)
            total += used
            if let limit = pod.spec.container(record.name)?.resources.limits["ephemeral-storage"], used > limit.value {
                return "Container \(record.name) exceeded its local ephemeral storage limit \"\(limit.description)\". "
            }
        }
        total += storageWatch.volumes.values.reduce(0, +)
        if let limit = pod.spec.total(\.limits)["ephemeral-storage"], total > limit.value,
            pod.spec.containers.allSatisfy({ $0.resources.limits["ephemeral-storage"] != nil })
        {
            return "Pod ephemeral local storage usage exceeds the total limit of containers \(limit.description). "
        }
        return nil
    }
}
