// SPDX-License-Identifier: Apache-2.0
// Applies JSON merge patches (RFC 7386).

import PodiumCodec

/// JSON merge patches as Kubernetes applies them.
// Kubernetes: gopkg.in/evanphx/json-patch.v4 merge.go
enum MergePatch {
    /// What comes of `body` applied to `document`, and which members stand twice in it.
    ///
    /// A lenient reading does not look for these, and takes a list for the whole result.
    static func apply(
        _ body: [UInt8],
        to document: JSONValue,
        isLenient: Bool
    ) throws(PatchError) -> (patched: JSONValue, problems: [String]) {
        let prefix = "error decoding patch: "
        let patch: JSONDocument
        if isLenient {
            guard let lenient = try? JSONDocument(json: body) else { throw .badRequest("Invalid JSON Patch") }
            patch = lenient
        } else {
            patch = try PatchBody.parse(body, prefix)
            _ = try PatchBody.members(of: patch, prefix)
        }
        switch patch.value {
        case .object, .array: break
        default: throw .badRequest("Invalid JSON Patch")
        }
        let problems = isLenient ? [] : patch.duplicates.map { "duplicate field \"\($0)\"" }
        return (merge(patch.value, into: document), problems)
    }

    /// `value` changed by `patch`: objects are merged, null removes, and everything else replaces.
    static func merge(_ patch: JSONValue, into value: JSONValue) -> JSONValue {
        guard case .object(let changes) = patch, case .object(var members) = value else { return withoutNulls(patch) }
        // Together in the end: to take one member out of many moves all that stand behind it.
        var removed: Set<String> = []
        for (name, change) in changes {
            if change.isNull {
                removed.insert(name)
            } else if let current = members[name], !current.isNull {
                members[name] = merge(change, into: current)
            } else {
                members[name] = withoutNulls(change)
            }
        }
        if !removed.isEmpty { members.removeAll { removed.contains($0.key) } }
        return .object(members)
    }

    /// `value` without the members that are null; elements that are null stay.
    static func withoutNulls(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object(let members): .object(members.filter { !$1.isNull }.mapValues { withoutNulls($0) })
        case .array(let elements): .array(elements.map { withoutNulls($0) })
        default: value
        }
    }
}
