// SPDX-License-Identifier: Apache-2.0
// What is remembered of a node between two looks: when it last gave a sign, and how it was.

import PodiumClient
import PodiumCodec
import PodiumMachinery
import PodiumStorage

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
    private var lease: StoredObject?
    private var hasReported: Bool
    /// The status of Ready at the last look; nil before the first one.
    var readyStatus: String?
    /// Whether it is still to be said that it is not ready any more.
    var owesEvent = false
    /// Whether some pods are still to be told that their node is not ready.
    var owesPodUpdates = false

    /// A node that has just appeared.
    init(_ node: APIObject, lease: StoredObject?, now: Timestamp) {
        heartbeat = node.condition(NodeCondition.ready)?["lastHeartbeatTime"]
        self.lease = lease
        hasReported = node.condition(NodeCondition.ready) != nil
        probe = hasReported ? Self.look(atOrAfter: now) : node.creationTimestamp ?? now
    }

    /// Takes note of a sign of life in the Node, if there is a new one.
    mutating func note(_ node: APIObject, now: Timestamp) {
        let ready = node.condition(NodeCondition.ready)
        let beat = ready?["lastHeartbeatTime"]
        // What this controller writes itself is no sign of life: it leaves the heartbeat as it was.
        if beat == heartbeat { return }
        probe = Self.look(atOrAfter: now)
        if ready != nil { hasReported = true }
        heartbeat = beat
    }

    /// Takes note of a sign of life in the Lease, if there is a new one. Heartbeats are only seen at looks: they came
    /// when they say that they did.
    mutating func note(lease: StoredObject?, now: Timestamp) {
        if lease === self.lease { return }
        let (old, new) = (Self.renewal(of: self.lease), Self.renewal(of: lease))
        self.lease = lease
        if new == old { return }
        let beat = lease?.isHeartbeat == true ? new.flatMap { Timestamp(rfc3339: $0) } : nil
        probe = max(probe, Self.look(atOrAfter: min(beat ?? now, now)))
    }

    private static func renewal(of lease: StoredObject?) -> String? {
        lease?.text(ofMember: "renewTime").map { String(decoding: $0.buffer, as: UTF8.self) }
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
