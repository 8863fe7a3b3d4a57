// SPDX-License-Identifier: Apache-2.0
// What a write does to the ownership of fields.

package import PodiumCodec

/// A version of the objects of a kind, as ownership sees them.
package struct ObjectVersion<Document: DocumentBuilder>: Sendable {
    /// `v1`, `apps/v1`.
    package let apiVersion: String
    package let type: MergeType
    /// An object of this version in another one; nil when there is no such version.
    let converted: @Sendable (Document, String) -> (object: Document, type: MergeType)?

    package init(
        apiVersion: String,
        type: MergeType,
        converted: @escaping @Sendable (Document, String) -> (object: Document, type: MergeType)?
    ) {
        self.apiVersion = apiVersion
        self.type = type
        self.converted = converted
    }
}

/// The limits of field ownership.
package enum FieldManagerLimits {
    /// How many updaters an object remembers; the oldest are then taken together.
    // Kubernetes: apimachinery/pkg/util/managedfields/fieldmanager.go DefaultMaxUpdateManagers
    package static let maximumUpdaters = 10
}

/// Keeps account of who owns which fields, write by write.
///
/// Fields that change belong to who changes them by an update. Who applies owns what is applied, shares it with others
/// who want the same, and gives up what is not applied any more.
// Kubernetes: apimachinery/pkg/util/managedfields/internal; structured-merge-diff/merge/update.go
package struct FieldManager<Document: DocumentBuilder>: Sendable {
    /// The version in which is written.
    package let version: ObjectVersion<Document>
    /// The subresource through which is written; empty for the object itself.
    let subresource: String
    /// What a write by this way can change at all.
    let filter: FieldFilter
    /// The time of the write, in RFC 3339.
    let now: String

    package init(version: ObjectVersion<Document>, subresource: String, filter: FieldFilter, now: String) {
        self.version = version
        self.subresource = subresource
        self.filter = filter
        self.now = now
    }

    /// Who owns what after `manager` has replaced `live` by `new`.
    ///
    /// Of an object of which nobody owns anything no account is begun, unless it is new; and none is kept of a write to
    /// an object whose lists cannot be told apart.
    /// - Parameter isNew: whether there was no object; `live` is then an empty one.
    @_specialize(where Document == JSONValue)
    package func update(
        live: Document,
        new: Document,
        isNew: Bool,
        managed: ManagedFields,
        manager: String
    ) -> ManagedFields {
        if managed.isEmpty, !isNew { return managed }
        let owner = FieldOwner.updater(manager, apiVersion: version.apiVersion, subresource: subresource)
        return account(live: live, new: new, managed, owner).map(cap) ?? managed
    }

    /// nil when the objects cannot be compared.
    func account(
        live: Document,
        new: Document,
        _ managed: ManagedFields,
        _ owner: FieldOwner
    ) -> ManagedFields? {
        do throws(MergeTypeError) {
            var differences = Differences(version: version, live: live, new: new, filter: filter)
            var managed = managed
            let own = try differences.inVersion(version.apiVersion)
            try differences.take(from: &managed, sparing: owner)
            guard let own else { return managed }
            // What it writes it has, so all that it can lose is what has gone.
            let previous = managed[owner]?.fields.subtracting(own.removed) ?? FieldSet()
            let changed = own.changed.subtracting(ServerFields.set)
            let fields = previous.union(changed)
            if fields.isEmpty {
                managed.remove(owner)
            } else if var owned = managed[owner], changed.isEmpty {
                owned.fields = fields
                managed.set(owned)
            } else {
                managed.set(OwnedFields(owner: owner, apiVersion: version.apiVersion, fields: fields, time: now))
            }
            return managed
        } catch {
            return nil
        }
    }

    /// Takes the oldest updaters together when there are too many.
    // Kubernetes: apimachinery/pkg/util/managedfields/internal/capmanagers.go
    private func cap(_ managed: ManagedFields) -> ManagedFields {
        var updaters = managed.entries.filter { $0.owner.operation == .update }
        var count = updaters.count
        if count <= FieldManagerLimits.maximumUpdaters { return managed }
        updaters.sort { left, right in
            if let a = left.time, let b = right.time, a != b { return a < b }
            return left.owner.sortKey.precedesByBytes(right.owner.sortKey)
        }
        var managed = managed
        var firsts: [String: FieldOwner] = [:]
        for updater in updaters where count > FieldManagerLimits.maximumUpdaters {
            guard let first = firsts[updater.apiVersion] else {
                firsts[updater.apiVersion] = updater.owner
                continue
            }
            let bucket = FieldOwner.updater("ancient-changes", apiVersion: updater.apiVersion)
            if managed[bucket] == nil, let oldest = managed[first] {
                managed.remove(first)
                managed.set(OwnedFields(owner: bucket, apiVersion: oldest.apiVersion, fields: oldest.fields))
            }
            let fields = updater.fields.union(managed[bucket]?.fields ?? FieldSet())
            managed.remove(updater.owner)
            managed.set(
                OwnedFields(owner: bucket, apiVersion: updater.apiVersion, fields: fields, time: updater.time)
            )
            count -= 1
        }
        return managed
    }
}

/// Fields that nobody owns, since the server sets them.
// Kubernetes: apimachinery/pkg/util/managedfields/internal/stripmeta.go
enum ServerFields {
    static let set = FieldSet(
        names: [
            ["apiVersion"], ["kind"], ["metadata"], ["metadata", "name"], ["metadata", "namespace"],
            ["metadata", "creationTimestamp"], ["metadata", "selfLink"], ["metadata", "uid"],
            ["metadata", "clusterName"], ["metadata", "generation"], ["metadata", "managedFields"],
            ["metadata", "resourceVersion"],
        ]
    )
}

/// What tells two states of an object apart, in every version in which somebody owns fields of it.
struct Differences<Document: DocumentBuilder> {
    private let version: ObjectVersion<Document>
    private let live: Document
    private let new: Document
    private let filter: FieldFilter
    private var known: [String: Comparison?] = [:]

    init(version: ObjectVersion<Document>, live: Document, new: Document, filter: FieldFilter) {
        self.version = version
        self.live = live
        self.new = new
        self.filter = filter
    }

    /// nil when there is no such version.
    mutating func inVersion(_ apiVersion: String) throws(MergeTypeError) -> Comparison? {
        if let known = known[apiVersion] { return known }
        let comparison = try compare(in: apiVersion)
        known[apiVersion] = .some(comparison)
        return comparison
    }

    private func compare(in apiVersion: String) throws(MergeTypeError) -> Comparison? {
        if apiVersion == version.apiVersion {
            return filter.apply(to: try version.type.compare(live, new, where: filter.concerns))
        }
        guard let old = version.converted(live, apiVersion), let new = version.converted(new, apiVersion) else {
            return nil
        }
        return filter.apply(to: try old.type.compare(old.object, new.object, where: filter.concerns))
    }

    /// Takes from all owners but `applier` what has changed, and forgets those whose version is gone.
    mutating func take(from managed: inout ManagedFields, sparing applier: FieldOwner?) throws(MergeTypeError) {
        for owned in managed.entries where owned.owner != applier {
            guard let differences = try inVersion(owned.apiVersion) else {
                managed.remove(owned.owner)
                continue
            }
            let all = differences.changed.union(differences.removed)
            if !owned.fields.intersects(all) { continue }
            var rest = owned
            rest.fields = owned.fields.subtracting(all)
            managed.set(rest)
        }
        managed.updateAll { _ in }
    }

    /// What each owner but `applier` owns of what has changed.
    mutating func conflicts(
        with managed: ManagedFields,
        sparing applier: FieldOwner
    ) throws(MergeTypeError) -> [FieldConflict] {
        var conflicts: [FieldConflict] = []
        for owned in managed.entries where owned.owner != applier {
            guard let differences = try inVersion(owned.apiVersion) else { continue }
            let fields = owned.fields.intersection(differences.changed)
            if !fields.isEmpty { conflicts.append(FieldConflict(owner: owned.owner, fields: fields)) }
        }
        return conflicts.sorted { $0.owner.sortKey.precedesByBytes($1.owner.sortKey) }
    }
}
