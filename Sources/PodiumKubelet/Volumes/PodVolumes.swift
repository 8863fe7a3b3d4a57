// SPDX-License-Identifier: Apache-2.0
// When the volumes of a pod are mounted: attempts, and the waits between them.

import PodiumMachinery
import PodiumRuntime

/// The volumes of a pod on their way to being mounted.
// Kubernetes: pkg/kubelet/volumemanager/reconciler; goroutinemap/exponentialbackoff
package struct PodVolumes: Hashable, Sendable {
    private var isPrepared = false
    private let firstAttempt: Duration
    private let longestRetry: Duration
    private var wait: Duration
    /// Volumes still to be mounted, in the order of the manifest.
    private(set) var missing: [VolumeSpec] = []
    private(set) var nextAttempt: Timestamp?
    /// When the last volume was mounted.
    private(set) var mountedAt: Timestamp?
    /// The contents of mounted volumes, until the sandbox has them.
    var trees: [String: FileTree] = [:]
    /// The volumes behind claims, by the names that the pod has for them.
    var claimed: [String: String] = [:]
    /// Up to which change the sandbox has what is in them.
    var seenVersions: [String: Int] = [:]

    /// No volumes; attempts wait as `latencies` says.
    package init(_ latencies: Latencies) {
        firstAttempt = latencies.firstMount
        wait = latencies.mountRetry
        longestRetry = latencies.longestMountRetry
    }

    /// Whether nothing needs to be waited for.
    var areMounted: Bool { isPrepared && missing.isEmpty }

    /// Begins to mount; does nothing the second time.
    mutating func prepare(_ spec: PodSpec, now: Timestamp) {
        guard !isPrepared else { return }
        isPrepared = true
        missing = spec.volumes
        if missing.isEmpty { mountedAt = now } else { nextAttempt = now + firstAttempt }
    }

    /// Whether an attempt is due.
    func isAttemptDue(at now: Timestamp) -> Bool { nextAttempt.map { $0 <= now } ?? false }

    /// Takes over what an attempt came to.
    mutating func finishAttempt(failed: [VolumeSpec], now: Timestamp) {
        missing = failed
        if failed.isEmpty {
            nextAttempt = nil
            mountedAt = now
        } else {
            nextAttempt = now + wait
            wait = min(wait + wait, longestRetry)
        }
    }
}

/// Why a volume cannot be mounted, or a container not be configured.
struct ConfigProblem: Error, Hashable, Sendable {
    let message: String
    /// The waiting reason of a container that is not started for it.
    let reason: String

    init(_ message: String, reason: String = "CreateContainerConfigError") {
        self.message = message
        self.reason = reason
    }
}
