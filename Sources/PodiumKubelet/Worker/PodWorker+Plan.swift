// SPDX-License-Identifier: Apache-2.0
// Decides what a look at a pod does: which containers are killed, which are started, whether the pod is over.

import PodiumMachinery
import PodiumRuntime

/// What follows from the state of a pod's containers.
struct PodPlan: Hashable, Sendable {
    var killsPod = false
    var createsSandbox = false
    var kills: [KillJob] = []
    var ephemeralStarts: [String] = []
    var initStarts: [String] = []
    var starts: [String] = []
}

// Kubernetes: pkg/kubelet/kuberuntime/kuberuntime_manager.go computePodActions, SyncPod
extension PodWorker {
    /// Decides, and puts the steps into the present look.
    mutating func planWork(in environment: any WorkerEnvironment) {
        guard let snapshot = work?.snapshot else { return }
        if isRestartingAll {
            planRestartOfAll(snapshot)
            return
        }
        addProbes(now: environment.now)
        if storageWatch.check == nil { planStorageCheck(in: environment) }
        let plan = computePlan(snapshot)
        var operations: [PodOperation] = []
        if plan.killsPod {
            let jobs = snapshot.running.map { record in
                KillJob(
                    record,
                    grace: pod.spec.terminationGraceSeconds,
                    cause: .podStop,
                    priority: stopPriority(of: record.name)
                )
            }
            if !jobs.isEmpty {
                operations.append(.kill(KillBatch(jobs, isOrdered: !pod.spec.sidecars.isEmpty)))
            }
            if snapshot.sandbox == .ready { operations.append(.stopSandbox) }
        }
        operations += plan.kills.map { .kill(KillBatch([$0], isOrdered: false)) }
        if plan.createsSandbox { operations.append(.createSandbox(ready: nil)) }
        operations += plan.ephemeralStarts.map { .start(ContainerStart($0)) }
        for name in plan.initStarts {
            let isSidecar = pod.spec.container(name)?.isSidecar ?? false
            operations.append(.start(ContainerStart(name, abortsOnFailure: !isSidecar)))
        }
        if resize.isToApply { operations.append(.resize(apply: nil)) }
        operations += plan.starts.map { .start(ContainerStart($0)) }
        work?.operations += operations
    }

    /// What is to be done with the containers that `snapshot` shows.
    func computePlan(_ snapshot: RuntimeView) -> PodPlan {
        var plan = PodPlan()
        if snapshot.sandbox != .ready {
            planNewSandbox(snapshot, &plan)
            return plan
        }
        plan.ephemeralStarts = pod.spec.ephemeralContainers.map(\.name).filter { snapshot.latest($0) == nil }
        let isInitialized = planInitContainers(snapshot, &plan)
        if plan.killsPod || !isInitialized { return plan }
        var kept = 0
        for container in pod.spec.containers {
            guard let record = snapshot.latest(container.name), record.state == .running else {
                if shouldStart(container, snapshot) { plan.starts.append(container.name) }
                continue
            }
            guard let kill = reasonToKill(container, record) else {
                kept += 1
                continue
            }
            if kill.restarts { plan.starts.append(container.name) }
            plan.kills.append(kill)
        }
        if kept == 0, plan.starts.isEmpty {
            plan.killsPod = true
            plan.kills = []
            plan.initStarts = []
        }
        return plan
    }

    private func planNewSandbox(_ snapshot: RuntimeView, _ plan: inout PodPlan) {
        plan.killsPod = !snapshot.running.isEmpty
        let starts = pod.spec.containers.filter { container in
            !(pod.spec.restartPolicy == .onFailure && hasSucceeded(container, snapshot))
        }
        if snapshot.sandbox == .stopped, !snapshot.containers.isEmpty {
            let mayRestart =
                pod.spec.restartPolicy != .never
                || pod.spec.containers.contains { shouldStart($0, snapshot) }
            if !mayRestart || starts.isEmpty { return }
        }
        plan.createsSandbox = true
        if let first = pod.spec.initContainers.first {
            plan.initStarts = [first.name]
        } else {
            plan.starts = starts.map(\.name)
        }
    }

    private func hasSucceeded(_ container: ContainerSpec, _ snapshot: RuntimeView) -> Bool {
        snapshot.latest(container.name).map { $0.state == .exited && $0.exitCode == 0 } ?? false
    }

    /// Whether a container that does not run is to be started.
    // Kubernetes: pkg/kubelet/container/helpers.go ShouldContainerBeRestarted
    func shouldStart(_ container: ContainerSpec, _ snapshot: RuntimeView) -> Bool {
        if pod.isTerminating { return false }
        guard let record = snapshot.latest(container.name) else { return true }
        if record.state == .running { return false }
        return restarts(container, after: record.exitCode)
    }

    /// Whether the restart policies start a container again that ended with `code`.
    func restarts(_ container: ContainerSpec, after code: Int) -> Bool {
        if let rule = container.restartRules.first(where: { $0.matches(code) }) {
            return rule.action == .restart || rule.action == .restartAllContainers
        }
        switch container.restartPolicy ?? pod.spec.restartPolicy {
        case .always: return true
        case .onFailure: return code != 0
        case .never: return false
        }
    }

    /// The stop of a running container that may not go on as it is.
    private func reasonToKill(_ container: ContainerSpec, _ record: ContainerRecord) -> KillJob? {
        func job(_ cause: KillCause, grace: Int? = nil, restarts: Bool = true) -> KillJob {
            var job = KillJob(record, grace: grace ?? pod.spec.terminationGraceSeconds, cause: cause)
            job.restarts = restarts
            return job
        }
        if record.writtenImage != container.image { return job(.definitionChange) }
        // Whether it starts again is decided as if it had failed, before it is known how it ends.
        let restarts = restartsOnFailure(container)
        if results[record.id, .liveness] == .failure {
            return job(.failedProbe(.liveness), grace: container.liveness?.terminationGraceSeconds, restarts: restarts)
        }
        if results[record.id, .startup] == .failure {
            return job(.failedProbe(.startup), grace: container.startup?.terminationGraceSeconds, restarts: restarts)
        }
        return resize.restarts.contains(container.name) ? job(.resize) : nil
    }

    private func restartsOnFailure(_ container: ContainerSpec) -> Bool {
        (container.restartPolicy ?? pod.spec.restartPolicy) != .never
    }

    // Init containers

    /// Plans the init containers, from the last to the first.
    /// - Returns: whether all of them are done.
    // Kubernetes: kuberuntime_container.go computeInitContainerActions
    private func planInitContainers(_ snapshot: RuntimeView, _ plan: inout PodPlan) -> Bool {
        let containers = pod.spec.initContainers
        if containers.isEmpty { return true }
        var isInitialized = pod.spec.containers.contains { snapshot.latest($0.name)?.state == .running }
        // Containers that ended in this sandbox were started after all init containers.
        isInitialized = isInitialized || pod.spec.containers.contains { snapshot.latest($0.name) != nil }
        var isPast = isInitialized
        var starts: Set<Int> = []
        for (index, container) in containers.enumerated().reversed() {
            guard let record = snapshot.latest(container.name) else {
                if isPast, container.isSidecar { starts.insert(index) }
                continue
            }
            if isPast, !container.isSidecar { continue }
            let isNextAllowed: Bool
            if record.state == .running {
                isNextAllowed = planRunningInit(container, record, index, &plan, &starts)
            } else if container.isSidecar {
                starts.insert(index)
                isNextAllowed = true
            } else if record.exitCode == 0 {
                isNextAllowed = true
            } else if restarts(container, after: record.exitCode) {
                starts.insert(index)
                isNextAllowed = false
            } else {
                plan.killsPod = true
                plan.initStarts = []
                return false
            }
            if !isPast, isNextAllowed {
                if index == containers.count - 1 {
                    isInitialized = true
                } else {
                    starts.insert(index + 1)
                }
            }
            isPast = true
        }
        if !isPast { starts.insert(0) }
        plan.initStarts = starts.sorted().map { containers[$0].name }
        return isInitialized
    }

    /// Plans a running init container.
    /// - Returns: whether the next one may start.
    private func planRunningInit(
        _ container: ContainerSpec,
        _ record: ContainerRecord,
        _ index: Int,
        _ plan: inout PodPlan,
        _ starts: inout Set<Int>
    ) -> Bool {
        guard container.isSidecar else { return false }
        func restart(_ cause: KillCause, grace: Int?) {
            var job = KillJob(record, grace: grace ?? pod.spec.terminationGraceSeconds, cause: cause)
            job.isInit = true
            plan.kills.append(job)
            starts.insert(index)
        }
        if record.writtenImage != container.image {
            restart(.definitionChange, grace: nil)
            return false
        }
        if let startup = container.startup {
            let result = results[record.id, .startup]
            if result == .failure { restart(.failedProbe(.startup), grace: startup.terminationGraceSeconds) }
            if result != .success { return false }
        }
        if let liveness = container.liveness, results[record.id, .liveness] == .failure {
            restart(.failedProbe(.liveness), grace: liveness.terminationGraceSeconds)
            return false
        }
        return true
    }

    // All containers at once

    /// Notices the end of a container whose rule starts all of them over.
    mutating func noteRestartOfAll() {
        guard pod.spec.mayRestartAllContainers, !pod.isTerminating else { return }
        isRestartingAll = (pod.spec.initContainers + pod.spec.containers).contains { container in
            guard let record = view.latest(container.name), record.state == .exited else { return false }
            return container.restartRules.first { $0.matches(record.exitCode) }?.action == .restartAllContainers
        }
    }

    private mutating func planRestartOfAll(_ snapshot: RuntimeView) {
        let jobs = snapshot.running.map { record in
            KillJob(record, grace: pod.spec.terminationGraceSeconds, cause: .restartOfAll)
        }
        var operations: [PodOperation] = []
        if !jobs.isEmpty { operations.append(.kill(KillBatch(jobs, isOrdered: false))) }
        operations.append(.forgetContainers)
        work?.operations += operations
    }

    /// Removes all containers, so that every one of them starts anew, without any back-off.
    mutating func forgetContainers(now: Timestamp) {
        for record in runtime.containers { if let handle = record.handle { sandbox?.remove(handle) } }
        runtime.containers = []
        failures = [:]
        backoff = BackoffTable(initial: backoff.initial, maximum: backoff.maximum)
        work?.hasChanged = true
        isRestartingAll = false
        hasForgotten = true
        markRuntimeChanged(at: now)
    }
}
