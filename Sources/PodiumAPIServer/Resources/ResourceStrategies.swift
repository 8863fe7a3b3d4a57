// SPDX-License-Identifier: Apache-2.0
// Which strategy each kind has.

package import PodiumMachinery

/// The strategies of all built-in kinds.
package enum ResourceStrategies {
    /// The strategy of `resource`; a plain one when its kind has no rules of its own.
    package static func strategy(for resource: GroupResource) -> any ResourceStrategy {
        table[resource] ?? PlainStrategy()
    }

    private static let table: [GroupResource: any ResourceStrategy] = [
        .pods: PodStrategy()
    ]
}
