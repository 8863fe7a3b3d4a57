// SPDX-License-Identifier: Apache-2.0
// One probe of one container: its clock, its counts, and what it last found.

import PodiumMachinery
import PodiumRuntime

/// What a probe found out.
enum ProbeResult: Hashable, Sendable {
    case unknown
    case success
    case failure
}

/// What is known of containers through probes, by the ID of the run.
struct ProbeResults: Hashable, Sendable {
    private var table: [String: [ProbeKind: ProbeResult]] = [:]

    subscript(id: String, kind: ProbeKind) -> ProbeResult? {
        get { table[id]?[kind] }
        set { table[id, default: [:]][kind] = newValue }
    }

    /// Forgets a run.
    mutating func remove(_ id: String, _ kind: ProbeKind) { table[id]?[kind] = nil }
}

/// A command of a probe that runs in a container.
struct ProbeCommand: Hashable, Sendable {
    let handle: ExecHandle
    let line: [String]
    /// When it is given up.
    let deadline: Timestamp
}

/// A probe with its clock, which ticks from when the pod was first prepared and does not care for restarts.
// Kubernetes: pkg/kubelet/prober/worker.go
struct ProbeWorker: Hashable, Sendable {
    let container: String
    let kind: ProbeKind
    let spec: ProbeSpec
    var nextTick: Timestamp
    /// A tick came while the probe was running.
    var hasMissedTick = false
    /// The pod was looked at while the container was not ready.
    var isTriggered = false
    /// The run of the container that the counts are about.
    var containerID: String?
    /// Nothing is probed before there is a new container.
    var isOnHold = false
    var isStopped = false
    var lastResult: ProbeResult?
    var resultRun = 0
    var command: ProbeCommand?

    init(container: String, kind: ProbeKind, spec: ProbeSpec, now: Timestamp) {
        self.container = container
        self.kind = kind
        self.spec = spec
        nextTick = now + .seconds(spec.periodSeconds)
    }

    /// When something is due by itself.
    var wake: Timestamp? {
        if isStopped { return nil }
        if let command { return command.deadline < nextTick || hasMissedTick ? command.deadline : nextTick }
        return isTriggered || hasMissedTick ? Timestamp(nanoseconds: .min / 2) : nextTick
    }

    /// What counts before the first probe.
    var initialResult: ProbeResult {
        switch kind {
        case .liveness: .success
        case .readiness: .failure
        case .startup: .unknown
        }
    }

    /// Takes a wish to run, or a tick, if one is due.
    mutating func takeTurn(at now: Timestamp) -> Bool {
        var isDue = false
        while nextTick <= now {
            nextTick = nextTick + .seconds(spec.periodSeconds)
            if command != nil { hasMissedTick = true } else { isDue = true }
        }
        if command != nil || isStopped { return false }
        if isTriggered {
            // An extra run starts the clock anew.
            isTriggered = false
            hasMissedTick = false
            nextTick = now + .seconds(spec.periodSeconds)
            return true
        }
        if hasMissedTick {
            hasMissedTick = false
            return true
        }
        return isDue
    }

    /// Counts a result.
    /// - Returns: whether the threshold is reached, so that the result counts.
    mutating func count(_ result: ProbeResult) -> Bool {
        if lastResult == result {
            resultRun += 1
        } else {
            lastResult = result
            resultRun = 1
        }
        let threshold = result == .failure ? spec.failureThreshold : spec.successThreshold
        return resultRun >= threshold
    }
}
