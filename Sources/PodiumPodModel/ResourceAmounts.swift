// SPDX-License-Identifier: Apache-2.0
// Amounts of CPU, memory and the like in the units in which schedulers and kubelets count them.

package import PodiumCodec
import PodiumMachinery

/// How much of each resource.
// Kubernetes: pkg/scheduler/framework/types.go Resource
package struct ResourceAmounts: ContainerAmounts, Hashable, Sendable {
    /// CPU in thousandths of a core.
    package var milliCPU: Int64 = 0
    /// Bytes.
    package var memory: Int64 = 0
    /// Bytes.
    package var ephemeralStorage: Int64 = 0
    /// A number of pods; only nodes have it.
    package var pods: Int64 = 0
    /// Everything else, huge pages and extended resources, by name.
    package var scalar: [String: Int64] = [:]

    package init() {}

    /// Reads a resource list such as `requests` or `allocatable`; what is no quantity counts nothing.
    package init(_ list: JSONValue?) {
        for (name, value) in list?.object ?? [:] {
            guard let quantity = Quantity(json: value) else { continue }
            self[name] = name == "cpu" ? quantity.milliValue : quantity.value
        }
    }

    /// The amount of the resource `name`, in the unit in which it is counted.
    package subscript(name: String) -> Int64 {
        get {
            switch name {
            case "cpu": milliCPU
            case "memory": memory
            case "ephemeral-storage": ephemeralStorage
            case "pods": pods
            default: scalar[name] ?? 0
            }
        }
        set {
            switch name {
            case "cpu": milliCPU = newValue
            case "memory": memory = newValue
            case "ephemeral-storage": ephemeralStorage = newValue
            case "pods": pods = newValue
            default: scalar[name] = newValue
            }
        }
    }

    /// Whether there is nothing of anything.
    package var isZero: Bool {
        milliCPU == 0 && memory == 0 && ephemeralStorage == 0 && pods == 0 && scalar.allSatisfy { $0.value == 0 }
    }

    package static func += (left: inout ResourceAmounts, right: ResourceAmounts) {
        left.combine(right) { $0 &+ $1 }
    }

    package static func -= (left: inout ResourceAmounts, right: ResourceAmounts) {
        left.combine(right) { $0 &- $1 }
    }

    package static func + (left: ResourceAmounts, right: ResourceAmounts) -> ResourceAmounts {
        var sum = left
        sum += right
        return sum
    }

    /// Raises each amount to that of `other` where it is less.
    package mutating func formMaximum(_ other: ResourceAmounts) { combine(other, max) }

    private mutating func combine(_ other: ResourceAmounts, _ operation: (Int64, Int64) -> Int64) {
        milliCPU = operation(milliCPU, other.milliCPU)
        memory = operation(memory, other.memory)
        ephemeralStorage = operation(ephemeralStorage, other.ephemeralStorage)
        pods = operation(pods, other.pods)
        for (name, amount) in other.scalar { scalar[name] = operation(scalar[name] ?? 0, amount) }
    }
}
