// SPDX-License-Identifier: Apache-2.0
// What is known of PriorityClasses.

import PodiumCodec
import PodiumRegistry

extension BuiltInKind {
    static let priorityClasses = BuiltInKind("priorityclasses", in: "scheduling.k8s.io", PriorityClassStrategy()) {
        kind in
        kind.cells = {
            [
                $0.name, .integer($0.object.number("value")), .bool($0.object.flag("globalDefault")), $0.age,
                .string($0.object.text("preemptionPolicy")),
            ]
        }
        kind.rechecksMetadata = false
    }
}
