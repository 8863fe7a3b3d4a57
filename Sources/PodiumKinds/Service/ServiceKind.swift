// SPDX-License-Identifier: Apache-2.0
// What is known of Services.

import PodiumCodec
import PodiumRegistry
import PodiumStorage

extension BuiltInKind {
    static let services = BuiltInKind("services", ServiceStrategy()) { kind in
        kind.cells = { $0.service }
        kind.selectableFields = [
            SelectableField("spec.clusterIP"),
            SelectableField("spec.type"),
        ]
        kind.companions = ServiceAddressRecords()
        kind.registryPrefix = "services/specs"
    }
}
