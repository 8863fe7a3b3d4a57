// SPDX-License-Identifier: Apache-2.0
// Tells others how to check the tokens of service accounts: OpenID Connect discovery and the public key.

import PodiumCodec
import PodiumExchange
import PodiumMachinery

// Kubernetes: pkg/serviceaccount/openidmetadata.go, pkg/routes/openidmetadata.go
extension APIServer {
    private static let keySetPath = "/openid/v1/jwks"

    /// The documents about the issuer of tokens; nil for other paths.
    /// - Throws: 405.
    func issuerDocument(_ request: HTTPRequest, _ parts: [String]) throws(StatusError) -> HTTPResponse? {
        let contentType: String
        let document: JSONValue
        switch parts {
        case [".well-known", "openid-configuration"]:
            contentType = "application/json"
            document = configurationDocument(request)
        case ["openid", "v1", "jwks"]:
            contentType = "application/jwk-set+json"
            document = ["keys": [components.serviceAccountTokens.key.webKey]]
        default: return nil
        }
        guard request.method == "GET" else { throw .methodNotAllowed }
        var writer = JSONWriter()
        writer.write(document)
        return HTTPResponse(
            status: 200,
            contentType: contentType,
            headers: [(name: "Cache-Control", value: "public, max-age=3600")],
            body: .bytes(writer.encoded.slice)
        )
    }

    /// Where the key is to be had: at the server that was asked, under the path of this cluster.
    private func configurationDocument(_ request: HTTPRequest) -> JSONValue {
        let host = request.headers["host"] ?? ""
        let base = host.isEmpty ? ServiceAccountTokens.issuer : "http://\(host)\(request.prefix)"
        return [
            "issuer": .string(ServiceAccountTokens.issuer), "jwks_uri": .string(base + Self.keySetPath),
            "response_types_supported": ["id_token"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        ]
    }
}
