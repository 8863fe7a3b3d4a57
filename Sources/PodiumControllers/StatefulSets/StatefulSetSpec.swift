// SPDX-License-Identifier: Apache-2.0
// What a StatefulSet wants.

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
