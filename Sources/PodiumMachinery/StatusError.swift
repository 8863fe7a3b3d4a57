// SPDX-License-Identifier: Apache-2.0
// The one error that leaves the server: a Kubernetes `Status` with its HTTP code.

package import PodiumCodec

/// The `reason` of a failed request.
package struct StatusReason: RawRepresentable, Hashable, Sendable {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }

    package static let badRequest = StatusReason(rawValue: "BadRequest")
    package static let unauthorized = StatusReason(rawValue: "Unauthorized")
    package static let forbidden = StatusReason(rawValue: "Forbidden")
    package static let notFound = StatusReason(rawValue: "NotFound")
    package static let methodNotAllowed = StatusReason(rawValue: "MethodNotAllowed")
    package static let notAcceptable = StatusReason(rawValue: "NotAcceptable")
    package static let alreadyExists = StatusReason(rawValue: "AlreadyExists")
    package static let conflict = StatusReason(rawValue: "Conflict")
    package static let gone = StatusReason(rawValue: "Gone")
    package static let expired = StatusReason(rawValue: "Expired")
    package static let requestEntityTooLarge = StatusReason(rawValue: "RequestEntityTooLarge")
    package static let unsupportedMediaType = StatusReason(rawValue: "UnsupportedMediaType")
    package static let invalid = StatusReason(rawValue: "Invalid")
    package static let tooManyRequests = StatusReason(rawValue: "TooManyRequests")
    package static let internalError = StatusReason(rawValue: "InternalError")
    package static let serviceUnavailable = StatusReason(rawValue: "ServiceUnavailable")
    package static let timeout = StatusReason(rawValue: "Timeout")
    package static let unknown = StatusReason(rawValue: "")
}

/// A failed request: what becomes the `Status` body and the HTTP code of its answer.
// Kubernetes: apimachinery/pkg/api/errors/errors.go
package struct StatusError: Error, Equatable, Sendable {
    /// The limits of an answer; upstream has none.
    package enum Limits {
        /// Of more causes the rest is counted in a last one.
        package static let maximumCauses = 256
        /// Of a longer message the end is left out.
        package static let maximumMessageBytes = 128 << 10
    }

    /// One entry of `details.causes`.
    package struct Cause: Equatable, Sendable {
        package var reason: String
        package var message: String
        package var field: String?

        package init(reason: String, message: String, field: String? = nil) {
            self.reason = reason
            self.message = message
            self.field = field
        }
    }

    /// The `details` of the body.
    package struct Details: Equatable, Sendable {
        package var name: String?
        package var group: String?
        package var kind: String?
        package var uid: String?
        package var causes: [Cause]
        package var retryAfterSeconds: Int?

        package init(
            name: String? = nil,
            group: String? = nil,
            kind: String? = nil,
            uid: String? = nil,
            causes: [Cause] = [],
            retryAfterSeconds: Int? = nil
        ) {
            self.name = name
            self.group = group
            self.kind = kind
            self.uid = uid
            self.causes = causes
            self.retryAfterSeconds = retryAfterSeconds
        }
    }

    /// The HTTP code.
    package var code: Int
    package var reason: StatusReason
    package var message: String
    package var details: Details?
    /// With which a client may go on with a list all the same; nil for errors of other kinds.
    package var continueToken: String?

    package init(code: Int, reason: StatusReason, message: String, details: Details? = nil) {
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
    }

    /// The `Status` object.
    package var status: JSONValue {
        let metadata: JSONObject = continueToken.map { ["continue": .string($0)] } ?? [:]
        var status: JSONObject = [
            "kind": "Status", "apiVersion": "v1", "metadata": .object(metadata), "status": "Failure",
            "message": .string(message.shortened(to: Limits.maximumMessageBytes)),
        ]
        if !reason.rawValue.isEmpty { status["reason"] = .string(reason.rawValue) }
        if let details { status["details"] = details.value }
        status["code"] = .integer(Int64(code))
        return .object(status)
    }
}

extension StatusError.Details {
    /// The `details` object, with absent fields left out.
    package var value: JSONValue {
        var value: JSONObject = [:]
        if let name, !name.isEmpty { value["name"] = .string(name) }
        if let group, !group.isEmpty { value["group"] = .string(group) }
        if let kind, !kind.isEmpty { value["kind"] = .string(kind) }
        if let uid, !uid.isEmpty { value["uid"] = .string(uid) }
        if !causes.isEmpty {
            value["causes"] = .array(
                causes.map { cause in
                    var entry: JSONObject = [:]
                    if !cause.reason.isEmpty { entry["reason"] = .string(cause.reason) }
                    if !cause.message.isEmpty { entry["message"] = .string(cause.message) }
                    if let field = cause.field, !field.isEmpty { entry["field"] = .string(field) }
                    return .object(entry)
                }
            )
        }
        if let retryAfterSeconds { value["retryAfterSeconds"] = .integer(Int64(retryAfterSeconds)) }
        return .object(value)
    }
}

// MARK: Factories, named after apimachinery's

extension StatusError {
    /// 404: no such object.
    package static func notFound(_ resource: GroupResource, _ name: String) -> StatusError {
        StatusError(
            code: 404,
            reason: .notFound,
            message: "\(resource) \(FieldError.quoted(name)) not found",
            details: Details(name: name, group: resource.group, kind: resource.resource)
        )
    }

    /// 404: no such path.
    package static var pathNotFound: StatusError {
        StatusError(
            code: 404,
            reason: .notFound,
            message: "the server could not find the requested resource",
            details: Details()
        )
    }

    /// 409: the name is taken.
    package static func alreadyExists(_ resource: GroupResource, _ name: String) -> StatusError {
        StatusError(
            code: 409,
            reason: .alreadyExists,
            message: "\(resource) \(FieldError.quoted(name)) already exists",
            details: Details(name: name, group: resource.group, kind: resource.resource)
        )
    }

    /// 409: the write lost against another, or a precondition failed.
    package static func conflict(_ resource: GroupResource, _ name: String, _ problem: String) -> StatusError {
        StatusError(
            code: 409,
            reason: .conflict,
            message: "Operation cannot be fulfilled on \(resource) \(FieldError.quoted(name)): \(problem)",
            details: Details(name: name, group: resource.group, kind: resource.resource)
        )
    }

    /// 422: fields are wrong. The message says the same thing only once; every error is a cause of its own.
    package static func invalid(group: String, kind: String, name: String, _ errors: [FieldError]) -> StatusError {
        var seen: Set<String> = []
        let listed = errors.prefix(Limits.maximumCauses)
        let more = errors.count - listed.count
        var list = listed.map(\.message).filter { seen.insert($0).inserted }
        var causes = listed.map { Cause(reason: $0.kind.rawValue, message: $0.body, field: $0.path.description) }
        if more > 0 {
            list.append("and \(more) more")
            causes.append(Cause(reason: "", message: "and \(more) more"))
        }
        let text = list.count == 1 ? list[0] : "[\(list.joined(separator: ", "))]"
        return StatusError(
            code: 422,
            reason: .invalid,
            message: "\(group.isEmpty ? kind : "\(kind).\(group)") \(FieldError.quoted(name)) is invalid: \(text)",
            details: Details(
                name: name,
                group: group,
                kind: kind,
                causes: causes
            )
        )
    }

    /// 400: the request makes no sense.
    package static func badRequest(_ message: String) -> StatusError {
        StatusError(code: 400, reason: .badRequest, message: message)
    }

    /// 403: not allowed, whoever asks.
    package static func forbidden(_ resource: GroupResource, _ name: String, _ problem: String) -> StatusError {
        let what = name.isEmpty ? "\(resource) is forbidden" : "\(resource) \(FieldError.quoted(name)) is forbidden"
        return StatusError(
            code: 403,
            reason: .forbidden,
            message: "\(what): \(problem)",
            details: Details(name: name, group: resource.group, kind: resource.resource)
        )
    }

    /// 405: the path is known, the verb is not.
    package static var methodNotAllowed: StatusError {
        StatusError(
            code: 405,
            reason: .methodNotAllowed,
            message: "the server does not allow this method on the requested resource",
            details: Details()
        )
    }

    /// 410: the resource version is gone from the history.
    package static func expired(_ message: String) -> StatusError {
        StatusError(code: 410, reason: .expired, message: message)
    }

    /// 500: Podium's own fault.
    package static func internalError(_ message: String) -> StatusError {
        StatusError(
            code: 500,
            reason: .internalError,
            message: "Internal error occurred: \(message)",
            details: Details(causes: [Cause(reason: "", message: message)])
        )
    }
}
