// SPDX-License-Identifier: Apache-2.0
// The collections of a cluster and every document that is made of them.

import PodiumCodec
import PodiumExchange
import PodiumMachinery
import PodiumRegistry
import PodiumSchema

/// The registry with its discovery and its OpenAPI documents.
// A class: every request looks into it, and copying its parts would have all threads count the same things.
final class APIDocuments: Sendable {
    let registry: ResourceRegistry
    private let discovery: DiscoveryDocuments
    private let openAPI: OpenAPIDocuments

    init(registry: ResourceRegistry, schemas: SchemaRegistry, server: ServerState, checks: [HealthCheck]) {
        self.registry = registry
        discovery = DiscoveryDocuments(registry: registry, address: server.address, checks: checks)
        openAPI = OpenAPIDocuments(registry: registry, types: schemas)
    }

    /// The health checks, each with the endpoint that asks it.
    var checks: [(endpoint: String, check: HealthCheck)] {
        DiscoveryDocuments.HealthEndpoint.allCases.flatMap { endpoint in
            discovery.checks(of: endpoint).map { (endpoint.rawValue, $0) }
        }
    }

    /// The document at a path.
    /// - Throws: 404, 405, 406.
    func answer(_ request: DiscoveryRequest) throws(StatusError) -> HTTPResponse {
        if let response = try discovery.answer(request) { return response }
        if let response = try openAPI.answer(request) { return response }
        return try discovery.notFound(request.parts)
    }
}
