// SPDX-License-Identifier: Apache-2.0
// How ownership and structured merges see a type: what is one value, what is told apart by names or keys.

import PodiumCodec
import PodiumMachinery

/// A type as ownership and structured merges see it: what a value may be, and into which parts it falls.
///
/// A built-in type makes one of its `Schema`; a custom one can be made of any other description. Where a value may be
/// several things (`IntOrString`, free JSON), each stands here.
// Kubernetes: structured-merge-diff/schema/elements.go Atom
package final class MergeType: Sendable {
    /// What a scalar may be.
    package enum Scalar: Sendable {
        case numeric
        case string
        case boolean
        case any
    }

    /// A list and how its elements are told apart.
    package struct List: Sendable {
        package enum Relationship: Sendable {
            /// Not at all: the list is one value.
            case atomic
            /// By what they are.
            case set
            /// By members that no two elements share, in the order in which the schema names them.
            case keyed([Key])
        }

        package let relationship: Relationship
        package let element: Reference

        package init(_ relationship: Relationship, of element: Reference) {
            self.relationship = relationship
            self.element = element
        }

        var isAtomic: Bool { if case .atomic = relationship { true } else { false } }
    }

    /// A member that tells elements of a list apart.
    package struct Key: Sendable {
        package let name: String
        /// What it counts as when it is absent; nil when it has no default.
        package let defaultValue: PathScalar?

        package init(name: String, defaultValue: PathScalar? = nil) {
            self.name = name
            self.defaultValue = defaultValue
        }
    }

    /// An object: members that the schema names, and others of one type.
    package struct Map: Sendable {
        /// Whether the object is one value.
        package let isAtomic: Bool
        private let names: FieldNames
        private let types: [Reference]
        /// The type of members that are not named; nil when there are none.
        package let element: Reference?

        /// - Parameter fields: the members that are named, in the order in which objects mostly have them.
        package init(
            isAtomic: Bool = false,
            fields: [(name: String, type: Reference)] = [],
            element: Reference? = nil
        ) {
            self.isAtomic = isAtomic
            names = FieldNames(fields.map(\.name))
            types = fields.map(\.type)
            self.element = element
        }

        /// Whether the schema names the member `name`.
        func declares(_ name: String) -> Bool { names.place(of: name) != nil }

        /// The type of the member `name`; nil when there is no such member.
        func type(of name: String) -> MergeType? {
            (names.place(of: name).map { types[$0] } ?? element)?.type
        }

        /// The same of one member after the other.
        /// - Parameter next: 0 for the first member, kept for those behind it.
        func type(of name: String, from next: inout Int) -> MergeType? {
            (names.place(of: name, from: &next).map { types[$0] } ?? element)?.type
        }
    }

    /// A type, or where it will be found: types may refer to themselves.
    package enum Reference: Sendable {
        case direct(MergeType)
        /// That of a built-in type.
        case schema(SchemaReference)
        /// ``MergeType/free`` and ``MergeType/atomic``, which refer to themselves.
        case free
        case atomic

        var type: MergeType {
            switch self {
            case .direct(let type): type
            case .schema(let schema): schema.type
            case .free: .free
            case .atomic: .atomic
            }
        }
    }

    /// A built-in type by its place, looked up once.
    package final class SchemaReference: Sendable {
        private let registry: SchemaRegistry
        private let index: SchemaRegistry.TypeIndex
        /// Whether its objects count as one value, whatever the type says of itself; nil when that counts.
        private let isAtomic: Bool?
        private let found = LazyReference<MergeType>()

        init(_ index: SchemaRegistry.TypeIndex, in registry: SchemaRegistry, isAtomic: Bool?) {
            self.registry = registry
            self.index = index
            self.isAtomic = isAtomic
        }

        fileprivate var type: MergeType {
            found.value ?? found.setOnce(registry.schema(at: index)?.mergeType(isAtomic: isAtomic) ?? .free)
        }
    }

    package let scalar: Scalar?
    package let list: List?
    package let map: Map?

    package init(scalar: Scalar? = nil, list: List? = nil, map: Map? = nil) {
        self.scalar = scalar
        self.list = list
        self.map = map
    }

    /// Which of the things that a value may be it is.
    enum Sort {
        case map(Map)
        case scalar(Scalar)
        case list(List)

        static func != (left: Sort, right: Sort?) -> Bool {
            switch (left, right) {
            case (.map, .map), (.scalar, .scalar), (.list, .list): false
            default: true
            }
        }
    }

    /// Which of the things that this type allows `document` is; one that is none of them, as `null`, counts as the
    /// first.
    // Kubernetes: structured-merge-diff/typed/typed.go deduceAtom, helpers.go handleAtom
    func sort(of document: some DocumentReader) -> Sort {
        switch document.kind {
        case .object: if let map { return .map(map) }
        case .array: if let list { return .list(list) }
        case .bool, .integer, .number, .string: if let scalar { return .scalar(scalar) }
        case .null: break
        }
        if let map { return .map(map) }
        if let list, scalar == nil { return .list(list) }
        return .scalar(scalar ?? .any)
    }
}

extension MergeType {
    static let string = MergeType(scalar: .string)
    static let boolean = MergeType(scalar: .boolean)
    static let numeric = MergeType(scalar: .numeric)
    static let anyScalar = MergeType(scalar: .any)

    /// Any JSON as one value.
    package static let atomic = MergeType(
        scalar: .any,
        list: List(.atomic, of: .atomic),
        map: Map(isAtomic: true, element: .atomic)
    )

    /// Any JSON, of which objects fall into their members.
    package static let free = MergeType(
        scalar: .any,
        list: List(.atomic, of: .atomic),
        map: Map(element: .free)
    )
}

// MARK: - Built-in types

extension Schema {
    /// How merges see objects of this type.
    package var mergeType: MergeType { mergeType(isAtomic: nil) }

    /// The same, where another type refers to this one and says for itself whether its objects are one value.
    func mergeType(isAtomic: Bool?) -> MergeType {
        if isAtomic ?? self.isAtomic {
            return atomicMergeType.value ?? atomicMergeType.setOnce(makeMergeType(isAtomic: true))
        }
        return granularMergeType.value ?? granularMergeType.setOnce(makeMergeType(isAtomic: false))
    }

    private func makeMergeType(isAtomic: Bool) -> MergeType {
        let members = fields.map { ($0.name, $0.mergeType(in: registry)) }
        return MergeType(map: MergeType.Map(isAtomic: isAtomic, fields: members))
    }
}

extension SchemaField {
    fileprivate func mergeType(in registry: SchemaRegistry) -> MergeType.Reference {
        switch container {
        case .single: return element(in: registry, isAtomic: isAtomicMap)
        case .list:
            return .direct(MergeType(list: MergeType.List(relationship(in: registry), of: element(in: registry))))
        case .map:
            let map = MergeType.Map(isAtomic: isAtomicMap ?? false, element: element(in: registry))
            return .direct(MergeType(map: map))
        case .mapOfLists:
            let list = MergeType(list: MergeType.List(.atomic, of: element(in: registry)))
            return .direct(MergeType(map: MergeType.Map(isAtomic: isAtomicMap ?? false, element: .direct(list))))
        }
    }

    private func element(in registry: SchemaRegistry, isAtomic: Bool? = nil) -> MergeType.Reference {
        switch type {
        case .string, .bytes: .direct(.string)
        case .bool: .direct(.boolean)
        case .int32, .int64, .double: .direct(.numeric)
        case .quantity, .time, .microTime, .intOrString: .direct(.anyScalar)
        case .raw: .atomic
        case .schemaOrBool, .schemaOrArray, .schemaOrStringArray: .free
        case .object(let index): .schema(MergeType.SchemaReference(index, in: registry, isAtomic: isAtomic))
        }
    }

    private var zeroScalar: PathScalar? {
        switch type {
        case .string, .bytes: .string("")
        case .bool: .bool(false)
        case .int32, .int64, .double: .integer(0)
        default: nil
        }
    }

    private func relationship(in registry: SchemaRegistry) -> MergeType.List.Relationship {
        switch listType {
        case .atomic, nil: return .atomic
        case .set: return .set
        case .map:
            let element = registry.schema(of: self)
            return .keyed(
                listKeys.map { key in
                    // What is always written has its zero value for a default.
                    let field = element?.field(key)
                    let zero = field.flatMap { $0.emission == .zero ? $0.zeroScalar : nil }
                    return MergeType.Key(
                        name: key,
                        defaultValue: field?.defaultValue.flatMap { PathScalar($0) } ?? zero
                    )
                }
            )
        }
    }
}
