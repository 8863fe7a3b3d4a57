// SPDX-License-Identifier: Apache-2.0
// Who owns which fields of an object: metadata.managedFields as a value.

import PodiumCodec

/// Whether fields are owned because they were applied, or because they were written.
package enum FieldOperation: String, Hashable, Sendable {
    case apply = "Apply"
    case update = "Update"
}

/// Who owns fields: the same client counts as another owner by another operation, version or subresource.
// Kubernetes: apimachinery/pkg/util/managedfields/internal/managedfields.go BuildManagerIdentifier
package struct FieldOwner: Hashable, Sendable {
    package let manager: String
    package let operation: FieldOperation
    /// The version in which an updater wrote; empty for appliers, who stay the same in whatever version they apply.
    package let apiVersion: String
    /// Empty for the object itself.
    package let subresource: String

    /// The owner that applies as `manager`.
    package static func applier(_ manager: String, subresource: String = "") -> FieldOwner {
        FieldOwner(manager: manager, operation: .apply, apiVersion: "", subresource: subresource)
    }

    /// The owner that writes as `manager`.
    package static func updater(_ manager: String, apiVersion: String, subresource: String = "") -> FieldOwner {
        FieldOwner(manager: manager, operation: .update, apiVersion: apiVersion, subresource: subresource)
    }

    private init(manager: String, operation: FieldOperation, apiVersion: String, subresource: String) {
        self.manager = manager
        self.operation = operation
        self.apiVersion = apiVersion
        self.subresource = subresource
    }

    /// The same owner where objects are seen in another version.
    package func inVersion(_ apiVersion: String) -> FieldOwner {
        operation == .apply
            ? self : .updater(manager, apiVersion: apiVersion, subresource: subresource)
    }

    /// By what owners are sorted where nothing else is said: upstream names them by JSON.
    var sortKey: String {
        var writer = JSONWriter(capacity: 128)
        let members = [
            ("manager", manager), ("operation", operation.rawValue), ("apiVersion", apiVersion),
            ("subresource", subresource),
        ]
        writer.write(
            .object(JSONObject(uniqueKeysWithValues: members.filter { !$0.1.isEmpty }.map { ($0, .string($1)) }))
        )
        return writer.text
    }
}

/// What one owner owns.
package struct OwnedFields: Hashable, Sendable {
    package let owner: FieldOwner
    /// The version of the object that `fields` is about.
    package var apiVersion: String
    package var fields: FieldSet
    /// When the owner last changed something, in RFC 3339; nil for an applier that never did.
    package var time: String?

    package init(owner: FieldOwner, apiVersion: String, fields: FieldSet, time: String? = nil) {
        self.owner = owner
        self.apiVersion = apiVersion
        self.fields = fields
        self.time = time
    }
}

/// Who owns which fields of an object.
// Kubernetes: apimachinery/pkg/util/managedfields/internal/managedfields.go
package struct ManagedFields: Hashable, Sendable {
    /// One an owner, in the order in which the object shows them once it is encoded.
    package private(set) var entries: [OwnedFields] = []

    /// Nobody owns anything.
    package init() {}

    /// One owner owns everything.
    package init(_ owned: OwnedFields) { entries = [owned] }

    package var isEmpty: Bool { entries.isEmpty }

    /// What `owner` owns; nil when that is nothing.
    package subscript(owner: FieldOwner) -> OwnedFields? { entries.first { $0.owner == owner } }

    /// Says what an owner owns from now on.
    package mutating func set(_ owned: OwnedFields) {
        if let index = entries.firstIndex(where: { $0.owner == owned.owner }) {
            entries[index] = owned
        } else {
            entries.append(owned)
        }
    }

    /// Takes everything from `owner`.
    package mutating func remove(_ owner: FieldOwner) { entries.removeAll { $0.owner == owner } }

    /// Takes from every owner what `change` says, and drops those who are left with nothing.
    package mutating func updateAll(_ change: (inout OwnedFields) -> Void) {
        for index in entries.indices { change(&entries[index]) }
        entries.removeAll { $0.fields.isEmpty }
    }

    /// Whether both say the same but for the times.
    package func isEqualButForTimes(to other: ManagedFields) -> Bool {
        guard entries.count == other.entries.count else { return false }
        return entries.allSatisfy { owned in
            guard let theirs = other[owned.owner] else { return false }
            return theirs.apiVersion == owned.apiVersion && theirs.fields == owned.fields
        }
    }
}
