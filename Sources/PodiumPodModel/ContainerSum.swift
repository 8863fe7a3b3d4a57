// SPDX-License-Identifier: Apache-2.0
// What the containers of a pod need together.

/// Amounts of which there may be one a container.
package protocol ContainerAmounts {
    /// Nothing of anything.
    init()

    /// Adds each amount.
    static func += (left: inout Self, right: Self)

    /// Raises each amount to that of `other` where it is less.
    mutating func formMaximum(_ other: Self)
}

/// Adds up what the containers of a pod need, one after the other.
///
/// Containers and sidecars run side by side, so theirs add up. An init container runs alone but for the sidecars before
/// it, and counts where it needs more than that sum.
// Kubernetes: component-helpers/resource/helpers.go AggregateContainerRequests, AggregateContainerLimits
package struct ContainerSum<Amounts: ContainerAmounts> {
    private var running = Amounts()
    private var sidecars = Amounts()
    private var peak = Amounts()

    /// A pod without containers.
    package init() {}

    /// Adds a container that is neither an init container nor ephemeral.
    package mutating func add(_ amounts: Amounts) { running += amounts }

    /// Adds an init container, in the order of the manifest.
    /// - Parameter isSidecar: whether it runs on beside those after it.
    package mutating func addInitContainer(_ amounts: Amounts, isSidecar: Bool) {
        if isSidecar {
            running += amounts
            sidecars += amounts
            peak.formMaximum(sidecars)
        } else {
            var together = sidecars
            together += amounts
            peak.formMaximum(together)
        }
    }

    /// What is needed at once.
    package var total: Amounts {
        var total = running
        total.formMaximum(peak)
        return total
    }
}
