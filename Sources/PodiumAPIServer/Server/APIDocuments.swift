// SPDX-License-Identifier: Apache-2.0
// Every document that is made of the collections and types of an API.

import PodiumCodec
import PodiumExchange
import PodiumMachinery
import PodiumRegistry

/// A surface with its discovery and its OpenAPI documents, each of which is made when it is first asked for.
final class APIDocuments: Sendable {
    let surface: APISurface
    private let discovery: DiscoveryDocuments
    private let openAPI: OpenAPIDocuments

    init(of surface: APISurface, server: ServerState, checks: [HealthCheck]) {
        self.surface = surface
        discovery = DiscoveryDocuments(registry: surface.registry, address: server.address, checks: checks)
        openAPI = OpenAPIDocuments(registry: surface.registry, types: surface.schemas)
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
