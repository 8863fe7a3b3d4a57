// SPDX-License-Identifier: Apache-2.0
// Makes the status of a pod from what its containers are doing.

import PodiumCodec
import PodiumMachinery
import PodiumPodModel

// Kubernetes: pkg/kubelet/kubelet_pods.go generateAPIPodStatus; pkg/kubelet/status/status_manager.go
extension PodWorker {
    /// Makes the status anew and remembers it.
    /// - Parameters:
    ///   - view: the containers to show.
    ///   - isOver: whether nothing of the pod will run again.
    mutating func generateStatus(of view: RuntimeView, isOver: Bool, in environment: any WorkerEnvironment) {
        let now = environment.now
        var new = PodStatus(phase: .pending)
        new.observedGeneration = pod.generation == 0 ? nil : pod.generation
        fillContainers(&new, view)
        new.phase = phase(new, isOver: isOver)
        let oldPhase = status?.phase ?? pod.apiPhase
        if !new.phase.isTerminal {
            if let oldPhase, oldPhase.isTerminal { new.phase = oldPhase }
            if let api = pod.apiPhase, api.isTerminal { new.phase = api }
        }
        if new.phase == oldPhase {
            let isShown = pod.apiPhase == new.phase
            new.reason = status?.reason ?? (isShown ? pod.shown.reason : nil)
            new.message = status?.message ?? (isShown ? pod.shown.message : nil)
        }
        if hasPassedDeadline(at: now) {
            let text = "Pod was active on the node longer than the specified deadline"
            emit("", "DeadlineExceeded", text)
            new.phase = .failed
            new.reason = "DeadlineExceeded"
            new.message = text
        }
        if let api = pod.apiPhase, api.isTerminal { new.phase = api }
        applyProbes(&new)
        fillAddresses(&new, view)
        fillResources(&new)
        fillConditions(&new, view, now: now)
        // Behind the conditions: an evicted pod stays as ready as its containers are until they have ended.
        if let eviction, !isOver, pod.apiPhase?.isTerminal != true {
            new.phase = .failed
            new.reason = eviction.reason
            new.message = eviction.message
        }
        if view.containers.isEmpty { hasForgotten = false }
        remember(new, now: now)
    }

    private func hasPassedDeadline(at now: Timestamp) -> Bool {
        guard let seconds = pod.spec.activeDeadlineSeconds, let start = status?.startTime else { return false }
        return now - start >= .seconds(seconds)
    }

    /// When the kubelet notices that the pod's time is over.
    var deadlineTick: Timestamp? {
        guard stage == .syncing, !hasPassedDeadline, let seconds = pod.spec.activeDeadlineSeconds,
            let start = status?.startTime
        else { return nil }
        return node.ticks.next(from: start + .seconds(seconds))
    }

    private func fillAddresses(_ new: inout PodStatus, _ view: RuntimeView) {
        new.hostIP = node.hostIP
        new.podIP = view.podIP ?? status?.podIP ?? (pod.spec.isOnHostNetwork ? node.hostIP : nil)
    }

    private func fillResources(_ new: inout PodStatus) {
        new.allocatedResources = resize.granted.requests
        // A pod that runs, also one that is being evicted, is asked through its cgroup, which knows no request of
        // memory and no other resources.
        let isRunning = status?.phase == .running || eviction != nil
        new.resources = isRunning ? resize.granted.throughCgroup(after: status?.resources) : resize.granted
    }

    // Conditions

    private func fillConditions(_ new: inout PodStatus, _ view: RuntimeView, now: Timestamp) {
        new.conditions = resize.conditions
        let isReadyToStart = view.sandbox == .ready
        new.conditions.append(PodCondition(PodConditionType.readyToStart, isReadyToStart))
        new.conditions.append(initializedCondition(new))
        let containersReady = containersReadyCondition(new)
        new.conditions.append(readyCondition(containersReady))
        new.conditions.append(containersReady)
        new.conditions.append(PodCondition(PodConditionType.scheduled, true))
        if let target = status?.condition(PodConditionType.disruptionTarget) { new.conditions.append(target) }
        for index in new.conditions.indices { new.conditions[index].observedGeneration = new.observedGeneration }
        if pod.spec.mayRestartAllContainers {
            let type = PodConditionType.allContainersRestarting
            let text = "container exited with restart policy rule"
            new.conditions.append(
                isRestartingAll
                    ? PodCondition(type, true, reason: "RestartAllContainersStarted", message: text)
                    : PodCondition(type, false)
            )
        }
    }

    // Kubernetes: pkg/kubelet/status/generate.go
    private func initializedCondition(_ new: PodStatus) -> PodCondition {
        let type = PodConditionType.initialized
        if new.phase == .succeeded { return PodCondition(type, true, reason: "PodCompleted") }
        if pod.spec.initContainers.isEmpty || hasRegularStarted(new) { return PodCondition(type, true) }
        let incomplete = pod.spec.initContainers.filter { container in
            guard let status = new.container(container.name) else { return true }
            return container.isSidecar ? status.isStarted != true : !status.isReady
        }
        if incomplete.isEmpty { return PodCondition(type, true) }
        let names = incomplete.map(\.name).joined(separator: " ")
        let message = "containers with incomplete status: [\(names)]"
        return PodCondition(type, false, reason: "ContainersNotInitialized", message: message)
    }

    /// Whether a regular container runs or has run.
    private func hasRegularStarted(_ new: PodStatus) -> Bool {
        new.containers.contains { $0.state.isRunning || $0.state.termination != nil || $0.lastTermination != nil }
    }

    func containersReadyCondition(_ new: PodStatus) -> PodCondition {
        let type = PodConditionType.containersReady
        if new.phase == .succeeded { return PodCondition(type, false, reason: "PodCompleted") }
        if new.phase == .failed { return PodCondition(type, false, reason: "PodFailed") }
        let unready = (pod.spec.sidecars + pod.spec.containers).filter { new.container($0.name)?.isReady != true }
        if unready.isEmpty { return PodCondition(type, true) }
        let names = unready.map(\.name).joined(separator: " ")
        let message = "containers with unready status: [\(names)]"
        return PodCondition(type, false, reason: "ContainersNotReady", message: message)
    }

    func readyCondition(_ containersReady: PodCondition) -> PodCondition {
        var condition = containersReady
        condition.type = PodConditionType.ready
        guard containersReady.isTrue else { return condition }
        var problems: [String] = []
        for gate in pod.spec.readinessGates {
            let found = pod.shown.condition(gate)
            let quoted = FieldError.quoted(gate)
            if let found {
                if found.status != "True" {
                    problems.append("the status of pod readiness gate \(quoted) is not \"True\", but \(found.status)")
                }
            } else {
                problems.append("corresponding condition of pod readiness gate \(quoted) does not exist.")
            }
        }
        if problems.isEmpty { return condition }
        condition.isTrue = false
        condition.reason = "ReadinessGatesNotReady"
        condition.message = problems.joined(separator: ", ")
        return condition
    }

    /// Whether the readiness that the API shows is not what the conditions of others ask for.
    // Kubernetes: pkg/kubelet/status/status_manager.go NeedToReconcilePodReadiness
    var needsReadinessReconciliation: Bool {
        guard !pod.spec.readinessGates.isEmpty, let status else { return false }
        let wanted = readyCondition(containersReadyCondition(status))
        let shown = status.condition(PodConditionType.ready)
        return shown?.isTrue != wanted.isTrue || shown?.message != wanted.message
    }

    // Memory

    /// Takes over a new status; it is written when it says something new.
    mutating func remember(_ status: PodStatus, now: Timestamp, isForced: Bool = false) {
        var new = status
        let moment = Timestamp(seconds: now.seconds)
        new.startTime = self.status?.startTime ?? pod.shown.startTime ?? moment
        for index in new.conditions.indices {
            let condition = new.conditions[index]
            if condition.type == PodConditionType.disruptionTarget { continue }
            let old = self.status?.condition(condition.type)
            let known = old.map { ($0.isTrue, $0.lastTransition) } ?? apiCondition(condition.type)
            let isSame = known?.0 == condition.isTrue
            new.conditions[index].lastTransition = isSame ? known?.1 ?? moment : moment
        }
        if new == self.status, !isForced { return }
        self.status = new
        isStatusChanged = true
        hasNewLogs = true
    }

    /// A condition as the API shows it, for when this kubelet has no memory of its own.
    private func apiCondition(_ type: String) -> (Bool, Timestamp?)? {
        pod.shown.condition(type).map { ($0.status == "True", $0.lastTransition) }
    }

    /// Shows at once that the sandbox is there, without looking at anything else.
    mutating func showSandboxReady(in environment: any WorkerEnvironment) {
        guard var new = status else { return }
        var condition = PodCondition(PodConditionType.readyToStart, true)
        condition.observedGeneration = new.observedGeneration
        new.set(condition)
        remember(new, now: environment.now)
    }

    /// Shows that a container has become ready, or is no longer.
    mutating func setReadiness(_ id: String, _ isReady: Bool, now: Timestamp) {
        guard var new = status else { return }
        new.update(containerID: id) { $0.isReady = isReady && $0.state.isRunning }
        refreshReadiness(new, now: now)
    }

    /// Shows that a container has started in the sense of its startup probe.
    mutating func setStarted(_ id: String, _ isStarted: Bool, now: Timestamp) {
        guard var new = status else { return }
        new.update(containerID: id) { container in
            container.isStarted = isStarted
            if !isStarted { container.isReady = false }
        }
        refreshReadiness(new, now: now)
    }

    private mutating func refreshReadiness(_ status: PodStatus, now: Timestamp) {
        var new = status
        let containersReady = containersReadyCondition(new)
        for var condition in [readyCondition(containersReady), containersReady] {
            condition.observedGeneration = new.observedGeneration
            new.set(condition)
        }
        remember(new, now: now)
    }
}
