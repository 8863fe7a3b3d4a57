// SPDX-License-Identifier: Apache-2.0
// How many pods behind a PodDisruptionBudget may be evicted now.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumPodModel
import PodiumStorage

/// What the disruption controller looks at.
enum DisruptionKey: Hashable, Comparable, Sendable {
    case budget(NamespacedName)
    /// A pod that was to go and is still there.
    case stalePod(NamespacedName)
}

/// Keeps the status of PodDisruptionBudgets.
// Kubernetes: pkg/controller/disruption/disruption.go
// State | guarded by | why separate
// members | queue | the queue of the informers, whose changes it follows
final class DisruptionController: InformedReconciler {
    static let name = "disruption-controller"

    /// The times of the controller.
    enum Limits {
        /// How long an eviction is waited for before it counts as not having happened.
        static let deletionTimeout: Duration = .seconds(120)
        /// How long a pod may say that it is about to be disrupted.
        static let staleDisruptionTimeout: Duration = .seconds(120)
    }

    private let informers: SharedInformers
    private let recorder: EventRecorder
    private let members: Confined<BudgetedPods>

    init(informers: SharedInformers) {
        self.informers = informers
        recorder = EventRecorder(client: informers.client, component: "controllermanager", queue: informers.queue)
        members = Confined(BudgetedPods(), on: informers.queue)
    }

    func watch(_ controller: Controller<DisruptionKey>) {
        informers.handle(.podDisruptionBudgets) { [weak self] event in
            let name = event.object.key.name
            if case .deleted = event {
                self?.members.withState { $0.remove(name) }
            } else {
                controller.add(.budget(name))
            }
        }
        informers.handle(.pods) { [weak self] event in self?.take(event, controller) }
    }

    private func take(_ event: InformerEvent, _ controller: Controller<DisruptionKey>) {
        let pod = event.object
        let isGone = if case .deleted = event { true } else { false }
        let budgets = members.withState { $0.take(pod, isGone: isGone) }
        if let first = budgets.first {
            if budgets.count > 1 { warn(of: pod, first) }
            controller.add(.budget(first))
        }
        guard !isGone, Self.mayBeDisrupted(pod), let wait = staleness(of: pod) else { return }
        controller.add(.stalePod(pod.key.name), after: wait)
    }

    /// Most pods are not, and then their trees are not read.
    private static func mayBeDisrupted(_ pod: APIObject) -> Bool {
        if pod.nodeName.isEmpty { return false }
        let type = Array(PodConditionType.disruptionTarget.utf8)
        return pod.stored.texts(ofMember: "type").contains { $0.buffer.elementsEqual(type) }
    }

    private func warn(of pod: APIObject, _ budget: NamespacedName) {
        recorder.event(
            about: pod,
            type: .warning,
            reason: "MultiplePodDisruptionBudgets",
            message: "Pod \"\(pod.namespace)\"/\"\(pod.name)\" matches multiple PodDisruptionBudgets.  "
                + "Chose \"\(budget.name)\" arbitrarily."
        )
    }

    func reconcile(_ key: DisruptionKey) throws -> ReconcileResult {
        switch key {
        case .budget(let name): try reconcileBudget(name)
        case .stalePod(let name): try reconcileStalePod(name)
        }
    }

    // MARK: Budgets

    private func reconcileBudget(_ name: NamespacedName) throws -> ReconcileResult {
        guard let budget = try informers.current(ObjectKey(.podDisruptionBudgets, name)), !budget.isTerminating else {
            return .done
        }
        let pods = try pods(of: budget)
        if pods.isEmpty { record(budget, .normal, "NoPods", "No matching pods found") }
        let expectation: ExpectedPods
        do {
            expectation = try ExpectedPods(budget.spec, pods, ControllerScales(informers: informers))
        } catch let error as ExpectationError {
            let problem = "Failed to calculate the number of expected pods: \(error.message)"
            record(budget, .warning, "CalculateExpectedPodCountFailed", problem)
            try write(budget) { DisruptionStatus.fail(&$0, error.message, now: $1) }
            return .done
        }
        if expectation.hasUnmanaged { warnOfUnmanaged(budget) }
        let (disrupted, recheck) = pendingDisruptions(of: budget, pods)
        let status = DisruptionStatus(
            generation: budget.generation,
            healthy: pods.count { $0.isReady && !$0.isTerminating && disrupted[$0.name] == nil },
            desired: expectation.desired,
            expected: expectation.expected,
            disrupted: disrupted
        )
        try write(budget) { status.write(to: &$0, now: $1) }
        return ReconcileResult(requeueAfter: recheck)
    }

    private func write(_ budget: APIObject, _ change: (inout JSONValue, Timestamp) -> Bool) throws(StatusError) {
        let client = informers.client
        let now = client.host.clock.now
        try StatusError.ignoringAbsence { () throws(StatusError) in
            try client.updateStatus(budget.key, uid: budget.uid) { change(&$0, now) }
        }
    }

    private func pods(of budget: APIObject) throws(StatusError) -> [WorkloadPod] {
        let name = budget.key.name
        let selector = LabelSelector(object: budget.spec["selector"])
        if !members.withState({ $0.isKnown(name, selector) }) {
            let pods = try informers.client.list(.pods, scope: .namespace(name.namespace))
            members.withState { $0.set(name, selector, pods) }
        }
        return members.withState { $0.pods(of: name) }
    }

    private func record(_ budget: APIObject, _ type: EventType, _ reason: String, _ message: String) {
        recorder.event(about: budget, type: type, reason: reason, message: message)
    }

    private func warnOfUnmanaged(_ budget: APIObject) {
        record(
            budget,
            .warning,
            "UnmanagedPods",
            "Pods selected by this PodDisruptionBudget (selector: \(SelectorText.go(budget.spec["selector"]))) were "
                + "found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may "
                + "result in undefined behavior. To account for these pods please set \".spec.minAvailable\" field of "
                + "the PDB to an integer value."
        )
    }

    /// The evictions that were granted and have not shown yet, and how long it takes until the first of them counts as
    /// not having happened.
    // Kubernetes: pkg/controller/disruption/disruption.go buildDisruptedPodMap
    private func pendingDisruptions(of budget: APIObject, _ pods: [WorkloadPod]) -> (JSONObject, Duration?) {
        let noted = budget.status["disruptedPods"]?.object ?? [:]
        let now = informers.client.host.clock.now
        var pending: JSONObject = [:]
        var recheck: Duration?
        if noted.isEmpty { return (pending, nil) }
        for pod in pods.sorted(by: { $0.name < $1.name }) where !pod.isTerminating {
            guard let text = noted[pod.name], let time = text.string.flatMap({ Timestamp(rfc3339: $0) }) else {
                continue
            }
            let rest = time + Limits.deletionTimeout - now
            if rest <= .zero {
                let name = budget.key.name
                recorder.event(
                    about: pod.object,
                    type: .warning,
                    reason: "NotDeleted",
                    message: "Pod was expected by PDB \(name) to be deleted but it wasn't"
                )
            } else {
                pending[pod.name] = text
                recheck = min(recheck ?? rest, rest)
            }
        }
        return (pending, recheck)
    }

    // MARK: Pods that were to go

    /// How long a pod may still say that it is about to be disrupted; nil when it does not, or may for ever.
    // Kubernetes: pkg/controller/disruption/disruption.go nonTerminatingPodHasStaleDisruptionCondition
    private func staleness(of pod: APIObject) -> Duration? {
        if pod.isTerminating || pod.isTerminalPod { return nil }
        guard let condition = pod.condition(PodConditionType.disruptionTarget),
            condition["status"]?.string == "True", condition["reason"]?.string != "TerminationByKubelet"
        else { return nil }
        let since = condition["lastTransitionTime"]?.string.flatMap { Timestamp(rfc3339: $0) }
        let now = informers.client.host.clock.now
        return max(.zero, (since ?? now) + Limits.staleDisruptionTimeout - now)
    }

    private func reconcileStalePod(_ name: NamespacedName) throws -> ReconcileResult {
        let client = informers.client
        guard let pod = try client.get(ObjectKey(.pods, name)), let wait = staleness(of: pod) else { return .done }
        if wait > .zero { return ReconcileResult(requeueAfter: wait) }
        let now = client.host.clock.now
        let condition = PodCondition(PodConditionType.disruptionTarget, false, observedGeneration: pod.generation)
        try StatusError.ignoringAbsence { () throws(StatusError) in
            try client.updateStatus(pod.key, uid: pod.uid) { condition.set(on: &$0, now: now) }
        }
        return .done
    }
}
