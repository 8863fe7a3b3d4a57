// SPDX-License-Identifier: Apache-2.0
// The pods of a node that is not ready are not ready either.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage

/// Tells pods that their node is not ready.
// Kubernetes: pkg/controller/util/node/controller_utils.go MarkPodsNotReady
struct NodePods: Sendable {
    let informers: SharedInformers
    let recorder: EventRecorder

    /// Sets Ready of all pods on the node `name` to False.
    /// - Returns: whether all were told.
    func markNotReady(on name: String) -> Bool {
        let client = informers.client
        let now = client.host.clock.now
        var isDone = true
        for pod in informers.objects(.pods) where pod.nodeName == name {
            do throws(StatusError) {
                var isChanged = false
                let updated = try client.updateStatus(pod.key, uid: pod.uid) { value in
                    isChanged = Self.setNotReady(&value, now: now)
                    return isChanged
                }
                guard isChanged, let updated else { continue }
                recorder.event(about: updated, type: .warning, reason: "NodeNotReady", message: "Node is not ready")
            } catch {
                if error.reason == .notFound { continue }
                isDone = false
            }
        }
        return isDone
    }

    /// The condition keeps its reason, message and generation: only the status and the time change.
    private static func setNotReady(_ pod: inout JSONValue, now: Timestamp) -> Bool {
        var conditions = pod["status"]?["conditions"]?.elements ?? []
        guard let index = conditions.firstIndex(where: { $0["type"]?.string == "Ready" }),
            conditions[index]["status"]?.string != "False"
        else { return false }
        conditions[index]["status"] = "False"
        conditions[index]["lastTransitionTime"] = .string(now.rfc3339)
        pod[path: "status", "conditions"] = .array(conditions)
        return true
    }
}
