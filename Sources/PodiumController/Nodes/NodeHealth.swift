// SPDX-License-Identifier: Apache-2.0
// What is remembered of a node between two looks: when it last gave a sign, and how it was.

import OrderedCollections
import PodiumCodec
import PodiumMachinery

/// The signs of life of a node.
struct NodeHealth: Sendable {
    /// The times of the node controller.
    enum Limits {
        /// How often all nodes are looked at; looks happen at multiples of this.
        static let monitorPeriod: Duration = .seconds(5)
        /// How long a kubelet may be silent.
        static let gracePeriod: Duration = .seconds(50)
        /// How long a new node may be silent.
        static let startupGracePeriod: Duration = .seconds(60)
    }

    /// When the last sign was noticed, at a look.
    var probe: Timestamp
    /// The heartbeat and the lease that were seen last.
    private var heartbeat: JSONValue?
    private var renewal: JSONValue?
    private var hasReported: Bool
    /// The status of Ready at the last look; nil before the first one.
    var readyStatus: String?
    /// Whether some pods are still to be told that their node is not ready.
    var owesPodUpdates = false

    /// A node that has just appeared.
    init(_ node: APIObject, lease: APIObject?, now: Timestamp) {
        heartbeat = node.condition(NodeCondition.ready)?["lastHeartbeatTime"]
        renewal = lease?.spec["renewTime"]
        hasReported = node.condition(NodeCondition.ready) != nil
        probe = hasReported ? Self.look(atOrAfter: now) : node.creationTimestamp ?? now
    }

    /// Takes note of a sign of life, if there is a new one.
    mutating func note(_ node: APIObject, lease: APIObject?, now: Timestamp) {
        let ready = node.condition(NodeCondition.ready)
        let beat = ready?["lastHeartbeatTime"]
        let renewed = lease?.spec["renewTime"]
        // What this controller writes itself is no sign of life: it leaves the heartbeat as it was.
        if beat != heartbeat || renewed != renewal { probe = Self.look(atOrAfter: now) }
        if ready != nil, beat != heartbeat { hasReported = true }
        heartbeat = beat
        renewal = renewed
    }

    /// When the node counts as silent unless it gives another sign.
    var deadline: Timestamp {
        Self.look(atOrAfter: probe + (hasReported ? Limits.gracePeriod : Limits.startupGracePeriod))
    }

    /// The first look at or after `time`.
    static func look(atOrAfter time: Timestamp) -> Timestamp {
        let period = Limits.monitorPeriod.nanoseconds
        return Timestamp(nanoseconds: (time.nanoseconds + period - 1) / period * period)
    }
}
