// SPDX-License-Identifier: Apache-2.0
// Whether a kubelet takes a pod that was bound to its node.

import OrderedCollections
import PodiumCodec
import PodiumMachinery
import PodiumPodModel

/// Why a kubelet does not take a pod.
struct AdmissionFailure: Hashable, Sendable {
    var reason: String
    var message: String
    /// What the node has too little of, when that is why.
    var shortages: [(resource: String, amount: Int64)] = []

    static func == (left: AdmissionFailure, right: AdmissionFailure) -> Bool {
        left.reason == right.reason && left.message == right.message
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(reason)
        hasher.combine(message)
    }
}

/// A node as its kubelet's admission sees it.
struct NodeRoom: Sendable {
    var name: String
    var labels: [String: String]
    var taints: [Taint]
    var allocatable: ResourceList
    /// What the pods on the node have.
    var use: NodeUse
}

// Kubernetes: pkg/kubelet/lifecycle/predicate.go; pkg/scheduler/framework/plugins/noderesources/fit.go
extension NodeRoom {
    /// Pods from this priority on may push others out.
    static let criticalPriority = 2_000_000_000
    private static let standardResources = ["cpu", "memory", "ephemeral-storage"]

    /// Why the pod of `manifest` cannot run here; nil when it can.
    func failure(_ spec: PodSpec, _ manifest: JSONValue) -> AdmissionFailure? {
        if let system = spec.operatingSystem, system != (labels["kubernetes.io/os"] ?? "linux") {
            return AdmissionFailure(
                reason: "PodOSNotSupported",
                message: "Failed to admit pod as the OS field doesn't match node OS"
            )
        }
        let shortages = shortages(for: spec.totalRequests, podCount: use.podCount)
        if let first = shortages.first {
            var failure = AdmissionFailure(reason: first.shortage.reason, message: first.shortage.message)
            failure.shortages = shortages.map { ($0.resource, $0.missing) }
            return failure
        }
        func predicate(_ name: String, _ problem: String) -> AdmissionFailure {
            AdmissionFailure(reason: name, message: "Predicate \(name) failed: \(problem)")
        }
        if !RequiredNodeAffinity(of: manifest).matches(name: name, labels: labels) {
            return predicate("NodeAffinity", "node(s) didn't match Pod's node affinity/selector")
        }
        if hasPortConflict(spec) {
            return predicate("NodePorts", "node(s) didn't have free ports for the requested pod ports")
        }
        if taints.firstUntolerated(by: Toleration.list(of: manifest), effects: [.noExecute]) != nil {
            return predicate("TaintToleration", "node(s) had taints that the pod didn't tolerate")
        }
        return nil
    }

    /// What is lacking for `requests`, the number of pods first.
    func shortages(
        for requests: ResourceList,
        podCount: Int
    ) -> [(resource: String, missing: Int64, shortage: ResourceShortage)] {
        var list: [(String, Int64, ResourceShortage)] = []
        func check(_ name: String, _ requested: Int64, _ used: Int64, _ capacity: Int64) {
            guard requested > 0, requested > capacity - used else { return }
            let text =
                "Node didn't have enough resource: \(name), requested: \(requested), used: \(used), "
                + "capacity: \(capacity)"
            list.append((name, requested + used - capacity, ResourceShortage(reason: "OutOf\(name)", message: text)))
        }
        check("pods", 1, Int64(podCount), allocatable["pods"]?.value ?? 0)
        let amounts = NodeUse.amounts(of: requests)
        let capacity = NodeUse.amounts(of: allocatable)
        // Extended resources that the node does not have at all are left to whoever bound the pod.
        let others = amounts.keys.filter { !Self.standardResources.contains($0) && capacity[$0] != nil }
        for name in Self.standardResources + others.sorted() {
            check(name, amounts[name] ?? 0, use.amounts[name] ?? 0, capacity[name] ?? 0)
        }
        return list
    }

    private func hasPortConflict(_ spec: PodSpec) -> Bool {
        spec.hostPorts.contains { wanted in
            use.hostPorts.contains { taken in
                wanted.hostPort == taken.hostPort && wanted.protocolName == taken.protocolName
                    && (Self.isAny(wanted.hostIP) || Self.isAny(taken.hostIP) || wanted.hostIP == taken.hostIP)
            }
        }
    }

    private static func isAny(_ address: String) -> Bool { address.isEmpty || address == "0.0.0.0" }
}

extension PodSpec {
    /// The ports that the pod takes on its node.
    var hostPorts: [ContainerPort] {
        (containers + sidecars).flatMap(\.ports).compactMap { port in
            if let hostPort = port.hostPort, hostPort > 0 { return port }
            guard isOnHostNetwork else { return nil }
            var taken = port
            taken.hostPort = port.number
            return taken
        }
    }
}
