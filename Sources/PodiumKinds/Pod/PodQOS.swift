// SPDX-License-Identifier: Apache-2.0
// Which class of service a pod gets.

import OrderedCollections
package import PodiumCodec
import PodiumMachinery
import PodiumPodModel

/// `status.qosClass`: who is evicted first when a node runs short.
// Kubernetes: pkg/apis/core/helper/qos/qos.go
package enum PodQOS: String, Sendable {
    case guaranteed = "Guaranteed"
    case burstable = "Burstable"
    case bestEffort = "BestEffort"

    /// The class of a pod with this spec.
    ///
    /// Only positive amounts of CPU and memory count. A pod that asks for nothing is BestEffort; one whose every
    /// container limits both, with equal requests, is Guaranteed. Resources of the whole pod count instead of its
    /// containers' when they are there.
    package static func compute(_ spec: JSONValue) -> PodQOS {
        var requests: ResourceList = [:]
        var limits: ResourceList = [:]
        var isGuaranteed = true
        let owners =
            PodLevelResources.isUsed(in: spec)
            ? [spec]
            : (spec["containers"]?.elements ?? []) + (spec["initContainers"]?.elements ?? [])
        for owner in owners {
            for (name, amount) in counted("requests", of: owner) { requests[name, default: .zero] += amount }
            let ownLimits = counted("limits", of: owner)
            for (name, amount) in ownLimits { limits[name, default: .zero] += amount }
            if ownLimits.count != 2 { isGuaranteed = false }
        }
        if requests.isEmpty, limits.isEmpty { return .bestEffort }
        guard isGuaranteed, requests.count == limits.count,
            requests.allSatisfy({ limits[$0.key] == $0.value })
        else { return .burstable }
        return .guaranteed
    }

    private static func counted(_ kind: String, of owner: JSONValue) -> ResourceList {
        PodResources.amounts(kind, of: owner).filter { name, amount in
            (name == "cpu" || name == "memory") && amount.sign > 0
        }
    }
}
