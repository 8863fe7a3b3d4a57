// SPDX-License-Identifier: Apache-2.0
// Requests and limits, of a container and of a whole pod.

package import OrderedCollections
package import PodiumCodec
package import PodiumMachinery

/// Amounts by resource name, `cpu` and so on.
package typealias ResourceList = OrderedDictionary<String, Quantity>

/// Requests and limits as a manifest has them.
package struct ResourceRequirements: Hashable, Sendable {
    package var limits: ResourceList
    package var requests: ResourceList

    /// Nothing asked for.
    package init() {
        limits = [:]
        requests = [:]
    }

    /// Reads a `resources` object.
    package init(_ value: JSONValue) {
        limits = ResourceList(json: value["limits"])
        requests = ResourceList(json: value["requests"])
    }

    /// As it stands in JSON, `{}` when nothing is asked for.
    package var value: JSONValue {
        var value: JSONObject = [:]
        if !limits.isEmpty { value["limits"] = limits.value }
        if !requests.isEmpty { value["requests"] = requests.value }
        return .object(value)
    }

    /// What a running pod's cgroup tells of these: processor time, and the limit of memory. The request of memory stays
    /// as it was shown before.
    // Kubernetes: pkg/kubelet/kubelet_pods.go convertToAPIPodLevelResourcesStatus
    package func throughCgroup(after shown: ResourceRequirements?) -> ResourceRequirements {
        var result = ResourceRequirements()
        for name in ["cpu", "memory"] {
            if let limit = limits[name] { result.limits[name] = limit }
        }
        if let request = requests["cpu"] { result.requests["cpu"] = request }
        if let request = shown?.requests["memory"] { result.requests["memory"] = request }
        return result
    }
}

extension ResourceList {
    /// Reads an object of quantities; what is no quantity is left out. Names are sorted, as Kubernetes prints them.
    package init(json value: JSONValue?) {
        self.init()
        for (name, amount) in (value?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            if let quantity = Quantity(json: amount) { self[name] = quantity }
        }
    }

    /// As it stands in JSON.
    package var value: JSONValue {
        var members: JSONObject = [:]
        for (name, amount) in sorted(by: { $0.key < $1.key }) { members[name] = amount.jsonValue }
        return .object(members)
    }

    /// Adds every amount of `other`.
    package mutating func add(_ other: ResourceList) {
        for (name, amount) in other { self[name] = self[name].map { $0 + amount } ?? amount }
    }

    /// Raises every amount to that of `other`.
    package mutating func raise(to other: ResourceList) {
        for (name, amount) in other where self[name].map({ $0 < amount }) ?? true { self[name] = amount }
    }
}

extension PodSpec {
    /// What the pod asks for altogether: containers and sidecars add up, init containers run before them.
    // Kubernetes: component-helpers/resource/helpers.go PodRequests, PodLimits
    package func total(_ part: KeyPath<ResourceRequirements, ResourceList>) -> ResourceList {
        var total: ResourceList = [:]
        for container in containers { total.add(container.resources[keyPath: part]) }
        var sidecars: ResourceList = [:]
        var highest: ResourceList = [:]
        for container in initContainers {
            if container.isSidecar {
                total.add(container.resources[keyPath: part])
                sidecars.add(container.resources[keyPath: part])
                highest.raise(to: sidecars)
            } else {
                var peak = sidecars
                peak.add(container.resources[keyPath: part])
                highest.raise(to: peak)
            }
        }
        total.raise(to: highest)
        for (name, amount) in resources?[keyPath: part] ?? [:] { total[name] = amount }
        return total
    }

    /// The pod's requests; a limit without request counts as one.
    package var totalRequests: ResourceList { total(\.requests) }

    /// `status.resources`: what the pod has altogether.
    package var podResources: ResourceRequirements {
        var result = ResourceRequirements()
        result.requests = total(\.requests)
        result.limits = total(\.limits)
        return result
    }
}
