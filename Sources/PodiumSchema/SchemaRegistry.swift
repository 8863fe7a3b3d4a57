// SPDX-License-Identifier: Apache-2.0
// Finds the types of the API in the embedded openapi/schema.json, reading each when it is first asked for.

import CPodiumData
import PodiumCodec
package import PodiumMachinery

/// The types of the API, by name and by kind.
///
/// Made once by the composition root and passed down. Making one reads only the table of kinds and the names of the
/// types, which takes well under a millisecond; a type is read when it is first needed and then kept.
package final class SchemaRegistry: Sendable {
    /// The place of a type in the registry.
    package struct TypeIndex: Hashable, Sendable {
        let value: Int
    }

    /// The names of the types, by index.
    private let names: [String]
    /// The bytes of each type in the embedded file, by index.
    private let ranges: [Range<Int>]
    private let indices: [String: TypeIndex]
    private let kinds: [GroupVersion: [String: String]]
    /// Kinds that belong to every API version, such as DeleteOptions.
    private let commonKinds: [String: String]
    /// The types that have been read, by index.
    private let slots: [Slot]

    /// Where a type is kept once it is read: every object that is decoded looks here, without a lock.
    private final class Slot: Sendable {
        let schema = LazyReference<Schema>()
    }

    /// Reads the table of kinds and the names of the types.
    package init() {
        let contents = SchemaFile(Self.bytes)
        names = contents.names
        ranges = contents.ranges
        indices = Dictionary(
            names.enumerated().map { ($1, TypeIndex(value: $0)) },
            uniquingKeysWith: { first, _ in first }
        )
        kinds = contents.kinds
        commonKinds = contents.commonKinds
        slots = names.map { _ in Slot() }
    }

    private static var bytes: UnsafeRawBufferPointer {
        let data = podium_data_schema()
        return UnsafeRawBufferPointer(start: data.bytes, count: data.count)
    }

    /// The names of all types, sorted.
    package var typeNames: [String] { names }

    /// The type `name` (`io.k8s.api.core.v1.Pod`); nil when there is none.
    package func schema(named name: String) -> Schema? { indices[name].flatMap { schema(at: $0) } }

    /// The type of a kind; nil for custom resources and kinds that do not exist.
    package func schema(for kind: GroupVersionKind) -> Schema? {
        guard let known = kinds[kind.groupVersion] else { return nil }
        return (known[kind.kind] ?? commonKinds[kind.kind]).flatMap { schema(named: $0) }
    }

    /// The type of a field, or of its elements; nil when these are scalars.
    package func schema(of field: SchemaField) -> Schema? {
        if case .object(let index) = field.type { schema(at: index) } else { nil }
    }

    /// Whether there is such a kind, also in a version that is no longer served; custom resources are not known here.
    package func knows(_ kind: GroupVersionKind) -> Bool {
        guard let known = kinds[kind.groupVersion] else { return false }
        return known[kind.kind] != nil || commonKinds[kind.kind] != nil
    }

    /// The place of the type `name`.
    func index(of name: String) -> TypeIndex? { indices[name] }

    /// The type at `index`, read now if it is needed for the first time.
    func schema(at index: TypeIndex) -> Schema? {
        let slot = slots[index.value]
        // Two threads may read the same type at once; all get the one that was stored first.
        return slot.schema.value ?? read(index).map { slot.schema.setOnce($0) }
    }

    private func read(_ index: TypeIndex) -> Schema? {
        let bytes = [UInt8](UnsafeRawBufferPointer(rebasing: Self.bytes[ranges[index.value]]))
        guard let value = try? JSONValue(json: bytes) else { return nil }
        return Schema(name: names[index.value], value: value, registry: self)
    }
}

/// The outline of openapi/schema.json: its tables, and where each type stands.
///
/// One type is one line.
private struct SchemaFile {
    var names: [String] = []
    var ranges: [Range<Int>] = []
    var kinds: [GroupVersion: [String: String]] = [:]
    var commonKinds: [String: String] = [:]

    init(_ bytes: UnsafeRawBufferPointer) {
        var start = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
            read(bytes, start..<end)
            start = end + 1
        }
    }

    /// Reads a line `"name":value` with or without a comma behind it.
    private mutating func read(_ bytes: UnsafeRawBufferPointer, _ line: Range<Int>) {
        guard line.count > 3, bytes[line.lowerBound] == UInt8(ascii: "\""),
            let quote = bytes[(line.lowerBound + 1)..<line.upperBound].firstIndex(of: UInt8(ascii: "\"")),
            quote + 2 < line.upperBound, bytes[quote + 2] == UInt8(ascii: "{")
        else { return }
        let name = String(decoding: bytes[(line.lowerBound + 1)..<quote], as: UTF8.self)
        let hasComma = bytes[line.upperBound - 1] == UInt8(ascii: ",")
        let range = (quote + 2)..<(hasComma ? line.upperBound - 1 : line.upperBound)
        switch name {
        case "kinds":
            for (version, known) in Self.object(bytes, range) {
                if let version = GroupVersion(version) { kinds[version] = known.stringMap }
            }
        case "common": commonKinds = JSONValue.object(Self.object(bytes, range)).stringMap
        case "types": break
        default:
            names.append(name)
            ranges.append(range)
        }
    }

    private static func object(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> JSONObject {
        (try? JSONValue(json: [UInt8](bytes[range])))?.object ?? [:]
    }
}
