// SPDX-License-Identifier: Apache-2.0
// Stops containers: preStop hook, then the stop signal, then SIGKILL; sidecars after the others, last one first.

import PodiumMachinery
import PodiumRuntime

// Kubernetes: pkg/kubelet/kuberuntime/kuberuntime_container.go killContainer; kuberuntime_termination_order.go
extension PodWorker {
    /// What is left for the signal even when the hook used up everything.
    private static let minimumGraceSeconds = 2

    /// The grace of a pod that is being stopped.
    // Kubernetes: pkg/kubelet/pod_workers.go calculateEffectiveGracePeriod
    var terminationGrace: Int {
        var grace = pod.deletionGraceSeconds ?? 0
        if let override = eviction?.graceSeconds, grace == 0 || override < grace { grace = override }
        if grace == 0, eviction?.graceSeconds == nil { grace = pod.spec.terminationGraceSeconds }
        return max(1, grace)
    }

    /// Which containers must be gone before this one is asked to go: all with a lower number.
    func stopPriority(of name: String) -> Int {
        let place = pod.spec.initContainers.firstIndex { $0.name == name && $0.isSidecar }
        return place.map { pod.spec.initContainers.count - $0 } ?? 0
    }

    /// Goes on with stopping containers.
    mutating func advanceKills(_ batch: inout KillBatch, in environment: any WorkerEnvironment) -> StepResult {
        var wake: Timestamp?
        var hasProgressed = false
        for index in batch.jobs.indices where !batch.jobs[index].isDone {
            let mustWait = batch.isOrdered && isAwaitingOthers(batch.jobs[index], batch)
            switch advance(&batch.jobs[index], mustWait: mustWait, in: environment) {
            case .done: hasProgressed = true
            case .progressed: hasProgressed = true
            case .waiting(let time):
                if let time, wake.map({ time < $0 }) ?? true { wake = time }
            }
        }
        if batch.jobs.allSatisfy(\.isDone) {
            work?.hasChanged = true
            return .done
        }
        return hasProgressed ? .progressed : .waiting(until: wake)
    }

    private func isAwaitingOthers(_ job: KillJob, _ batch: KillBatch) -> Bool {
        batch.jobs.contains { !$0.isDone && $0.priority < job.priority }
    }

    private mutating func advance(
        _ job: inout KillJob,
        mustWait: Bool,
        in environment: any WorkerEnvironment
    ) -> StepResult {
        let now = environment.now
        switch job.stage {
        case .begin: return beginKill(&job, in: environment)
        case .preStop(let hook, let began, let deadline):
            guard hooks.first(where: { $0.id == hook })?.outcome != nil || now >= deadline else {
                return .waiting(until: deadline)
            }
            // Only whole seconds of the hook count against the grace.
            job.grace -= Int((now - began).nanoseconds / 1_000_000_000)
            job.stage = .turn(began: now, deadline: now + .seconds(max(0, job.grace)))
            return .progressed
        case .turn(let began, let deadline):
            guard !mustWait || now >= deadline else { return .waiting(until: deadline) }
            job.grace -= Int((now - began).nanoseconds / 1_000_000_000)
            signalStop(&job, in: environment)
            return .progressed
        case .stopping(let killAt):
            if hasExited(job.containerID) {
                job.stage = .done
                return .done
            }
            guard now >= killAt else { return .waiting(until: killAt) }
            if let handle = record(job.containerID)?.handle {
                inSandbox(environment) { $0.signal(.kill, handle, now: now, world: environment.world) }
                takeSandboxEvents(in: environment)
            }
            return hasExited(job.containerID) ? .progressed : .waiting(until: nil)
        case .done: return .done
        }
    }

    private mutating func beginKill(_ job: inout KillJob, in environment: any WorkerEnvironment) -> StepResult {
        let now = environment.now
        let container = pod.spec.container(job.name)
        emit(container?.fieldPath ?? "spec.containers{\(job.name)}", "Killing", job.message)
        if let handler = container?.preStop, job.grace > 0, let handle = record(job.containerID)?.handle {
            let hook = startHook(handler, of: job.name, handle: handle, role: .preStop, in: environment)
            job.stage = .preStop(hook: hook, began: now, deadline: now + .seconds(job.grace))
        } else {
            job.stage = .turn(began: now, deadline: now + .seconds(max(0, job.grace)))
        }
        return .progressed
    }

    private mutating func signalStop(_ job: inout KillJob, in environment: any WorkerEnvironment) {
        let now = environment.now
        job.grace = max(job.grace, Self.minimumGraceSeconds)
        job.stage = .stopping(killAt: now + .seconds(job.grace))
        guard !hasExited(job.containerID), let handle = record(job.containerID)?.handle, let sandbox else { return }
        let signal = sandbox.stopSignal(of: handle)
        inSandbox(environment) { $0.signal(signal, handle, now: now, world: environment.world) }
        takeSandboxEvents(in: environment)
    }

    private func record(_ id: String) -> ContainerRecord? { runtime.containers.first { $0.id == id } }

    private func hasExited(_ id: String) -> Bool { record(id)?.state != .running }

    /// Takes the pod's network away.
    mutating func stopSandbox(now: Timestamp) {
        guard runtime.sandbox == .ready else { return }
        runtime.sandbox = .stopped
        work?.hasChanged = true
        markRuntimeChanged(at: now)
    }
}
