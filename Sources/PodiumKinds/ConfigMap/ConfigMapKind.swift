// SPDX-License-Identifier: Apache-2.0
// What is known of ConfigMaps.

import PodiumCodec
import PodiumRegistry

extension BuiltInKind {
    static let configMaps = BuiltInKind("configmaps", ConfigMapStrategy()) { kind in
        kind.cells = { [$0.name, .integer(Int64($0.object.count("data") + $0.object.count("binaryData"))), $0.age] }
    }
}
