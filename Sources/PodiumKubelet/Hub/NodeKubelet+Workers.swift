// SPDX-License-Identifier: Apache-2.0
// Drives pod workers and does what they ask for: Events, statuses, deletions, timers.

import OrderedCollections
import PodiumCodec
import PodiumController
import PodiumHost
import PodiumMachinery
import PodiumRuntime
import PodiumStorage

extension NodeKubelet {
    /// Lets `change` drive the worker of a pod, and does what follows.
    func drive(_ entry: PodEntry, _ change: (inout PodWorker) -> Void) {
        entry.isActive = true
        change(&entry.worker)
        entry.isActive = false
        settle(entry)
    }

    /// Called by the timer of a pod.
    func wake(_ uid: String) {
        guard let entry = pods[uid] else { return }
        entry.timer = nil
        entry.armedFor = nil
        drive(entry) { worker in
            if self.isAnswering {
                worker.advance(in: self)
            } else if case .unreachable = self.power {
                worker.advanceContainers(in: self)
            }
        }
    }

    private func settle(_ entry: PodEntry) {
        for action in entry.worker.takeActions() { perform(action, entry) }
        if entry.worker.takeStatusChange() { writeStatus(entry) }
        if entry.worker.takeLogChange() { publishLogs(entry) }
        noteFreedRoom(entry)
        if entry.worker.isFinished, entry.worker.isRemoved {
            forget(entry)
            return
        }
        arm(entry)
    }

    /// Lets deferred resizes try again when a pod has ended.
    private func noteFreedRoom(_ entry: PodEntry) {
        let isUsing = entry.worker.usesResources
        defer { entry.usedResources = isUsing }
        guard entry.usedResources, !isUsing else { return }
        for other in pods.values where other !== entry && !other.isActive && other.worker.hasDeferredResize {
            drive(other) { $0.retryResize(in: self) }
        }
    }

    private func perform(_ action: PodAction, _ entry: PodEntry) {
        switch action {
        case .event(let fieldPath, let isWarning, let reason, let message):
            let reference = EventReference(
                kind: "Pod",
                namespace: entry.name.namespace,
                name: entry.name.name,
                uid: entry.uid,
                apiVersion: "v1",
                resourceVersion: entry.revision.description,
                fieldPath: fieldPath
            )
            record(about: reference, isWarning ? .warning : .normal, reason, message)
        }
    }

    /// Writes the status, and lets a deleted pod go that is done.
    private func writeStatus(_ entry: PodEntry) {
        guard let status = entry.worker.status, !entry.worker.isRemoved else { return }
        let key = ObjectKey(.pods, entry.name)
        let isStopped = entry.worker.isStopped
        let now = cluster.now
        let written = try? cluster.client.update(key, uid: entry.uid) { value in
            let old = value["status"] ?? .emptyObject
            value["status"] = status.merged(with: old, isStopped: isStopped, now: now)
            return true
        }
        guard let written else { return }
        entry.ownRevision = written.revision
        entry.revision = written.revision
        entry.worker.noteOwnWrite(written.status)
        if entry.worker.isFinished, written.isTerminating {
            try? cluster.client.delete(key, uid: entry.uid, graceSeconds: 0)
        }
    }

    /// Sets the timer to the worker's next moment.
    func arm(_ entry: PodEntry) {
        var wake: Timestamp?
        switch power {
        case .on, .restart: wake = entry.worker.nextWake
        case .unreachable: wake = entry.worker.nextContainerWake
        case .off: wake = nil
        }
        if wake == entry.armedFor { return }
        entry.timer?.cancel()
        entry.timer = nil
        entry.armedFor = wake
        guard let wake else { return }
        let (node, uid) = (name, entry.uid)
        entry.timer = cluster.schedule(at: wake) { $0.kubelets[node]?.wake(uid) }
    }

    /// Makes the logs of a pod readable from outside of the queue.
    private func publishLogs(_ entry: PodEntry) { cluster.logs.publish(entry.name, entry.worker.publishedLogs) }
}

extension NodeKubelet: WorkerEnvironment {
    var now: Timestamp { cluster.now }

    func chance() -> Double { cluster.client.host.random.unit() }

    func hexID() -> String {
        var text = ""
        for _ in 0..<4 {
            let digits = String(cluster.client.host.random.next(), radix: 16)
            text += String(repeating: "0", count: 16 - digits.utf8.count) + digits
        }
        return text
    }

    func allocateAddress() -> String { cluster.addresses.allocatePod() }

    func releaseAddress(_ address: String) { cluster.addresses.releasePod(address) }

    var world: any PodWorld { ClusterWorld(cluster) }

    func configMap(_ name: NamespacedName) -> APIObject? { cluster.client.get(ObjectKey(.configMaps, name)) }

    func secret(_ name: NamespacedName) -> APIObject? { cluster.client.get(ObjectKey(.secrets, name)) }

    func services(in namespace: String) -> [APIObject] {
        cluster.services.values.filter { $0.namespace == namespace }
    }

    func shortage(for requests: ResourceList, of uid: String) -> ResourceShortage? {
        room(without: uid).shortages(for: requests, podCount: 0).first?.shortage
    }
}
