// SPDX-License-Identifier: Apache-2.0
// Drives pod workers and does what they ask for: Events, statuses, deletions, timers.

import OrderedCollections
import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumPodModel
import PodiumRuntime
import PodiumStorage

extension NodeKubelet {
    /// Lets `change` drive the worker of a pod, and does what follows.
    func drive(_ entry: PodEntry, _ change: (inout PodWorker) -> Void) {
        entry.isActive = true
        change(&entry.worker)
        entry.worker.serveCommands(in: self)
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
        // Before the status: who sees a container run asks for its log at once.
        if entry.worker.takeLogChange() { publishLogs(entry) }
        if entry.worker.takeStatusChange() { writeStatus(entry) }
        publishUsages(entry)
        if pods.account(entry) { retryResizes() }
        noteMemory(entry)
        show(entry)
        if entry.worker.isFinished, entry.worker.isRemoved {
            forget(entry)
            return
        }
        arm(entry)
    }

    /// Tells the cluster what the pod holds, and the pod what it may hold.
    private func noteMemory(_ entry: PodEntry) {
        let held = entry.worker.heldBytes
        guard abs(held - entry.heldBytes) >= HeldMemory.Limits.grain else { return }
        entry.heldBytes = held
        entry.worker.allow(cluster.memory.note(held, of: entry.uid), in: self)
    }

    /// Memory has become short: who holds much is looked at.
    func noteMemoryShortage() {
        for entry in pods.ordered where entry.heldBytes > 0 { drive(entry) { $0.noteMemoryShortage(in: self) } }
    }

    /// Lets the containers of other pods see the pod as it is now.
    private func show(_ entry: PodEntry) {
        let worker = entry.worker
        let appearance = PodAppearance(
            labels: worker.pod.labels,
            address: worker.status?.podIP,
            isReady: worker.status?.condition(PodConditionType.ready)?.isTrue == true,
            isStopped: worker.isStopped,
            ports: worker.sandbox?.ports
        )
        if appearance == entry.appearance { return }
        entry.appearance = appearance
        let spec = worker.pod.spec
        let ports = spec.containers.flatMap(\.ports).compactMap { port in port.name.map { ($0, port.number) } }
        cluster.network.show(
            PodFace(
                uid: entry.uid,
                name: entry.name,
                node: name,
                arrival: entry.arrival,
                labels: appearance.labels,
                hostname: spec.hostname ?? entry.name.name,
                address: appearance.address,
                isReady: appearance.isReady,
                isOnHostNetwork: spec.isOnHostNetwork,
                isStopped: appearance.isStopped,
                ports: Dictionary(ports) { first, _ in first },
                network: worker.sandbox?.network
            )
        )
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
            record(entry, reference, isWarning ? .warning : .normal, reason, message)
        }
    }

    /// Writes the status, and lets a deleted pod go that is done.
    func writeStatus(_ entry: PodEntry) {
        guard let status = entry.worker.status, !entry.worker.isRemoved else { return }
        let key = ObjectKey(.pods, entry.name)
        var shown: ShownStatus?
        var isChanged = false
        var isTerminating = false
        let written = cluster.attempt("write the status of pod \(entry.name)") { () throws(StatusError) in
            try client.updateStatus(key, uid: entry.uid) { pod in
                let old = pod["status"] ?? .emptyObject
                let new = status.merged(with: old, isStopped: entry.worker.isStopped, now: cluster.now)
                shown = ShownStatus(new)
                isTerminating = pod[path: "metadata", "deletionTimestamp"] != nil
                isChanged = new != old
                pod["status"] = new
                return isChanged
            }
        }
        entry.owesStatus = written.hasFailed
        if written.hasFailed { noteDebt() }
        guard let pod = written.result ?? nil, let shown else { return }
        if isChanged {
            entry.ownRevisions.append(pod.revision)
            if pod.revision > entry.revision { entry.revision = pod.revision }
        }
        entry.worker.noteOwnWrite(shown)
        if entry.worker.isFinished, isTerminating {
            let gone = cluster.attempt("let pod \(entry.name) go") { () throws(StatusError) in
                try client.delete(key, uid: entry.uid, graceSeconds: 0)
            }
            entry.owesStatus = gone.hasFailed
            if gone.hasFailed { noteDebt() }
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
        let uid = entry.uid
        // A client waits for what goes on at this moment, and on a clock that stands no timer would fire.
        if wake <= now, !entry.worker.streamed.isEmpty { return onQueue { $0.wake(uid) }() }
        entry.timer = schedule(at: wake) { $0.wake(uid) }
    }

    /// Makes the logs of a pod readable from outside of the queue.
    private func publishLogs(_ entry: PodEntry) {
        cluster.logs.publish(entry.name, uid: entry.uid, entry.worker.containerLogs)
    }

    /// Makes what a pod uses readable from outside of the queue.
    private func publishUsages(_ entry: PodEntry) {
        let usages = entry.worker.containerUsages
        if usages == entry.usages { return }
        entry.usages = usages
        cluster.usages.publish(entry.name, uid: entry.uid, on: name, usages)
    }
}

extension NodeKubelet: WorkerEnvironment {
    var now: Timestamp { cluster.now }

    var registry: ImageRegistry { cluster.configuration.images }

    func chance() -> Double { cluster.client.host.random.unit() }

    func hexID() -> String {
        var text = ""
        for _ in 0..<4 {
            let digits = String(cluster.client.host.random.next(), radix: 16)
            text += String(repeating: "0", count: 16 - digits.utf8.count) + digits
        }
        return text
    }

    func allocateAddress() -> String? { cluster.network.allocatePod(in: podRange) }

    func releaseAddress(_ address: String) { cluster.network.releasePod(address) }

    var world: any PodWorld { ClusterWorld(cluster, from: name) }

    func token(_ request: PodTokenRequest, mountedAt time: Timestamp) -> DeferredContent {
        PodTokenFile(request, mountedAt: time, source: cluster.configuration.tokens, clock: cluster.client.host.clock)
            .content
    }

    var serviceNetwork: ServiceNetwork { cluster.configuration.serviceNetwork }

    func configMap(_ name: NamespacedName) throws(StatusError) -> APIObject? {
        try client.get(ObjectKey(.configMaps, name))
    }

    func secret(_ name: NamespacedName) throws(StatusError) -> APIObject? {
        try client.get(ObjectKey(.secrets, name))
    }

    func volume(of claim: NamespacedName) throws(StatusError) -> ClaimedVolume {
        guard let object = try client.get(ObjectKey(.persistentVolumeClaims, claim)) else { return .missing }
        let name = object.spec["volumeName"]?.string ?? ""
        guard object.status["phase"] == "Bound", !name.isEmpty,
            try client.get(ObjectKey(.persistentVolumes, name: name)) != nil
        else { return .unbound }
        return .bound(name)
    }

    func useVolumes(_ names: Set<String>, _ body: (inout [String: VolumeContent]) -> Void) {
        cluster.contents.use(names, body)
    }

    func accountVolumes(_ names: Set<String>) { cluster.contents.account(names) }

    func services(in namespace: String) -> [APIObject] {
        cluster.network.services(in: namespace)
    }

    var isMemoryShort: Bool { cluster.memory.isShort }

    func memoryShortage(of uid: String, holding bytes: Int) -> MemoryShortage? {
        cluster.memory.shortage(of: uid, holding: bytes)
    }

    func shortage(for requests: ResourceList, of uid: String) -> ResourceShortage? {
        room(without: uid).shortages(for: requests, podCount: 0).first?.shortage
    }
}
