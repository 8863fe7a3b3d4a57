// SPDX-License-Identifier: Apache-2.0
// What Services and claims use of a quota.

import OrderedCollections
import PodiumCodec
import PodiumMachinery
import PodiumPodModel

/// Services use node ports and load balancers.
// Kubernetes: pkg/quota/v1/evaluator/core/services.go
struct ServiceQuotaUsage: QuotaUsage {
    private static let (services, nodePorts) = ("services", "services.nodeports")
    private static let loadBalancers = "services.loadbalancers"

    var updatesThrough: String? { "" }

    func counts(_ name: String) -> Bool { [Self.services, Self.nodePorts, Self.loadBalancers].contains(name) }

    func amounts(of service: JSONValue, now: Timestamp) -> ResourceList {
        let spec = service["spec"] ?? .emptyObject
        let isBalanced = spec["type"]?.string == "LoadBalancer"
        let ports = spec["ports"]?.elements ?? []
        // What is counted is what the service is going to get, which it has not got yet.
        var count = ServiceStrategy.needsNodePorts(spec) ? ports.count : 0
        if isBalanced, count == 0 { count = ports.count { ($0["nodePort"]?.integer ?? 0) != 0 } }
        return [
            Self.services: Quantity(1), Self.nodePorts: Quantity(Int64(count)),
            Self.loadBalancers: Quantity(isBalanced ? 1 : 0),
        ]
    }
}

/// Claims use storage, and that of their class.
// Kubernetes: pkg/quota/v1/evaluator/core/persistent_volume_claims.go
struct ClaimQuotaUsage: QuotaUsage {
    private static let (claims, storage) = ("persistentvolumeclaims", "requests.storage")
    private static let classInfix = ".storageclass.storage.k8s.io/"
    private static let betaClassAnnotation = "volume.beta.kubernetes.io/storage-class"

    var updatesThrough: String? { "" }

    func counts(_ name: String) -> Bool {
        let names = [Self.claims, Self.storage]
        return names.contains(name) || names.contains { name.hasSuffix(Self.classInfix + $0) }
    }

    func amounts(of claim: JSONValue, now: Timestamp) -> ResourceList {
        var own: ResourceList = [Self.claims: Quantity(1)]
        own[Self.storage] = Self.size(of: claim)
        guard let name = Self.className(of: claim), !name.isEmpty else { return own }
        var amounts = own
        for (resource, amount) in own { amounts[name + Self.classInfix + resource] = amount }
        return amounts
    }

    /// What is asked for, or allocated already.
    private static func size(of claim: JSONValue) -> Quantity? {
        let asked = Quantity(json: claim[path: "spec", "resources", "requests", "storage"])
        let allocated = Quantity(json: claim[path: "status", "allocatedResources", "storage"])
        guard let asked, let allocated else { return asked }
        return max(asked, allocated)
    }

    // Kubernetes: component-helpers/storage/volume/helpers.go GetPersistentVolumeClaimClass
    private static func className(of claim: JSONValue) -> String? {
        claim[path: "metadata", "annotations", betaClassAnnotation]?.string
            ?? claim[path: "spec", "storageClassName"]?.string
    }

    // Kubernetes: pkg/quota/v1/evaluator/core/persistent_volume_claims.go pvcMatchesScopeFunc
    func isInScope(_ claim: JSONValue, _ scope: QuotaScope) -> Bool {
        guard scope.name == "VolumeAttributesClass" else { return false }
        let names = [
            claim[path: "spec", "volumeAttributesClassName"],
            claim[path: "status", "currentVolumeAttributesClassName"],
            claim[path: "status", "modifyVolumeStatus", "targetVolumeAttributesClassName"],
        ]
        return scope.takes(names.compactMap { $0?.string }.filter { !$0.isEmpty })
    }
}
