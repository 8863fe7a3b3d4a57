// SPDX-License-Identifier: Apache-2.0
// What a StatefulSet wants, and the names by which its pods are known.

import PodiumClient
import PodiumCodec
import PodiumMachinery

/// The specification of a StatefulSet.
struct StatefulSetSpec: Sendable {
    enum Strategy: Hashable, Sendable {
        /// Pods get the new template when somebody deletes them.
        case onDelete
        /// Pods from the place `partition` on are replaced, so many at a time that no more than `maxUnavailable` of
        /// all are unavailable.
        case rolling(partition: Int, maxUnavailable: Int)
    }

    let replicas: Int
    /// The ordinal of the first pod.
    let firstOrdinal: Int
    /// Whether a pod has to wait until those before it are available.
    let isOrdered: Bool
    let strategy: Strategy
    /// Whether a rolling update says nothing about its partition: then the pods that were there keep their template.
    let lacksPartition: Bool
    let template: JSONValue
    let serviceName: String
    let selector: LabelSelector
    let matchLabels: JSONObject
    let claimTemplates: [JSONValue]
    let retention: ClaimRetention
    let minReady: Duration
    /// How many revisions are kept that no pod has; nil for all.
    let historyLimit: Int?

    init(_ spec: JSONValue) {
        replicas = spec["replicas"]?.int ?? 1
        firstOrdinal = spec[path: "ordinals", "start"]?.int ?? 0
        isOrdered = spec["podManagementPolicy"] != "Parallel"
        template = spec["template"] ?? .emptyObject
        serviceName = spec["serviceName"]?.string ?? ""
        selector = LabelSelector(object: spec["selector"])
        matchLabels = spec[path: "selector", "matchLabels"]?.object ?? [:]
        claimTemplates = spec["volumeClaimTemplates"]?.elements ?? []
        retention = ClaimRetention(spec["persistentVolumeClaimRetentionPolicy"])
        minReady = .seconds(spec["minReadySeconds"]?.integer ?? 0)
        historyLimit = (spec["revisionHistoryLimit"]?.int).flatMap { $0 < 0 ? nil : $0 }
        let parameters = spec[path: "updateStrategy", "rollingUpdate"]
        let isRolling = spec[path: "updateStrategy", "type"] != "OnDelete"
        lacksPartition = isRolling && parameters?.object == nil
        strategy = isRolling ? Self.rolling(parameters, replicas) : .onDelete
    }

    // Kubernetes: pkg/controller/statefulset/stateful_set_utils.go getStatefulSetMaxUnavailable
    private static func rolling(_ parameters: JSONValue?, _ replicas: Int) -> Strategy {
        let unavailable = IntOrString(parameters?["maxUnavailable"])?.scaled(to: replicas, roundingUp: false) ?? 1
        // A small share of few pods would be none, and then nothing could ever change.
        return .rolling(partition: parameters?["partition"]?.int ?? 0, maxUnavailable: max(1, unavailable))
    }

    /// The ordinals of the pods that there should be.
    var ordinals: Range<Int> { firstOrdinal..<firstOrdinal + replicas }

    /// Whether a new pod of this ordinal gets the template from before the update.
    /// - Parameter current: how many pods have that template still.
    // Kubernetes: pkg/controller/statefulset/stateful_set_utils.go newVersionedStatefulSetPod
    func keepsCurrent(_ ordinal: Int, current: Int) -> Bool {
        guard case .rolling(let partition, _) = strategy else { return false }
        return ordinal < firstOrdinal + (lacksPartition ? current : partition)
    }
}

/// The name of a pod of a StatefulSet: the set's, and the pod's ordinal.
// Kubernetes: pkg/controller/statefulset/stateful_set_utils.go getParentNameAndOrdinal
struct StatefulPodName: Hashable, Sendable {
    /// nil when it is a number that no pod can have.
    let ordinal: Int?

    /// Reads `name`; nil when it is none of the names of the pods of `set`.
    init?(_ name: String, of set: String) {
        let rest = name.utf8.dropFirst(set.utf8.count)
        guard rest.first == UInt8(ascii: "-"), name.utf8.starts(with: set.utf8) else { return nil }
        let digits = rest.dropFirst()
        guard !digits.isEmpty, digits.allSatisfy(\.isDigit) else { return nil }
        ordinal = Int32(Substring(digits)).map { Int($0) }
    }

    /// The name of the pod `ordinal` of `set`.
    static func text(_ set: String, _ ordinal: Int) -> String { "\(set)-\(ordinal)" }
}

extension WorkloadPod {
    /// The name, or the hash, of the revision that its template is from.
    var revisionLabel: String { labels[RevisionLabel.revision] ?? "" }
    /// Whether it runs and is ready, ending or not.
    var isRunningAndReady: Bool { phase == .running && isReady }
}

/// The labels by which pods and revisions know each other.
enum RevisionLabel {
    /// On pods, and on the revisions of DaemonSets.
    static let revision = "controller-revision-hash"
    /// On the revisions of StatefulSets.
    static let hash = "controller.kubernetes.io/hash"
}
