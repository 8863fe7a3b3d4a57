// SPDX-License-Identifier: Apache-2.0
// Connections from outside of the cluster to ports of pods.

import PodiumClient
import PodiumHost
package import PodiumMachinery
package import PodiumRuntime
import Synchronization

/// A connection to a port of a pod.
// State | guarded by | why separate
// conversation | mutex | used by whoever carries it, on any thread
package final class PodConnection: Sendable {
    private let answer: @Sendable (HTTPProbe) -> HTTPAnswer?
    private let conversation = Mutex(ServedConnection())

    init(answer: @escaping @Sendable (HTTPProbe) -> HTTPAnswer?) { self.answer = answer }

    /// Whether more should be said: not while answers wait.
    package var hasRoom: Bool { conversation.withLock { !$0.isBusy } }

    package func receive(_ bytes: [UInt8]) { conversation.withLock { $0.receive(bytes, answer) } }

    package func endInput() { conversation.withLock { $0.endInput() } }

    /// What was answered, and whether nothing more comes.
    package func take(limit: Int) -> (bytes: [UInt8], isOver: Bool) {
        conversation.withLock { conversation in
            let bytes = conversation.take(limit: limit)
            return (bytes, conversation.isOver)
        }
    }
}

extension KubeletHub {
    /// Connects to a port of a pod; nil when nothing listens there.
    ///
    /// Each request is answered by what the pod shows at its time.
    package func connect(to port: Int, of pod: NamespacedName, uid: String) -> PodConnection? {
        let (network, clock) = (network, clock)
        guard network.pod(uid, in: pod.namespace)?.network?.accepts(port: port) == true else { return nil }
        return PodConnection { request in
            network.pod(uid, in: pod.namespace)?.network?.answer(request, port: port, now: clock.now)
        }
    }

    /// The answer of a pod to one request; nil when nothing listens there.
    package func answer(_ request: HTTPProbe, on port: Int, of pod: NamespacedName, uid: String) -> HTTPAnswer? {
        network.pod(uid, in: pod.namespace)?.network?.answer(request, port: port, now: clock.now)
    }
}
