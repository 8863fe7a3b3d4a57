// SPDX-License-Identifier: Apache-2.0
// Which nodes have a kubelet, for whoever asks from outside of the kubelets' queue.

import Synchronization

/// The names of the nodes that have a kubelet, whether or not their Node object still exists.
// State | guarded by | why separate
// state | mutex | written on the kubelets' queue and by requests, read by request threads
final class KubeletRoster: Sendable {
    private struct State {
        var names: Set<String> = []
        /// Those that do not answer.
        var silent: Set<String> = []
    }

    private let state = Mutex(State())

    func contains(_ name: String) -> Bool { state.withLock { $0.names.contains(name) } }

    /// Whether there is a kubelet of the node, and it answers.
    func answers(_ name: String) -> Bool {
        state.withLock { $0.names.contains(name) && !$0.silent.contains(name) }
    }

    func insert(_ name: String) { state.withLock { _ = $0.names.insert(name) } }

    func remove(_ name: String) {
        state.withLock { state in
            state.names.remove(name)
            state.silent.remove(name)
        }
    }

    /// Notes whether a kubelet answers.
    func setSilent(_ isSilent: Bool, _ name: String) {
        state.withLock { state in
            if isSilent { state.silent.insert(name) } else { state.silent.remove(name) }
        }
    }
}
