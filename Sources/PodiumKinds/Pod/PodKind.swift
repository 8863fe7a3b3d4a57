// SPDX-License-Identifier: Apache-2.0
// What is known of Pods.

import PodiumCodec
import PodiumMachinery
import PodiumRegistry
import PodiumSchema
import PodiumStorage

extension BuiltInKind {
    static let pods = BuiltInKind("pods", PodStrategy()) { kind in
        kind.cells = { PodRow($0.object).cells(now: $0.now) }
        kind.rowConditions = { PodRow($0).conditions }
        kind.selectableFields = [
            SelectableField("spec.nodeName"),
            SelectableField("spec.restartPolicy"),
            SelectableField("spec.schedulerName"),
            SelectableField("spec.serviceAccountName"),
            SelectableField("spec.hostNetwork", fallback: "false"),
            SelectableField("status.phase"),
            SelectableField("status.podIP"),
            // Upstream takes this one and then finds nothing in it.
            SelectableField("status.podIPs"),
            SelectableField("status.nominatedNodeName"),
        ]
        kind.subresources = [
            "ephemeralcontainers": PodEphemeralContainersStrategy(), "resize": PodResizeStrategy(),
        ]
        kind.fieldFilters = [
            "status": .allBut([
                ["spec"], ["metadata", "deletionTimestamp"], ["metadata", "ownerReferences"],
            ]),
            "ephemeralcontainers": .only([["spec", "ephemeralContainers"]]),
            "resize": .only([["spec", "containers"], ["spec", "initContainers"], ["spec", "resources"]]),
        ]
        kind.requestDeletion = { PodDeletion.request(&$0, graceSeconds: $1, now: $2) }
    }
}
