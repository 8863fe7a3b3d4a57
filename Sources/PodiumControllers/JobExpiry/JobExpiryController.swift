// SPDX-License-Identifier: Apache-2.0
// Deletes Jobs that have been finished for as long as they ask.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumRegistry
import PodiumStorage

/// Deletes finished Jobs after their `ttlSecondsAfterFinished`, pods first.
// Kubernetes: pkg/controller/ttlafterfinished/ttlafterfinished_controller.go
final class JobExpiryController: InformedReconciler {
    static let name = "ttl-after-finished-controller"

    private let informers: SharedInformers

    init(informers: SharedInformers) { self.informers = informers }

    func watch(_ controller: Controller<NamespacedName>) {
        informers.handle(.jobs) { event in
            if case .deleted = event { return }
            if Self.expiry(of: event.object) != nil { controller.add(event.object.key.name) }
        }
    }

    func reconcile(_ name: NamespacedName) throws -> ReconcileResult {
        let key = ObjectKey(.jobs, namespace: name.namespace, name: name.name)
        // As it is now: what it asks for may have changed.
        guard let job = try informers.current(key), let expiry = Self.expiry(of: job) else { return .done }
        let rest = expiry - informers.client.host.clock.now
        if rest > .zero { return ReconcileResult(requeueAfter: rest) }
        try StatusError.ignoringAbsence { () throws(StatusError) in
            try informers.client.delete(key, uid: job.uid, propagation: .foreground)
        }
        return .done
    }

    /// When a Job is to go; nil when that is not known, or it is going.
    private static func expiry(of job: APIObject) -> Timestamp? {
        guard let seconds = job.spec["ttlSecondsAfterFinished"]?.integer, !job.isTerminating,
            let end = JobStatus(job.status).end
        else { return nil }
        let time = job.condition(end.type)?["lastTransitionTime"]?.string.flatMap { Timestamp(rfc3339: $0) }
        return time.map { $0 + .seconds(seconds) }
    }
}
