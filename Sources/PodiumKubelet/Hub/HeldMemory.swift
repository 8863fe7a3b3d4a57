// SPDX-License-Identifier: Apache-2.0
// How much of this machine's memory the pods of a cluster hold, and which of them has to go when it runs out.

import Synchronization

/// That little of this machine's memory is left, and so one pod must go.
package struct MemoryShortage: Hashable, Sendable {
    /// How many bytes are to stay free.
    package let reserve: Int
    package let available: Int
}

/// What the pods of a cluster hold: their files, processes and logs.
///
/// It stands for the disks and the memory of all nodes together. When little is left, the pod that holds most is
/// evicted, as a node does that runs low; what a pod writes beyond the limit finds no space left.
// State | guarded by | why separate
// state | mutex | the kubelets of all nodes tell it what their pods hold
final class HeldMemory: Sendable {
    /// The limits of a ledger.
    enum Limits {
        /// A pod is heard of again when what it holds has changed by as much.
        static let grain = 64 << 10
        /// The part of the limit that is to stay free, as a divisor.
        // Kubernetes: pkg/kubelet/apis/config/v1beta1/defaults_linux.go DefaultEvictionHard nodefs.available 10%
        static let reserveDivisor = 10
    }

    private struct State {
        var held: [String: Int] = [:]
        var total = 0
        /// The pods that were told to go.
        var leaving: Set<String> = []

        mutating func set(_ bytes: Int?, of uid: String) {
            total += (bytes ?? 0) - (held[uid] ?? 0)
            held[uid] = bytes
        }
    }

    /// The bytes that all pods together may hold.
    let limit: Int
    private let state = Mutex(State())

    init(limit: Int) { self.limit = limit }

    /// Takes note of what a pod holds.
    /// - Returns: what it may hold.
    func note(_ bytes: Int, of uid: String) -> Int {
        state.withLock { state in
            state.set(bytes, of: uid)
            return limit - state.total + bytes
        }
    }

    /// Forgets a pod.
    func forget(_ uid: String) {
        state.withLock { state in
            state.set(nil, of: uid)
            state.leaving.remove(uid)
        }
    }

    /// Why the pod must go; nil when enough is left without those that go already, or others hold more.
    func shortage(of uid: String) -> MemoryShortage? {
        state.withLock { state in
            let leaving = state.leaving.reduce(0) { $0 + (state.held[$1] ?? 0) }
            let reserve = limit / Limits.reserveDivisor
            let available = limit - state.total
            guard available + leaving < reserve, let own = state.held[uid], !state.leaving.contains(uid) else {
                return nil
            }
            let isLargest = state.held.allSatisfy { other, bytes in
                bytes < own || bytes == own && other >= uid || state.leaving.contains(other)
            }
            guard isLargest else { return nil }
            state.leaving.insert(uid)
            return MemoryShortage(reserve: reserve, available: max(0, available))
        }
    }
}
