// SPDX-License-Identifier: Apache-2.0
// What is left in a namespace that is being deleted, and how its conditions say so.

import PodiumClient
import PodiumCodec
import PodiumMachinery

/// The objects that are still there after their deletion was asked for.
// Kubernetes: pkg/controller/namespace/deletion/status_condition_utils.go
struct NamespaceRemains: Hashable, Sendable {
    private var counts: [String: Int] = [:]
    private var finalizers: [String: Int] = [:]
    /// How many seconds the rest is expected to take.
    private(set) var estimate: Int64 = 0

    var isEmpty: Bool { counts.isEmpty }

    /// Counts an object that is left.
    mutating func add(_ object: APIObject, of resource: GroupResource) {
        counts["\(resource.resource).\(resource.group)", default: 0] += 1
        let held = (object.metadata["finalizers"]?.elements ?? []).compactMap(\.string)
        for finalizer in held { finalizers[finalizer, default: 0] += 1 }
        if !held.isEmpty { estimate = max(estimate, NamespaceController.Limits.finalizerEstimate) }
        estimate = max(estimate, object.metadata["deletionGracePeriodSeconds"]?.integer ?? 0)
    }

    /// The conditions of the namespace, in the order in which Kubernetes writes them.
    var conditions: [NamespaceCondition] {
        [
            NamespaceCondition(
                "NamespaceDeletionDiscoveryFailure",
                isTrue: false,
                "ResourcesDiscovered",
                "All resources successfully discovered"
            ),
            NamespaceCondition(
                "NamespaceDeletionGroupVersionParsingFailure",
                isTrue: false,
                "ParsedGroupVersions",
                "All legacy kube types successfully parsed"
            ),
            NamespaceCondition(
                "NamespaceDeletionContentFailure",
                isTrue: false,
                "ContentDeleted",
                "All content successfully deleted, may be waiting on finalization"
            ),
            content, holders,
        ]
    }

    private var content: NamespaceCondition {
        if counts.isEmpty {
            return NamespaceCondition(
                "NamespaceContentRemaining",
                isTrue: false,
                "ContentRemoved",
                "All content successfully removed"
            )
        }
        let parts = counts.sorted { $0.key < $1.key }.map { "\($0.key) has \($0.value) resource instances" }
        return NamespaceCondition(
            "NamespaceContentRemaining",
            isTrue: true,
            "SomeResourcesRemain",
            "Some resources are remaining: \(parts.joined(separator: ", "))"
        )
    }

    private var holders: NamespaceCondition {
        if finalizers.isEmpty {
            return NamespaceCondition(
                "NamespaceFinalizersRemaining",
                isTrue: false,
                "ContentHasNoFinalizers",
                "All content-preserving finalizers finished"
            )
        }
        let parts = finalizers.sorted { $0.key < $1.key }.map { "\($0.key) in \($0.value) resource instances" }
        return NamespaceCondition(
            "NamespaceFinalizersRemaining",
            isTrue: true,
            "SomeFinalizersRemain",
            "Some content in the namespace has finalizers remaining: \(parts.joined(separator: ", "))"
        )
    }
}

/// A condition of a namespace.
struct NamespaceCondition: Hashable, Sendable {
    let type: String
    let isTrue: Bool
    let reason: String
    let message: String

    init(_ type: String, isTrue: Bool, _ reason: String, _ message: String) {
        self.type = type
        self.isTrue = isTrue
        self.reason = reason
        self.message = message
    }

    /// Writes the condition into `namespace`; its time moves only with its status.
    func set(on namespace: inout JSONValue, now: Timestamp) {
        var conditions = namespace["status"]?["conditions"]?.elements ?? []
        let index = conditions.firstIndex { $0["type"]?.string == type }
        let status = isTrue ? "True" : "False"
        let old = index.map { conditions[$0] }
        let time = (old?["status"]?.string == status ? old?["lastTransitionTime"] : nil) ?? .string(now.rfc3339)
        let new: JSONValue = [
            "type": .string(type), "status": .string(status), "lastTransitionTime": time, "reason": .string(reason),
            "message": .string(message),
        ]
        if let index { conditions[index] = new } else { conditions.append(new) }
        namespace[path: "status", "conditions"] = .array(conditions)
    }
}
