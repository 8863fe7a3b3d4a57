// SPDX-License-Identifier: Apache-2.0
// What the kubelet around a worker asks of it: rejection, pauses, restarts, logs, requests over the network.

import OrderedCollections
import PodiumCodec
package import PodiumMachinery
package import PodiumPodModel
import PodiumRuntime

extension PodWorker {
    /// What the node has granted the pod.
    package var grantedRequests: ResourceList { resize.granted.requests }

    /// Changes whenever the node grants the pod something else.
    package var grantVersion: Int { resize.version }

    /// What the pod takes of its node.
    var roomClaim: RoomClaim {
        RoomClaim(amounts: NodeUse.amounts(of: resize.granted.requests), hostPorts: pod.spec.hostPorts)
    }

    /// Whether the pod was begun with.
    package var isStarted: Bool { status != nil }

    // Refusal

    /// Turns the pod away: it has failed without ever having run.
    // Kubernetes: pkg/kubelet/kubelet.go rejectPod
    package mutating func reject(_ reason: String, _ message: String, in environment: any WorkerEnvironment) {
        emit("", warning: true, reason, message)
        var new = PodStatus(phase: .failed)
        new.observedGeneration = pod.generation == 0 ? nil : pod.generation
        new.reason = reason
        new.message = "Pod was rejected: " + message
        remember(new, now: environment.now, isForced: true)
        stage = .finished
    }

    /// Tells that the pod makes room for a critical one.
    package mutating func notePreemption() {
        emit("", warning: true, "Preempting", "Preempted in order to admit critical pod")
    }

    // The API's side

    /// Takes over the status as this kubelet's own write has left it.
    package mutating func noteOwnWrite(_ status: ShownStatus) { pod.shown = status }

    /// Remembers a change that nobody acts upon, because the kubelet does not answer.
    package mutating func holdUpdate(_ new: PodView) { heldUpdate = new }

    /// Others wrote into the status: ours is compared with it soon.
    package mutating func planReconciliation(now: Timestamp) {
        if reconciliation == nil { reconciliation = node.ticks.next(after: now + node.latencies.foreignWrite) }
    }

    // Pauses and restarts of the kubelet

    /// Goes on after the kubelet had fallen silent.
    package mutating func resume(in environment: any WorkerEnvironment) {
        let now = environment.now
        inSandbox(environment) { $0.advance(to: now, world: environment.world) }
        takeSandboxEvents(in: environment)
        planReconciliation(now: now)
        if isRemoved {
            requestSync(in: environment)
        } else if let held = heldUpdate {
            if status != nil, held.shown != pod.shown {
                // Changed statuses are overruled before anything else that happened meanwhile is noticed.
                isStatusChanged = true
                resumption = now + node.latencies.resumption
            } else {
                takeHeldUpdate(in: environment)
            }
        }
        if status == nil { start(in: environment) } else { advance(in: environment) }
    }

    /// Takes over what changed while the kubelet did not answer.
    mutating func takeHeldUpdate(in environment: any WorkerEnvironment) {
        guard var held = heldUpdate else { return }
        heldUpdate = nil
        if resumption != nil { held.shown = pod.shown }
        resumption = nil
        update(held, in: environment)
    }

    /// Goes on in a kubelet that has just started: containers ran on, back-offs are forgotten.
    package mutating func restart(in environment: any WorkerEnvironment) {
        let now = environment.now
        inSandbox(environment) { $0.advance(to: now, world: environment.world) }
        takeSandboxEvents(in: environment)
        if stage < .terminated {
            backoff = BackoffTable(initial: backoff.initial, maximum: backoff.maximum)
            imageBackoff = BackoffTable(initial: imageBackoff.initial, maximum: imageBackoff.maximum)
            failures = [:]
            work = nil
            lastSync = nil
            for index in probes.indices { probes[index].nextTick = now + .seconds(probes[index].spec.periodSeconds) }
            view = runtime
            viewTime = now
            isPending = true
        }
        resume(in: environment)
    }

    /// The machine goes down: containers end without a trace.
    package mutating func powerOff(in environment: any WorkerEnvironment) {
        let now = environment.now
        accountClaimedVolumes(in: environment)
        for index in runtime.containers.indices where runtime.containers[index].state == .running {
            runtime.containers[index].state = .exited
            runtime.containers[index].finishedAt = now
            runtime.containers[index].exitCode = 255
            runtime.containers[index].reason = "Unknown"
        }
        if runtime.sandbox == .ready { runtime.sandbox = .stopped }
        abandonCommands()
        sandbox = nil
        work = nil
        hooks = []
        commands = [:]
        for index in probes.indices { probes[index].command = nil }
    }

    /// Something that other pods had is free again.
    package mutating func retryResize(in environment: any WorkerEnvironment) { requestSync(in: environment) }

    /// Lets containers run on while the kubelet does not answer.
    package mutating func advanceContainers(in environment: any WorkerEnvironment) {
        let now = environment.now
        guard let wake = sandbox?.nextWake, wake <= now else { return }
        inSandbox(environment) { $0.advance(to: now, world: environment.world) }
        takeSandboxEvents(in: environment)
    }

    /// When something happens in the containers by itself.
    package var nextContainerWake: Timestamp? { sandbox?.nextWake }

    // Network

    /// The answer of the pod's containers to a request from outside.
    func answer(_ request: HTTPProbe, port: Int, now: Timestamp) -> HTTPAnswer? {
        sandbox?.answer(request, port: port, now: now)
    }

    /// Whether one of the pod's containers accepts connections from outside.
    func accepts(port: Int, now: Timestamp) -> Bool { sandbox?.accepts(port: port, now: now) ?? false }
}
