// SPDX-License-Identifier: Apache-2.0
// What an object uses of a quota.

import OrderedCollections
import PodiumCodec
import PodiumKinds
import PodiumMachinery
import PodiumPodModel

/// What objects count as, and whether a quota is about them.
// Kubernetes: pkg/quota/v1/evaluator/core/pods.go, services.go, persistent_volume_claims.go; quota/v1/generic
struct QuotaUsage {
    typealias Amounts = [String: Quantity]

    let object: JSONValue
    let resource: GroupResource

    /// Everything that the object uses, under all names that a quota may give it.
    var amounts: Amounts {
        let suffix = resource.group.isEmpty ? "" : ".\(resource.group)"
        var amounts: Amounts = ["count/\(resource.resource)\(suffix)": Quantity(1)]
        guard resource.group.isEmpty else { return amounts }
        switch resource.resource {
        case "pods": amounts.merge(podAmounts) { $1 }
        case "services": amounts.merge(serviceAmounts) { $1 }
        case "persistentvolumeclaims": amounts.merge(claimAmounts) { $1 }
        case "configmaps", "secrets", "replicationcontrollers", "resourcequotas":
            amounts[resource.resource] = Quantity(1)
        default: break
        }
        return amounts
    }

    private var podAmounts: Amounts {
        guard !Self.isOver(object) else { return [:] }
        let spec = object["spec"] ?? .emptyObject
        var amounts = Self.computeAmounts(
            requests: PodResources.aggregate("requests", of: spec),
            limits: PodResources.aggregate("limits", of: spec)
        )
        amounts["pods"] = Quantity(1)
        return amounts
    }

    private static func isOver(_ pod: JSONValue) -> Bool {
        let phase = pod[path: "status", "phase"]?.string
        return phase == "Failed" || phase == "Succeeded"
    }

    /// Requests and limits under the names that quotas give them.
    static func computeAmounts(requests: ResourceList, limits: ResourceList) -> Amounts {
        var amounts: Amounts = [:]
        for (name, amount) in requests {
            switch name {
            case "cpu", "memory", "ephemeral-storage":
                amounts[name] = amount
                amounts["requests.\(name)"] = amount
            case _ where ResourceNames.isHugePages(name):
                amounts[name] = amount
                amounts["requests.\(name)"] = amount
            case _ where ResourceNames.isExtended(name): amounts["requests.\(name)"] = amount
            default: break
            }
        }
        for (name, amount) in limits where ["cpu", "memory", "ephemeral-storage"].contains(name) {
            amounts["limits.\(name)"] = amount
        }
        return amounts
    }

    private var serviceAmounts: Amounts {
        let spec = object["spec"] ?? .emptyObject
        let ports = Int64(spec["ports"]?.elements.count ?? 0)
        var amounts: Amounts = ["services": Quantity(1)]
        amounts["services.loadbalancers"] = Quantity(spec["type"]?.string == "LoadBalancer" ? 1 : 0)
        amounts["services.nodeports"] = Quantity(ServiceStrategy.needsNodePorts(spec) ? ports : 0)
        return amounts
    }

    private var claimAmounts: Amounts {
        var amounts: Amounts = ["persistentvolumeclaims": Quantity(1)]
        let size = Quantity(json: object[path: "spec", "resources", "requests", "storage"])
        if let size { amounts["requests.storage"] = size }
        if let name = object[path: "spec", "storageClassName"]?.string, !name.isEmpty {
            let suffix = ".storageclass.storage.k8s.io/"
            amounts[name + suffix + "persistentvolumeclaims"] = Quantity(1)
            if let size { amounts[name + suffix + "requests.storage"] = size }
        }
        return amounts
    }

    /// Which of the resources `names` a container of the pod must say but does not, with the names of the containers.
    func missing(of names: Set<String>) -> [(resource: String, containers: [String])] {
        guard resource == .pods else { return [] }
        let demanded = names.intersection([
            "cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory",
        ])
        guard !demanded.isEmpty else { return [] }
        var missing: [String: Set<String>] = [:]
        for container in ["containers", "initContainers"].flatMap({ object[path: "spec", $0]?.elements ?? [] }) {
            let said = Self.computeAmounts(
                requests: PodResources.amounts("requests", of: container),
                limits: PodResources.amounts("limits", of: container)
            )
            for name in demanded where said[name] == nil {
                missing[name, default: []].insert(container["name"]?.string ?? "")
            }
        }
        return missing.sorted { $0.key < $1.key }.map { ($0.key, $0.value.sorted()) }
    }

    /// Whether the scopes of `quota` are about the object.
    func isInScope(of quota: JSONValue) -> Bool {
        let scopes = (quota[path: "spec", "scopes"]?.elements ?? []).compactMap(\.string)
        let selectors = quota[path: "spec", "scopeSelector", "matchExpressions"]?.elements ?? []
        return scopes.allSatisfy { matches($0, operation: "Exists", values: []) }
            && selectors.allSatisfy { selector in
                matches(
                    selector["scopeName"]?.string ?? "",
                    operation: selector["operator"]?.string ?? "",
                    values: (selector["values"]?.elements ?? []).compactMap(\.string)
                )
            }
    }

    private func matches(_ scope: String, operation: String, values: [String]) -> Bool {
        guard resource == .pods else { return false }
        let spec = object["spec"] ?? .emptyObject
        switch scope {
        case "Terminating": return spec["activeDeadlineSeconds"]?.integer != nil
        case "NotTerminating": return spec["activeDeadlineSeconds"]?.integer == nil
        case "BestEffort": return PodQOS.compute(spec) == .bestEffort
        case "NotBestEffort": return PodQOS.compute(spec) != .bestEffort
        case "PriorityClass":
            let name = spec["priorityClassName"]?.string ?? ""
            switch operation {
            case "In": return values.contains(name)
            case "NotIn": return !values.contains(name)
            case "DoesNotExist": return name.isEmpty
            default: return !name.isEmpty
            }
        case "CrossNamespacePodAffinity": return crossesNamespaces(spec)
        default: return false
        }
    }

    private func crossesNamespaces(_ spec: JSONValue) -> Bool {
        let terms = ["podAffinity", "podAntiAffinity"].flatMap { kind -> [JSONValue] in
            let affinity = spec[path: "affinity", kind]
            let required = affinity?["requiredDuringSchedulingIgnoredDuringExecution"]?.elements ?? []
            let preferred = affinity?["preferredDuringSchedulingIgnoredDuringExecution"]?.elements ?? []
            return required + preferred.compactMap { $0["podAffinityTerm"] }
        }
        return terms.contains { !($0["namespaces"]?.elements.isEmpty ?? true) || $0.isSet("namespaceSelector") }
    }
}
