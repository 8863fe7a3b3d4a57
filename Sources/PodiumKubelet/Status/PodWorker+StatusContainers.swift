// SPDX-License-Identifier: Apache-2.0
// The statuses of containers and the phase that follows from them.

import PodiumMachinery

// Kubernetes: pkg/kubelet/kubelet_pods.go convertToAPIContainerStatuses, getPhase; prober_manager.go UpdatePodStatus
extension PodWorker {
    /// Puts the statuses of all containers into `new`.
    func fillContainers(_ new: inout PodStatus, _ view: RuntimeView) {
        new.initContainers = pod.spec.initContainers.map { containerStatus($0, view) }
        new.containers = pod.spec.containers.map { containerStatus($0, view) }.sorted { $0.name < $1.name }
        new.ephemeralContainers = pod.spec.ephemeralContainers.map { containerStatus($0, view) }
    }

    private func containerStatus(_ container: ContainerSpec, _ view: RuntimeView) -> ContainerStatus {
        let old = status?.container(container.name)
        guard let record = view.latest(container.name) else { return absentStatus(container, old, view) }
        var new = ContainerStatus(name: container.name, image: record.image, state: record.apiState)
        new.imageID = record.imageID
        new.containerID = record.id
        new.restartCount = record.attempt
        new.mounts = container.mounts
        new.resources = record.resources
        new.allocatedResources = resize.allocated[container.name]?.requests ?? container.resources.requests
        new.user = record.user
        if let previous = view.previous(container.name) {
            new.lastTermination = previous.apiState.termination
        } else if record.attempt > 0 {
            new.lastTermination = old?.lastTermination
        }
        applyFailure(&new, container, view)
        return new
    }

    /// The status of a container of which nothing exists, or of which everything was removed.
    private func absentStatus(
        _ container: ContainerSpec,
        _ old: ContainerStatus?,
        _ view: RuntimeView
    ) -> ContainerStatus {
        let reason = pod.spec.initContainers.isEmpty ? "ContainerCreating" : "PodInitializing"
        var new = ContainerStatus(
            name: container.name,
            image: container.image,
            state: .waiting(reason: reason, message: nil)
        )
        new.mounts = container.mounts
        guard let old else {
            applyFailure(&new, container, view)
            return new
        }
        new.restartCount = old.restartCount
        new.lastTermination = old.lastTermination
        if hasForgotten, !old.state.isWaiting {
            let text = "The container is removed because RestartAllContainers in place"
            if old.state.termination != nil { new = old }
            new.state = .waiting(reason: Termination.startingOverReason, message: text)
            new.lastTermination = .startingOver(text)
            new.restartCount = old.restartCount + 1
            new.isReady = false
            return new
        }
        if old.state.termination != nil { return old }
        if old.state.isRunning {
            let text = "The container could not be located when the pod was deleted.  The container used to be Running"
            new.lastTermination = .unknown(text)
            if !pod.isTerminating { new.restartCount += 1 }
        }
        applyFailure(&new, container, view)
        return new
    }

    /// A container that should run but could not be started waits, and says why.
    private func applyFailure(_ new: inout ContainerStatus, _ container: ContainerSpec, _ view: RuntimeView) {
        guard let failure = failures[container.name] else { return }
        if container.role == .initial, let record = view.latest(container.name),
            record.state == .exited, record.exitCode == 0
        {
            return
        }
        guard container.role == .ephemeral || shouldStart(container, view) else { return }
        if let termination = new.state.termination { new.lastTermination = termination }
        new.state = .waiting(reason: failure.reason, message: failure.message)
    }

    // Probes

    /// Fills in which containers have started and are ready, and wishes extra runs of readiness probes.
    mutating func applyProbes(_ new: inout PodStatus) {
        for index in new.containers.indices { applyProbes(&new.containers[index]) }
        for index in new.initContainers.indices {
            let isSidecar = pod.spec.initContainers[index].isSidecar
            if isSidecar {
                applyProbes(&new.initContainers[index])
            } else {
                new.initContainers[index].isStarted = new.initContainers[index].state.isRunning
                new.initContainers[index].isReady = new.initContainers[index].state.termination?.exitCode == 0
            }
        }
    }

    private mutating func applyProbes(_ container: inout ContainerStatus) {
        guard container.state.isRunning, let id = container.containerID else {
            container.isStarted = false
            container.isReady = false
            return
        }
        let isStarted: Bool
        if let result = results[id, .startup] {
            isStarted = result == .success
        } else if hasStartupProbe(container.name) {
            // Until its probe has met the new run, a container counts as what it was before.
            isStarted = status?.container(container.name)?.isStarted ?? false
        } else {
            isStarted = true
        }
        container.isStarted = isStarted
        container.isReady = false
        guard isStarted else { return }
        if results[id, .readiness] == .success || pod.spec.container(container.name)?.readiness == nil {
            container.isReady = true
        } else {
            triggerReadiness(of: container.name)
        }
    }

    private func hasStartupProbe(_ name: String) -> Bool { pod.spec.container(name)?.startup != nil }

    // Phase

    /// The phase that follows from the statuses of the containers.
    func phase(_ status: PodStatus, isOver: Bool) -> PodPhase {
        var tally = PhaseTally()
        for (container, status) in zip(pod.spec.initContainers, status.initContainers) {
            if container.isSidecar { tally.add(sidecar: status) } else { tally.add(initial: status) }
            if container.isSidecar || status.startsOver { continue }
            if let code = tally.failureCode(of: status), !restarts(container, after: code) { return .failed }
        }
        for container in status.containers { tally.add(regular: container) }
        let hasStarted = status.containers.contains { !$0.state.isWaiting || $0.lastTermination != nil }
        if tally.pendingInit > 0 || tally.pendingSidecars > 0 && !hasStarted || tally.waiting > 0 { return .pending }
        if tally.running > 0 { return .running }
        guard tally.stopped > 0 else { return .pending }
        if isOver { return tally.stopped == tally.succeeded ? .succeeded : .failed }
        let mayRestart = pod.spec.containers.contains { container in
            let known = status.container(container.name)
            if known?.startsOver == true { return true }
            guard let end = known?.state.termination ?? known?.lastTermination else { return false }
            return restarts(container, after: end.exitCode)
        }
        if mayRestart { return .running }
        return tally.stopped == tally.succeeded ? .succeeded : .failed
    }

    /// What happens to the status when all is over: what never ran has ended without trace, and there is a final phase.
    // Kubernetes: pkg/kubelet/status/status_manager.go TerminatePod
    mutating func closeStatus(in environment: any WorkerEnvironment) {
        guard var new = status else { return }
        let message = "The container could not be located when the pod was terminated"
        let isInitialized = new.initContainers.allSatisfy { !$0.state.isWaiting } && hasPodInitialized(new)
        if isInitialized {
            for index in new.containers.indices where new.containers[index].state.termination == nil {
                new.containers[index].state = .terminated(.unknown(message))
            }
        }
        let lastBegun = new.initContainers.lastIndex { !$0.state.isWaiting || $0.lastTermination != nil }
        if let lastBegun {
            for index in 0...lastBegun where new.initContainers[index].state.termination == nil {
                new.initContainers[index].state = .terminated(.unknown(message))
            }
        }
        if !new.phase.isTerminal { new.phase = .failed }
        remember(new, now: environment.now, isForced: true)
    }

    private func hasPodInitialized(_ status: PodStatus) -> Bool {
        guard let last = pod.spec.initContainers.last, let end = status.initContainers.last else { return true }
        if last.isSidecar { return end.isStarted == true || hasStartedRegular(status) }
        return end.state.termination?.exitCode == 0
    }

    private func hasStartedRegular(_ status: PodStatus) -> Bool {
        status.containers.contains { !$0.state.isWaiting || $0.lastTermination != nil }
    }
}

extension ContainerStatus {
    /// Whether the container was removed to start anew, whatever its restart policy, and has not yet.
    fileprivate var startsOver: Bool { state.isWaiting && lastTermination?.startsOver == true }
}

extension ContainerRecord {
    /// The state as a status shows it.
    var apiState: ContainerState {
        func second(_ time: Timestamp?) -> Timestamp? { time.map { Timestamp(seconds: $0.seconds) } }
        if state == .running { return .running(startedAt: second(startedAt) ?? Timestamp(nanoseconds: 0)) }
        return .terminated(
            Termination(
                exitCode: exitCode,
                reason: reason,
                message: message,
                startedAt: second(startedAt),
                finishedAt: second(finishedAt),
                containerID: id
            )
        )
    }
}

/// Counts from which the phase follows.
private struct PhaseTally {
    var pendingInit = 0
    var pendingSidecars = 0
    var waiting = 0
    var running = 0
    var stopped = 0
    var succeeded = 0

    mutating func add(initial status: ContainerStatus) {
        switch status.state {
        case .running: pendingInit += 1
        case .waiting: if status.lastTermination == nil { pendingInit += 1 }
        case .terminated: break
        }
    }

    mutating func add(sidecar status: ContainerStatus) {
        switch status.state {
        case .running:
            running += 1
            if status.isStarted == false { pendingSidecars += 1 }
        case .waiting:
            if status.lastTermination == nil {
                pendingSidecars += 1
                waiting += 1
            }
        case .terminated: break
        }
    }

    mutating func add(regular status: ContainerStatus) {
        switch status.state {
        case .running: running += 1
        case .waiting:
            if status.lastTermination == nil { waiting += 1 } else { stopped += 1 }
        case .terminated(let end):
            stopped += 1
            if end.exitCode == 0 { succeeded += 1 }
        }
    }

    /// The code with which an init container failed.
    func failureCode(of status: ContainerStatus) -> Int? {
        switch status.state {
        case .running: nil
        case .terminated(let end): end.exitCode == 0 ? nil : end.exitCode
        case .waiting: status.lastTermination.flatMap { $0.exitCode == 0 ? nil : $0.exitCode }
        }
    }
}
