// SPDX-License-Identifier: Apache-2.0
// How much of each resource a pod needs on its node.

package import PodiumCodec

/// What a pod requests.
///
/// What is set for the pod as a whole replaces the sum of its containers (``ContainerSum``), and its overhead comes on
/// top.
// Kubernetes: component-helpers/resource/helpers.go PodRequests
package enum PodRequests {
    /// What a container without a request of its own counts as, where nodes are compared.
    // Kubernetes: pkg/scheduler/util/pod_resources.go
    package enum Defaults {
        package static let milliCPU: Int64 = 100
        package static let memory: Int64 = 200 * 1024 * 1024
    }

    /// The requests of a Pod object.
    /// - Parameter fillsMissing: whether containers without a request for CPU or memory count as ``Defaults``.
    package static func total(of pod: JSONValue, fillsMissing: Bool = false) -> ResourceAmounts {
        guard let spec = pod["spec"] else { return ResourceAmounts() }
        let status = pod["status"]
        let isInfeasible = Self.isResizeInfeasible(status)
        func requests(_ container: JSONValue, _ statuses: [JSONValue: JSONValue]) -> ResourceAmounts {
            let state = container["name"].flatMap { statuses[$0] }
            return amounts(of: container, state: state, isInfeasible: isInfeasible, fillsMissing: fillsMissing)
        }
        func named(_ list: String) -> [JSONValue: JSONValue] {
            let states = status?[list]?.elements ?? []
            return Dictionary(states.map { ($0["name"] ?? .null, $0) }, uniquingKeysWith: { first, _ in first })
        }
        var sum = ContainerSum<ResourceAmounts>()
        let running = named("containerStatuses")
        for container in spec["containers"]?.elements ?? [] { sum.add(requests(container, running)) }
        let begun = named("initContainerStatuses")
        for container in spec["initContainers"]?.elements ?? [] {
            sum.addInitContainer(
                requests(container, begun),
                isSidecar: container["restartPolicy"]?.string == "Always"
            )
        }
        var total = sum.total
        for (name, value) in spec["resources"]?["requests"]?.object ?? [:] {
            guard name == "cpu" || name == "memory" || name.hasPrefix("hugepages-") else { continue }
            total[name] = ResourceAmounts(.object([name: value]))[name]
        }
        if let overhead = spec["overhead"] { total += ResourceAmounts(overhead) }
        return total
    }

    /// While a resize is under way the larger of what is asked for, allocated and in effect counts.
    private static func amounts(
        of container: JSONValue,
        state: JSONValue?,
        isInfeasible: Bool,
        fillsMissing: Bool
    ) -> ResourceAmounts {
        let list = container["resources"]?["requests"]
        var amounts = ResourceAmounts(list)
        if let state, state["resources"]?["requests"] != nil || state["allocatedResources"] != nil {
            if isInfeasible { amounts = ResourceAmounts() }
            amounts.formMaximum(ResourceAmounts(state["resources"]?["requests"]))
            amounts.formMaximum(ResourceAmounts(state["allocatedResources"]))
        }
        if fillsMissing {
            if list?["cpu"] == nil { amounts.milliCPU = max(amounts.milliCPU, Defaults.milliCPU) }
            if list?["memory"] == nil { amounts.memory = max(amounts.memory, Defaults.memory) }
        }
        return amounts
    }

    private static func isResizeInfeasible(_ status: JSONValue?) -> Bool {
        (status?["conditions"]?.elements ?? []).contains {
            $0["type"]?.string == "PodResizePending" && $0["reason"]?.string == "Infeasible"
        }
    }
}
