// SPDX-License-Identifier: Apache-2.0
// Turns the body of a request into an object of the expected kind, or into the error that the client sees.

package import PodiumCodec
package import PodiumMachinery

/// What to do about unknown and duplicate fields: the `fieldValidation` of a request.
package enum FieldValidation: String, Sendable {
    case strict = "Strict"
    case warn = "Warn"
    case ignore = "Ignore"
}

/// The forms in which a body may come.
package enum BodyFormat: Sendable {
    case json
    case yaml
    /// Protobuf in Kubernetes' envelope, for built-in types only.
    case protobuf
}

/// The object in a request's body.
package struct DecodedRequest: Sendable {
    /// The object with the expected `kind` and `apiVersion`, in the form in which Kubernetes would write it.
    package var object: JSONValue
    /// What `Warning` headers say about unknown and duplicate fields.
    package var warnings: [String]
}

/// Reads the bodies of requests.
// Kubernetes: apiserver/pkg/endpoints/handlers/create.go, rest.go (transformDecodeError);
// apimachinery/pkg/runtime/serializer/json/json.go
package struct RequestDecoder: Sendable {
    /// A problem with a body before it is told which kind was expected.
    struct Failure: Error {
        /// The kind named in the body; nil when it could not be found out.
        var actual: GroupVersionKind?
        var message: String
    }

    let registry: SchemaRegistry

    package init(registry: SchemaRegistry) { self.registry = registry }

    /// Reads `body` as an object of the kind `expected`; one without `kind` or `apiVersion` is taken to be of it.
    ///
    /// An object of a kind without schema (a custom resource) is given back as it is. Everything wrong is 400, and so
    /// is an object of another version of the kind, unless that is among `otherVersions`.
    package func decode(
        body: [UInt8],
        format: BodyFormat,
        expected: GroupVersionKind,
        fieldValidation: FieldValidation,
        otherVersions: [GroupVersion] = []
    ) throws(StatusError) -> DecodedRequest {
        let decoded: DecodedObject
        let actual: GroupVersionKind
        do throws(Failure) {
            (decoded, actual) = try read(body, format, expected, fieldValidation)
        } catch {
            throw Self.statusError(error, expected, body)
        }
        guard actual.groupVersion == expected.groupVersion || otherVersions.contains(actual.groupVersion) else {
            throw .badRequest(
                "the API version in the data (\(actual.groupVersion)) does not match the expected API version "
                    + "(\(expected.groupVersion))"
            )
        }
        return DecodedRequest(
            object: Self.stamp(decoded.value, expected),
            warnings: fieldValidation == .warn ? decoded.strictErrors : []
        )
    }

    private func read(
        _ body: [UInt8],
        _ format: BodyFormat,
        _ expected: GroupVersionKind,
        _ fieldValidation: FieldValidation
    ) throws(Failure) -> (DecodedObject, GroupVersionKind) {
        let document = try parse(body, format)
        let actual = try Self.kind(of: document.value).withDefaults(from: expected)
        guard registry.schema(for: expected) != nil else {
            if document.value["kind"]?.string ?? "" == "" {
                let text = String(decoding: body, as: UTF8.self)
                throw Failure(actual: nil, message: "Object 'Kind' is missing in '\(text)'")
            }
            let errors = document.strictErrors + document.duplicates.map { "duplicate field \"\($0)\"" }
            try Self.refuse(errors, actual, fieldValidation)
            return (DecodedObject(value: document.value, strictErrors: errors), actual)
        }
        var decoded = try decodeTyped(document.value, duplicates: document.duplicates, actual, into: expected)
        decoded.strictErrors = document.strictErrors + decoded.strictErrors
        try Self.refuse(decoded.strictErrors, actual, fieldValidation)
        return (decoded, actual)
    }

    /// Reads a tree as the kind it names, which must have the same internal type as the one expected.
    func decodeTyped(
        _ value: JSONValue,
        duplicates: [String],
        _ actual: GroupVersionKind,
        into expected: GroupVersionKind
    ) throws(Failure) -> DecodedObject {
        guard let schema = registry.schema(for: actual) else {
            throw Failure(actual: actual, message: Self.notRegistered(actual, InternalTypes.scheme(of: expected)))
        }
        let decoded: DecodedObject
        do throws(DecodingError) {
            decoded = try SchemaDecoder.decode(value, duplicates: duplicates, as: schema)
        } catch {
            throw Failure(actual: actual, message: error.message)
        }
        guard let wantedSchema = registry.schema(for: expected), wantedSchema !== schema else { return decoded }
        let wanted = InternalTypes.name(of: wantedSchema)
        if InternalTypes.name(of: schema) != wanted {
            throw Failure(actual: actual, message: "converting (\(schema.goName)) to (\(wanted)): unknown conversion")
        }
        return decoded
    }

    private static func refuse(
        _ strictErrors: [String],
        _ actual: GroupVersionKind,
        _ fieldValidation: FieldValidation
    ) throws(Failure) {
        guard fieldValidation == .strict, !strictErrors.isEmpty else { return }
        throw Failure(actual: actual, message: strictMessage(strictErrors))
    }

    /// `strict decoding error: unknown field "a", unknown field "b"`.
    static func strictMessage(_ errors: [String]) -> String {
        "strict decoding error: \(errors.joined(separator: ", "))"
    }

    static func notRegistered(_ kind: GroupVersionKind, _ scheme: String) -> String {
        "no kind \(FieldError.quoted(kind.kind)) is registered for version "
            + "\(FieldError.quoted(kind.groupVersion.description)) in scheme \(FieldError.quoted(scheme))"
    }

    /// `object` with `kind` and `apiVersion` in front, whatever it says itself.
    static func stamp(_ object: JSONValue, _ kind: GroupVersionKind) -> JSONValue {
        var members: JSONObject = [
            "kind": .string(kind.kind), "apiVersion": .string(kind.groupVersion.description),
        ]
        for (name, value) in object.object ?? [:] where name != "kind" && name != "apiVersion" {
            members[name] = value
        }
        return .object(members)
    }
}

// MARK: Texts

extension RequestDecoder {
    /// The tree in `body`.
    func parse(_ body: [UInt8], _ format: BodyFormat) throws(Failure) -> JSONDocument {
        switch format {
        case .protobuf:
            do throws(ProtobufError) {
                return JSONDocument(value: try protobufObject(body))
            } catch {
                throw Failure(message: error.message)
            }
        case .json:
            do throws(JSONError) {
                return try JSONDocument(json: body)
            } catch {
                throw Failure(message: "couldn't get version/kind; json parse error: \(error.message)")
            }
        case .yaml:
            do throws(YAMLError) {
                return try JSONDocument(yaml: body)
            } catch {
                throw Failure(message: error.message)
            }
        }
    }

    /// The tree of an object in protobuf; one of a type without schema has no more than its kind.
    private func protobufObject(_ body: [UInt8]) throws(ProtobufError) -> JSONValue {
        let envelope = try ProtobufEnvelope(body)
        var members: JSONObject = ["kind": .string(envelope.kind), "apiVersion": .string(envelope.apiVersion)]
        if let version = GroupVersion(envelope.apiVersion) {
            let kind = GroupVersionKind(group: version.group, version: version.version, kind: envelope.kind)
            if let schema = registry.schema(for: kind) {
                let object = try ProtobufDecoder(registry: registry).object(envelope.raw, as: schema)
                for (name, value) in object.object ?? [:] { members[name] = value }
            }
        }
        return .object(members)
    }

    /// The kind that an object names; its parts are empty where it names none.
    ///
    /// Unlike all other names in an object, `kind` and `apiVersion` are found in any case here.
    static func kind(of value: JSONValue) throws(Failure) -> GroupVersionKind {
        var names = (apiVersion: "", kind: "")
        switch value {
        case .null: break
        case .object(let members):
            for (key, member) in members {
                switch key.lowercased() {
                case "apiversion": names.apiVersion = try text(member, "apiVersion") ?? names.apiVersion
                case "kind": names.kind = try text(member, "kind") ?? names.kind
                default: break
                }
            }
        default:
            let type =
                #"struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }"#
            throw interpretationFailure(SchemaDecoder.description(of: value), "Go value of type \(type)")
        }
        if names.apiVersion == "/" { names.apiVersion = "" }
        guard let version = GroupVersion(names.apiVersion) else {
            throw Failure(message: "unexpected GroupVersion string: \(names.apiVersion)")
        }
        return GroupVersionKind(group: version.group, version: version.version, kind: names.kind)
    }

    private static func text(_ value: JSONValue, _ name: String) throws(Failure) -> String? {
        if value.isNull { return nil }
        guard let text = value.string else {
            throw interpretationFailure(
                SchemaDecoder.description(of: value),
                "Go struct field .\(name) of type string"
            )
        }
        return text
    }

    private static func interpretationFailure(_ found: String, _ place: String) -> Failure {
        Failure(message: "couldn't get version/kind; json parse error: json: cannot unmarshal \(found) into \(place)")
    }

    /// The error of a body that is not an object of the kind `expected`.
    static func statusError(_ failure: Failure, _ expected: GroupVersionKind, _ body: [UInt8]) -> StatusError {
        if let actual = failure.actual, !actual.kind.isEmpty {
            return .badRequest(
                "\(actual.kind) in version \(FieldError.quoted(actual.version)) cannot be handled as a "
                    + "\(expected.kind): \(failure.message)"
            )
        }
        return .badRequest(
            "the object provided is unrecognized (must be of type \(expected.kind)): \(failure.message) "
                + "(\(summary(of: body)))"
        )
    }

    /// The first bytes of a body: as text when it looks like JSON, in hexadecimal otherwise.
    private static func summary(of body: [UInt8]) -> String {
        guard let first = body.first else { return "<empty>" }
        let maximumLength = 30
        let head = body.prefix(maximumLength)
        let text =
            first == UInt8(ascii: "{")
            ? String(decoding: head, as: UTF8.self)
            : head.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        return body.count > maximumLength ? "\(text) ..." : text
    }
}

extension JSONDocument {
    /// What stands in front of all that a schema finds.
    fileprivate var strictErrors: [String] { strictProblem.map { [$0] } ?? [] }
}

extension GroupVersionKind {
    /// This with its empty parts taken from `other`, as far as the two agree.
    func withDefaults(from other: GroupVersionKind) -> GroupVersionKind {
        var result = self
        if kind.isEmpty { result.kind = other.kind }
        if version.isEmpty, group.isEmpty || group == other.group {
            result.group = other.group
            result.version = other.version
        }
        return result
    }
}
