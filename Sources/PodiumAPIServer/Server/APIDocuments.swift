// SPDX-License-Identifier: Apache-2.0
// The collections of a cluster and every document that is made of them.

import PodiumCodec
import PodiumMachinery
import PodiumSchema

/// The registry with its discovery, its OpenAPI documents and its table printer.
struct APIDocuments: Sendable {
    let registry: ResourceRegistry
    let tables: TablePrinter
    private let discovery: DiscoveryDocuments
    private let openAPI: OpenAPIDocuments

    init(registry: ResourceRegistry, schemas: SchemaRegistry) {
        self.registry = registry
        tables = TablePrinter()
        discovery = DiscoveryDocuments(registry)
        openAPI = OpenAPIDocuments(registry: registry, schemas: schemas)
    }

    /// The document at a path; nil when there is none.
    func respond(
        to request: HTTPRequest,
        parts: [String],
        query: QueryParameters
    ) throws(StatusError) -> HTTPResponse? {
        if let response = try openAPI.respond(to: request, parts: parts, query: query) { return response }
        return try discovery.respond(to: request, parts: parts, query: query)
    }
}
