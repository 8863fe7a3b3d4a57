// SPDX-License-Identifier: Apache-2.0
// What a pod uses of a quota, and which scopes take it in.

import OrderedCollections
import PodiumCodec
import PodiumMachinery
import PodiumPodModel

/// Pods use what they request and what they are limited to, until they have ended.
// Kubernetes: pkg/quota/v1/evaluator/core/pods.go
struct PodQuotaUsage: QuotaUsage {
    /// An update of the pod itself cannot change what it requests.
    var updatesThrough: String? { "resize" }

    private static let divisible = ["cpu", "memory", "ephemeral-storage"]
    private static let names = Set(
        ["pods"] + divisible + divisible.flatMap { ["requests.\($0)", "limits.\($0)"] }
    )
    private static let requestPrefix = "requests."

    func counts(_ name: String) -> Bool {
        if Self.names.contains(name) || ResourceNames.isHugePages(name) { return true }
        guard name.hasPrefix(Self.requestPrefix) else { return false }
        let requested = String(name.dropFirst(Self.requestPrefix.count))
        return ResourceNames.isHugePages(requested) || !ResourceNames.isNative(name)
    }

    // Kubernetes: pkg/quota/v1/evaluator/core/pods.go PodUsageFunc
    func amounts(of pod: JSONValue, now: Timestamp) -> ResourceList {
        guard Self.isCharged(pod, now: now) else { return [:] }
        var amounts = Self.named(
            requests: PodResources.charged(of: pod),
            limits: PodResources.chargedLimits(of: pod)
        )
        amounts["pods"] = Quantity(1)
        return amounts
    }

    /// Whether a pod still counts: it has not ended, and is not long past the time by which it should be gone.
    // Kubernetes: pkg/quota/v1/evaluator/core/pods.go QuotaV1Pod
    static func isCharged(_ pod: JSONValue, now: Timestamp) -> Bool {
        let phase = pod[path: "status", "phase"]?.string
        if phase == "Failed" || phase == "Succeeded" { return false }
        guard let deletion = pod[path: "metadata", "deletionTimestamp"]?.string,
            let time = Timestamp(rfc3339: deletion),
            let grace = pod[path: "metadata", "deletionGracePeriodSeconds"]?.integer
        else { return true }
        return now <= time + .seconds(grace)
    }

    /// Requests and limits under the names that quotas give them.
    // Kubernetes: pkg/quota/v1/evaluator/core/pods.go podComputeUsageHelper
    private static func named(requests: ResourceList, limits: ResourceList) -> ResourceList {
        var amounts: ResourceList = [:]
        for (name, amount) in requests {
            if divisible.contains(name) || ResourceNames.isHugePages(name) {
                amounts[name] = amount
                amounts[requestPrefix + name] = amount
            } else if ResourceNames.isExtended(name) {
                amounts[requestPrefix + name] = amount
            }
        }
        for name in divisible { amounts["limits.\(name)"] = limits[name] }
        return amounts
    }

    /// Quotas of CPU and memory have every container speak of it, unless the pod does so as a whole.
    // Kubernetes: pkg/quota/v1/evaluator/core/pods.go podEvaluator.Constraints
    func missing(of names: [String], in pod: JSONValue) -> String? {
        let demanded = names.filter { Self.demanded.contains($0) }
        let spec = pod["spec"] ?? .emptyObject
        if demanded.isEmpty || PodLevelResources.isUsed(in: spec) { return nil }
        var missing: [String: Set<String>] = [:]
        for container in ["containers", "initContainers"].flatMap({ spec[$0]?.elements ?? [] }) {
            let said = Self.named(
                requests: PodResources.amounts("requests", of: container),
                limits: PodResources.amounts("limits", of: container)
            )
            for name in demanded where said[name] == nil {
                missing[name, default: []].insert(container["name"]?.string ?? "")
            }
        }
        if missing.isEmpty { return nil }
        let list = missing.sorted { $0.key < $1.key }.map { name, containers in
            "\(name) for: \(containers.sorted().joined(separator: ","))"
        }
        return "must specify \(list.joined(separator: "; "))"
    }

    private static let demanded: Set<String> = [
        "cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory",
    ]

    // Kubernetes: pkg/quota/v1/evaluator/core/pods.go podMatchesScopeFunc
    func isInScope(_ pod: JSONValue, _ scope: QuotaScope) -> Bool {
        let spec = pod["spec"] ?? .emptyObject
        switch scope.name {
        case "Terminating": return Self.hasDeadline(spec)
        case "NotTerminating": return !Self.hasDeadline(spec)
        case "BestEffort": return PodQOS.compute(spec) == .bestEffort
        case "NotBestEffort": return PodQOS.compute(spec) != .bestEffort
        case "PriorityClass":
            return scope.takes([spec["priorityClassName"]?.string ?? ""].filter { !$0.isEmpty })
        case "CrossNamespacePodAffinity": return Self.crossesNamespaces(spec)
        default: return false
        }
    }

    private static func hasDeadline(_ spec: JSONValue) -> Bool {
        spec["activeDeadlineSeconds"]?.integer.map { $0 >= 0 } ?? false
    }

    private static func crossesNamespaces(_ spec: JSONValue) -> Bool {
        let terms = ["podAffinity", "podAntiAffinity"].flatMap { kind -> [JSONValue] in
            let affinity = spec[path: "affinity", kind]
            let required = affinity?["requiredDuringSchedulingIgnoredDuringExecution"]?.elements ?? []
            let preferred = affinity?["preferredDuringSchedulingIgnoredDuringExecution"]?.elements ?? []
            return required + preferred.compactMap { $0["podAffinityTerm"] }
        }
        return terms.contains { !($0["namespaces"]?.elements.isEmpty ?? true) || $0.isSet("namespaceSelector") }
    }
}

extension PodResources {
    /// What a pod requests, or was given already while it is being resized.
    // Kubernetes: component-helpers/resource/helpers.go PodRequests with UseStatusResources
    fileprivate static func charged(of pod: JSONValue) -> ResourceList {
        let spec = pod["spec"] ?? .emptyObject
        var total = sum("requests", of: pod)
        for (name, amount) in amounts("requests", of: spec) where ResourceNames.isSupportedAtPodLevel(name) {
            total[name] = amount
        }
        total += ResourceList(json: spec["overhead"])
        return total
    }

    /// What a pod is limited to; its overhead counts where there is a limit.
    // Kubernetes: component-helpers/resource/helpers.go PodLimits with UseStatusResources
    fileprivate static func chargedLimits(of pod: JSONValue) -> ResourceList {
        let spec = pod["spec"] ?? .emptyObject
        var total = sum("limits", of: pod)
        for (name, amount) in amounts("limits", of: spec) where ResourceNames.isSupportedAtPodLevel(name) {
            total[name] = amount
        }
        for (name, amount) in ResourceList(json: spec["overhead"]) {
            if let limit = total[name] { total[name] = limit + amount }
        }
        return total
    }

    private static func sum(_ kind: String, of pod: JSONValue) -> ResourceList {
        let (spec, status) = (pod["spec"] ?? .emptyObject, pod["status"] ?? .emptyObject)
        let isInfeasible = (status["conditions"]?.elements ?? []).contains {
            $0["type"]?.string == PodConditionType.resizePending && $0["reason"]?.string == "Infeasible"
        }
        func amounts(_ container: JSONValue, in list: String) -> ResourceList {
            let asked = Self.amounts(kind, of: container)
            let state = status[list]?.elements.first { $0["name"] == container["name"] }
            guard let state, state.isSet("resources") else { return asked }
            var most = isInfeasible ? [:] : asked
            most.formMaximum(Self.amounts(kind, of: state))
            if kind == "requests" { most.formMaximum(ResourceList(json: state["allocatedResources"])) }
            return most
        }
        var sum = ContainerSum<ResourceList>()
        for container in spec["containers"]?.elements ?? [] { sum.add(amounts(container, in: "containerStatuses")) }
        for container in spec["initContainers"]?.elements ?? [] {
            let isSidecar = container["restartPolicy"]?.string == "Always"
            sum.addInitContainer(amounts(container, in: "initContainerStatuses"), isSidecar: isSidecar)
        }
        return sum.total
    }
}
