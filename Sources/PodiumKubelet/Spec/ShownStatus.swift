// SPDX-License-Identifier: Apache-2.0
// The parts of a Pod's status in the API that its kubelet looks at; it keeps no more of them than these.

package import PodiumCodec
package import PodiumMachinery

/// A condition in the API, whoever wrote it.
package struct ShownCondition: Hashable, Sendable {
    package var type: String
    /// `True`, `False` or `Unknown`.
    package var status: String
    package var lastTransition: Timestamp?

    /// Reads a condition.
    package init(_ value: JSONValue) {
        type = value["type"]?.string ?? ""
        status = value["status"]?.string ?? ""
        lastTransition = value["lastTransitionTime"]?.string.flatMap { Timestamp(rfc3339: $0) }
    }
}

/// What the API shows as a pod's status.
package struct ShownStatus: Hashable, Sendable {
    package var phase: PodPhase?
    package var reason: String?
    package var message: String?
    package var startTime: Timestamp?
    package var conditions: [ShownCondition]

    /// Reads `status`.
    package init(_ value: JSONValue) {
        phase = value["phase"]?.string.flatMap(PodPhase.init)
        reason = value["reason"]?.string
        message = value["message"]?.string
        startTime = value["startTime"]?.string.flatMap { Timestamp(rfc3339: $0) }
        conditions = (value["conditions"]?.elements ?? []).map(ShownCondition.init)
    }

    /// The condition of that type.
    package func condition(_ type: String) -> ShownCondition? { conditions.first { $0.type == type } }
}
