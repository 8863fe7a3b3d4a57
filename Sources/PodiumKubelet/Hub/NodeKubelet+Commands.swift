// SPDX-License-Identifier: Apache-2.0
// A kubelet's answers to clients that want to run commands in its pods.

import PodiumClient
import PodiumHost
package import PodiumMachinery
import Synchronization

/// A container in which a client wants something to be done.
package struct CommandPlace: Hashable, Sendable {
    package var pod: NamespacedName
    /// The UID of the pod.
    package var uid: String
    package var node: String
    package var container: String

    package init(pod: NamespacedName, uid: String, node: String, container: String) {
        self.pod = pod
        self.uid = uid
        self.node = node
        self.container = container
    }
}

/// Tells a kubelet that clients of a pod's commands want something: once, however many they are, until it looks.
// State | guarded by | why separate
// isRung | atomic | rung by the threads of clients, reset on the kubelet's queue
final class CommandBell: Sendable {
    private let isRung = Atomic<Bool>(false)

    /// Whether nobody has rung since the last look.
    func ring() -> Bool { !isRung.exchange(true, ordering: .acquiringAndReleasing) }

    /// Must come before a look: what is wanted after it rings again.
    func reset() { _ = isRung.exchange(false, ordering: .acquiringAndReleasing) }
}

extension KubeletHub {
    /// Begins with what a client wants of a container. Returns at once; `streams` tell what comes of it.
    package func run(_ wish: CommandWish, in place: CommandPlace, _ streams: CommandStreams) {
        whenFound(place.node) { kubelet in
            kubelet.begin(wish, in: place, streams)
        } otherwise: {
            streams.finish(.unknown("pod does not exist"))
        }
    }
}

extension NodeKubelet {
    func begin(_ wish: CommandWish, in place: CommandPlace, _ streams: CommandStreams) {
        guard isAnswering else {
            let problem = "dial tcp \(profile.hostIP):10250: connect: no route to host"
            return streams.finish(.unknown("error dialing backend: \(problem)"))
        }
        guard let entry = pods[place.uid] else { return streams.finish(.unknown("pod does not exist")) }
        let bell = entry.bell ?? CommandBell()
        entry.bell = bell
        let uid = place.uid
        let serve = onQueue { kubelet in
            bell.reset()
            kubelet.serveCommands(of: uid)
        }
        streams.attach { if bell.ring() { serve() } }
        drive(entry) { $0.begin(wish, in: place.container, streams, environment: self) }
    }

    /// A client has sent something, or taken what waited for it.
    private func serveCommands(of uid: String) {
        guard let entry = pods[uid] else { return }
        drive(entry) { _ in }
    }
}
