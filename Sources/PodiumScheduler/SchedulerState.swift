// SPDX-License-Identifier: Apache-2.0
// The scheduler without its surroundings: what it knows, and what it decides next.

package import OrderedCollections
package import PodiumHost
package import PodiumMachinery
import PodiumPodModel

/// What is to be done about one pod.
package enum SchedulingDecision: Sendable {
    /// Bind the pod to the node, after its claims have got these volumes.
    case bind(QueuedPod, node: String, [VolumeAssignment])
    /// Say that the volumes of the pod did not come, and that it is scheduled anew.
    case giveUpVolumes(QueuedPod, problem: String)
    /// Say that the pod fits nowhere.
    case fail(SchedulingPod, message: String, Nomination)
    /// Say that a pod which is being deleted is not scheduled.
    case skipDeleted(SchedulingPod)

    /// What becomes of the node nominated for a pod that fits nowhere.
    package enum Nomination: Sendable {
        case keep
        case clear
        /// The node is made free: `victims` go, and `outbid` pods, less important, lose their nomination for it.
        case set(node: String, victims: [SchedulingPod], outbid: [SchedulingPod])
    }
}

/// Everything the scheduler knows, as a value: events go in, decisions come out.
// Kubernetes: pkg/scheduler/schedule_one.go, eventhandlers.go
package struct SchedulerState: Sendable {
    /// Whose pods are scheduled here.
    let schedulerName: String
    package var cache = SchedulerCache()
    package var queue = SchedulingQueue()
    package var nominated = NominatedPods()
    /// The disruption budgets, by name.
    package var budgets: OrderedDictionary<NamespacedName, DisruptionBudget> = [:]
    var algorithm: SchedulingAlgorithm
    /// Pods that have been put on a node whose binding storage has not confirmed yet, by UID.
    var assumed: [NamespacedName: String] = [:]
    /// Pods that are bound as soon as their claims are.
    var awaitingVolumes: OrderedDictionary<NamespacedName, AwaitedVolumes> = [:]

    package init(schedulerName: String = "default-scheduler", framework: SchedulingFramework = .standard) {
        self.schedulerName = schedulerName
        algorithm = SchedulingAlgorithm(framework)
    }

    /// Decides about the next pod; nil when none is to be tried now.
    package mutating func decide(now: Timestamp, random: RandomSource) -> SchedulingDecision? {
        guard let queued = queue.next() else { return nil }
        let pod = queued.pod
        if pod.isTerminating { return .skipDeleted(pod) }
        switch algorithm.schedule(pod, cache, nominated, random) {
        case .node(let node):
            let volumes = VolumeBinding().assignments(for: pod, on: node, cache)
            for case .take(let volume, let claim) in volumes { cache.assumedVolumes[volume.name] = claim.name }
            cache.place(pod, on: node)
            nominated.remove(pod.name)
            assumed[pod.name] = pod.uid
            return .bind(queued, node: node, volumes)
        case .noNodes:
            queue.putBack(queued, rejectors: [], now: now)
            return .fail(pod, message: "no nodes available to schedule pods", .keep)
        case .unfit(var diagnosis, let cycle):
            queue.putBack(queued, rejectors: diagnosis.rejectors, now: now)
            let nomination = postFilter(pod, &diagnosis, cycle, random)
            return .fail(pod, message: diagnosis.message, nomination)
        }
    }

    /// Tries to make room, and completes the sentence that says why there is none.
    private mutating func postFilter(
        _ pod: SchedulingPod,
        _ diagnosis: inout Diagnosis,
        _ cycle: CycleState,
        _ random: RandomSource
    ) -> SchedulingDecision.Nomination {
        // Upstream asks its plugin for dynamic resources first. It fails with these words when the filters were not
        // reached, and else finds nothing to do for pods without resource claims.
        if diagnosis.preFilterStatus != nil {
            diagnosis.postFilterMessage = "not found"
            return .keep
        }
        let preemption = DefaultPreemption(cluster: cache, nominated: nominated, budgets: Array(budgets.values))
        switch preemption.postFilter(pod, diagnosis, cycle, random) {
        case .unschedulable(let message, let keepsNomination):
            diagnosis.postFilterMessage = "no new claims to deallocate, \(message)"
            if !keepsNomination { nominated.remove(pod.name) }
            return keepsNomination ? .keep : .clear
        case .nominated(let node, let victims):
            let outbid = nominated.pods(for: node).filter { $0.priority < pod.priority }
            for other in outbid { nominated.remove(other.name) }
            nominated.set(pod, to: node)
            return .set(node: node, victims: victims, outbid: outbid)
        }
    }

    /// Takes back a decision to bind that could not be carried out.
    /// - Parameter retries: whether the pod is still to be scheduled.
    package mutating func bindingFailed(_ queued: QueuedPod, retries: Bool, now: Timestamp) {
        guard assumed[queued.pod.name] == queued.pod.uid else { return }
        assumed[queued.pod.name] = nil
        cache.remove(queued.pod.name)
        if retries { queue.putBack(queued, rejectors: [], now: now) }
    }

    /// Tries those pods again that `event` may help.
    mutating func retry(after event: ClusterEvent, now: Timestamp) {
        let framework = algorithm.framework
        queue.retry(now: now) { pod, rejectors in framework.mayFit(pod, rejectedBy: rejectors, after: event) }
    }
}
