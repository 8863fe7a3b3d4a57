// SPDX-License-Identifier: Apache-2.0
// Owners of objects, and the finalizers by which they decide what becomes of what they own.

import PodiumClient
import PodiumCodec
import PodiumMachinery

/// An entry of `metadata.ownerReferences`.
struct OwnerReference: Hashable, Sendable {
    let apiVersion: String
    let kind: String
    let name: String
    let uid: String
    /// Whether it is this owner who decides what becomes of the object; no object has two such.
    let isController: Bool
    /// Whether the owner, when it waits for what it owns, waits for this.
    let blocksOwnerDeletion: Bool

    init(_ json: JSONValue) {
        apiVersion = json["apiVersion"]?.string ?? ""
        kind = json["kind"]?.string ?? ""
        name = json["name"]?.string ?? ""
        uid = json["uid"]?.string ?? ""
        isController = json["controller"]?.bool ?? false
        blocksOwnerDeletion = json["blockOwnerDeletion"]?.bool ?? false
    }

    /// The owners of an object.
    static func list(of object: JSONValue) -> [OwnerReference] {
        (object["metadata"]?["ownerReferences"]?.elements ?? []).map { OwnerReference($0) }
    }

    /// The owner that controls an object; nil when nobody does.
    static func controller(of object: JSONValue) -> OwnerReference? {
        let entry = object["metadata"]?["ownerReferences"]?.elements.first { $0["controller"]?.bool == true }
        return entry.map { OwnerReference($0) }
    }

    /// The reference by which `owner` controls something.
    // Kubernetes: apimachinery/pkg/apis/meta/v1/controller_ref.go NewControllerRef
    static func controlling(_ owner: APIObject, _ type: OwnerType) -> JSONValue {
        [
            "apiVersion": .string(type.apiVersion), "kind": .string(type.kind), "name": .string(owner.name),
            "uid": .string(owner.uid), "controller": true, "blockOwnerDeletion": true,
        ]
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

/// How owners of one kind are named in references to them.
struct OwnerType: Hashable, Sendable {
    let resource: GroupResource
    let apiVersion: String
    let kind: String
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
