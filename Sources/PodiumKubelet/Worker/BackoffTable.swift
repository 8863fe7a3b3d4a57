// SPDX-License-Identifier: Apache-2.0
// Waits that double from attempt to attempt, each with its own key.

package import PodiumMachinery

/// The back-off of containers that crash, or of images that cannot be pulled.
///
/// ```
/// next at 0 s   → wait 10 s
/// next at 12 s  → wait 20 s
/// next at 700 s, twice the maximum after the last → wait 10 s
/// ```
// Kubernetes: client-go/util/flowcontrol/backoff.go
package struct BackoffTable: Hashable, Sendable {
    private struct Entry: Hashable {
        var wait: Duration
        var last: Timestamp
    }

    package let initial: Duration
    package let maximum: Duration
    private var entries: [String: Entry] = [:]

    package init(initial: Duration, maximum: Duration) {
        self.initial = initial
        self.maximum = maximum
    }

    /// The present wait of `key`; nothing for an unknown one.
    package func wait(_ key: String) -> Duration { entries[key]?.wait ?? .zero }

    /// Whether at `now` less than the wait of `key` has passed since `event`.
    package func isWaiting(_ key: String, since event: Timestamp, now: Timestamp) -> Bool {
        guard let entry = entries[key], !isExpired(entry, at: event) else { return false }
        return now - event < entry.wait
    }

    /// Whether at `now` less than the wait of `key` has passed since it was last raised.
    package func isWaitingSinceUpdate(_ key: String, now: Timestamp) -> Bool {
        guard let entry = entries[key], !isExpired(entry, at: now) else { return false }
        return now - entry.last < entry.wait
    }

    /// Raises the wait of `key` because of what happened at `event`.
    package mutating func next(_ key: String, event: Timestamp, now: Timestamp) {
        if var entry = entries[key], !isExpired(entry, at: event) {
            entry.wait = min(entry.wait + entry.wait, maximum)
            entry.last = now
            entries[key] = entry
        } else {
            entries[key] = Entry(wait: initial, last: now)
        }
    }

    private func isExpired(_ entry: Entry, at event: Timestamp) -> Bool {
        event - entry.last > maximum + maximum
    }
}
