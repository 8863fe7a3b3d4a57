// SPDX-License-Identifier: Apache-2.0
// Looks at a pod: when one may begin, how it goes from step to step, and when the next one follows.

import PodiumMachinery
import PodiumRuntime

// Kubernetes: pkg/kubelet/pod_workers.go podWorkerLoop, completeWork
extension PodWorker {
    /// Whether the containers were listed after the last look.
    func isViewNewEnough(at now: Timestamp) -> Bool {
        guard let lastSync else { return true }
        return viewTime > lastSync || node.relists.last(upTo: now) > lastSync
    }

    /// When a wanted look can begin.
    var cacheWake: Timestamp? {
        guard let lastSync, viewTime <= lastSync else { return viewTime }
        return node.relists.next(after: lastSync)
    }

    /// Whether the pod is to be stopped.
    var isToStop: Bool {
        pod.isTerminating || isRemoved || eviction != nil || pod.apiPhase?.isTerminal == true
    }

    /// Begins the look that was asked for.
    mutating func beginWork(in environment: any WorkerEnvironment) {
        isPending = false
        refreshView(at: environment.now)
        if stage == .syncing, isToStop { stage = .terminating }
        switch stage {
        case .syncing: beginSync(in: environment)
        case .terminating: beginTerminating(in: environment)
        case .terminated: finishPod(in: environment)
        case .finished: break
        }
    }

    private mutating func beginSync(in environment: any WorkerEnvironment) {
        let now = environment.now
        noteRestartOfAll()
        updateResize(in: environment)
        generateStatus(of: view, isOver: false, in: environment)
        if status?.phase.isTerminal == true {
            work = PodWork(view, [])
            endSync(isTerminal: true, in: environment)
            return
        }
        var operations: [PodOperation] = [.plan]
        volumes.prepare(pod.spec, now: now)
        if !volumes.areMounted { operations.insert(.awaitVolumes(since: now), at: 0) }
        work = PodWork(view, operations)
    }

    private mutating func beginTerminating(in environment: any WorkerEnvironment) {
        generateStatus(of: view, isOver: false, in: environment)
        stopLivenessProbes()
        let jobs = view.running.map { record in
            KillJob(record, grace: terminationGrace, cause: .podStop, priority: stopPriority(of: record.name))
        }
        work = PodWork(view, [.kill(KillBatch(jobs, isOrdered: !pod.spec.sidecars.isEmpty)), .stopSandbox])
    }

    /// Goes on with the present step.
    /// - Returns: whether anything happened.
    mutating func continueWork(in environment: any WorkerEnvironment) -> Bool {
        if stage == .syncing, isToStop, case .awaitVolumes? = work?.operations.first {
            // Waiting for volumes is given up at once; everything else that has begun is brought to its end.
            work?.operations = []
        }
        guard var operation = work?.operations.first else {
            endWork(in: environment)
            return true
        }
        let result = perform(&operation, in: environment)
        switch result {
        case .done:
            work?.operations.removeFirst()
            work?.wake = environment.now
            return true
        case .progressed:
            work?.operations[0] = operation
            work?.wake = environment.now
            return true
        case .waiting(let time):
            work?.operations[0] = operation
            work?.wake = time
            return false
        }
    }

    private mutating func perform(
        _ operation: inout PodOperation,
        in environment: any WorkerEnvironment
    ) -> StepResult {
        let now = environment.now
        switch operation {
        case .awaitVolumes(let since): return awaitVolumes(since: since, now: now)
        case .plan:
            planWork(in: environment)
            return .done
        case .kill(var batch):
            let result = advanceKills(&batch, in: environment)
            operation = .kill(batch)
            return result
        case .stopSandbox:
            stopSandbox(now: now)
            return .done
        case .createSandbox(let ready):
            return createSandbox(&operation, ready: ready, in: environment)
        case .start(var start):
            let result = advanceStart(&start, in: environment)
            operation = .start(start)
            return result
        case .forgetContainers:
            forgetContainers(now: now)
            return .done
        case .resize(let apply):
            return applyResize(&operation, at: apply, in: environment)
        }
    }

    /// Volumes are looked at every so often, not when the last of them is mounted.
    private func awaitVolumes(since: Timestamp, now: Timestamp) -> StepResult {
        guard let mounted = volumes.mountedAt else { return .waiting(until: nil) }
        let poll = Rhythm(
            period: node.latencies.volumePoll,
            phase: .nanoseconds(since.nanoseconds % node.latencies.volumePoll.nanoseconds)
        )
        let look = poll.next(after: max(mounted, since))
        return look <= now ? .done : .waiting(until: look)
    }

    private mutating func endWork(in environment: any WorkerEnvironment) {
        if stage == .terminating {
            endTerminating(in: environment)
        } else {
            endSync(isTerminal: false, in: environment)
        }
    }

    /// Remembers what failed and plans the next look.
    private mutating func endSync(isTerminal: Bool, in environment: any WorkerEnvironment) {
        guard let ended = work else { return }
        let now = environment.now
        work = nil
        lastSync = now
        for name in ended.successes { failures[name] = nil }
        failures.merge(ended.failures) { $1 }
        if isTerminal {
            stage = .terminating
            requeue = now
        } else if !ended.failures.isEmpty {
            requeue = now + environment.jittered(retryDelay(ended.failures, now: now), by: 0.5)
        } else if ended.hasChanged {
            inspection = now + node.latencies.inspection
        }
    }

    /// How long to wait after a look that failed: until the first container may be started, but a minute at most.
    private func retryDelay(_ failures: [String: StartFailure], now: Timestamp) -> Duration {
        if failures.values.contains(where: { $0.expiry == nil }) { return node.latencies.retryDelay }
        let first = failures.values.compactMap(\.expiry).min() ?? now
        return min(max(first - now, .zero), node.latencies.syncPeriod)
    }

    private mutating func endTerminating(in environment: any WorkerEnvironment) {
        let now = environment.now
        work = nil
        lastSync = now
        probes = []
        generateStatus(of: runtime, isOver: true, in: environment)
        stage = .terminated
        requeue = now
    }

    /// Writes the last status and lets everything go.
    private mutating func finishPod(in environment: any WorkerEnvironment) {
        lastSync = environment.now
        generateStatus(of: view.containers.isEmpty ? runtime : view, isOver: true, in: environment)
        closeStatus(in: environment)
        stage = .finished
        isStatusChanged = true
        release(in: environment)
    }

    /// Gives back what a pod that is over holds on its node. Its logs stay until the worker goes.
    private mutating func release(in environment: any WorkerEnvironment) {
        releaseAddress(in: environment)
        sandbox?.discardFiles()
        relist = nil
        inspection = nil
        requeue = nil
        probes = []
        hooks = []
        commands = [:]
        failures = [:]
        results = ProbeResults()
        volumes = PodVolumes(node.latencies)
    }

    // Listing containers

    /// Remembers that containers changed, so that the next listing finds something.
    mutating func markRuntimeChanged(at now: Timestamp) {
        if relist == nil { relist = node.relists.next(after: now) }
    }

    /// The periodic listing of containers.
    mutating func listContainers(in environment: any WorkerEnvironment) -> Bool {
        inspection = nil
        takeView(at: environment.now)
        return true
    }

    /// Looks at the containers, and wishes a look at the pod.
    private mutating func takeView(at now: Timestamp) {
        relist = nil
        view = runtime
        viewTime = now
        if stage < .finished { isPending = true }
        removeOldRuns()
    }

    /// Keeps only the last ended run of each container, and none of an evicted pod. The present view still has those
    /// that go.
    // Kubernetes: pkg/kubelet/pod_container_deletor.go
    private mutating func removeOldRuns() {
        var seen: Set<String> = []
        for record in runtime.containers.reversed() where record.state == .exited {
            if seen.insert(record.name).inserted, eviction == nil { continue }
            if let handle = record.handle { sandbox?.remove(handle) }
            runtime.containers.removeAll { $0.id == record.id }
        }
    }

    /// The containers as the last listing found them, when runs were removed since the last look.
    private mutating func refreshView(at now: Timestamp) {
        guard node.relists.last(upTo: now) > viewTime else { return }
        let known = Set(runtime.containers.map(\.id))
        view.containers.removeAll { $0.state == .exited && !known.contains($0.id) }
    }

    /// The look at the containers right after they were changed.
    mutating func inspectContainers(in environment: any WorkerEnvironment) -> Bool {
        inspection = nil
        takeView(at: environment.now)
        return true
    }
}
