// SPDX-License-Identifier: Apache-2.0
// How soon a pod that fails again and again is replaced.

import PodiumMachinery

/// The pauses between replacements of failed pods: doubling for each node, until the specification changes.
// Kubernetes: client-go/util/flowcontrol/backoff.go
struct FailureBackoff: Sendable {
    /// The limits of a pause.
    private enum Limits {
        static let initial = Duration.seconds(1)
        static let maximum = Duration.seconds(15 * 60)
    }

    private struct Pause {
        let generation: Int64
        let length: Duration
        let since: Timestamp

        /// Whether it is so long ago that the next one starts anew.
        func isExpired(_ now: Timestamp) -> Bool { now - since > Limits.maximum + Limits.maximum }
    }

    /// By DaemonSet and node.
    private var pauses: [NamespacedName: [String: Pause]] = [:]

    /// Asks whether a failed pod on `node` may be replaced now, which starts the next pause.
    /// - Returns: how long to wait; nil when it may.
    mutating func wait(_ name: NamespacedName, _ node: String, generation: Int64, now: Timestamp) -> Duration? {
        var last = pauses[name]?[node]
        if let known = last, known.generation != generation || known.isExpired(now) { last = nil }
        if let last, now - last.since < last.length { return last.length }
        let length = last.map { min($0.length + $0.length, Limits.maximum) } ?? Limits.initial
        // Nodes come and go.
        var others = (pauses[name] ?? [:]).filter { !$0.value.isExpired(now) }
        others[node] = Pause(generation: generation, length: length, since: now)
        pauses[name] = others
        return nil
    }

    /// Forgets a DaemonSet, which is gone.
    mutating func forget(_ name: NamespacedName) { pauses[name] = nil }
}
