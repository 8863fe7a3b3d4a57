// SPDX-License-Identifier: Apache-2.0
// What the objects of a collection use of a quota.

import OrderedCollections
package import PodiumCodec
package import PodiumMachinery
package import PodiumPodModel
package import PodiumRegistry

/// Says for the objects of one collection what of a quota they use, and which quotas are about them.
///
/// Every object counts as one of its kind. Pods, Services and claims use other things besides.
// Kubernetes: apiserver/pkg/quota/v1/interfaces.go Evaluator; apiserver/pkg/quota/v1/generic/evaluator.go
package struct QuotaEvaluator: Sendable {
    package let resource: GroupResource
    /// The name under which all its objects are counted: `count/deployments.apps`.
    private let objectCount: String
    private let usage: (any QuotaUsage)?

    /// The evaluator of a collection; nil when quotas do not count its objects at all.
    package init?(_ resource: GroupResource) {
        if Self.ignored.contains(resource) { return nil }
        self.resource = resource
        objectCount = "count/\(resource)"
        switch resource {
        case .pods: usage = PodQuotaUsage()
        case .services: usage = ServiceQuotaUsage()
        case .persistentVolumeClaims: usage = ClaimQuotaUsage()
        case _ where Self.namedAsThemselves.contains(resource):
            usage = PlainQuotaUsage(name: resource.resource)
        default: usage = nil
        }
    }

    /// They come and go by themselves.
    // Kubernetes: pkg/quota/v1/install/registry.go DefaultIgnoredResources
    private static let ignored: Set<GroupResource> = [
        .events, GroupResource(group: "events.k8s.io", resource: "events"),
    ]

    /// What quotas also know without `count/`, from before there was that.
    // Kubernetes: pkg/quota/v1/evaluator/core/registry.go legacyObjectCountAliases
    private static let namedAsThemselves: Set<GroupResource> = [
        .configMaps, .secrets, .replicationControllers, .resourceQuotas,
    ]

    /// Whether objects of this collection are what the limit called `name` is about.
    package func counts(_ name: String) -> Bool { name == objectCount || usage?.counts(name) == true }

    /// Whether a request may use up something.
    package func handles(_ operation: AdmissionOperation, subresource: String) -> Bool {
        if operation == .create, subresource.isEmpty { return true }
        return operation == .update && usage?.updatesThrough == subresource
    }

    /// Everything that an object uses, under all names that a quota may give it.
    package func usage(of object: JSONValue, now: Timestamp) -> ResourceList {
        var amounts: ResourceList = [objectCount: Quantity(1)]
        if let usage { amounts.merge(usage.amounts(of: object, now: now)) { $1 } }
        return amounts
    }

    /// Whether all its objects are alike: each counts as one.
    package var countsAlike: Bool { usage == nil || usage is PlainQuotaUsage }

    /// Whether an object uses less than it did.
    // Kubernetes: pkg/quota/v1/install/update_filter.go DefaultUpdateFilter
    package func isRelieved(by object: JSONValue, old: JSONValue, now: Timestamp) -> Bool {
        guard let usage else { return false }
        let amounts = usage.amounts(of: object, now: now)
        return usage.amounts(of: old, now: now).contains { name, amount in amounts[name] ?? .zero < amount }
    }

    /// What a pod must say about the limits `names` but does not, in the words of the refusal; nil when all is said.
    package func missing(of names: [String], in object: JSONValue) -> String? {
        usage?.missing(of: names, in: object)
    }

    /// Whether the scopes of the specification of a quota take in an object.
    // Kubernetes: apiserver/pkg/quota/v1/generic/evaluator.go Matches
    package func isInScope(_ object: JSONValue, of quota: JSONValue?) -> Bool {
        QuotaScope.list(of: quota).allSatisfy { usage?.isInScope(object, $0) ?? false }
    }
}

/// What objects of a kind use beside being one of their kind.
protocol QuotaUsage: Sendable {
    /// Through which subresource an update may use up more, empty for the object itself; nil when none may.
    var updatesThrough: String? { get }

    /// Whether the limit called `name` is about such objects.
    func counts(_ name: String) -> Bool

    func amounts(of object: JSONValue, now: Timestamp) -> ResourceList

    func missing(of names: [String], in object: JSONValue) -> String?

    func isInScope(_ object: JSONValue, _ scope: QuotaScope) -> Bool
}

extension QuotaUsage {
    var updatesThrough: String? { nil }
    func missing(of names: [String], in object: JSONValue) -> String? { nil }
    func isInScope(_ object: JSONValue, _ scope: QuotaScope) -> Bool { false }
}

/// Objects of which each uses one of something.
struct PlainQuotaUsage: QuotaUsage {
    let name: String

    func counts(_ name: String) -> Bool { name == self.name }
    func amounts(of object: JSONValue, now: Timestamp) -> ResourceList { [name: Quantity(1)] }
}
