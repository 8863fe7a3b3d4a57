// SPDX-License-Identifier: Apache-2.0
// One type of the API as values: its fields, in the order in which Kubernetes writes them.

package import PodiumCodec
import PodiumMachinery

/// The type of an API object or of a part of one.
package final class Schema: Sendable {
    /// The full name, as in the OpenAPI documents: `io.k8s.api.core.v1.Pod`.
    package let name: String
    /// The Go type as error texts print it: `v1.Pod`.
    package let goName: String
    /// Whether server-side apply and merges treat the whole object as one value.
    package let isAtomic: Bool
    /// The fields in the order in which they are written.
    package let fields: [SchemaField]
    /// How merges see objects of this type, as one value and as many.
    let atomicMergeType = LazyReference<MergeType>()
    let granularMergeType = LazyReference<MergeType>()
    private let empty = LazyReference<EmptyObject>()
    /// Of each field, whether something is written for it also when it is absent.
    let areAlwaysWritten: [Bool]
    /// The names of `fields`, with their places there.
    let names: FieldNames
    /// Where the types of the fields are found.
    ///
    /// The registry owns this schema and so outlives it.
    package unowned let registry: SchemaRegistry

    init(name: String, goName: String, isAtomic: Bool, fields: [SchemaField], registry: SchemaRegistry) {
        self.name = name
        self.goName = goName
        self.isAtomic = isAtomic
        self.fields = fields
        self.registry = registry
        areAlwaysWritten = fields.map { $0.emission == .zero || $0.emission == .null }
        names = FieldNames(fields.map(\.name))
    }

    /// An object of this type that nobody has filled in: the fields that are always written.
    package var emptyObject: JSONValue {
        (empty.value ?? empty.setOnce(EmptyObject(SchemaDecoder.zero(self)))).value
    }

    private final class EmptyObject: Sendable {
        let value: JSONValue
        init(_ value: JSONValue) { self.value = value }
    }

    /// The Go type without its package: `Pod`.
    var goShortName: String {
        goName.lastIndex(of: ".").map { String(goName[goName.index(after: $0)...]) } ?? goName
    }

    /// The field `name`; nil when there is none.
    package func field(_ name: String) -> SchemaField? { names.place(of: name).map { fields[$0] } }

    /// The type of the field `name`, or of its elements when it is a list or map; nil for scalars and unknown fields.
    package func schema(of name: String) -> Schema? { field(name).flatMap { registry.schema(of: $0) } }
}

/// What a field, or an element of one, holds.
package enum SchemaType: Hashable, Sendable {
    case string
    case bool
    case int32
    case int64
    case double
    /// Bytes as base64.
    case bytes
    /// `resource.Quantity`, written in its canonical form.
    case quantity
    /// `metav1.Time`, written in whole seconds.
    case time
    /// `metav1.MicroTime`, written with six digits of a second.
    case microTime
    /// A 32-bit integer or a string.
    case intOrString
    /// Any JSON, kept as it is.
    case raw
    /// A JSON schema or a truth value.
    case schemaOrBool
    /// A JSON schema or a list of them.
    case schemaOrArray
    /// A JSON schema or a list of strings.
    case schemaOrStringArray
    /// An object of the type with this place in the registry.
    case object(SchemaRegistry.TypeIndex)
}

/// One field of a type.
// A class, because decoders and patches pass fields around for every field of every object, and to copy one would take
// a dozen reference counts.
package final class SchemaField: Sendable {
    /// Whether the field holds one value or many.
    package enum Container: String, Sendable {
        case single
        case list
        case map
        /// A map of lists of strings.
        case mapOfLists = "maplist"
    }

    /// What is written for an absent or empty value: the traces of Go's `omitempty` and pointers.
    package enum Emission: String, Sendable {
        /// Nothing: an empty value disappears.
        case omit
        /// Nothing when absent, but an explicit zero value stays.
        case keep
        /// The zero value: the field is always written.
        case zero
        /// `null`.
        case null
    }

    /// How server-side apply and structured merges see a list.
    package enum ListType: String, Sendable {
        case atomic
        case set
        case map
    }

    /// How a strategic merge patch treats the field.
    package struct PatchStrategy: OptionSet, Sendable {
        package let rawValue: Int
        package init(rawValue: Int) { self.rawValue = rawValue }

        package static let merge = PatchStrategy(rawValue: 1)
        package static let replace = PatchStrategy(rawValue: 2)
        package static let retainKeys = PatchStrategy(rawValue: 4)
    }

    package let name: String
    /// What the field holds, or what its elements are.
    package let type: SchemaType
    package let container: Container
    /// The Go type of the field: `[]v1.Container`.
    package let goType: String
    /// The Go type of an element: `v1.Container`; the same as `goType` without a container.
    package let goElementType: String
    package let emission: Emission
    package let isRequired: Bool
    /// Whether an empty list is told from none: that of managed fields is an order to forget them.
    let keepsEmptyList: Bool
    /// The values that are allowed; empty when any is.
    package let allowedValues: [String]
    package let defaultValue: JSONValue?
    package let listType: ListType?
    /// The members that tell elements apart when `listType` is `.map`.
    package let listKeys: [String]
    /// Whether a map or object is one value for server-side apply; nil where its type says.
    package let isAtomicMap: Bool?
    package let patchStrategy: PatchStrategy
    /// The member that tells elements apart in a strategic merge patch.
    package let mergeKey: String?
    /// Its number in the protobuf message, behind the numbers of the messages that Go embeds on the way to it; empty
    /// when protobuf does not know the field.
    package let protobufPath: [Int]

    /// Reads the entry of `openapi/schema.json`.
    init(_ value: JSONValue, registry: SchemaRegistry) {
        let text = value["t"]?.string ?? "raw"
        type = SchemaType(text, registry: registry)
        container = value["c"]?.string.flatMap { Container(rawValue: $0) } ?? .single
        var element = value["g"]?.string ?? type.goName
        if case .object = type { element = text.split(separator: ".").suffix(2).joined(separator: ".") }
        name = value["n"]?.string ?? ""
        keepsEmptyList = name == "managedFields"
        goType = value["gc"]?.string ?? Self.goType(container, of: element)
        goElementType = element
        emission =
            value["e"]?.string.flatMap { Emission(rawValue: $0) }
            ?? (container == .single ? type.usualEmission : .omit)
        isRequired = value["r"] != nil
        allowedValues = (value["x"]?.elements ?? []).compactMap { $0.string }
        defaultValue = value["d"]
        listType = value["lt"]?.string.flatMap { ListType(rawValue: $0) }
        listKeys = (value["k"]?.elements ?? []).compactMap { $0.string }
        isAtomicMap = value["mt"]?.string.map { $0 == "atomic" }
        patchStrategy = PatchStrategy(value["ps"]?.string ?? "")
        mergeKey = value["mk"]?.string
        protobufPath = (value["p"]?.array ?? [value["p"]].compactMap { $0 }).compactMap { $0.integer.map(Int.init) }
    }
}
