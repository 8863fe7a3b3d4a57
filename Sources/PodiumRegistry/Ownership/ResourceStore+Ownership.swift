// SPDX-License-Identifier: Apache-2.0
// Who owns which fields of an object after a write to it.

import PodiumCodec
import PodiumHost
package import PodiumMachinery
package import PodiumSchema
package import PodiumStorage

/// Who owns which fields of an object that is being written.
struct Account {
    /// That of the object before; nil when it had none.
    let known: EncodedManagedFields?
    /// Who owns what from now on.
    let managed: ManagedFields
    /// Sets of fields whose text is known.
    private let fields: [EncodedFieldSet]
    /// Whether it goes on from an account that the client has made, which may be wrong.
    private(set) var isGiven = false
    /// Whether nothing is new but the times, which then stay what they were.
    private(set) var keepsTimes = false

    init(known: EncodedManagedFields?, managed: ManagedFields, isGiven: Bool = false) {
        self.known = known
        self.managed = managed
        self.isGiven = isGiven
        fields = known?.fields ?? []
    }

    /// That of a new object, all of whose fields belong to who makes it.
    init(_ fields: EncodedFieldSet, of owner: FieldOwner, at time: Timestamp) {
        known = nil
        managed = ManagedFields(
            OwnedFields(owner: owner, apiVersion: owner.apiVersion, fields: fields.set, time: time.rfc3339)
        )
        self.fields = [fields]
    }

    /// The metadata of an object with this account, as they are validated: what is computed here is right anyway.
    func validated(_ metadata: JSONValue?) -> JSONValue? {
        guard isGiven, let metadata else { return metadata }
        let object: JSONValue = ["metadata": metadata]
        return object.with(text)["metadata"]
    }

    /// Whether it says what the known one says.
    var isUnchanged: Bool { keepsTimes || managed == known?.managed ?? ManagedFields() }

    /// Its text; nil when nobody owns anything.
    var text: BytesSlice? { isUnchanged ? known?.text : managed.json(reusing: fields) }

    /// Takes back the times if they are all that is new in it, and there is nothing new in the object.
    // Kubernetes: apiserver/pkg/endpoints/handlers/fieldmanager/equality.go IgnoreManagedFieldsTimestampsTransformer
    mutating func keepTimes(ifEqual old: JSONValue, _ object: JSONValue) {
        guard let known, managed != known.managed, managed.isEqualButForTimes(to: known.managed) else { return }
        keepsTimes = old == object
    }
}

extension ResourceStore {
    /// What keeps account of this write; nil for kinds without a schema.
    var ledger: FieldLedger? {
        FieldLedger(
            definition.gvk,
            rules: definition.rules,
            subresource: subresource ?? "",
            schemas: surface.schemas,
            now: api.host.clock.now
        )
    }

    /// Who owns the fields of a stored object.
    /// - Throws: 500 when its account cannot be read.
    package func account(of object: StoredObject) throws(StatusError) -> ManagedFields {
        do throws(FieldSetError) {
            return try read(object)?.managed ?? ManagedFields()
        } catch {
            throw .internalError("failed to decode managed fields: \(error.text)")
        }
    }

    /// Takes the account that a client gives out of `object`.
    /// - Parameters:
    ///   - current: the object before; nil when it is new.
    ///   - old: the same without its account.
    /// - Returns: who owns what once `object` is written by `manager`.
    // Kubernetes: apimachinery/pkg/util/managedfields/internal/fieldmanager.go UpdateNoErrors
    func account(
        for object: inout JSONValue,
        replacing current: StoredObject?,
        _ old: JSONValue?,
        manager: String
    ) -> Account {
        let given = object[path: "metadata", "managedFields"]
        object.setManagedFields(nil)
        let known = current.flatMap(readable)
        let before = known?.managed ?? ManagedFields()
        if current == nil, given == nil { return account(ofNew: object, manager: manager) }
        guard let ledger else { return Account(known: known, managed: before) }
        let start = subresource == nil ? Self.account(given: given, known) : before
        return Account(
            known: known,
            managed: ledger.update(live: old, new: object, managed: start, manager: manager),
            isGiven: start != before
        )
    }

    /// Who owns what of an object that is made by `manager`.
    private func account(ofNew object: JSONValue, manager: String) -> Account {
        let owner = FieldOwner.updater(manager, apiVersion: definition.apiVersion, subresource: subresource ?? "")
        let fields = api.fieldsOfNew.finding(about: object, of: definition) {
            let managed = ledger?.update(live: nil, new: object, managed: ManagedFields(), manager: manager)
            return managed?.entries.first.map { EncodedFieldSet($0.fields) }
        }
        guard let fields else { return Account(known: nil, managed: ManagedFields()) }
        return Account(fields, of: owner, at: api.host.clock.now)
    }

    /// The account on which a write goes on: that which the client gives, or else that of the object.
    // Kubernetes: apimachinery/pkg/util/managedfields/internal/fieldmanager.go decodeLiveOrNew
    private static func account(given: JSONValue?, _ encoded: EncodedManagedFields?) -> ManagedFields {
        let known = encoded?.managed ?? ManagedFields()
        guard let given else { return known }
        if ManagedFields.isReset(given) { return ManagedFields() }
        // Most clients send back what they have read.
        if let text = encoded?.text, text.buffer.elementsEqual(given.encoded()) { return known }
        do throws(FieldSetError) {
            let account = try ManagedFields(given)
            return account.isEmpty ? known : account
        } catch {
            // One that nobody can read counts as none.
            return known
        }
    }

    /// The account of a stored object; nil also for one that nobody can read, which counts as none.
    func readable(_ object: StoredObject) -> EncodedManagedFields? {
        do throws(FieldSetError) { return try read(object) } catch { return nil }
    }

    private func read(_ object: StoredObject) throws(FieldSetError) -> EncodedManagedFields? {
        guard let text = object.managedFields else { return nil }
        return try EncodedManagedFields(text, fieldSet: api.fieldSets.fieldSet)
    }
}

extension JSONValue {
    /// Sets `metadata.managedFields`, or removes it.
    mutating func setManagedFields(_ value: JSONValue?) {
        guard value != nil || self[path: "metadata", "managedFields"] != nil else { return }
        updateObject { object in object["metadata", default: .emptyObject].updateObject { $0["managedFields"] = value }
        }
    }

    /// The same object with `account`, as clients see it.
    func with(_ account: BytesSlice?) -> JSONValue {
        var object = self
        do {
            object.setManagedFields(try account.map { try JSONValue(json: $0) })
        } catch {
            preconditionFailure("accounts are written by ManagedFields and must be JSON: \(error)")
        }
        return object
    }
}
