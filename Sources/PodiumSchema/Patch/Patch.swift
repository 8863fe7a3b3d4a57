// SPDX-License-Identifier: Apache-2.0
// Applies the body of a PATCH request to an object, and reads the result as the object's kind again.

package import PodiumCodec
package import PodiumMachinery

/// The kinds of patches, named by their media types.
///
/// Server-side apply is not among them.
package enum PatchType: String, Sendable {
    /// A list of operations (RFC 6902).
    case json = "application/json-patch+json"
    /// A partial object in which null removes (RFC 7386).
    case merge = "application/merge-patch+json"
    /// A partial object whose lists are merged as the schema says. Custom resources have no such patches.
    case strategic = "application/strategic-merge-patch+json"
}

/// The limits of patches.
package enum PatchLimits {
    /// How many operations a JSON patch may have; more are answered with 413.
    package static let maximumOperations = 10_000
    /// How many bytes of JSON the `copy` operations of one patch may add up to; more are answered with 422.
    package static let maximumCopiedBytes = 3 * 1024 * 1024
}

/// A patch as a client sent it.
// Kubernetes: apiserver/pkg/endpoints/handlers/patch.go
package struct Patch: Sendable {
    package let type: PatchType
    package let body: [UInt8]
    package let fieldValidation: FieldValidation

    package init(type: PatchType, body: [UInt8], fieldValidation: FieldValidation) {
        self.type = type
        self.body = body
        self.fieldValidation = fieldValidation
    }

    /// Whether what comes of it may depend on who owns fields of the object: it may name them, or, as a list of
    /// operations, take the metadata as a whole.
    package var mayReadManagedFields: Bool {
        if case .json = type { return true }
        return body.withUnsafeBytes { bytes in
            bytes.indices.contains { place in
                switch bytes[place] {
                // Behind an escape there may be any name.
                case UInt8(ascii: "\\"): true
                case UInt8(ascii: "m"):
                    UnsafeRawBufferPointer(rebasing: bytes[place...].prefix(Self.account.utf8CodeUnitCount))
                        .spells(Self.account)
                default: false
                }
            }
        }
    }

    private static let account: StaticString = "managedFields"

    /// The object that comes of applying this patch to `object`, an object of `kind` in canonical form.
    ///
    /// The result is in canonical form too, with the warnings that `fieldValidation` asks for. A body that is no patch
    /// is 400; a patch that does not apply, or not to an object of the kind, is 422; some mistakes of strategic merge
    /// patches are 500, as they are upstream.
    package func apply(
        to object: JSONValue,
        kind: GroupVersionKind,
        registry: SchemaRegistry
    ) throws(StatusError) -> DecodedRequest {
        do throws(PatchError) {
            switch type {
            case .json:
                let (patched, problems) = try JSONPatch.apply(body, to: object, isLenient: fieldValidation == .ignore)
                return try read(patched, problems, kind, registry)
            case .merge:
                let (patched, problems) = try MergePatch.apply(body, to: object, isLenient: fieldValidation == .ignore)
                return try read(patched, problems, kind, registry)
            case .strategic: return try applyStrategic(to: object, kind, registry)
            }
        } catch {
            throw error.statusError
        }
    }

    /// Reads what came of a JSON or merge patch as an object of `kind`.
    private func read(
        _ patched: JSONValue,
        _ problems: [String],
        _ kind: GroupVersionKind,
        _ registry: SchemaRegistry
    ) throws(PatchError) -> DecodedRequest {
        let decoded: DecodedObject
        do throws(RequestDecoder.Failure) {
            decoded = try RequestDecoder(registry: registry).decode(patched: patched, as: kind)
        } catch {
            throw .invalid(value: patched.jsonText, error.message)
        }
        return try finish(decoded, problems, kind, quoted: { patched.jsonText })
    }

    private func applyStrategic(
        to object: JSONValue,
        _ kind: GroupVersionKind,
        _ registry: SchemaRegistry
    ) throws(PatchError) -> DecodedRequest {
        let document = try PatchBody.parse(body, "")
        let members = try PatchBody.members(of: document, "")
        let schema = registry.schema(for: kind)
        let merged = JSONValue.object(
            try StrategicMergePatch.merge(object.object ?? [:], .object(members), schema)
        )
        guard let schema else { return DecodedRequest(object: merged, warnings: []) }
        let decoded: DecodedObject
        do throws(DecodingError) {
            decoded = try SchemaDecoder.convert(merged, to: schema)
        } catch {
            throw .invalid(value: GoPrinter.text(JSONValue.object(members)), error.message)
        }
        let problems = document.duplicates.map { "duplicate field \"\($0)\"" }
        return try finish(decoded, problems, kind, quoted: { GoPrinter.text(JSONValue.object(members)) })
    }

    /// Refuses or reports unknown and duplicate fields of the patch and of its result.
    private func finish(
        _ decoded: DecodedObject,
        _ problems: [String],
        _ kind: GroupVersionKind,
        quoted text: () -> String
    ) throws(PatchError) -> DecodedRequest {
        let errors = problems + decoded.strictErrors
        if fieldValidation == .strict, !errors.isEmpty {
            throw .invalid(value: text(), RequestDecoder.strictMessage(errors))
        }
        return DecodedRequest(
            object: RequestDecoder.stamp(decoded.value, kind),
            warnings: fieldValidation == .warn ? errors : []
        )
    }
}

/// Why a patch cannot be applied.
enum PatchError: Error, Equatable {
    /// The body is no patch.
    case badRequest(String)
    /// The patch has too many operations.
    case tooLarge(String)
    /// The patch does not fit the object. Clients are not told why.
    case unprocessable
    /// What came of the patch, quoted as `value`, is no object of its kind.
    case invalid(value: String, String)
    /// A mistake in the patch that upstream takes for one of the server.
    case unexpected(String)

    /// What the client sees.
    var statusError: StatusError {
        switch self {
        case .badRequest(let message): .badRequest(message)
        case .tooLarge(let message):
            StatusError(
                code: 413,
                reason: .requestEntityTooLarge,
                message: "Request entity too large: \(message)"
            )
        case .unprocessable:
            StatusError(
                code: 422,
                reason: .invalid,
                message: "the server rejected our request due to an error in our request",
                details: StatusError.Details()
            )
        case .invalid(let value, let message):
            .invalid(
                group: "",
                kind: "",
                name: "",
                [FieldError.invalid(FieldPath("patch"), .string(value), message)]
            )
        case .unexpected(let message): StatusError(code: 500, reason: .unknown, message: message)
        }
    }
}

/// Reads the bodies of patches.
enum PatchBody {
    /// The tree in `body`; `prefix` stands before the error's text.
    static func parse(_ body: [UInt8], _ prefix: String) throws(PatchError) -> JSONDocument {
        do throws(JSONError) {
            return try JSONDocument(json: body)
        } catch {
            throw .badRequest(prefix + error.message)
        }
    }

    /// The members of a patch that must be an object; null has none.
    static func members(of document: JSONDocument, _ prefix: String) throws(PatchError) -> JSONObject {
        switch document.value {
        case .object(let members): return members
        case .null: return [:]
        default: throw mismatch(document.value, "map[string]interface {}", prefix)
        }
    }

    /// The error of a value of another kind than `goType`.
    static func mismatch(_ value: JSONValue, _ goType: String, _ prefix: String) -> PatchError {
        let found = SchemaDecoder.description(of: value)
        return .badRequest("\(prefix)json: cannot unmarshal \(found) into Go value of type \(goType)")
    }
}

extension RequestDecoder {
    /// Reads what came of a patch as the kind that it names, which must be `expected`.
    func decode(patched: JSONValue, as expected: GroupVersionKind) throws(Failure) -> DecodedObject {
        let actual = try Self.kind(of: patched).withDefaults(from: expected)
        guard registry.schema(for: expected) != nil else {
            if patched["kind"]?.string ?? "" == "" {
                throw Failure(actual: nil, message: "Object 'Kind' is missing in '\(patched.jsonText)'")
            }
            return DecodedObject(value: patched, strictErrors: [])
        }
        return try decodeTyped(patched, duplicates: [], actual, into: expected)
    }

    /// Reads what came of merging as an object of `kind`, in canonical form.
    // Kubernetes: apimachinery/pkg/util/managedfields/internal/typeconverter.go TypedToObject
    package func decode(merged: JSONValue, as kind: GroupVersionKind) throws(StatusError) -> JSONValue {
        guard let schema = registry.schema(for: kind) else { return Self.stamp(merged, kind) }
        do throws(DecodingError) {
            return Self.stamp(try SchemaDecoder.convert(merged, to: schema).value, kind)
        } catch {
            throw StatusError(code: 500, reason: .unknown, message: error.message)
        }
    }
}
