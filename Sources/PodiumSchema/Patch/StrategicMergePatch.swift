// SPDX-License-Identifier: Apache-2.0
// Applies strategic merge patches: merges objects and, as the schema says, lists, guided by directives in the patch.

import PodiumCodec

/// Strategic merge patches.
///
/// Directives in the patch: `$patch: replace|delete` on an object or element, `$retainKeys: [names]`,
/// `$setElementOrder/list: [keys]`, `$deleteFromPrimitiveList/list: [values]`. A list is merged element by element only
/// when its field has the patch strategy `merge`; any other list is replaced.
// Kubernetes: apimachinery/pkg/util/strategicpatch/patch.go
enum StrategicMergePatch {
    /// The names of the directives.
    enum Directive {
        static let patch = "$patch"
        static let retainKeys = "$retainKeys"
        static let deletion = "$deleteFromPrimitiveList"
        static let order = "$setElementOrder"
    }

    /// `original` changed by `patch`, both objects of the type `schema`; nil for objects of no known type.
    static func merge(
        _ original: JSONObject,
        _ patch: JSONValue,
        _ schema: Schema?
    ) throws(PatchError) -> JSONObject {
        guard case .object(var changes) = patch else { return original }
        if let directive = changes[Directive.patch] { return try replace(by: changes, directive) }
        var result = original
        try applyRetainKeys(&result, &changes)
        try applyOrders(&result, &changes, schema)
        // Together in the end: to take one member out of many moves all that stand behind it.
        var removed: Set<String> = []
        for (name, change) in changes { try apply(change, name, to: &result, schema, &removed) }
        if !removed.isEmpty { result.removeAll { removed.contains($0.key) } }
        return result
    }

    private static func replace(by changes: JSONObject, _ directive: JSONValue) throws(PatchError) -> JSONObject {
        switch directive {
        case "replace":
            var members = changes
            members[Directive.patch] = nil
            return members
        case "delete": return [:]
        default: throw badPatchType(directive, changes)
        }
    }

    private static func apply(
        _ change: JSONValue,
        _ name: String,
        to result: inout JSONObject,
        _ schema: Schema?,
        _ removed: inout Set<String>
    ) throws(PatchError) {
        let listName = try target(of: name, Directive.deletion)
        let isDeletion = listName != nil
        let name = listName ?? name
        if change.isNull {
            removed.insert(name)
            return
        }
        guard let current = result[name], hasSameType(current, change) else {
            if !isDeletion { result[name] = withoutDirectives(MergePatch.withoutNulls(change)) }
            return
        }
        let field = schema?.field(name)
        switch (current, change) {
        case (.object(let members), .object):
            if field?.patchStrategy.contains(.replace) == true {
                result[name] = change
            } else {
                result[name] = .object(try merge(members, change, field.flatMap { schema?.registry.schema(of: $0) }))
            }
        case (.array(let elements), .array(let changes)):
            result[name] = .array(try mergeList(elements, changes, field, schema, isDeletion: isDeletion))
        default: result[name] = change
        }
    }

    /// The list that `name` is a directive for: `$setElementOrder/list`.
    ///
    /// Nil when it is no such directive.
    static func target(of name: String, _ directive: String) throws(PatchError) -> String? {
        guard name.hasPrefix(directive) else { return nil }
        let parts = name.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0] == directive else {
            let subject = directive == Directive.order ? "setElementOrder list" : "primitive list"
            throw .badRequest("invalid patch format of \(subject)")
        }
        return String(parts[1])
    }

    /// Removes from `result` what `$retainKeys` does not name, which must name all that `changes` sets.
    private static func applyRetainKeys(_ result: inout JSONObject, _ changes: inout JSONObject) throws(PatchError) {
        guard let directive = changes.removeValue(forKey: Directive.retainKeys) else { return }
        guard case .array(let names) = directive else { throw .badRequest("invalid patch format of retainKeys") }
        let retained = Set(names.compactMap { $0.string })
        for (name, change) in changes where !change.isNull && !retained.contains(name) {
            if !name.hasPrefix(Directive.deletion), !name.hasPrefix(Directive.order) {
                throw .badRequest("invalid patch format of retainKeys")
            }
        }
        result.removeAll { !retained.contains($0.key) }
    }

    /// Whether two values have the same Go type.
    static func hasSameType(_ left: JSONValue, _ right: JSONValue) -> Bool {
        GoPrinter.typeName(left) == GoPrinter.typeName(right)
    }

    /// `value` without the objects that carry a `$patch` directive; nil when it is one itself.
    static func withoutDirectives(_ value: JSONValue) -> JSONValue? {
        switch value {
        case .object(let members):
            if members[Directive.patch] != nil { return nil }
            return .object(members.compactMapValues { withoutDirectives($0) })
        case .array(let elements): return .array(elements.compactMap { withoutDirectives($0) })
        default: return value
        }
    }

    // MARK: Errors

    static func badPatchType(_ directive: JSONValue, _ members: JSONObject) -> PatchError {
        .unexpected(
            "unknown patch type: \(GoPrinter.text(directive)) in map: \(GoPrinter.text(JSONValue.object(members)))"
        )
    }

    static func noMergeKey(_ members: JSONObject, _ key: String) -> PatchError {
        .unexpected("map: \(GoPrinter.text(JSONValue.object(members))) does not contain declared merge key: \(key)")
    }

    static func badArgument(_ expected: String, _ value: JSONValue) -> PatchError {
        .unexpected("expected a \(expected), but received a \(GoPrinter.kindName(value))")
    }
}
