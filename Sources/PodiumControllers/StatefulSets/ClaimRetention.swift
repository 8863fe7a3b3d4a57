// SPDX-License-Identifier: Apache-2.0
// What becomes of the claims of a StatefulSet when it goes, or when it gets fewer pods.

import PodiumClient
import PodiumCodec
import PodiumMachinery

/// The policy of a StatefulSet for its claims.
struct ClaimRetention: Hashable, Sendable {
    /// Whether claims go with the StatefulSet.
    let deletesWithSet: Bool
    /// Whether claims go with pods that are too many.
    let deletesWithPod: Bool

    init(_ policy: JSONValue?) {
        deletesWithSet = policy?["whenDeleted"] == "Delete"
        deletesWithPod = policy?["whenScaled"] == "Delete"
    }

    /// Whether claims are left alone.
    var retainsAll: Bool { !deletesWithSet && !deletesWithPod }
}

/// The owners that a claim of a pod should have, so that the garbage collector removes it when it is time.
// Kubernetes: pkg/controller/statefulset/stateful_set_utils.go isClaimOwnerUpToDate, updateClaimOwnerRefForSetAndPod
struct ClaimOwners: Sendable {
    static let podType = OwnerType(resource: .pods, apiVersion: "v1", kind: "Pod")

    /// An object that may own the claim.
    private struct Owner {
        let type: OwnerType
        let name: String
        /// Empty for a pod that does not exist yet.
        let uid: String

        func isNamed(by reference: OwnerReference) -> Bool {
            reference.apiVersion == type.apiVersion && reference.kind == type.kind && reference.name == name
        }

        /// Whether `references` name this object, but one from before.
        func isStale(in references: [OwnerReference]) -> Bool {
            references.first(where: isNamed).map { $0.uid != uid } ?? false
        }

        func isListed(in references: [OwnerReference]) -> Bool { references.contains { $0.uid == uid } }

        var reference: JSONValue {
            [
                "apiVersion": .string(type.apiVersion), "kind": .string(type.kind), "name": .string(name),
                "uid": .string(uid), "controller": true, "blockOwnerDeletion": true,
            ]
        }
    }

    private let retention: ClaimRetention
    private let set: Owner
    private let pod: Owner
    private let isCondemned: Bool

    /// - Parameters:
    ///   - pod: the name of the pod, and its UID, empty when it does not exist yet.
    ///   - isCondemned: whether the pod is one too many.
    init(of set: APIObject, _ retention: ClaimRetention, pod: (name: String, uid: String), isCondemned: Bool) {
        self.retention = retention
        self.isCondemned = isCondemned
        self.set = Owner(type: StatefulSetController.type, name: set.name, uid: set.uid)
        self.pod = Owner(type: Self.podType, name: pod.name, uid: pod.uid)
    }

    private var wantsPod: Bool { retention.deletesWithPod && isCondemned }
    private var wantsSet: Bool { retention.deletesWithSet && !wantsPod }

    /// Whether a claim is about to go with a former pod of this name, so that the next one must not use it.
    func isLeftover(_ claim: JSONValue) -> Bool {
        retention.deletesWithPod && pod.isStale(in: OwnerReference.list(of: claim))
    }

    /// Whether the owners of a claim are what they should be, or none of our business.
    func areUpToDate(on claim: JSONValue) -> Bool {
        let references = OwnerReference.list(of: claim)
        if set.isStale(in: references) || pod.isStale(in: references) { return true }
        let (hasSet, hasPod) = (set.isListed(in: references), pod.isListed(in: references))
        if isControlledByOthers(references) { return !hasSet && !hasPod }
        if references.contains(where: { ($0.uid == set.uid || $0.uid == pod.uid) && !$0.isController }) { return false }
        return hasSet == wantsSet && hasPod == wantsPod
    }

    /// Puts the owners of a claim right.
    func apply(to claim: inout JSONValue) {
        let references = OwnerReference.list(of: claim)
        var rest = (claim[path: "metadata", "ownerReferences"]?.elements ?? []).filter {
            let reference = OwnerReference($0)
            return !set.isNamed(by: reference) && !pod.isNamed(by: reference)
        }
        if !isControlledByOthers(references) {
            if wantsPod, !pod.uid.isEmpty { rest.append(pod.reference) }
            if wantsSet { rest.append(set.reference) }
        }
        claim[path: "metadata", "ownerReferences"] = rest.isEmpty ? nil : .array(rest)
    }

    /// Whether somebody else decides what becomes of the claim. Who keeps all claims does not mind.
    private func isControlledByOthers(_ references: [OwnerReference]) -> Bool {
        if retention.retainsAll { return false }
        return references.contains { reference in
            if set.isNamed(by: reference) { return reference.uid != set.uid }
            if pod.isNamed(by: reference) { return reference.uid != pod.uid }
            return reference.isController
        }
    }
}
