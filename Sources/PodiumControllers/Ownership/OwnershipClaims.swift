// SPDX-License-Identifier: Apache-2.0
// Which objects belong to whoever selects them: orphans are adopted, those that no longer match are released.

import PodiumClient
import PodiumCodec
import PodiumMachinery
import PodiumStorage

/// Something that a controller may own.
protocol Ownable: Sendable {
    var key: ObjectKey { get }
    var uid: String { get }
    var labels: [String: String] { get }
    /// Who controls it; nil when nobody does.
    var controller: OwnerReference? { get }
    var isTerminating: Bool { get }
}

extension APIObject: Ownable {
    var controller: OwnerReference? {
        stored.mayHaveMetadata("ownerReferences") ? OwnerReference.controller(of: value) : nil
    }
}

/// The claims of an object on those that it selects.
// Kubernetes: pkg/controller/controller_ref_manager.go
struct OwnershipClaims {
    let client: ResourceClient
    let owner: APIObject
    let type: OwnerType
    let selector: LabelSelector
    /// Put on what is adopted, and taken off what is released; nil for none.
    var finalizer: String?
    /// Whether an object of this key may belong to the owner at all, whatever its labels.
    var isEligible: (ObjectKey) -> Bool = { _ in true }
    /// Called with each write.
    let note: (Revision, GroupResource) -> Void

    /// Those of `candidates` that belong to the owner, after orphans that it selects have been adopted and those that
    /// it does not select any more were released.
    func claim<Object: Ownable>(_ candidates: [Object]) throws(StatusError) -> [Object] {
        var claimed: [Object] = []
        var failure: StatusError?
        for candidate in candidates {
            do throws(StatusError) {
                if try isClaimed(candidate) { claimed.append(candidate) }
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return claimed
    }

    private func isClaimed(_ object: some Ownable) throws(StatusError) -> Bool {
        let matches = selector.matches(object.labels) && isEligible(object.key)
        if let controller = object.controller {
            if controller.uid != owner.uid { return false }
            if matches { return true }
            if !owner.isTerminating { try release(object) }
            return false
        }
        if owner.isTerminating || !matches || object.isTerminating { return false }
        return try adopt(object)
    }

    /// - Returns: false when it is gone, or somebody else's by now.
    private func adopt(_ object: some Ownable) throws(StatusError) -> Bool {
        try checkOwner()
        return try change(object) { value in
            if OwnerReference.controller(of: value) != nil { return false }
            value[path: "metadata", "ownerReferences"] = .array(
                (value[path: "metadata", "ownerReferences"]?.elements ?? []) + [.controlling(owner, type)]
            )
            if let finalizer { value.addFinalizer(finalizer) }
            return true
        }
    }

    /// An owner that is being deleted, or was replaced by one of its name, adopts nothing.
    private func checkOwner() throws(StatusError) {
        let current = try client.get(owner.key)
        guard current?.uid == owner.uid else {
            throw .conflict(owner.key.resource, owner.name, "the original \(type.kind) is gone")
        }
        if current?.isTerminating == true {
            throw .conflict(owner.key.resource, owner.name, "the \(type.kind) has just been deleted")
        }
    }

    private func release(_ object: some Ownable) throws(StatusError) {
        _ = try change(object) { value in
            let isOwned = OwnerReference.remove([owner.uid], from: &value)
            if let finalizer { value.removeFinalizer(finalizer) }
            return isOwned
        }
    }

    private func change(_ object: some Ownable, _ edit: (inout JSONValue) -> Bool) throws(StatusError) -> Bool {
        do throws(StatusError) {
            var isDone = false
            let changed = try client.update(object.key, uid: object.uid) { value in
                isDone = edit(&value)
                return isDone
            }
            if let changed, isDone { note(changed.revision, object.key.resource) }
            return isDone
        } catch let error where error.reason == .notFound {
            return false
        }
    }
}

extension JSONValue {
    fileprivate static func controlling(_ owner: APIObject, _ type: OwnerType) -> JSONValue {
        OwnerReference.controlling(owner, type)
    }
}
