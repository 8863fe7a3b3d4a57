// SPDX-License-Identifier: Apache-2.0
// The start of one container: back-off, image, creation, start, postStart hook.

import PodiumCodec
import PodiumMachinery
import PodiumPodModel
import PodiumRuntime

/// A container that is being started.
struct ContainerStart: Hashable, Sendable {
    /// How far the start has come.
    enum Stage: Hashable, Sendable {
        case begin
        case pulling(ImageReference, began: Timestamp, end: Timestamp, failure: String?)
        case creating(ImageReference, at: Timestamp)
        case postStart(hook: Int, containerID: String)
        /// The hook failed and the container is killed for it.
        case killing(KillBatch, StartFailure)
    }

    let name: String
    /// Whether nothing further is started when this one fails.
    let abortsOnFailure: Bool
    var stage = Stage.begin

    init(_ name: String, abortsOnFailure: Bool = false) {
        self.name = name
        self.abortsOnFailure = abortsOnFailure
    }
}

// Kubernetes: pkg/kubelet/kuberuntime/kuberuntime_container.go startContainer
extension PodWorker {
    /// Goes on with the start of a container.
    mutating func advanceStart(_ start: inout ContainerStart, in environment: any WorkerEnvironment) -> StepResult {
        guard let container = pod.spec.container(start.name) else { return .done }
        let now = environment.now
        switch start.stage {
        case .begin:
            if let failure = crashBackoff(container, now: now) { return fail(start, failure) }
            return ensureImage(&start, container, in: environment)
        case .pulling(let reference, let began, let end, let failure):
            if now < end { return .waiting(until: end) }
            return endPull(&start, container, reference, began: began, failure: failure, in: environment)
        case .creating(let reference, let time):
            if now < time { return .waiting(until: time) }
            return create(&start, container, reference, in: environment)
        case .postStart(let id, let containerID):
            guard let hook = hooks.first(where: { $0.id == id }), let outcome = hook.outcome else {
                return .waiting(until: nil)
            }
            hooks.removeAll { $0.id == id }
            guard case .failure(let text) = outcome else { return succeed(start) }
            return killForHook(&start, container, containerID, text)
        case .killing(var batch, let failure):
            let result = advanceKills(&batch, in: environment)
            start.stage = .killing(batch, failure)
            if case .done = result { return fail(start, failure) }
            return result
        }
    }

    private mutating func fail(_ start: ContainerStart, _ failure: StartFailure) -> StepResult {
        work?.failures[start.name] = failure
        if start.abortsOnFailure, let first = work?.operations.first { work?.operations = [first] }
        return .done
    }

    private mutating func succeed(_ start: ContainerStart) -> StepResult {
        work?.successes.append(start.name)
        work?.hasChanged = true
        return .done
    }

    // Back-off

    /// The key under which the crashes of a container are counted: a changed image starts over.
    private func backoffKey(_ container: ContainerSpec) -> String { "\(container.name) \(container.image)" }

    /// Why the container may not be started yet, if so.
    // Kubernetes: kuberuntime_manager.go doBackOff
    private mutating func crashBackoff(_ container: ContainerSpec, now: Timestamp) -> StartFailure? {
        let ended = work?.snapshot.containers.last { $0.name == container.name && $0.state == .exited }
        guard let end = ended?.finishedAt else { return nil }
        let key = backoffKey(container)
        if backoff.isWaiting(key, since: end, now: now) {
            let wait = backoff.wait(key)
            let text = "Back-off restarting failed container \(container.name) in pod \(pod.description)"
            emit(container.fieldPath, warning: true, "BackOff", text)
            return StartFailure(
                "CrashLoopBackOff",
                "back-off \(GoDuration.print(wait)) restarting failed container=\(container.name) pod=\(pod.description)",
                expiry: end + wait
            )
        }
        backoff.next(key, event: end, now: now)
        return nil
    }

    // Creation

    private mutating func create(
        _ start: inout ContainerStart,
        _ container: ContainerSpec,
        _ reference: ImageReference,
        in environment: any WorkerEnvironment
    ) -> StepResult {
        let specification: ContainerSpecification
        let profile = environment.registry.profile(of: reference)
        switch containerSpecification(container, profile, in: environment) {
        case .success(let made): specification = made
        case .failure(let problem):
            emit(container.fieldPath, warning: true, "Failed", "Error: \(problem.message)")
            return fail(start, StartFailure(problem.reason, problem.message))
        }
        emit(container.fieldPath, "Created", "Container created")
        let now = environment.now
        let attempt = attempts[container.name].map { $0 + 1 } ?? 0
        attempts[container.name] = attempt
        let id = "containerd://\(environment.hexID())"
        do throws(StartError) {
            let started = inSandbox(environment) { sandbox in
                Result { () throws(StartError) in
                    try sandbox.start(specification, now: now, world: environment.world)
                }
            }
            guard let handle = try started?.get() else { return .done }
            hadTurn = true
            append(container, reference, specification, id: id, attempt: attempt, handle: handle, now: now)
            takeSandboxEvents(in: environment)
            emit(container.fieldPath, "Started", "Container started")
            guard let hook = container.postStart else { return succeed(start) }
            work?.hasChanged = true
            let number = startHook(hook, of: container.name, handle: handle, role: .postStart, in: environment)
            start.stage = .postStart(hook: number, containerID: id)
            return .progressed
        } catch {
            appendFailed(container, reference, specification, id: id, attempt: attempt, error, now: now)
            emit(container.fieldPath, warning: true, "Failed", "Error: \(error.containerMessage)")
            return fail(start, StartFailure("RunContainerError", error.containerMessage))
        }
    }

    private mutating func append(
        _ container: ContainerSpec,
        _ reference: ImageReference,
        _ specification: ContainerSpecification,
        id: String,
        attempt: Int,
        handle: ContainerHandle?,
        now: Timestamp
    ) {
        let facts = specification.profile?.facts ?? ImageTable().facts(of: reference)
        let record = ContainerRecord(
            id: id,
            name: container.name,
            role: container.role,
            attempt: attempt,
            startedAt: handle == nil ? nil : now,
            image: reference.description,
            imageID: facts.imageID(of: reference),
            writtenImage: container.image,
            resources: container.resources,
            user: user(of: container, specification),
            handle: handle
        )
        runtime.containers.append(record)
        markRuntimeChanged(at: now)
    }

    private mutating func appendFailed(
        _ container: ContainerSpec,
        _ reference: ImageReference,
        _ specification: ContainerSpecification,
        id: String,
        attempt: Int,
        _ error: StartError,
        now: Timestamp
    ) {
        append(container, reference, specification, id: id, attempt: attempt, handle: nil, now: now)
        guard let index = runtime.containers.lastIndex(where: { $0.id == id }) else { return }
        runtime.containers[index].state = .exited
        runtime.containers[index].startedAt = Timestamp(nanoseconds: 0)
        runtime.containers[index].finishedAt = now
        runtime.containers[index].exitCode = StartError.exitCode
        runtime.containers[index].reason = "StartError"
        runtime.containers[index].message = error.containerMessage
    }

    private func user(of container: ContainerSpec, _ specification: ContainerSpecification) -> ContainerUser {
        var groups = [specification.group]
        // The image's own group file adds the groups of root.
        if specification.user == 0 { groups.append(10) }
        let further = pod.spec.security.supplementalGroups + (pod.spec.security.fileSystemGroup.map { [$0] } ?? [])
        for group in further where !groups.contains(group) { groups.append(group) }
        return ContainerUser(user: specification.user, group: specification.group, supplementalGroups: groups.sorted())
    }

    private mutating func killForHook(
        _ start: inout ContainerStart,
        _ container: ContainerSpec,
        _ containerID: String,
        _ text: String
    ) -> StepResult {
        emit(container.fieldPath, warning: true, "FailedPostStartHook", "PostStartHook failed")
        guard let record = runtime.containers.first(where: { $0.id == containerID }) else { return .done }
        let job = KillJob(record, grace: pod.spec.terminationGraceSeconds, cause: .failedPostStartHook)
        start.stage = .killing(KillBatch([job], isOrdered: false), StartFailure("PostStartHookError", text))
        return .progressed
    }
}
