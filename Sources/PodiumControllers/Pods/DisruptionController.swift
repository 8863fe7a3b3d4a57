// SPDX-License-Identifier: Apache-2.0
// How many pods behind a PodDisruptionBudget may be evicted now.

package import PodiumClient
import PodiumCodec
import PodiumHost
package import PodiumMachinery
import PodiumStorage

/// Keeps the status of PodDisruptionBudgets.
// Kubernetes: pkg/controller/disruption/disruption.go
package final class DisruptionController: InformedReconciler {
    package static let name = "disruption-controller"

    /// The times of the controller.
    enum Limits {
        /// How long an eviction is waited for before it counts as not having happened.
        static let deletionTimeout: Duration = .seconds(120)
    }

    private static let resource = GroupResource(group: "policy", resource: "poddisruptionbudgets")

    private let informers: SharedInformers
    private let recorder: EventRecorder

    package init(informers: SharedInformers) {
        self.informers = informers
        recorder = EventRecorder(client: informers.client, component: "controllermanager", queue: informers.queue)
    }

    package func watch(_ controller: Controller<NamespacedName>) {
        informers.handle(Self.resource) { event in
            if case .deleted = event { return }
            controller.add(event.object.key.name)
        }
        informers.handle(.pods) { [weak self] event in
            guard let self else { return }
            let pod = event.object
            // Most pods have no budget, and then nobody reads their trees.
            let budgets = self.informers.objects(Self.resource).filter {
                $0.namespace == pod.namespace && Self.selector(of: $0).matches(pod.labels)
            }
            if budgets.isEmpty { return }
            if case .updated(let old, let new) = event, Self.isAlike(old, new) { return }
            for budget in budgets { controller.add(budget.key.name) }
        }
    }

    /// Whether a change of a pod is of no concern to any budget.
    private static func isAlike(_ old: APIObject, _ new: APIObject) -> Bool {
        old.uid == new.uid && old.labels == new.labels && isHealthy(old) == isHealthy(new)
            && old.isTerminating == new.isTerminating
    }

    private static func selector(of budget: APIObject) -> LabelSelector {
        LabelSelector(object: budget.spec["selector"])
    }

    private static func isHealthy(_ pod: APIObject) -> Bool {
        pod.condition("Ready")?["status"]?.string == "True"
    }

    package func reconcile(_ name: NamespacedName) throws -> ReconcileResult {
        let client = informers.client
        guard let budget = try client.get(ObjectKey(Self.resource, name)), !budget.isTerminating else { return .done }
        let selector = Self.selector(of: budget)
        let pods = informers.objects(.pods).filter { $0.namespace == name.namespace && selector.matches($0.labels) }
        if pods.isEmpty {
            recorder.event(about: budget, type: .normal, reason: "NoPods", message: "No matching pods found")
        }
        let now = client.host.clock.now
        let disrupted = Self.pendingDisruptions(of: budget, pods, now: now)
        let healthy = pods.count { pod in
            Self.isHealthy(pod) && !pod.isTerminating && disrupted[pod.name] == nil
        }
        let (expected, desired) = try expectations(of: budget, pods)
        let status = DisruptionStatus(
            generation: budget.generation,
            healthy: healthy,
            desired: desired,
            expected: expected,
            disrupted: disrupted
        )
        try StatusError.ignoringAbsence { () throws(StatusError) in
            try client.updateStatus(budget.key, uid: budget.uid) { status.write(to: &$0, now: now) }
        }
        return ReconcileResult(requeueAfter: disrupted.isEmpty ? nil : Limits.deletionTimeout)
    }

    /// The evictions that were granted and have not shown yet.
    private static func pendingDisruptions(of budget: APIObject, _ pods: [APIObject], now: Timestamp) -> JSONObject {
        let names = Set(pods.filter { !$0.isTerminating }.map(\.name))
        return (budget.status["disruptedPods"]?.object ?? [:]).filter { name, time in
            guard names.contains(name), let time = time.string.flatMap({ Timestamp(rfc3339: $0) }) else { return false }
            return now - time < Limits.deletionTimeout
        }
    }

    /// How many pods there should be, and how many of them must stay healthy.
    private func expectations(
        of budget: APIObject,
        _ pods: [APIObject]
    ) throws(StatusError) -> (expected: Int, desired: Int) {
        if let limit = IntOrString(budget.spec["maxUnavailable"]) {
            let expected = try expectedScale(pods)
            return (expected, max(0, expected - (limit.scaled(to: expected, roundingUp: true) ?? 0)))
        }
        guard let minimum = IntOrString(budget.spec["minAvailable"]) else { return (pods.count, 1) }
        if case .int(let count) = minimum { return (pods.count, count) }
        let expected = try expectedScale(pods)
        return (expected, minimum.scaled(to: expected, roundingUp: true) ?? 0)
    }

    /// The replicas that the controllers of `pods` want. Pods without a controller count as they are.
    private func expectedScale(_ pods: [APIObject]) throws(StatusError) -> Int {
        var seen: Set<String> = []
        var sum = 0
        for pod in pods {
            guard let owner = OwnerReference.list(of: pod.value).first, let replicas = try replicas(of: owner, pod)
            else {
                sum += 1
                continue
            }
            if seen.insert(owner.uid).inserted { sum += replicas }
        }
        return sum
    }

    private func replicas(of owner: OwnerReference, _ pod: APIObject) throws(StatusError) -> Int? {
        let collections = [
            "ReplicationController": GroupResource.replicationControllers,
            "ReplicaSet": .replicaSets,
            "StatefulSet": .statefulSets,
        ]
        guard let resource = collections[owner.kind] else { return nil }
        let object = try informers.client.get(ObjectKey(resource, namespace: pod.namespace, name: owner.name))
        return object.map { $0.spec["replicas"]?.int ?? 1 }
    }
}
