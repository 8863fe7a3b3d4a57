// SPDX-License-Identifier: Apache-2.0
// What the HTTP layer refuses by itself, as the Status objects that Kubernetes clients understand.

import PodiumCodec
import PodiumExchange
import PodiumMachinery

/// A request that never reaches the API.
enum Refusal: Equatable, Sendable {
    /// The head could mean different things to different servers, or nothing at all.
    case malformed(String)
    case targetTooLong(limit: Int)
    case headTooLarge(limit: Int)
    case bodyTooLarge(limit: Int)
    case unknownExpectation
    /// The server shuts down, and nobody waits for the answer any more.
    case ending
    /// The server was called by a name that may be anybody's.
    case foreignHost(String)
    /// A page of this origin sent it.
    case foreignOrigin(String)
    /// A page of another site sent it.
    case crossSite

    /// The Status that says so.
    var error: StatusError {
        switch self {
        case .malformed(let problem): .badRequest(problem)
        case .targetTooLong(let limit):
            StatusError(code: 414, reason: .requestEntityTooLarge, message: "Request URI too long: limit is \(limit)")
        case .headTooLarge(let limit):
            StatusError(
                code: 431,
                reason: .requestEntityTooLarge,
                message: "Request header fields too large: limit is \(limit)"
            )
        case .bodyTooLarge(let limit):
            // Kubernetes: apimachinery/pkg/api/errors/errors.go NewRequestEntityTooLargeError
            StatusError(
                code: 413,
                reason: .requestEntityTooLarge,
                message: "Request entity too large: limit is \(limit)"
            )
        case .unknownExpectation: StatusError(code: 417, reason: .badRequest, message: "unknown expectation")
        case .ending:
            StatusError(code: 503, reason: .serviceUnavailable, message: "the server is shutting down")
        case .foreignHost(let host):
            .forbiddenToPages(
                "this server listens on this machine alone and is not known by the name \(FieldError.quoted(host)), "
                    + "under which a web page may have led a browser here: start it with --allow-host NAME to serve it "
                    + "under that name"
            )
        case .foreignOrigin(let origin):
            .forbiddenToPages(
                "pages of the origin \(FieldError.quoted(origin)) may not use this server: start it with "
                    + "--allow-origin ORIGIN to let them in"
            )
        case .crossSite:
            .forbiddenToPages(
                "a page of another site sent this request, and may not use this server: start it with --allow-origin "
                    + "ORIGIN to let pages of that origin in"
            )
        }
    }

    /// The answer; the connection must be closed after it, because what follows cannot be trusted to be a request.
    var response: HTTPResponse {
        let error = error
        return HTTPResponse(
            status: error.code,
            contentType: "application/json",
            headers: [("Connection", "close")],
            body: .bytes(error.status.encodedBytes.slice)
        )
    }
}

extension StatusError {
    fileprivate static func forbiddenToPages(_ message: String) -> StatusError {
        StatusError(code: 403, reason: .forbidden, message: message)
    }
}
