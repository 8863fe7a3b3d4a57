// SPDX-License-Identifier: Apache-2.0
// Taints of nodes, tolerations of pods, and which of the latter bear which of the former.

package import PodiumCodec
package import PodiumMachinery

/// What a taint does to pods that do not tolerate it.
package enum TaintEffect: String, Hashable, Sendable {
    /// New pods stay away.
    case noSchedule = "NoSchedule"
    /// New pods prefer other nodes.
    case preferNoSchedule = "PreferNoSchedule"
    /// New pods stay away, and those there are evicted.
    case noExecute = "NoExecute"
}

/// A taint of a node. Two are the same taint when key and effect are.
package struct Taint: Hashable, Sendable {
    /// The keys that the node controllers and the scheduler know.
    package enum WellKnown {
        package static let notReady = "node.kubernetes.io/not-ready"
        package static let unreachable = "node.kubernetes.io/unreachable"
        package static let unschedulable = "node.kubernetes.io/unschedulable"
        package static let memoryPressure = "node.kubernetes.io/memory-pressure"
        package static let diskPressure = "node.kubernetes.io/disk-pressure"
        package static let pidPressure = "node.kubernetes.io/pid-pressure"
        package static let networkUnavailable = "node.kubernetes.io/network-unavailable"
        package static let outOfService = "node.kubernetes.io/out-of-service"
    }

    package var key: String
    package var value: String
    package var effect: TaintEffect
    package var timeAdded: Timestamp?

    package init(key: String, value: String = "", effect: TaintEffect, timeAdded: Timestamp? = nil) {
        self.key = key
        self.value = value
        self.effect = effect
        self.timeAdded = timeAdded
    }

    /// Reads a member of `spec.taints`; nil when its effect is unknown.
    package init?(_ json: JSONValue) {
        guard let effect = json["effect"]?.string.flatMap(TaintEffect.init) else { return nil }
        self.init(
            key: json["key"]?.string ?? "",
            value: json["value"]?.string ?? "",
            effect: effect,
            timeAdded: json["timeAdded"]?.string.flatMap { Timestamp(rfc3339: $0) }
        )
    }

    /// The taints of a Node object.
    package static func list(of node: JSONValue) -> [Taint] {
        (node[path: "spec", "taints"]?.elements ?? []).compactMap { Taint($0) }
    }

    /// Whether key and effect are those of `other`.
    package func isSame(as other: Taint) -> Bool { key == other.key && effect == other.effect }

    /// As a member of `spec.taints`.
    package var jsonValue: JSONValue {
        var members: JSONObject = ["key": .string(key)]
        if !value.isEmpty { members["value"] = .string(value) }
        members["effect"] = .string(effect.rawValue)
        if let timeAdded { members["timeAdded"] = .string(timeAdded.rfc3339) }
        return .object(members)
    }
}

/// A toleration of a pod.
// Kubernetes: k8s.io/api/core/v1/toleration.go ToleratesTaint
package struct Toleration: Hashable, Sendable {
    /// Empty for every key.
    package var key: String
    /// Whether any value will do; otherwise it must be `value`.
    package var isExists: Bool
    package var value: String
    /// nil for every effect.
    package var effect: TaintEffect?
    /// How long a NoExecute taint is borne; nil for ever.
    package var seconds: Int64?
    /// Whether the operator is one that nothing matches.
    private let isUnknown: Bool

    /// Reads a member of `spec.tolerations`.
    package init(_ json: JSONValue) {
        key = json["key"]?.string ?? ""
        let operation = json["operator"]?.string ?? ""
        isExists = operation == "Exists"
        isUnknown = !["", "Equal", "Exists"].contains(operation)
        value = json["value"]?.string ?? ""
        let effectText = json["effect"]?.string ?? ""
        effect = TaintEffect(rawValue: effectText)
        seconds = json["tolerationSeconds"]?.integer
    }

    /// The tolerations of a Pod object.
    package static func list(of pod: JSONValue) -> [Toleration] {
        (pod[path: "spec", "tolerations"]?.elements ?? []).map { Toleration($0) }
    }

    /// Whether this bears `taint`, at least for some time.
    package func tolerates(_ taint: Taint) -> Bool {
        if isUnknown { return false }
        if let effect, effect != taint.effect { return false }
        if !key.isEmpty, key != taint.key { return false }
        return isExists || value == taint.value
    }
}

extension Sequence where Element == Toleration {
    /// Whether one of these bears `taint`.
    package func tolerate(_ taint: Taint) -> Bool { contains { $0.tolerates(taint) } }
}

extension Sequence where Element == Taint {
    /// The first of these with one of `effects` that none of `tolerations` bears.
    package func firstUntolerated(by tolerations: [Toleration], effects: Set<TaintEffect>) -> Taint? {
        first { effects.contains($0.effect) && !tolerations.tolerate($0) }
    }
}
