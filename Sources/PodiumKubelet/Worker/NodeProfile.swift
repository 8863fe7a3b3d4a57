// SPDX-License-Identifier: Apache-2.0
// The rhythm of a kubelet: when it lists containers, when it looks at its work queue, how long things take.

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

/// How long the steps of a kubelet take.
package struct Latencies: Hashable, Sendable {
    /// From the change of a pod in the API to the first thing that is done about it.
    package var dispatch: Duration = .milliseconds(20)
    /// Between two looks whether all volumes are mounted.
    package var volumePoll: Duration = .milliseconds(300)
    package var sandbox: Duration = .milliseconds(20)
    /// From the image's presence to the container's start.
    package var containerStart: Duration = .milliseconds(15)
    /// From the wish for a hook to its beginning.
    package var hook: Duration = .milliseconds(10)
    /// From a successful change of a pod's containers to the look at what came of it.
    package var inspection: Duration = .milliseconds(20)

    package init() {}
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
        relists = Rhythm(period: .seconds(1), phase: phase)
        let shifted = Duration.nanoseconds((phase.nanoseconds + 370_000_000) % 1_000_000_000)
        ticks = Rhythm(period: .seconds(1), phase: shifted)
        reconciliations = Rhythm(period: .seconds(10), phase: shifted)
        evictionChecks = Rhythm(period: .seconds(10), phase: phase)
        volumeScans = Rhythm(period: .seconds(60), phase: .nanoseconds(phase.nanoseconds * 60))
    }
}
