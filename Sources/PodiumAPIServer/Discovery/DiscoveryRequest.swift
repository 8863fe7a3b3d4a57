// SPDX-License-Identifier: Apache-2.0
// What the documents beside the resources look at in a request.

import PodiumMachinery

/// A request for a document: discovery, version, health, OpenAPI.
package struct DiscoveryRequest: Sendable {
    /// `GET`, upper case.
    package var method: String
    /// The decoded parts of the path without a slash at the end: `["apis", "apps", "v1"]`, empty for `/`.
    package var parts: [String]
    /// The first header of that name.
    package var accept: String?
    package var userAgent: String?
    package var ifNoneMatch: String?
    /// The parameter `pretty` of the query.
    package var pretty: String?
    /// Whether the query has `verbose`, of whatever value.
    package var isVerbose: Bool
    /// The values of `exclude` in the query.
    package var excluded: [String]
    /// The value of `hash` in the query, with which the index of OpenAPI addresses its documents.
    package var hash: String?

    package init(
        method: String,
        parts: [String],
        accept: String? = nil,
        userAgent: String? = nil,
        ifNoneMatch: String? = nil,
        pretty: String? = nil,
        isVerbose: Bool = false,
        excluded: [String] = [],
        hash: String? = nil
    ) {
        self.method = method
        self.parts = parts
        self.accept = accept
        self.userAgent = userAgent
        self.ifNoneMatch = ifNoneMatch
        self.pretty = pretty
        self.isVerbose = isVerbose
        self.excluded = excluded
        self.hash = hash
    }

    /// The form of the answer among those of `endpoint`.
    /// - Throws: 406.
    func negotiate(_ endpoint: MediaCapabilities) throws(StatusError) -> MediaTypeNegotiation {
        try MediaTypeNegotiation.negotiate(accept: accept, pretty: pretty, userAgent: userAgent, endpoint: endpoint)
    }
}
