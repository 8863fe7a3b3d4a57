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
        /// What volumes hold that no pod need be running for.
        var kept: [String: Int] = [:]
        var total = 0
        /// The pods that were told to go.
        var leaving: Set<String> = []
        var isShort = false
        /// Called when memory becomes short, after the lock was left.
        var whenShort: (@Sendable () -> Void)?

        mutating func set(_ bytes: Int?, of uid: String) {
            total += (bytes ?? 0) - (held[uid] ?? 0)
            held[uid] = bytes
        }
    }

    /// The bytes that all pods together may hold.
    let limit: Int
    private let state = Mutex(State())

    init(limit: Int) { self.limit = limit }

    /// Sets what is done when memory becomes short.
    func whenShort(_ act: @escaping @Sendable () -> Void) { state.withLock { $0.whenShort = act } }

    /// Whether less is left than is to stay free, even without the pods that go already.
    var isShort: Bool { state.withLock { $0.isShort } }

    /// Takes note of what a pod holds.
    /// - Returns: what it may hold.
    func note(_ bytes: Int, of uid: String) -> Int {
        let (allowance, act) = state.withLock { state in
            state.set(bytes, of: uid)
            let wasShort = state.isShort
            look(&state)
            return (limit - state.total + bytes, state.isShort && !wasShort ? state.whenShort : nil)
        }
        act?()
        return allowance
    }

    /// Takes note of what a volume holds beside the pods; nil when it is gone.
    func keep(_ bytes: Int?, in volume: String) {
        state.withLock { state in
            state.total += (bytes ?? 0) - (state.kept[volume] ?? 0)
            state.kept[volume] = bytes
            look(&state)
        }
    }

    /// Forgets a pod.
    func forget(_ uid: String) {
        state.withLock { state in
            state.set(nil, of: uid)
            state.leaving.remove(uid)
            look(&state)
        }
    }

    private func look(_ state: inout State) {
        let leaving = state.leaving.reduce(0) { $0 + (state.held[$1] ?? 0) }
        state.isShort = limit - state.total + leaving < limit / Limits.reserveDivisor
    }

    /// Why the pod, which was just found to hold so many bytes, must go; nil when enough is left without those that go
    /// already, or others hold more.
    func shortage(of uid: String, holding own: Int) -> MemoryShortage? {
        state.withLock { state in
            state.set(own, of: uid)
            look(&state)
            guard state.isShort, !state.leaving.contains(uid) else { return nil }
            let isLargest = state.held.allSatisfy { other, bytes in
                bytes < own || bytes == own && other >= uid || state.leaving.contains(other)
            }
            guard isLargest else { return nil }
            state.leaving.insert(uid)
            look(&state)
            return MemoryShortage(reserve: limit / Limits.reserveDivisor, available: max(0, limit - state.total))
        }
    }
}
