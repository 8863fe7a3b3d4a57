// SPDX-License-Identifier: Apache-2.0
// How fast nodes that fell silent lose their pods: slower, or not at all, when many fell silent at once.

import PodiumMachinery

/// The pace at which nodes are tainted so that their pods are evicted.
///
/// Normally one node in ten seconds. In a zone of which more than half is down, and more than two nodes, a node in a
/// hundred seconds, or none in a small cluster. When no node at all is ready, none: the fault is then more likely here.
// Kubernetes: pkg/controller/nodelifecycle/node_lifecycle_controller.go handleDisruption, ReducedQPSFunc
struct DisruptionPace: Sendable {
    /// The numbers of the rule.
    enum Limits {
        static let normalInterval: Duration = .seconds(10)
        static let reducedInterval: Duration = .seconds(100)
        /// Zones with a greater share of nodes that are not ready are disrupted.
        static let unhealthyShare = 0.55
        /// Only clusters with more nodes than this go on in a disrupted zone.
        static let largeClusterSize = 50
    }

    /// A node as far as this matters.
    struct Member: Hashable, Sendable {
        let zone: String
        let isReady: Bool
    }

    /// When a zone may lose its next node.
    private var nextTurn: [String: Timestamp] = [:]

    /// Whether no node at all is ready.
    static func isFullDisruption(_ members: [Member]) -> Bool {
        !members.isEmpty && !members.contains(where: \.isReady)
    }

    /// The time between two nodes of `zone`; nil for never.
    static func interval(of zone: String, _ members: [Member]) -> Duration? {
        if isFullDisruption(members) { return nil }
        let own = members.filter { $0.zone == zone }
        let down = own.count { !$0.isReady }
        let isDisrupted = down > 2 && down < own.count && Double(down) / Double(own.count) >= Limits.unhealthyShare
        if !isDisrupted { return Limits.normalInterval }
        return members.count > Limits.largeClusterSize ? Limits.reducedInterval : nil
    }

    /// Takes the turn of a node in `zone`.
    /// - Returns: how long it has to wait; zero when it had its turn; nil when there is none for the time being.
    mutating func takeTurn(in zone: String, _ members: [Member], now: Timestamp) -> Duration? {
        guard let interval = Self.interval(of: zone, members) else { return nil }
        if let next = nextTurn[zone], next > now { return next - now }
        nextTurn[zone] = now + interval
        return .zero
    }
}
