// SPDX-License-Identifier: Apache-2.0
// What a kubelet remembers of the Events about one object, so that the memory goes when the object does.

import PodiumClient
import PodiumHost
import PodiumRegistry

/// The recorders of the Events about one pod or node.
///
/// All that a recorder remembers is about single objects. A recorder for each of them remembers the same as one for the
/// whole kubelet would, and is forgotten with its pod. Warnings have one of their own, so that they do not use up the
/// ration of other Events.
struct EventRecorders {
    private let normal: EventRecorder
    private let warning: EventRecorder

    init(of node: String, in cluster: KubeletSurroundings, on queue: any SerialQueue) {
        func recorder() -> EventRecorder {
            let client = cluster.client.acting(as: .kubelet(of: node), fieldManager: "kubelet")
            return EventRecorder(client: client, component: "kubelet", host: node, queue: queue)
        }
        normal = recorder()
        warning = recorder()
    }

    subscript(type: EventType) -> EventRecorder {
        switch type {
        case .normal: normal
        case .warning: warning
        }
    }
}
