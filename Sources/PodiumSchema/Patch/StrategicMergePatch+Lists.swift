// SPDX-License-Identifier: Apache-2.0
// Merges lists element by element: objects by their merge key, scalars by their value.

import PodiumCodec

extension StrategicMergePatch {
    /// `original` changed by `patch`: merged when the strategy of the field says so, replaced otherwise.
    static func mergeList(
        _ original: [JSONValue],
        _ patch: [JSONValue],
        _ field: SchemaField?,
        _ schema: Schema?,
        isDeletion: Bool = false
    ) throws(PatchError) -> [JSONValue] {
        guard let field, field.patchStrategy.contains(.merge) else { return patch }
        if original.isEmpty, patch.isEmpty { return original }
        guard case .object = try elementSample(original, patch) else {
            return mergeScalars(original, patch, isDeletion: isDeletion)
        }
        guard let key = field.mergeKey else {
            throw .unexpected("cannot merge lists without merge key for type struct")
        }
        let (kept, changes) = try applySpecialElements(original, patch, key)
        let merged = try mergeObjects(kept, changes, key, schema?.registry.schema(of: field))
        return try arrange(merged, by: changes, before: kept, key)
    }

    private static func mergeScalars(
        _ original: [JSONValue],
        _ patch: [JSONValue],
        isDeletion: Bool
    ) -> [JSONValue] {
        if isDeletion {
            let deleted = Set(patch)
            return original.filter { !deleted.contains($0) }
        }
        let merged = withoutDuplicates(original + patch)
        let patched = Set(patch)
        return interleave(
            serverOnly: sorted(merged.filter { !patched.contains($0) }, by: original, nil),
            patched: sorted(merged.filter { patched.contains($0) }, by: patch, nil),
            by: original,
            nil
        )
    }

    /// Of equal scalars the first stays, and the last of all takes the place of each later one.
    private static func withoutDuplicates(_ values: [JSONValue]) -> [JSONValue] {
        var values = values
        var seen: Set<JSONValue> = []
        var index = 0
        while index < values.count {
            if seen.insert(values[index]).inserted {
                index += 1
            } else {
                values.swapAt(index, values.count - 1)
                values.removeLast()
            }
        }
        return values
    }

    /// Some element of the two lists, all of whose elements must have one type that is not a list.
    private static func elementSample(_ original: [JSONValue], _ patch: [JSONValue]) throws(PatchError) -> JSONValue {
        guard let first = original.first ?? patch.first else {
            throw .unexpected("no elements in any of the given slices")
        }
        if case .array = first { throw .unprocessable }
        for list in [original, patch] where !list.allSatisfy({ hasSameType($0, first) }) {
            let lists = GoPrinter.text(JSONValue.array([.array(original), .array(patch)]))
            throw .unexpected("list element types are not identical: \(lists)")
        }
        return first
    }

    /// Applies elements that are directives; the lists without these and what they delete.
    private static func applySpecialElements(
        _ original: [JSONValue],
        _ patch: [JSONValue],
        _ key: String
    ) throws(PatchError) -> (original: [JSONValue], patch: [JSONValue]) {
        var deleted: Set<JSONValue> = []
        var plain: [JSONValue] = []
        var isReplaced = false
        for case .object(let members) in patch {
            switch members[Directive.patch] {
            case nil: plain.append(.object(members))
            case "delete"?:
                guard let value = members[key] else { throw noMergeKey(members, key) }
                deleted.insert(value)
            case "replace"?: isReplaced = true
            case "merge"?: throw .unexpected("merging lists cannot yet be specified in the patch")
            case let directive?: throw badPatchType(directive, members)
            }
        }
        if isReplaced { return (plain, []) }
        return (deleted.isEmpty ? original : original.filter { !($0[key].map(deleted.contains) ?? false) }, plain)
    }

    private static func mergeObjects(
        _ original: [JSONValue],
        _ patch: [JSONValue],
        _ key: String,
        _ schema: Schema?
    ) throws(PatchError) -> [JSONValue] {
        var result = original
        // Where the elements with a key stand, the first of them last.
        var places: [JSONValue: [Int]] = [:]
        for index in result.indices.reversed() {
            if let value = result[index][key] { places[value, default: []].append(index) }
        }
        for change in patch {
            guard let value = change[key] else { throw noMergeKey(change.object ?? [:], key) }
            if let index = places[value]?.last, case .object(let members) = result[index] {
                result[index] = .object(try merge(members, change, schema))
                // A key that is null takes itself away.
                if result[index][key] != value { places[value]?.removeLast() }
            } else if let addition = withoutDirectives(MergePatch.withoutNulls(change)) {
                if let value = addition[key] { places[value, default: []].append(result.count) }
                result.append(addition)
            }
        }
        return result
    }
}

// MARK: Order

extension StrategicMergePatch {
    /// Merges the lists for which the patch gives an order, and takes them and their order out of `changes`.
    static func applyOrders(
        _ result: inout JSONObject,
        _ changes: inout JSONObject,
        _ schema: Schema?
    ) throws(PatchError) {
        for (name, directive) in changes {
            guard let listName = try target(of: name, Directive.order) else { continue }
            changes[name] = nil
            guard case .array(let order) = directive else { throw badArgument("[]interface {}", directive) }
            let original = try list(result[listName])
            let patch = try list(changes[listName])
            guard let schema, let field = schema.field(listName) else {
                let owner = schema?.goShortName ?? ""
                throw .unexpected("unable to find api field in struct \(owner) for the json field \"\(listName)\"")
            }
            try check(patch ?? [], against: order, field.mergeKey)
            guard let merged = try mergeIfBoth(original, patch, field, schema) else { continue }
            _ = try elementSample(original ?? [], patch ?? [])
            result[listName] = .array(try arrange(merged, by: order, before: original ?? [], field.mergeKey))
            changes[listName] = nil
        }
    }

    private static func list(_ value: JSONValue?) throws(PatchError) -> [JSONValue]? {
        guard let value else { return nil }
        guard case .array(let elements) = value else { throw badArgument("[]interface {}", value) }
        return elements
    }

    private static func mergeIfBoth(
        _ original: [JSONValue]?,
        _ patch: [JSONValue]?,
        _ field: SchemaField,
        _ schema: Schema
    ) throws(PatchError) -> [JSONValue]? {
        guard let original else { return patch.map { $0.compactMap { withoutDirectives($0) } } }
        guard let patch else { return original }
        return try mergeList(original, patch, field, schema)
    }

    /// Refuses a patch whose elements stand in another order than `order`, or not in it at all.
    private static func check(
        _ patch: [JSONValue],
        against order: [JSONValue],
        _ key: String?
    ) throws(PatchError) {
        if patch.isEmpty || order.isEmpty { return }
        var rest = order[...]
        for element in patch where element[Directive.patch] == nil {
            let wanted = try identity(of: element, key)
            while let next = rest.first, try identity(of: next, key) != wanted { rest = rest.dropFirst() }
            if rest.isEmpty {
                throw .unexpected(
                    "The order in patch list:\n\(GoPrinter.text(JSONValue.array(patch)))\n doesn't match \(Directive.order) "
                        + "list:\n\(GoPrinter.text(JSONValue.array(order)))\n"
                )
            }
            rest = rest.dropFirst()
        }
    }

    /// What tells an element apart: its merge key, or itself.
    private static func identity(of element: JSONValue, _ key: String?) throws(PatchError) -> JSONValue {
        guard let key else { return element }
        guard case .object(let members) = element else { throw badArgument("map[string]interface {}", element) }
        guard let value = members[key] else { throw noMergeKey(members, key) }
        return value
    }

    /// `merged` with the elements of `order` in its order, among the others, which stay as they were in `server`.
    private static func arrange(
        _ merged: [JSONValue],
        by order: [JSONValue],
        before server: [JSONValue],
        _ key: String?
    ) throws(PatchError) -> [JSONValue] {
        for element in merged + order { _ = try identity(of: element, key) }
        let ordered = Set(order.map { identityOrSelf($0, key) })
        return interleave(
            serverOnly: sorted(merged.filter { !ordered.contains(identityOrSelf($0, key)) }, by: server, key),
            patched: sorted(merged.filter { ordered.contains(identityOrSelf($0, key)) }, by: order, key),
            by: server,
            key
        )
    }

    private static func identityOrSelf(_ element: JSONValue, _ key: String?) -> JSONValue {
        key.flatMap { element[$0] } ?? element
    }

    private static func places(_ order: [JSONValue], _ key: String?) -> [JSONValue: Int] {
        Dictionary(
            order.enumerated().map { (identityOrSelf($1, key), $0) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// The elements as they stand in `order`.
    ///
    /// One that is not there goes in front of those before it, and stays right in front of the one that was the first
    /// then: what comes later and belongs before that one comes before both.
    private static func sorted(_ elements: [JSONValue], by order: [JSONValue], _ key: String?) -> [JSONValue] {
        let places = places(order, key)
        var placed: [(place: Int, index: Int)] = []
        /// The elements without a place in front of each with one, and in front of the end.
        var inFront: [Int?: [Int]] = [:]
        var first: (place: Int, index: Int)?
        for (index, element) in elements.enumerated() {
            guard let place = places[identityOrSelf(element, key)] else {
                inFront[first?.index, default: []].append(index)
                continue
            }
            placed.append((place, index))
            if first.map({ place < $0.place }) ?? true { first = (place, index) }
        }
        placed.sort { ($0.place, $0.index) < ($1.place, $1.index) }
        var result: [JSONValue] = []
        result.reserveCapacity(elements.count)
        for index in placed.map({ Int?.some($0.index) }) + [nil] {
            for other in (inFront[index] ?? []).reversed() { result.append(elements[other]) }
            if let index { result.append(elements[index]) }
        }
        return result
    }

    /// Both lists in one: an element of the server's comes before one of the patch when it did so in `order`.
    private static func interleave(
        serverOnly: [JSONValue],
        patched: [JSONValue],
        by order: [JSONValue],
        _ key: String?
    ) -> [JSONValue] {
        let places = places(order, key)
        var result: [JSONValue] = []
        var rest = patched[...]
        for element in serverOnly {
            let place = places[identityOrSelf(element, key)]
            while let next = rest.first {
                if let place, let other = places[identityOrSelf(next, key)], place < other { break }
                result.append(next)
                rest = rest.dropFirst()
            }
            result.append(element)
        }
        return result + rest
    }
}
