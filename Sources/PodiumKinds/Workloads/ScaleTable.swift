// SPDX-License-Identifier: Apache-2.0
// How a table shows a Scale, which is no kind of a collection.

package import PodiumCodec
import PodiumMachinery
package import PodiumRegistry

/// The table of Scales.
package enum ScaleTable {
    package static let columns = BuiltInColumns.of(GroupResource(group: "autoscaling", resource: "scales")) ?? []
    package static let cells: @Sendable (TableCells) -> [JSONValue] = {
        [
            $0.name, .integer($0.object.number("spec", "replicas")),
            .integer($0.object.number("status", "replicas")),
            $0.age,
        ]
    }
}
