// SPDX-License-Identifier: Apache-2.0
// Owners of objects, and the finalizers by which they decide what becomes of what they own.

import PodiumClient
import PodiumCodec

/// An entry of `metadata.ownerReferences`.
struct OwnerReference: Hashable, Sendable {
    let apiVersion: String
    let kind: String
    let name: String
    let uid: String
    /// Whether the owner, when it waits for what it owns, waits for this.
    let blocksOwnerDeletion: Bool

    init(_ json: JSONValue) {
        apiVersion = json["apiVersion"]?.string ?? ""
        kind = json["kind"]?.string ?? ""
        name = json["name"]?.string ?? ""
        uid = json["uid"]?.string ?? ""
        blocksOwnerDeletion = json["blockOwnerDeletion"]?.bool ?? false
    }

    /// The owners of an object.
    static func list(of object: JSONValue) -> [OwnerReference] {
        (object["metadata"]?["ownerReferences"]?.elements ?? []).map { OwnerReference($0) }
    }

    /// Takes the references to `uids` from `object`.
    /// - Returns: whether there were any.
    static func remove(_ uids: Set<String>, from object: inout JSONValue) -> Bool {
        let old = object["metadata"]?["ownerReferences"]?.elements ?? []
        let rest = old.filter { !uids.contains($0["uid"]?.string ?? "") }
        if rest.count == old.count { return false }
        object[path: "metadata", "ownerReferences"] = rest.isEmpty ? nil : .array(rest)
        return true
    }
}

/// The finalizers of the garbage collector.
enum CollectionFinalizer {
    /// The object goes after everything that it owns.
    static let foreground = "foregroundDeletion"
    /// What the object owns is left without it.
    static let orphan = "orphan"
}

extension APIObject {
    /// Whether `finalizer` holds this object.
    func isHeld(by finalizer: String) -> Bool {
        metadata["finalizers"]?.elements.contains(.string(finalizer)) ?? false
    }
}
