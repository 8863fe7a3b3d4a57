// SPDX-License-Identifier: Apache-2.0
// A pod as workload controllers see it: who owns it, and how it is.

import PodiumClient
import PodiumCodec
import PodiumMachinery
import PodiumStorage

/// A pod in one of its states. Immutable.
///
/// Who owns it and what its facts say is known without its tree; the rest is read when it is first asked for, which for
/// pods without a controller is mostly never.
final class WorkloadPod: Ownable {
    enum Phase: String, Sendable {
        case pending = "Pending"
        case running = "Running"
        case succeeded = "Succeeded"
        case failed = "Failed"
        case unknown = "Unknown"
    }

    /// What the tree says.
    final class Details: Sendable {
        let annotations: [String: String]
        let finalizers: [String]
        let created: Timestamp
        /// Since when it is ready; nil while it is not.
        let readySince: Timestamp?
        let isReady: Bool
        /// The most restarts of one of its containers.
        let restarts: Int64
        /// The node that it is on, or the only one that it may go to; nil when it may go to several.
        let targetNode: String?
        /// The names of the claims behind its volumes, by the names of the volumes.
        let claims: [String: String]

        init(_ pod: APIObject) {
            let never = Timestamp(nanoseconds: 0)
            annotations = pod.annotations
            finalizers = pod.metadata["finalizers"]?.elements.compactMap(\.string) ?? []
            created = pod.creationTimestamp ?? never
            let ready = pod.condition("Ready")
            isReady = ready?["status"]?.string == "True"
            let since = ready?["lastTransitionTime"]?.string.flatMap { Timestamp(rfc3339: $0) }
            readySince = isReady ? since ?? never : nil
            let statuses = ["initContainerStatuses", "containerStatuses"].flatMap { pod.status[$0]?.elements ?? [] }
            restarts = statuses.map { $0["restartCount"]?.integer ?? 0 }.max() ?? 0
            let node = pod.nodeName
            targetNode = node.isEmpty ? Self.requiredNode(of: pod.spec) : node
            let volumes = (pod.spec["volumes"]?.elements ?? []).compactMap { volume in
                volume["persistentVolumeClaim"]?["claimName"]?.string.map { (volume["name"]?.string ?? "", $0) }
            }
            claims = Dictionary(volumes) { $1 }
        }

        /// The node that the required affinity names.
        // Kubernetes: pkg/controller/daemon/util/daemonset_util.go GetTargetNodeName
        private static func requiredNode(of spec: JSONValue) -> String? {
            let required = spec["affinity"]?["nodeAffinity"]?["requiredDuringSchedulingIgnoredDuringExecution"]
            let fields = (required?["nodeSelectorTerms"]?.elements ?? []).flatMap { $0["matchFields"]?.elements ?? [] }
            let named = fields.first { $0["key"]?.string == "metadata.name" && $0["operator"]?.string == "In" }
            guard let values = named?["values"]?.elements, values.count == 1 else { return nil }
            return values[0].string
        }
    }

    let stored: StoredObject
    let controller: OwnerReference?
    let isTerminating: Bool
    private let lazyDetails = LazyReference<Details>()

    init(_ pod: APIObject) {
        stored = pod.stored
        controller = pod.controller
        isTerminating = pod.isTerminating
    }

    var key: ObjectKey { stored.key }
    var name: String { key.name.name }
    var uid: String { stored.facts.uid }
    var labels: [String: String] { stored.facts.labels }
    var nodeName: String { stored.facts.fields["spec.nodeName"] ?? "" }
    var phase: Phase { Phase(rawValue: stored.facts.fields["status.phase"] ?? "") ?? .unknown }
    var details: Details { lazyDetails.value ?? lazyDetails.setOnce(Details(APIObject(stored))) }
    /// The pod as a tree, read anew.
    var object: APIObject { APIObject(stored) }

    /// Whether it has ended for good.
    var isFinished: Bool { phase == .succeeded || phase == .failed }
    /// Whether it counts as one of those that there should be.
    var isActive: Bool { !isFinished && !isTerminating }
    var isReady: Bool { details.isReady }

    /// Whether this state of a pod is the same as `old`, one before, to whoever only counts its pods.
    func counts(like old: WorkloadPod) -> Bool {
        isActive == old.isActive && isTerminating == old.isTerminating && labels == old.labels
            && controller?.uid == old.controller?.uid && details.readySince == old.details.readySince
    }

    /// Whether it has been ready for `minimum`.
    // Kubernetes: pkg/api/v1/pod/util.go IsPodAvailable
    func isAvailable(after minimum: Duration, now: Timestamp) -> Bool {
        guard let since = details.readySince else { return false }
        return minimum <= .zero || since + minimum <= now
    }
}

extension Collection where Element == WorkloadPod {
    /// How long it takes until the next of these pods, which are ready, has been so for `minimum`; nil when none will.
    // Kubernetes: pkg/controller/controller_utils.go FindMinNextPodAvailabilityCheck
    func nextAvailability(after minimum: Duration, now: Timestamp) -> Duration? {
        if minimum <= .zero { return nil }
        return compactMap(\.details.readySince).map { $0 + minimum - now }.filter { $0 > .zero }.min()
    }
}

/// The pods of a cluster, by their controllers.
typealias WorkloadPods = OwnedObjects<WorkloadPod>
