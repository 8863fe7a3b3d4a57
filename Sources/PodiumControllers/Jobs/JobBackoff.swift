// SPDX-License-Identifier: Apache-2.0
// How long a Job waits before it replaces a pod that failed.

import PodiumMachinery

/// The failures of a Job since its last success.
// Kubernetes: pkg/controller/job/backoff_utils.go backoffRecord
struct JobBackoff: Hashable, Sendable {
    static let initial = Duration.seconds(10)
    static let maximum = Duration.seconds(600)

    private(set) var failures = 0
    private(set) var last: Timestamp?

    /// Takes note of pods that ended, by the times at which they did.
    mutating func add(succeeded: [Timestamp], failed: [Timestamp]) {
        guard let lastSuccess = succeeded.max() else {
            guard let lastFailure = failed.max() else { return }
            failures += failed.count
            last = lastFailure
            return
        }
        let later = failed.filter { $0 > lastSuccess }
        failures = later.count
        last = later.max()
    }

    /// How long the next pod has to wait.
    func remaining(now: Timestamp) -> Duration {
        guard let last else { return .zero }
        return Self.remaining(failures: failures, last: last, now: now)
    }

    /// What is left of the wait after so many failures, the last of which was at `last`.
    static func remaining(failures: Int, last: Timestamp, now: Timestamp) -> Duration {
        if failures <= 0 { return .zero }
        var wait = initial
        for _ in 1..<failures where wait < maximum { wait = min(wait + wait, maximum) }
        return max(.zero, last + wait - now)
    }
}
