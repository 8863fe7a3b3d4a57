// SPDX-License-Identifier: Apache-2.0
// A request as the API server sees it: no sockets, everything already bounded and checked by the HTTP layer.

/// A complete HTTP request.
// A class: whatever takes part in the answer is given it, and a copy would count references to every part.
package final class HTTPRequest: Sendable {
    /// The method as sent (`GET`, `PATCH`, …), upper case or not: an unknown one is answered with 405.
    package let method: String
    /// The path as sent, still percent-encoded, without the query. Begins with `/`.
    package let rawPath: String
    /// The query as sent, still percent-encoded, without the `?`; empty when there is none.
    package let rawQuery: String
    /// The header fields that Podium reads.
    package let headers: HTTPHeaders
    /// The whole body.
    package let body: [UInt8]
    /// Who sent it, for the log: an address and port, or `unix`.
    package let peer: String
    /// What stood before the path when it was about one of many clusters: `/clusters/NAME`.
    package let prefix: String

    package init(
        method: String,
        rawPath: String,
        rawQuery: String = "",
        headers: HTTPHeaders = .none,
        body: [UInt8] = [],
        peer: String = "",
        prefix: String = ""
    ) {
        self.method = method
        self.rawPath = rawPath
        self.rawQuery = rawQuery
        self.headers = headers
        self.body = body
        self.peer = peer
        self.prefix = prefix
    }

    /// The same request for the path behind `prefix`.
    package func with(rawPath: String, below prefix: String) -> HTTPRequest {
        HTTPRequest(
            method: method,
            rawPath: rawPath,
            rawQuery: rawQuery,
            headers: headers,
            body: body,
            peer: peer,
            prefix: prefix
        )
    }
}

/// The header fields of a request, in the order sent, names in lower case.
// A class for the same reason: a client that repeats its head has the same fields in each of its requests.
package final class HTTPHeaders: Sendable {
    private let fields: [(name: String, value: String)]
    /// Whether any field is about acting as somebody else, so that everyday requests need not look for one.
    package let hasImpersonation: Bool
    // The first fields of those names that every request is asked for.
    package let authorization: String?
    package let accept: String?
    package let userAgent: String?
    package let auditID: String?

    /// No fields.
    package static let none = HTTPHeaders([])

    /// The fields in the order sent; their names must be in lower case.
    package init(_ fields: [(name: String, value: String)]) {
        var (authorization, accept, userAgent, auditID): (String?, String?, String?, String?)
        var hasImpersonation = false
        // Once over, as every head that is new to its connection comes by here.
        for (name, value) in fields {
            switch name {
            case "authorization": authorization = authorization ?? value
            case "accept": accept = accept ?? value
            case "user-agent": userAgent = userAgent ?? value
            case "audit-id": auditID = auditID ?? value
            default: if name.hasPrefix("impersonate-") { hasImpersonation = true }
            }
        }
        self.fields = fields
        self.authorization = authorization
        self.accept = accept
        self.userAgent = userAgent
        self.auditID = auditID
        self.hasImpersonation = hasImpersonation
    }

    /// The fields that go on with a request to another server: not who sent it, nor what is about the connection.
    package var forwarded: [(name: String, value: String)] {
        fields.filter { name, _ in
            !["authorization", "connection", "upgrade", "host"].contains(name) && !name.hasPrefix("impersonate-")
        }
    }

    /// The value of the first field called `name` (lower case).
    package subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

    /// The values of all fields called `name` (lower case).
    package func all(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }

    /// The fields whose name begins with `prefix` (lower case), in the order sent.
    package func all(prefix: String) -> [(name: String, value: String)] {
        fields.filter { $0.name.hasPrefix(prefix) }
    }
}
