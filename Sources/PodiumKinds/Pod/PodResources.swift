// SPDX-License-Identifier: Apache-2.0
// What a pod's containers ask for together.

import OrderedCollections
package import PodiumCodec
import PodiumMachinery
package import PodiumPodModel

/// Sums over the containers of a pod.
// Kubernetes: component-helpers/resource/helpers.go AggregateContainerRequests, AggregateContainerLimits
package enum PodResources {
    /// The amounts named `kind` (`requests` or `limits`) that must be there at once.
    package static func aggregate(_ kind: String, of spec: JSONValue) -> ResourceList {
        var sum = ContainerSum<ResourceList>()
        for container in spec["containers"]?.elements ?? [] { sum.add(amounts(kind, of: container)) }
        for container in spec["initContainers"]?.elements ?? [] {
            sum.addInitContainer(
                amounts(kind, of: container),
                isSidecar: container["restartPolicy"]?.string == "Always"
            )
        }
        return sum.total
    }

    /// What a pod asks for in all: what is set for it as a whole replaces the sum of its containers, and its overhead
    /// comes on top.
    // Kubernetes: component-helpers/resource/helpers.go PodRequests
    package static func requests(of spec: JSONValue) -> ResourceList {
        var total = aggregate("requests", of: spec)
        for (name, amount) in amounts("requests", of: spec) where ResourceNames.isSupportedAtPodLevel(name) {
            total[name] = amount
        }
        total += ResourceList(json: spec["overhead"])
        return total
    }

    /// The amounts named `kind` in the `resources` of a container or a pod's spec.
    package static func amounts(_ kind: String, of owner: JSONValue) -> ResourceList {
        ResourceList(json: owner[path: "resources", kind])
    }
}

/// Resources that a pod asks for as a whole.
enum PodLevelResources {
    /// Whether `spec.resources` says anything.
    static func isUsed(in spec: JSONValue) -> Bool {
        ["requests", "limits"].contains { kind in
            spec[path: "resources", kind]?.object?.keys.contains { ResourceNames.isSupportedAtPodLevel($0) } ?? false
        }
    }

    /// Takes limits of huge pages and all requests that are missing from the containers, requests also from limits.
    // Kubernetes: pkg/apis/core/v1/defaults.go defaultHugePagePodLimits, defaultPodRequests
    static func applyDefaults(toSpec spec: inout JSONValue) {
        guard let resources = spec["resources"]?.object else { return }
        if !(resources["requests"]?.object ?? [:]).isEmpty || !(resources["limits"]?.object ?? [:]).isEmpty {
            let limits = PodResources.aggregate("limits", of: spec)
            fill(&spec, "limits", from: limits.filter { ResourceNames.isHugePages($0.key) })
        }
        let limits = PodResources.amounts("limits", of: spec)
        guard !limits.isEmpty else { return }
        let requests = PodResources.aggregate("requests", of: spec)
        fill(&spec, "requests", from: requests.filter { ResourceNames.isOvercommitAllowed($0.key) })
        fill(&spec, "requests", from: limits)
    }

    private static func fill(_ spec: inout JSONValue, _ kind: String, from amounts: ResourceList) {
        var own = spec[path: "resources", kind]?.object ?? [:]
        for (name, amount) in amounts where own[name] == nil && ResourceNames.isSupportedAtPodLevel(name) {
            own[name] = amount.jsonValue
        }
        if !own.isEmpty { spec[path: "resources", kind] = .object(own) }
    }
}
