// SPDX-License-Identifier: Apache-2.0
// What is known of PodDisruptionBudgets.

import PodiumCodec
import PodiumRegistry

extension BuiltInKind {
    static let podDisruptionBudgets = BuiltInKind("poddisruptionbudgets", in: "policy", PodDisruptionBudgetStrategy()) {
        kind in
        kind.cells = {
            [
                $0.name, .string($0.object.amount("spec", "minAvailable", or: "N/A")),
                .string($0.object.amount("spec", "maxUnavailable", or: "N/A")),
                .integer($0.object.number("status", "disruptionsAllowed")), $0.age,
            ]
        }
        kind.rechecksMetadata = false
    }
}
