// SPDX-License-Identifier: Apache-2.0
// What a request to a pod or a Service through the API is about.

import PodiumMachinery

/// The name in the path of such a request: `name`, `name:port` or `scheme:name:port`.
// Kubernetes: apimachinery/pkg/util/net/util.go SplitSchemeNamePort
struct ProxyTarget: Hashable {
    let name: String
    /// A number or the name of a port; empty for the only one there is.
    let port: String

    /// nil when the text is none.
    init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        switch parts.count {
        case 1: (name, port) = (parts[0], "")
        case 2: (name, port) = (parts[0], parts[1])
        case 3 where ["http", "https", ""].contains(parts[0]): (name, port) = (parts[1], parts[2])
        default: return nil
        }
        if name.isEmpty { return nil }
    }
}

/// A request that goes on to a pod.
package struct ProxiedRequest: Sendable {
    package let method: String
    /// The path with its query.
    package let path: String
    package let headers: [(name: String, value: String)]
    package let body: [UInt8]
}

/// What came back.
package struct ProxiedAnswer: Sendable {
    package let status: Int
    package let contentType: String
    package let location: String?
    package let body: [UInt8]

    package init(status: Int, contentType: String, location: String?, body: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.location = location
        self.body = body
    }
}
