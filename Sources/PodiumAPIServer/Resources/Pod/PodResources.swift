// SPDX-License-Identifier: Apache-2.0
// What a pod's containers ask for together.

package import OrderedCollections
package import PodiumCodec
package import PodiumMachinery

/// Sums over the containers of a pod.
// Kubernetes: component-helpers/resource/helpers.go AggregateContainerRequests, AggregateContainerLimits
package enum PodResources {
    package typealias Amounts = OrderedDictionary<String, Quantity>

    /// The amounts named `kind` (`requests` or `limits`) that must be there at once.
    ///
    /// Containers and sidecars run side by side, so theirs add up. An init container runs alone but for the sidecars
    /// before it, and takes effect where it asks for more than that sum.
    package static func aggregate(_ kind: String, of spec: JSONValue) -> Amounts {
        var total: Amounts = [:]
        for container in spec["containers"]?.elements ?? [] { add(amounts(kind, of: container), to: &total) }
        var sidecars: Amounts = [:]
        var initial: Amounts = [:]
        for container in spec["initContainers"]?.elements ?? [] {
            var needed = amounts(kind, of: container)
            if container["restartPolicy"]?.string == "Always" {
                add(needed, to: &total)
                add(needed, to: &sidecars)
                needed = sidecars
            } else {
                add(sidecars, to: &needed)
            }
            raise(&initial, to: needed)
        }
        raise(&total, to: initial)
        return total
    }

    /// What a pod asks for in all: what is set for it as a whole replaces the sum of its containers, and its overhead
    /// comes on top.
    // Kubernetes: component-helpers/resource/helpers.go PodRequests
    package static func requests(of spec: JSONValue) -> Amounts {
        var total = aggregate("requests", of: spec)
        for (name, amount) in amounts("requests", of: spec) where ResourceNames.isSupportedAtPodLevel(name) {
            total[name] = amount
        }
        for (name, value) in spec["overhead"]?.object ?? [:] {
            if let amount = Quantity(json: value) { add([name: amount], to: &total) }
        }
        return total
    }

    /// The amounts named `kind` in the `resources` of a container or a pod's spec.
    package static func amounts(_ kind: String, of owner: JSONValue) -> Amounts {
        var amounts: Amounts = [:]
        for (name, value) in owner[path: "resources", kind]?.object ?? [:] {
            if let quantity = Quantity(json: value) { amounts[name] = quantity }
        }
        return amounts
    }

    private static func add(_ amounts: Amounts, to total: inout Amounts) {
        for (name, amount) in amounts { total[name] = total[name].map { $0 + amount } ?? amount }
    }

    private static func raise(_ total: inout Amounts, to amounts: Amounts) {
        for (name, amount) in amounts where total[name].map({ $0 < amount }) ?? true { total[name] = amount }
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

    private static func fill(_ spec: inout JSONValue, _ kind: String, from amounts: PodResources.Amounts) {
        var own = spec[path: "resources", kind]?.object ?? [:]
        for (name, amount) in amounts where own[name] == nil && ResourceNames.isSupportedAtPodLevel(name) {
            own[name] = amount.jsonValue
        }
        if !own.isEmpty { spec[path: "resources", kind] = .object(own) }
    }
}
