// SPDX-License-Identifier: Apache-2.0
// Server-side apply: what is merged, what is given up, and whose fields are in the way.

package import PodiumCodec

/// Fields that somebody else owns and that would change.
package struct FieldConflict: Hashable, Sendable {
    package let owner: FieldOwner
    package let fields: FieldSet

    package init(owner: FieldOwner, fields: FieldSet) {
        self.owner = owner
        self.fields = fields
    }
}

/// Why nothing was applied.
package enum ApplyError: Error {
    /// What is applied is not of its type.
    case malformed([MergeTypeError])
    /// The object that is there cannot be compared.
    case incomparable(MergeTypeError)
    /// Others own fields that would change.
    case conflicts([FieldConflict])
}

/// What applying leaves behind.
package struct ApplyOutcome<Document: DocumentBuilder>: Sendable {
    /// The object afterwards; nil when it is what it was.
    package let object: Document?
    package let managed: ManagedFields

    package init(object: Document?, managed: ManagedFields) {
        self.object = object
        self.managed = managed
    }
}

extension FieldManager {
    /// The owner of what an object had before anybody applied to it.
    // Kubernetes: apimachinery/pkg/util/managedfields/internal/skipnonapplied.go
    private static var beforeFirstApply: String { "before-first-apply" }

    /// Who owns what of an object that is now applied to for the first time, and was not accounted for.
    /// - Parameter empty: an empty object of the kind.
    @_specialize(where Document == JSONValue)
    package func accountBeforeApply(live: Document, empty: Document, managed: ManagedFields) -> ManagedFields {
        guard managed.isEmpty else { return managed }
        return update(live: empty, new: live, isNew: true, managed: managed, manager: Self.beforeFirstApply)
    }

    /// Merges `applied` into `live`, and removes what `manager` applied before and does not any more.
    /// - Parameter force: whether fields of others are taken where they conflict.
    // Kubernetes: structured-merge-diff/merge/update.go Updater.Apply
    @_specialize(where Document == JSONValue)
    package func apply(
        _ applied: Document,
        to live: Document,
        managed: ManagedFields,
        manager: String,
        force: Bool
    ) throws(ApplyError) -> ApplyOutcome<Document> {
        let errors = version.type.errors(in: applied)
        if !errors.isEmpty { throw .malformed(errors) }
        let owner = FieldOwner.applier(manager, subresource: subresource)
        let conflicts: [FieldConflict]
        do throws(MergeTypeError) {
            let last = managed[owner]
            var managed = managed
            managed.set(
                OwnedFields(
                    owner: owner,
                    apiVersion: version.apiVersion,
                    fields: filter.apply(to: try version.type.fields(of: applied)),
                    time: last?.time
                )
            )
            let merged = try version.type.merge(live, applied)
            let pruned = try prune(merged, managed, last)
            let object = pruned.isNull ? .object(of: []) : pruned
            var differences = Differences(version: version, live: live, new: object, filter: filter)
            conflicts = try differences.conflicts(with: managed, sparing: owner)
            if force || conflicts.isEmpty {
                try differences.take(from: &managed, sparing: owner)
                let isChanged = !live.isEqual(to: object)
                settle(owner, isChanged, &managed)
                return ApplyOutcome(object: isChanged ? object : nil, managed: managed)
            }
        } catch {
            throw .incomparable(error)
        }
        throw .conflicts(conflicts)
    }

    /// What the applier owns in the end, without what the server sets; its time only moves when something changed.
    private func settle(_ owner: FieldOwner, _ isChanged: Bool, _ managed: inout ManagedFields) {
        guard var mine = managed[owner] else { return }
        mine.fields = mine.fields.subtracting(ServerFields.set)
        if isChanged { mine.time = now }
        if mine.fields.isEmpty { managed.remove(owner) } else { managed.set(mine) }
    }

    /// `merged` without what the applier owned before and nobody owns any more.
    // Kubernetes: structured-merge-diff/merge/update.go prune, addBackOwnedItems, addBackDanglingItems
    private func prune(
        _ merged: Document,
        _ managed: ManagedFields,
        _ last: OwnedFields?
    ) throws(MergeTypeError) -> Document {
        guard let last, !last.fields.isEmpty, let before = view(merged, in: last.apiVersion) else { return merged }
        let all = try before.fields
        let lost = last.fields.withNamedFields(of: before.type)
        var pruned = try before.type.removing(lost, from: before.object)

        // What somebody owns comes back, seen in each version in which it is owned.
        let versions =
            [last.apiVersion] + Set(managed.entries.map(\.apiVersion)).subtracting([last.apiVersion]).sorted()
        var current = last.apiVersion
        for apiVersion in versions {
            guard let whole = view(merged, in: apiVersion),
                let rest = view(pruned, in: apiVersion, from: current)
            else { continue }
            let owned = managed.entries.lazy.filter { $0.apiVersion == apiVersion }
                .reduce(FieldSet()) { $0.union($1.fields) }.withNamedFields(of: whole.type)
            let kept = try rest.fields.union(owned)
            pruned = try whole.type.removing(try whole.fields.subtracting(kept), from: whole.object)
            current = apiVersion
        }

        // And so does what the applier never owned.
        guard let rest = view(pruned, in: last.apiVersion, from: current) else { return merged }
        let gone = try all.subtracting(rest.fields).intersection(lost)
        let result = try before.type.removing(gone, from: before.object)
        return view(result, in: version.apiVersion, from: last.apiVersion)?.object ?? merged
    }

    /// An object as another version shows it.
    private struct View {
        let object: Document
        let type: MergeType

        /// Its fields, among them all that the schema names on the way to one.
        var fields: FieldSet {
            get throws(MergeTypeError) { try type.fields(of: object).withNamedFields(of: type) }
        }
    }

    /// `object`, which is of the version `from` (nil: the one in which is written), in another version; nil when there
    /// is no such version.
    private func view(_ object: Document, in apiVersion: String, from: String? = nil) -> View? {
        if apiVersion == from ?? version.apiVersion {
            let type = apiVersion == version.apiVersion ? version.type : version.converted(object, apiVersion)?.type
            return type.map { View(object: object, type: $0) }
        }
        return version.converted(object, apiVersion).map { View(object: $0.object, type: $0.type) }
    }
}
