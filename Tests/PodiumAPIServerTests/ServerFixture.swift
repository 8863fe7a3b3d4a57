// SPDX-License-Identifier: Apache-2.0
// A whole API server without sockets for tests: requests go in, answers come out.

import PodiumAPIServer
import PodiumCodec
import PodiumExchange
import PodiumTestKit

/// An API server with the namespace `ns` and without controllers.
struct ServerFixture {
    /// An answer whose body was read.
    struct Answer {
        let code: Int
        let body: JSONValue
        let contentType: String
        let warnings: [String]

        var message: String { body["message"]?.string ?? "" }
    }

    private let server: APIServer

    init() {
        server = APIServer(APIServerComponents(api: BareCluster().api))
        send("POST", "/api/v1/namespaces", #"{"metadata":{"name":"ns"}}"#)
    }

    /// Sends a request; the body goes as JSON unless `contentType` says otherwise.
    @discardableResult
    func send(
        _ method: String,
        _ path: String,
        _ body: String = "",
        contentType: String? = "application/json",
        accept: String? = nil
    ) -> Answer {
        let parts = path.split(separator: "?", maxSplits: 1).map(String.init)
        let headers = [("content-type", contentType), ("accept", accept)].compactMap { name, value in
            value.map { (name, $0) }
        }
        let response = server.respond(
            to: HTTPRequest(
                method: method,
                rawPath: parts[0],
                rawQuery: parts.count > 1 ? parts[1] : "",
                headers: HTTPHeaders(headers),
                body: Array(body.utf8)
            )
        )
        var bytes: [UInt8] = []
        if case .bytes(let slice) = response.body { bytes = Array(slice.buffer) }
        return Answer(
            code: response.status,
            body: (try? JSONValue(json: bytes)) ?? .string(String(decoding: bytes, as: UTF8.self)),
            contentType: response.contentType,
            warnings: response.headers.filter { $0.name == "Warning" }.map(\.value)
        )
    }
}
