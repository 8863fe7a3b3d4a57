// SPDX-License-Identifier: Apache-2.0
// The names by which the pods of a StatefulSet are known.

import PodiumCodec
import PodiumMachinery

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
