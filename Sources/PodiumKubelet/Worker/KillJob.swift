// SPDX-License-Identifier: Apache-2.0
// The stop of one container: hook, turn, signal, and the signal that nothing survives.

import PodiumMachinery
import PodiumRuntime

/// Why a container is stopped.
enum KillCause: Hashable, Sendable {
    /// Its pod ends, or loses its sandbox.
    case podStop
    case definitionChange
    case failedProbe(ProbeKind)
    case resize
    /// The rule of one container starts all of the pod over.
    case restartOfAll
    case failedPostStartHook
}

/// A container that is being stopped.
struct KillJob: Hashable, Sendable {
    /// How far the stop has come.
    enum Stage: Hashable, Sendable {
        case begin
        /// The hook runs, until `deadline` at most.
        case preStop(hook: Int, began: Timestamp, deadline: Timestamp)
        /// Others must be gone first, but are waited for until `deadline` at most.
        case turn(began: Timestamp, deadline: Timestamp)
        /// It was asked to go, and is killed at `killAt`.
        case stopping(killAt: Timestamp)
        case done
    }

    let containerID: String
    let name: String
    /// The seconds left for hook and signal.
    var grace: Int
    let cause: KillCause
    /// Whether it is an init container.
    var isInit = false
    /// Whether the same look at the pod starts the container again.
    var restarts = false
    /// Containers of a lower number go first.
    var priority = 0
    var stage = Stage.begin

    init(_ record: ContainerRecord, grace: Int, cause: KillCause, priority: Int = 0) {
        containerID = record.id
        name = record.name
        self.grace = grace
        self.cause = cause
        self.priority = priority
    }

    var isDone: Bool { stage == .done }

    /// What the Event says.
    // Kubernetes: pkg/kubelet/kuberuntime/kuberuntime_manager.go computePodActions, kuberuntime_container.go
    var message: String {
        let subject = "\(isInit ? "Init container" : "Container") \(name)"
        let end = restarts ? ", will be restarted" : ""
        return switch cause {
        case .podStop: "Stopping container \(name)"
        case .definitionChange: "\(subject) definition changed\(end)"
        case .failedProbe(let kind): "\(subject) failed \(kind.rawValue.lowercased()) probe\(end)"
        case .resize: "\(subject) resize requires restart"
        case .restartOfAll: "killing"
        case .failedPostStartHook: "FailedPostStartHook"
        }
    }
}

/// Containers that are stopped side by side.
struct KillBatch: Hashable, Sendable {
    var jobs: [KillJob]
    /// Whether sidecars wait for the others.
    let isOrdered: Bool

    init(_ jobs: [KillJob], isOrdered: Bool) {
        self.jobs = jobs
        self.isOrdered = isOrdered
    }
}
