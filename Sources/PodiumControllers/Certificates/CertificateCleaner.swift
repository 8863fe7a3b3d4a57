// SPDX-License-Identifier: Apache-2.0
// Requests for certificates do not stay for ever.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage

/// Deletes CertificateSigningRequests about which nothing is left to be done.
///
/// Upstream looks at all of them every hour; here each goes when its time has come.
// Kubernetes: pkg/controller/certificates/cleaner/cleaner.go
final class CertificateCleaner: InformedReconciler {
    static let name = "certificatesigningrequest-cleaner-controller"

    /// How long requests are kept.
    enum Limits {
        /// After they were granted, denied, or failed.
        static let decided: Duration = .seconds(3600)
        /// After they were made, while nobody decides.
        static let pending: Duration = .seconds(24 * 3600)
    }

    private static let resource = GroupResource(group: "certificates.k8s.io", resource: "certificatesigningrequests")

    private let informers: SharedInformers

    init(informers: SharedInformers) { self.informers = informers }

    func watch(_ controller: Controller<String>) {
        informers.handle(Self.resource) { event in
            if case .deleted = event { return }
            controller.add(event.object.name)
        }
    }

    func reconcile(_ name: String) throws -> ReconcileResult {
        let client = informers.client
        guard let request = try client.get(ObjectKey(Self.resource, name: name)), let end = Self.end(of: request) else {
            return .done
        }
        let rest = end - client.host.clock.now
        if rest > .zero { return ReconcileResult(requeueAfter: rest) }
        try StatusError.ignoringAbsence { () throws(StatusError) in
            try client.delete(request.key, uid: request.uid)
        }
        return .done
    }

    /// When a request is to go; nil while something is to be expected of it.
    static func end(of request: APIObject) -> Timestamp? {
        let conditions = request.status["conditions"]?.elements ?? []
        if conditions.isEmpty { return request.creationTimestamp.map { $0 + Limits.pending } }
        let isIssued = !(request.status["certificate"]?.string ?? "").isEmpty
        return conditions.compactMap { condition in
            switch condition["type"]?.string {
            case "Denied", "Failed": break
            case "Approved" where isIssued: break
            default: return nil
            }
            let time = condition["lastUpdateTime"]?.string.flatMap { Timestamp(rfc3339: $0) }
            return time.map { $0 + Limits.decided }
        }.min()
    }
}
