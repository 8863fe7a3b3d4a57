// SPDX-License-Identifier: Apache-2.0
// Requests and limits, of a container and of a whole pod.

import OrderedCollections
package import PodiumCodec
import PodiumMachinery
package import PodiumPodModel

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

extension PodSpec {
    /// What the pod asks for altogether.
    // Kubernetes: component-helpers/resource/helpers.go PodRequests, PodLimits
    package func total(_ part: KeyPath<ResourceRequirements, ResourceList>) -> ResourceList {
        var sum = ContainerSum<ResourceList>()
        for container in containers { sum.add(container.resources[keyPath: part]) }
        for container in initContainers {
            sum.addInitContainer(container.resources[keyPath: part], isSidecar: container.isSidecar)
        }
        var total = sum.total
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
