// SPDX-License-Identifier: Apache-2.0
// Reads JSON patches (RFC 6902) and applies their operations in order, all or none.

import PodiumCodec

/// One operation of a JSON patch.
struct JSONPatchOperation {
    var name = ""
    var path = ""
    var from = ""
    /// Null when the operation has no value.
    var value = JSONValue.null
    /// Whether `path`, which every operation needs, is there.
    var hasPath = false
    var hasFrom = false
}

/// JSON patches as Kubernetes applies them.
///
/// They are more lenient than the RFC: `replace` sets a member that is not there, `copy` of a missing member makes
/// null, `test` finds a missing member equal to null, negative indices count from the end, and what stands before the
/// first `/` of a path does not matter.
// Kubernetes: gopkg.in/evanphx/json-patch.v4
enum JSONPatch {
    /// What comes of `body` applied to `document`, and which members of its operations are unknown or stand twice.
    ///
    /// A lenient reading does not look for these.
    static func apply(
        _ body: [UInt8],
        to document: JSONValue,
        isLenient: Bool
    ) throws(PatchError) -> (patched: JSONValue, problems: [String]) {
        let prefix = isLenient ? "" : "error decoding patch: "
        let patch = try PatchBody.parse(body, prefix)
        let (operations, problems) = try read(patch, prefix, isLenient: isLenient)
        if operations.count > PatchLimits.maximumOperations {
            throw .tooLarge(
                "The allowed maximum operations in a JSON patch is \(PatchLimits.maximumOperations), "
                    + "got \(operations.count)"
            )
        }
        var editor = JSONPatchEditor(document: document)
        for operation in operations { try editor.apply(operation) }
        return (editor.document, problems)
    }

    private static func read(
        _ patch: JSONDocument,
        _ prefix: String,
        isLenient: Bool
    ) throws(PatchError) -> ([JSONPatchOperation], [String]) {
        var operations: [JSONPatchOperation] = []
        var problems: [String] = []
        switch patch.value {
        case .null: break
        case .array(let elements):
            for (index, element) in elements.enumerated() {
                operations.append(try read(element, index, prefix, isLenient: isLenient, &problems))
            }
        default:
            throw PatchBody.mismatch(patch.value, isLenient ? "jsonpatch.Patch" : "[]handlers.jsonPatchOp", prefix)
        }
        if !isLenient { problems += patch.duplicates.map { "json patch duplicate field \"\($0)\"" } }
        return (operations, problems)
    }

    private static func read(
        _ element: JSONValue,
        _ index: Int,
        _ prefix: String,
        isLenient: Bool,
        _ problems: inout [String]
    ) throws(PatchError) -> JSONPatchOperation {
        var operation = JSONPatchOperation()
        switch element {
        case .null: break
        case .object(let members):
            for (name, value) in members {
                switch name {
                case "op": operation.name = try text(value, name, prefix, isLenient: isLenient)
                case "path":
                    operation.path = try text(value, name, prefix, isLenient: isLenient)
                    operation.hasPath = value.string != nil
                case "from":
                    operation.from = try text(value, name, prefix, isLenient: isLenient)
                    operation.hasFrom = value.string != nil
                case "value": operation.value = value
                default:
                    if !isLenient, problems.count < DecodingLimits.maximumStrictErrors {
                        problems.append("json patch unknown field \"[\(index)].\(name)\"")
                    }
                }
            }
        default:
            let goType = isLenient ? "jsonpatch.Operation" : "handlers.jsonPatchOp"
            throw PatchBody.mismatch(element, goType, prefix)
        }
        return operation
    }

    private static func text(
        _ value: JSONValue,
        _ name: String,
        _ prefix: String,
        isLenient: Bool
    ) throws(PatchError) -> String {
        if let text = value.string { return text }
        if value.isNull || isLenient { return "" }
        let found = SchemaDecoder.description(of: value)
        throw .badRequest(
            "\(prefix)json: cannot unmarshal \(found) into Go struct field jsonPatchOp.\(name) of type string"
        )
    }
}
