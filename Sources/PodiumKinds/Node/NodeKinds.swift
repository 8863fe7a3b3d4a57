// SPDX-License-Identifier: Apache-2.0
// What is known of Nodes and RuntimeClasses.

import PodiumCodec
import PodiumRegistry
import PodiumStorage

extension BuiltInKind {
    static let nodes = BuiltInKind("nodes", NodeStrategy()) { kind in
        kind.cells = { $0.node }
        kind.selectableFields = [
            SelectableField("spec.unschedulable", fallback: "false")
        ]
        kind.rechecksMetadata = false
        kind.registryPrefix = "minions"
    }

    static let runtimeClasses = BuiltInKind("runtimeclasses", in: "node.k8s.io", RuntimeClassStrategy()) { kind in
        kind.cells = { [$0.name, .string($0.object.text("handler")), $0.age] }
        kind.rechecksMetadata = false
    }
}
