// SPDX-License-Identifier: Apache-2.0
// What is known of Namespaces.

import PodiumCodec
import PodiumMachinery
import PodiumRegistry
import PodiumStorage

extension BuiltInKind {
    static let namespaces = BuiltInKind("namespaces", NamespaceStrategy()) { kind in
        kind.cells = { [$0.name, .string($0.object.text("status", "phase")), $0.age] }
        kind.selectableFields = [
            SelectableField("status.phase"),
            SelectableField("name", path: ["metadata", "name"]),
        ]
        kind.subresources = ["finalize": NamespaceFinalizeStrategy()]
        kind.requestDeletion = { object, _, now in NamespaceDeletion.request(&object, now: now) }
        kind.isHeld = { !($0[path: "spec", "finalizers"]?.elements.isEmpty ?? true) }
        kind.hasOwnPreconditionTexts = true
        kind.rechecksMetadata = false
    }
}
