// SPDX-License-Identifier: Apache-2.0
// Brings a kubelet's status together with the one in the API, which has other writers too.

import PodiumCodec
import PodiumMachinery
import PodiumPodModel

extension PodStatus {
    /// What is to be written over `old`.
    ///
    /// A final phase is held back until nothing of the pod can run any more, and no pod in a final phase is ready.
    /// - Parameters:
    ///   - old: the status in the API.
    ///   - isStopped: whether nothing of the pod can run any more.
    // Kubernetes: pkg/kubelet/status/status_manager.go mergePodStatus
    func merged(with old: JSONValue, isStopped: Bool, now: Timestamp) -> JSONValue {
        var new = self
        let oldPhase = old["phase"]?.string.flatMap(PodPhase.init) ?? .pending
        let isEnding = phase.isTerminal && !oldPhase.isTerminal
        if isEnding, !isStopped {
            new.phase = oldPhase
            new.reason = old["reason"]?.string
            new.message = old["message"]?.string
        }
        if !(isEnding && isStopped), !Self.hasCondition(PodConditionType.disruptionTarget, in: old) {
            new.conditions.removeAll { $0.type == PodConditionType.disruptionTarget }
        }
        if new.phase.isTerminal { new.clearReadiness(now: now) }
        return new.value(keeping: old)
    }

    private mutating func clearReadiness(now: Timestamp) {
        let reason = phase == .succeeded ? "PodCompleted" : "PodFailed"
        for index in conditions.indices {
            let type = conditions[index].type
            let isReadiness = type == PodConditionType.ready || type == PodConditionType.containersReady
            guard isReadiness, conditions[index].isTrue else { continue }
            conditions[index].isTrue = false
            conditions[index].reason = reason
            conditions[index].message = ""
            conditions[index].lastTransition = Timestamp(seconds: now.seconds)
        }
    }

    private static func hasCondition(_ type: String, in status: JSONValue) -> Bool {
        (status["conditions"]?.elements ?? []).contains { $0["type"]?.string == type }
    }
}
