// SPDX-License-Identifier: Apache-2.0
// The controllers whose pods belong together.

import PodiumCodec
import PodiumMachinery

/// A kind of controller that owns pods and says by a selector which ones.
// Kubernetes: pkg/scheduler/framework/plugins/helper/spread.go DefaultSelector
package enum OwnerKind: String, CaseIterable, Sendable {
    case replicationController = "ReplicationController"
    case replicaSet = "ReplicaSet"
    case statefulSet = "StatefulSet"

    /// Where its objects are.
    var resource: GroupResource {
        switch self {
        case .replicationController: .replicationControllers
        case .replicaSet: .replicaSets
        case .statefulSet: .statefulSets
        }
    }

    /// Reads `spec.selector`.
    func selector(_ value: JSONValue?) -> LabelSelector {
        self == .replicationController
            ? LabelSelector(matching: value?.stringMap ?? [:]) : LabelSelector(object: value)
    }
}
