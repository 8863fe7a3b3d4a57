// SPDX-License-Identifier: Apache-2.0
// Takes pods in, turns them away, or makes room for critical ones.

import OrderedCollections
import PodiumClient
import PodiumCodec
import PodiumMachinery
import PodiumPodModel
import PodiumStorage

// Kubernetes: pkg/kubelet/kubelet.go HandlePodAdditions; pkg/kubelet/preemption/preemption.go
extension NodeKubelet {
    /// The node as admission sees it, without the pod of that UID.
    func room(without uid: String) -> NodeRoom {
        var use = pods.use
        if let claim = pods[uid]?.claim { use.remove(claim) }
        return NodeRoom(
            name: name,
            labels: node.labels,
            taints: Taint.list(of: node.value),
            allocatable: allocatable,
            use: use
        )
    }

    /// Starts a pod, or shows why it cannot run here.
    func admit(_ entry: PodEntry, manifest: JSONValue) {
        let spec = entry.worker.pod.spec
        if entry.worker.pod.isTerminating {
            setAdmitted(entry)
            return
        }
        // Nodes and pods come by two ways. The scheduler may have seen a change of the Node that has not come yet.
        if room(without: entry.uid).failure(spec, manifest) != nil { catchUpWithNode() }
        guard let failure = room(without: entry.uid).failure(spec, manifest) else {
            setAdmitted(entry)
            return
        }
        if spec.priority >= NodeRoom.criticalPriority, !failure.shortages.isEmpty {
            preempt(for: entry, failure)
        } else {
            reject(entry, failure.reason, failure.message)
        }
    }

    private func reject(_ entry: PodEntry, _ reason: String, _ message: String) {
        entry.isAdmitted = false
        drive(entry) { $0.reject(reason, message, in: self) }
    }

    /// Stops less important pods until the critical one fits.
    private func preempt(for entry: PodEntry, _ failure: AdmissionFailure) {
        let victims = victims(for: entry, failure)
        guard !victims.isEmpty else {
            let lacking = failure.shortages.map { "(res: \($0.resource), q: \($0.amount)), " }.joined()
            let problem =
                "preemption: error finding a set of pods to preempt: no set of running pods found to reclaim "
                + "resources: [\(lacking)]"
            reject(
                entry,
                "UnexpectedAdmissionError",
                "Unexpected error while attempting to recover from admission failure: \(problem)"
            )
            return
        }
        let message = "Pod was preempted by Kubelet to accommodate a critical pod."
        let condition = PodCondition(
            PodConditionType.disruptionTarget,
            true,
            reason: "TerminationByKubelet",
            message: message
        )
        for victim in victims {
            drive(victim) { worker in
                worker.notePreemption()
                let eviction = PodEviction(
                    reason: "Preempting",
                    message: "Preempted in order to admit critical pod",
                    graceSeconds: nil
                )
                worker.evict(eviction, condition: condition, in: self)
            }
        }
        setAdmitted(entry)
    }

    /// The least important pods whose room is enough.
    private func victims(for entry: PodEntry, _ failure: AdmissionFailure) -> [PodEntry] {
        let priority = entry.worker.pod.spec.priority
        var missing = Dictionary(failure.shortages.map { ($0.resource, $0.amount) }) { first, _ in first }
        let candidates = pods.ordered.filter { candidate in
            candidate.uid != entry.uid && candidate.isAdmitted && candidate.worker.usesResources
                && candidate.worker.isStarted && candidate.worker.pod.spec.priority < priority
        }.sorted { $0.worker.pod.spec.priority < $1.worker.pod.spec.priority }
        var victims: [PodEntry] = []
        for candidate in candidates where missing.values.contains(where: { $0 > 0 }) {
            let requests = candidate.worker.grantedRequests
            var helps = false
            for (resource, amount) in missing where amount > 0 {
                let freed =
                    resource == "pods"
                    ? 1
                    : requests[resource].map { resource == "cpu" ? $0.milliValue : $0.value } ?? 0
                if freed > 0 { helps = true }
                missing[resource] = amount - freed
            }
            if helps { victims.append(candidate) }
        }
        return missing.values.allSatisfy { $0 <= 0 } ? victims : []
    }
}
