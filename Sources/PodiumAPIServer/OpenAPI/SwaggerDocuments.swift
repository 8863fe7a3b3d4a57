// SPDX-License-Identifier: Apache-2.0
// Answers /openapi/v2: one document about everything, in JSON and in the protobuf that kubectl reads.

import PodiumCodec
import PodiumExchange
import PodiumMachinery
import PodiumRegistry
import PodiumSchema
import Synchronization

/// The OpenAPI v2 document of one registry, made when it is first asked for.
///
/// kubectl looks here for kinds that no document of version 3 has, `List` above all, so that a file with a list is
/// refused where this is missing.
// State | guarded by | why separate
// cache | the mutex of it | the only state: one document in at most two forms
// Kubernetes: kube-openapi/pkg/handler/handler.go
final class SwaggerDocuments: Sendable {
    /// The form of a document.
    private enum Form: Hashable {
        case json
        case protobuf

        /// What clients ask for; the old name of the protobuf form has an `@` in it, which is not allowed there.
        static let accepted: [(name: String, form: Form)] = [
            ("application/json", .json),
            ("application/com.github.proto-openapi.spec.v2@v1.0+protobuf", .protobuf),
            ("application/com.github.proto-openapi.spec.v2.v1.0+protobuf", .protobuf),
        ]

        var contentType: String {
            switch self {
            case .json: "application/json"
            case .protobuf: "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
            }
        }
    }

    private let registry: ResourceRegistry
    private let types: SchemaRegistry
    private let version: ServerVersion
    private let cache = Mutex<[Form: EncodedBytes]>([:])

    init(registry: ResourceRegistry, types: SchemaRegistry, version: ServerVersion) {
        self.registry = registry
        self.types = types
        self.version = version
    }

    /// The document in the first form of the client's choice that there is; 406 when there is none.
    func answer(_ request: DiscoveryRequest) -> HTTPResponse {
        guard let form = Self.form(accepted: request.accept) else {
            return HTTPResponse(status: 406, contentType: "", body: .bytes(EncodedBytes("").slice))
        }
        let etag = "\"\(Fingerprint.of(Array("\(version.gitVersion) \(form)".utf8)))\""
        let isKnown = request.ifNoneMatch == etag
        return HTTPResponse(
            status: isKnown ? 304 : 200,
            contentType: isKnown ? "" : form.contentType,
            headers: [(name: "Vary", value: "Accept"), (name: "Etag", value: etag)],
            body: .bytes(isKnown ? EncodedBytes("").slice : document(form).slice)
        )
    }

    private static func form(accepted: String?) -> Form? {
        guard let accepted, !accepted.isEmpty else { return .json }
        for clause in accepted.split(separator: ",") {
            let type = String(clause).withoutParameters.lowercased()
            if type == "*/*" || type == "application/*" { return .json }
            if let match = Form.accepted.first(where: { $0.name == type }) { return match.form }
        }
        return nil
    }

    private func document(_ form: Form) -> EncodedBytes {
        if let cached = cache.withLock({ $0[form] }) { return cached }
        let document = SwaggerDocument(registry: registry, types: types, version: version)
        let made =
            switch form {
            case .json: EncodedBytes(document.json())
            case .protobuf: EncodedBytes(document.protobuf())
            }
        // Two threads may make the same document at a time; the first one stands.
        return cache.withLock { cache in
            if let cached = cache[form] { return cached }
            cache[form] = made
            return made
        }
    }
}
