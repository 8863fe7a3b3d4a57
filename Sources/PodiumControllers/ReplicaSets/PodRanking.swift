// SPDX-License-Identifier: Apache-2.0
// Which pods go first when there are too many.

import Glibc
import PodiumMachinery
import PodiumStorage

/// The order in which surplus pods are deleted.
// Kubernetes: pkg/controller/controller_utils.go ActivePodsWithRanks
struct PodRanking {
    private static let costAnnotation = "controller.kubernetes.io/pod-deletion-cost"

    let now: Timestamp
    /// How many pods of the same purpose each node has.
    private let crowds: [String: Int]

    /// - Parameter related: all pods that serve the same purpose.
    init(related: [WorkloadPod], now: Timestamp) {
        self.now = now
        crowds = Dictionary(related.filter(\.isActive).map { ($0.nodeName, 1) }, uniquingKeysWith: +)
    }

    /// Whether `left` goes before `right`.
    func precedes(_ left: WorkloadPod, _ right: WorkloadPod) -> Bool {
        let keys = (key(left), key(right))
        if keys.0 != keys.1 { return keys.0 < keys.1 }
        if left.isReady, let a = left.details.readySince, let b = right.details.readySince, a != b {
            return isYounger(a, b) ?? (left.uid < right.uid)
        }
        if left.details.restarts != right.details.restarts { return left.details.restarts > right.details.restarts }
        let (a, b) = (left.details.created, right.details.created)
        return a == b ? false : isYounger(a, b) ?? (left.uid < right.uid)
    }

    /// What comes before all times, the most important first.
    private struct Key: Comparable {
        let isPlaced: Bool
        let phase: Int
        let isReady: Bool
        let cost: Int32
        let crowd: Int

        static func < (left: Key, right: Key) -> Bool {
            if left.isPlaced != right.isPlaced { return right.isPlaced }
            if left.phase != right.phase { return left.phase < right.phase }
            if left.isReady != right.isReady { return right.isReady }
            if left.cost != right.cost { return left.cost < right.cost }
            return left.crowd > right.crowd
        }
    }

    private func key(_ pod: WorkloadPod) -> Key {
        let phase =
            switch pod.phase {
            case .pending: 0
            case .unknown: 1
            default: 2
            }
        return Key(
            isPlaced: !pod.nodeName.isEmpty,
            phase: phase,
            isReady: pod.isReady,
            cost: pod.details.annotations[Self.costAnnotation].flatMap { Int32($0) } ?? 0,
            crowd: crowds[pod.nodeName] ?? 0
        )
    }

    /// Whether something of `left` is younger than something of `right` by an order of magnitude to the base of two;
    /// nil when neither is.
    private func isYounger(_ left: Timestamp, _ right: Timestamp) -> Bool? {
        let ages = (magnitude(now - left), magnitude(now - right))
        return ages.0 == ages.1 ? nil : ages.0 < ages.1
    }

    private func magnitude(_ age: Duration) -> Int {
        let nanoseconds = age.nanoseconds
        return nanoseconds > 0 ? Int(log2(Double(nanoseconds))) : -1
    }
}
