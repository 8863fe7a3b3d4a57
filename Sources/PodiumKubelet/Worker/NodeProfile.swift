// SPDX-License-Identifier: Apache-2.0
// The rhythm of a kubelet: when it lists containers, when it looks at its work queue.

package import PodiumMachinery
package import PodiumRuntime

/// Moments that return with a period.
package struct Rhythm: Hashable, Sendable {
    package let period: Duration
    /// How long after a multiple of the period each of the moments is.
    package let phase: Duration

    package init(period: Duration, phase: Duration) {
        self.period = period
        self.phase = phase
    }

    /// The last of the moments that is not after `time`.
    package func last(upTo time: Timestamp) -> Timestamp {
        let step = period.nanoseconds
        let offset = phase.nanoseconds
        let shifted = time.nanoseconds - offset
        let count = shifted >= 0 ? shifted / step : (shifted - step + 1) / step
        return Timestamp(nanoseconds: count * step + offset)
    }

    /// The first of the moments after `time`.
    package func next(after time: Timestamp) -> Timestamp { last(upTo: time) + period }

    /// The first of the moments that is not before `time`.
    package func next(from time: Timestamp) -> Timestamp {
        let last = last(upTo: time)
        return last == time ? time : last + period
    }
}

/// What a pod worker knows of its node.
package struct NodeProfile: Hashable, Sendable {
    package var name: String
    package var hostIP: String
    /// When the node's kubelet lists the containers of all pods.
    package var relists: Rhythm
    /// When it looks which pods are due.
    package var ticks: Rhythm
    /// When it compares its statuses with those in the API.
    package var reconciliations: Rhythm
    /// When it looks for pods that use too much storage.
    package var evictionChecks: Rhythm
    /// When it first measures the volumes of pods that came since the last time.
    // Kubernetes: pkg/kubelet/server/stats/fs_resource_analyzer.go
    package var volumeScans: Rhythm
    package var latencies: Latencies
    /// What containers see of the node.
    package var facts: NodeFacts

    package init(
        name: String,
        hostIP: String,
        phase: Duration,
        latencies: Latencies = Latencies(),
        facts: NodeFacts = NodeFacts()
    ) {
        self.facts = facts
        self.name = name
        self.hostIP = hostIP
        self.latencies = latencies
        let shifted = phase.nanoseconds + latencies.tickOffset.nanoseconds
        let tick = Duration.nanoseconds(shifted % latencies.tickPeriod.nanoseconds)
        relists = Rhythm(period: latencies.relistPeriod, phase: phase)
        ticks = Rhythm(period: latencies.tickPeriod, phase: tick)
        reconciliations = Rhythm(period: latencies.reconciliationPeriod, phase: tick)
        evictionChecks = Rhythm(period: latencies.evictionPeriod, phase: phase)
        // A node's phase says where in a second it is.
        let scan = latencies.volumeScanPeriod
        volumeScans = Rhythm(period: scan, phase: .nanoseconds(phase.nanoseconds * scan.components.seconds))
    }
}
