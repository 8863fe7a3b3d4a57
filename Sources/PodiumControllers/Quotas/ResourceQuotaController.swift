// SPDX-License-Identifier: Apache-2.0
// Counts what quotas are about, and gives back what is not used any more.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumKinds
import PodiumMachinery
import PodiumStorage

/// The controller of ResourceQuotas.
///
/// What is created is booked by admission, before it is there. Here is counted anew what there is: when a quota comes
/// or changes, when something that it counts goes or needs less, and every now and then.
// Kubernetes: pkg/controller/resourcequota/resource_quota_controller.go
// State | guarded by | why separate
// quotas | queue | the queue of the informers, whose changes it follows
final class ResourceQuotaController: InformedReconciler {
    static let name = "resourcequota-controller"

    /// The times of the controller.
    enum Limits {
        /// How often all is counted although nothing happened: bookings may have come to nothing.
        static let resyncPeriod: Duration = .seconds(300)
        /// How long is waited for more to go, when something goes.
        static let patience: Duration = .milliseconds(20)
        /// The same for each object that there was to count last time, so that crowds are not counted at every step.
        static let patiencePerObject: Duration = .microseconds(200)
        static let maximumPatience: Duration = .seconds(1)
    }

    /// What must be known of a quota to tell what concerns it.
    private struct Known {
        var names: [String]
        var size = 0
    }

    private let informers: SharedInformers
    private let evaluators: [QuotaEvaluator]
    private let quotas: Confined<[String: [String: Known]]>

    init(informers: SharedInformers, catalog: ResourceCatalog) {
        self.informers = informers
        evaluators = catalog.entries.filter(\.isNamespaced).compactMap { QuotaEvaluator($0.resource) }
        quotas = Confined([:], on: informers.queue)
    }

    func watch(_ controller: Controller<NamespacedName>) {
        informers.handle(.resourceQuotas) { [weak self] event in self?.take(event, controller) }
        for evaluator in evaluators {
            informers.handle(evaluator.resource) { [weak self] event in
                self?.replenish(evaluator, event, controller)
            }
        }
    }

    private func take(_ event: InformerEvent, _ controller: Controller<NamespacedName>) {
        let quota = event.object
        let (namespace, name) = (quota.namespace, quota.name)
        if case .deleted = event {
            quotas.withState { quotas in
                quotas[namespace]?[name] = nil
                if quotas[namespace]?.isEmpty == true { quotas[namespace] = nil }
            }
            return
        }
        // Its status is written here and by admission.
        if case .updated(let old, let new) = event, old.uid == new.uid, old.spec == new.spec { return }
        let names = quota.spec["hard"]?.object.map { Array($0.keys) } ?? []
        quotas.withState { $0[namespace, default: [:]][name] = Known(names: names) }
        controller.add(quota.key.name)
    }

    /// Has the quotas counted that may have got something back.
    // Kubernetes: pkg/controller/resourcequota/resource_quota_controller.go replenishQuota
    private func replenish(
        _ evaluator: QuotaEvaluator,
        _ event: InformerEvent,
        _ controller: Controller<NamespacedName>
    ) {
        let namespace = event.object.namespace
        let known = quotas.withState { $0[namespace] } ?? [:]
        let concerned = known.filter { $0.value.names.contains(where: evaluator.counts) }
        if concerned.isEmpty { return }
        switch event {
        case .added: return
        case .updated(let old, let new):
            guard !evaluator.countsAlike else { return }
            let now = informers.client.host.clock.now
            guard evaluator.isRelieved(by: new.value, old: old.value, now: now) else { return }
        case .deleted: break
        }
        for (name, quota) in concerned.sorted(by: { $0.key < $1.key }) {
            let patience = Limits.patience + Limits.patiencePerObject * quota.size
            controller.add(
                NamespacedName(namespace: namespace, name: name),
                after: min(patience, Limits.maximumPatience)
            )
        }
    }

    func reconcile(_ name: NamespacedName) throws -> ReconcileResult {
        let client = informers.client
        var size = 0
        let isThere = try StatusError.ignoringAbsence { () throws(StatusError) in
            // Counted while the quota is at hand, so that a booking meanwhile has it counted once more.
            try client.updateStatus(ObjectKey(.resourceQuotas, name)) { quota throws(StatusError) in
                let count = try QuotaCount(quota, evaluators, now: client.host.clock.now) {
                    resource throws(StatusError) in
                    try client.list(resource, scope: .namespace(name.namespace))
                }
                size = count.size
                return count.write(to: &quota)
            }
        }
        guard isThere else { return .done }
        quotas.withState { [size] in $0[name.namespace]?[name.name]?.size = size }
        return ReconcileResult(requeueAfter: Limits.resyncPeriod)
    }
}
