// SPDX-License-Identifier: Apache-2.0
// Who owns which fields of an object after a write to it.

import OrderedCollections
package import PodiumCodec
import PodiumMachinery
import PodiumSchema

extension ResourceStore {
    /// What keeps account of this write; nil for kinds without a schema.
    var ledger: FieldLedger? {
        FieldLedger(definition.gvk, rules: definition.rules, subresource: subresource ?? "", in: environment)
    }

    /// Writes into `object` who owns what once it has replaced `live` (nil: it is new) for `manager`.
    // Kubernetes: apimachinery/pkg/util/managedfields/internal/fieldmanager.go UpdateNoErrors
    func account(for object: inout JSONValue, live: JSONValue?, manager: String) {
        guard let ledger else { return }
        let before = live?[path: "metadata", "managedFields"] ?? .null
        let given = object[path: "metadata", "managedFields"] ?? .null
        object.setManagedFields(nil)
        var old = live
        old?.setManagedFields(nil)
        let known = Self.read(before)
        let managed = ledger.update(
            live: old,
            new: object,
            managed: subresource == nil ? Self.account(given: given, before: before, known) : known,
            manager: manager
        )
        object.setManagedFields(managed.document(reusing: (known, before), JSONValue.string))
    }

    /// The account on which a write goes on: that which the client gives, or else that of the object.
    // Kubernetes: apimachinery/pkg/util/managedfields/internal/fieldmanager.go decodeLiveOrNew
    private static func account(given: JSONValue, before: JSONValue, _ known: ManagedFields) -> ManagedFields {
        if ManagedFields.isReset(given) { return ManagedFields() }
        // Most clients send back what they have read.
        if given == before { return known }
        let account = read(given)
        return account.isEmpty ? known : account
    }

    /// An account that nobody can read counts as none.
    private static func read(_ document: JSONValue) -> ManagedFields {
        do throws(FieldSetError) { return try ManagedFields(document) } catch { return ManagedFields() }
    }

    /// Whether nothing but times of its account tells `object` from `old`: then they stay what they were.
    // Kubernetes: apiserver/pkg/endpoints/handlers/fieldmanager/equality.go IgnoreManagedFieldsTimestampsTransformer
    static func keepTimes(of old: JSONValue, in object: inout JSONValue) {
        let before = old[path: "metadata", "managedFields"]
        let after = object[path: "metadata", "managedFields"]
        guard let before, let after, before != after else { return }
        var candidate = object
        candidate.setManagedFields(before)
        // What has changed beside the account shows sooner than what has changed in it.
        guard candidate == old, read(before).isEqualButForTimes(to: read(after)) else { return }
        object = candidate
    }
}

extension JSONValue {
    /// Sets `metadata.managedFields`, or removes it.
    package mutating func setManagedFields(_ value: JSONValue?) {
        guard value != nil || self[path: "metadata", "managedFields"] != nil else { return }
        updateObject { object in object["metadata", default: .emptyObject].updateObject { $0["managedFields"] = value }
        }
    }
}
