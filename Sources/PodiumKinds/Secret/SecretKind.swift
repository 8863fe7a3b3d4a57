// SPDX-License-Identifier: Apache-2.0
// What is known of Secrets.

import PodiumCodec
import PodiumRegistry
import PodiumStorage

extension BuiltInKind {
    static let secrets = BuiltInKind("secrets", SecretStrategy()) { kind in
        kind.cells = {
            [$0.name, .string($0.object.text("type")), .integer(Int64($0.object.count("data"))), $0.age]
        }
        kind.selectableFields = [
            SelectableField("type")
        ]
    }
}
