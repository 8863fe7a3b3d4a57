// SPDX-License-Identifier: Apache-2.0
// Which nodes have a kubelet, for whoever asks from outside of the kubelets' queue.

import Synchronization

/// The names of the nodes that have a kubelet, whether or not their Node object still exists.
// State | guarded by | why separate
// names | mutex | written on the kubelets' queue, read by request threads
final class KubeletRoster: Sendable {
    private let names = Mutex<Set<String>>([])

    func contains(_ name: String) -> Bool { names.withLock { $0.contains(name) } }

    func insert(_ name: String) { names.withLock { _ = $0.insert(name) } }

    func remove(_ name: String) { names.withLock { _ = $0.remove(name) } }
}
