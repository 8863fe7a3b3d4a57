// SPDX-License-Identifier: Apache-2.0
// How the scheduler's decisions become writes: bindings, conditions, preemptions and Events.

import Logging
import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumPodModel
import PodiumStorage

extension Scheduler {
    func carryOut(_ decision: SchedulingDecision) {
        switch decision {
        case .bind(let queued, let node, let volumes):
            if volumes.isEmpty { bind(queued, to: node) } else { assign(volumes, to: queued, on: node) }
        case .giveUpVolumes(let queued, let problem): giveUp(queued, problem)
        case .skipDeleted(let pod): record(pod, .warning, "skip schedule deleting pod: \(pod.name)")
        case .fail(let pod, let message, let nomination): fail(pod, message, nomination)
        }
    }

    private func key(_ pod: SchedulingPod) -> ObjectKey { ObjectKey(.pods, pod.name) }

    private func record(_ pod: SchedulingPod, _ type: EventType, _ message: String) {
        recorder.event(
            about: pod.reference,
            type: type,
            reason: type == .normal ? "Scheduled" : "FailedScheduling",
            action: type == .normal ? "Binding" : "Scheduling",
            message: Self.cut(message)
        )
    }

    private func bind(_ queued: QueuedPod, to node: String) {
        let pod = queued.pod
        let now = client.host.clock.now
        do throws(StatusError) {
            try client.bind(key(pod), uid: pod.uid, to: node)
            record(pod, .normal, "Successfully assigned \(pod.name) to \(node)")
        } catch {
            // Whoever was faster is reported by the informer; what is still to be scheduled comes again after a while.
            let retries = isStillWaiting(pod) { !$0.isTerminating }
            shell.withState { $0.state.bindingFailed(queued, retries: retries, now: now) }
        }
    }

    /// Gives the claims of a pod their volumes, or says where they are to be made; the pod is bound when they are
    /// there.
    // Kubernetes: pkg/scheduler/framework/plugins/volumebinding/binder.go bindAPIUpdate
    private func assign(_ volumes: [VolumeAssignment], to queued: QueuedPod, on node: String) {
        let now = client.host.clock.now
        do throws(StatusError) {
            for assignment in volumes {
                switch assignment {
                case .take(let volume, let claim): try reserve(volume, for: claim)
                case .provision(let claim): try select(node, for: claim)
                }
            }
            shell.withState { $0.state.awaitVolumes(of: queued, on: node, now: now) }
        } catch {
            giveUp(queued, error.message)
        }
    }

    private func reserve(_ volume: PersistentVolume, for claim: VolumeClaim) throws(StatusError) {
        try client.update(ObjectKey(.persistentVolumes, name: volume.name), uid: volume.uid) { value in
            if value[path: "spec", "claimRef"] != nil { return false }
            value[path: "metadata", "annotations", VolumeAnnotation.boundByController] = "yes"
            value[path: "spec", "claimRef"] = [
                "kind": "PersistentVolumeClaim", "namespace": .string(claim.name.namespace),
                "name": .string(claim.name.name), "uid": .string(claim.uid), "apiVersion": "v1",
            ]
            return true
        }
    }

    private func select(_ node: String, for claim: VolumeClaim) throws(StatusError) {
        try client.update(ObjectKey(.persistentVolumeClaims, claim.name), uid: claim.uid) { value in
            if value[path: "metadata", "annotations", VolumeAnnotation.selectedNode] != nil { return false }
            value[path: "metadata", "annotations", VolumeAnnotation.selectedNode] = .string(node)
            return true
        }
    }

    /// The volumes of a pod cannot be had where it was to go: it is scheduled anew.
    private func giveUp(_ queued: QueuedPod, _ problem: String) {
        let now = client.host.clock.now
        let retries = isStillWaiting(queued.pod) { !$0.isTerminating }
        shell.withState { $0.state.bindingFailed(queued, retries: retries, now: now) }
        guard retries else { return }
        record(queued.pod, .warning, "running PreBind plugin \"VolumeBinding\": binding volumes: \(problem)")
    }

    /// Whether a pod is to be scheduled as far as can be told: it is there, nobody has bound it, and it is `wanted`.
    private func isStillWaiting(_ pod: SchedulingPod, _ wanted: (APIObject) -> Bool = { _ in true }) -> Bool {
        do throws(StatusError) {
            guard let current = try client.get(key(pod)), current.uid == pod.uid else { return false }
            return (current.stored.facts.fields["spec.nodeName"] ?? "").isEmpty && wanted(current)
        } catch {
            client.host.logger.warning("scheduler: \(pod.name) cannot be read: \(error.message)")
            return true
        }
    }

    private func fail(_ pod: SchedulingPod, _ message: String, _ nomination: SchedulingDecision.Nomination) {
        guard isStillWaiting(pod) else { return }
        record(pod, .warning, message)
        let now = client.host.clock.now
        let condition = PodCondition(
            PodConditionType.scheduled,
            false,
            reason: "Unschedulable",
            message: message,
            observedGeneration: pod.generation
        )
        edit(pod) { value in
            condition.set(on: &value, now: now)
            switch nomination {
            case .keep: break
            case .clear: value[path: "status", "nominatedNodeName"] = nil
            case .set(let node, _, _): value[path: "status", "nominatedNodeName"] = .string(node)
            }
        }
        guard case .set(let node, let victims, let outbid) = nomination else { return }
        for other in outbid { edit(other) { $0[path: "status", "nominatedNodeName"] = nil } }
        for victim in victims { preempt(victim, for: pod, on: node, now: now) }
    }

    /// Changes a pod, if it is still there.
    private func edit(_ pod: SchedulingPod, _ change: (inout JSONValue) -> Void) {
        do throws(StatusError) {
            try client.updateStatus(key(pod), uid: pod.uid) { value in
                change(&value)
                return true
            }
        } catch {
            client.host.logger.debug("scheduler: \(pod.name): \(error)")
        }
    }

    // Kubernetes: pkg/scheduler/framework/preemption/preemption.go PreemptPod
    private func preempt(_ victim: SchedulingPod, for pod: SchedulingPod, on node: String, now: Timestamp) {
        let condition = PodCondition(
            PodConditionType.disruptionTarget,
            true,
            reason: "PreemptionByScheduler",
            message: "\(schedulerName): preempting to accommodate a higher priority pod",
            observedGeneration: victim.generation
        )
        do throws(StatusError) {
            try client.updateStatus(key(victim), uid: victim.uid) { condition.set(on: &$0, now: now) }
            try client.delete(key(victim), uid: victim.uid)
        } catch {
            // It went by itself; or it stays for now, and the pod that wants its place tries again later.
            if error.reason != .notFound {
                client.host.logger.warning("scheduler: \(victim.name) cannot be preempted: \(error.message)")
            }
            return
        }
        recorder.event(
            about: victim.reference,
            related: pod.reference,
            type: .normal,
            reason: "Preempted",
            action: "Preempting",
            message: "Preempted by pod \(pod.uid) on node \(node)"
        )
    }

    /// Cuts a message to what an Event may carry.
    // Kubernetes: pkg/scheduler/schedule_one.go truncateMessage
    static func cut(_ message: String) -> String {
        let suffix = " ..."
        if message.utf8.count <= Limits.maximumMessageLength { return message }
        return String(decoding: message.utf8.prefix(Limits.maximumMessageLength - suffix.utf8.count), as: UTF8.self)
            + suffix
    }
}
