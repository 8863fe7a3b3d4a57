// SPDX-License-Identifier: Apache-2.0
// Accounts of ownership as JSON, which is how objects carry them: [{"manager":…,"operation":…,"fieldsV1":{…}},…].

package import PodiumCodec

/// A set of fields with its text.
package struct EncodedFieldSet: Sendable {
    package let set: FieldSet
    package let text: BytesSlice

    /// Writes the text of a set.
    package init(_ set: FieldSet) {
        var writer = JSONWriter()
        set.write(to: &writer)
        self.set = set
        text = writer.encoded.slice
    }

    fileprivate init(_ set: FieldSet, text: BytesSlice) {
        self.set = set
        self.text = text
    }
}

/// An account as it was read from JSON text, with the text of its parts.
package struct EncodedManagedFields: Sendable {
    package let managed: ManagedFields
    package let text: BytesSlice
    /// What the owners own.
    package let fields: [EncodedFieldSet]

    /// Reads the text of `metadata.managedFields` as ``ManagedFields/json(reusing:)`` writes it.
    /// - Parameter fieldSet: reads a set of fields from its text.
    /// - Throws: what is wrong with it, as upstream puts it.
    package init(
        _ text: BytesSlice,
        fieldSet: (BytesSlice) throws(FieldSetError) -> FieldSet
    ) throws(FieldSetError) {
        var managed = ManagedFields()
        var fields: [EncodedFieldSet] = []
        try text.forEachJSONElement { entry throws(FieldSetError) in
            let parts = EntryText(entry)
            let set = try parts.fields.map(fieldSet) ?? FieldSet()
            managed.set(try parts.owned(set))
            if let text = parts.fields { fields.append(EncodedFieldSet(set, text: text)) }
        }
        self.managed = managed
        self.text = text
        self.fields = fields
    }
}

/// The members of an entry, as they are read.
private struct EntryText {
    private var manager = ""
    private var operation = ""
    private var apiVersion = ""
    private var subresource = ""
    private var fieldsType = ""
    private var time: String?
    private(set) var fields: BytesSlice?

    /// Reads the entry in a text.
    init(_ entry: BytesSlice) {
        entry.forEachJSONMember { name, value in
            switch name {
            case let name where name.spells("manager"): manager = value.jsonString ?? ""
            case let name where name.spells("operation"): operation = value.jsonString ?? ""
            case let name where name.spells("apiVersion"): apiVersion = value.jsonString ?? ""
            case let name where name.spells("subresource"): subresource = value.jsonString ?? ""
            case let name where name.spells("fieldsType"): fieldsType = value.jsonString ?? ""
            case let name where name.spells("time"): time = value.jsonString
            case let name where name.spells("fieldsV1"): if !value.buffer.spells("null") { fields = value }
            default: break
            }
        }
    }

    /// Reads the entry in a document.
    init(_ entry: some DocumentReader) {
        manager = entry.member("manager")?.string ?? ""
        operation = entry.member("operation")?.string ?? ""
        apiVersion = entry.member("apiVersion")?.string ?? ""
        subresource = entry.member("subresource")?.string ?? ""
        fieldsType = entry.member("fieldsType")?.string ?? ""
        time = entry.member("time")?.string
    }

    /// What it says.
    func owned(_ fields: FieldSet) throws(FieldSetError) -> OwnedFields {
        guard let operation = FieldOperation(rawValue: operation) else {
            throw FieldSetError(text: "operation must be `Apply` or `Update`")
        }
        guard !apiVersion.isEmpty else { throw FieldSetError(text: "apiVersion must not be empty") }
        guard fieldsType == "FieldsV1" else { throw FieldSetError(text: "invalid fieldsType in managed fields entry") }
        let owner: FieldOwner =
            switch operation {
            case .apply: .applier(manager, subresource: subresource)
            case .update: .updater(manager, apiVersion: apiVersion, subresource: subresource)
            }
        return OwnedFields(owner: owner, apiVersion: apiVersion, fields: fields, time: time)
    }
}

extension ManagedFields {
    /// Reads `metadata.managedFields`.
    /// - Throws: what is wrong with it.
    package init(_ document: some DocumentReader) throws(FieldSetError) {
        for index in 0..<(document.kind == .array ? document.count : 0) {
            let entry = document.element(at: index)
            let fields = entry.member("fieldsV1")
            let owned = if let fields, !fields.isNull { try FieldSet(fieldsV1: fields) } else { FieldSet() }
            set(try EntryText(entry).owned(owned))
        }
    }

    /// Whether `document`, given as `metadata.managedFields`, asks to forget who owns what.
    // Kubernetes: apimachinery/pkg/util/managedfields/internal/fieldmanager.go isResetManagedFields
    package static func isReset(_ document: some DocumentReader) -> Bool {
        guard document.kind == .array else { return false }
        return document.count == 0 || (document.count == 1 && document.element(at: 0).count == 0)
    }

    /// As the text of `metadata.managedFields`; nil when nobody owns anything.
    /// - Parameter known: sets whose text need not be written once more.
    package func json(reusing known: [EncodedFieldSet] = []) -> BytesSlice? {
        if isEmpty { return nil }
        var writer = JSONWriter(capacity: 1024)
        writer.raw("[")
        for (index, owned) in sorted.enumerated() {
            if index > 0 { writer.raw(",") }
            owned.write(to: &writer, fields: known.first { $0.set == owned.fields }?.text)
        }
        writer.raw("]")
        return writer.encoded.slice
    }

    /// Appliers first, then by time, and then by name.
    // Kubernetes: apimachinery/pkg/util/managedfields/internal/managedfields.go sortEncodedManagedFields
    private var sorted: [OwnedFields] {
        entries.sorted { left, right in
            let (a, b) = (left.owner, right.owner)
            if a.operation != b.operation { return a.operation == .apply }
            if left.time != right.time { return (left.time ?? "") < (right.time ?? "") }
            if a.manager != b.manager { return a.manager.precedesByBytes(b.manager) }
            if left.apiVersion != right.apiVersion { return left.apiVersion < right.apiVersion }
            return a.subresource < b.subresource
        }
    }
}

extension OwnedFields {
    /// - Parameter text: that of the fields, where it is known.
    fileprivate func write(to writer: inout JSONWriter, fields text: BytesSlice?) {
        writer.raw("{")
        if !owner.manager.isEmpty {
            writer.raw("\"manager\":")
            writer.write(owner.manager)
            writer.raw(",")
        }
        writer.raw("\"operation\":")
        writer.write(owner.operation.rawValue)
        writer.raw(",\"apiVersion\":")
        writer.write(apiVersion)
        if let time {
            writer.raw(",\"time\":")
            writer.write(time)
        }
        writer.raw(",\"fieldsType\":\"FieldsV1\",\"fieldsV1\":")
        if let text { writer.raw(text.buffer) } else { fields.write(to: &writer) }
        if !owner.subresource.isEmpty {
            writer.raw(",\"subresource\":")
            writer.write(owner.subresource)
        }
        writer.raw("}")
    }
}
