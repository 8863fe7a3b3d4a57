// SPDX-License-Identifier: Apache-2.0
// The user name of a service account, and what it says.

import PodiumMachinery
import PodiumRegistry

/// `system:serviceaccount:NAMESPACE:NAME`, taken apart.
// Kubernetes: apiserver/pkg/authentication/serviceaccount/util.go
struct ServiceAccountName: Hashable, Sendable {
    private static let prefix = "system:serviceaccount:"

    let namespace: String
    let name: String

    init(namespace: String, name: String) {
        self.namespace = namespace
        self.name = name
    }

    /// Reads a user name; nil when it is not that of a service account.
    init?(userName: String) {
        guard userName.hasPrefix(Self.prefix) else { return nil }
        let parts = userName.dropFirst(Self.prefix.count).split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        namespace = String(parts[0])
        name = String(parts[1])
        guard NameValidation.dns1123Label(namespace).isEmpty else { return nil }
        guard NameValidation.dns1123Subdomain(name).isEmpty else { return nil }
    }

    var userName: String { "\(Self.prefix)\(namespace):\(name)" }

    /// The groups that it is always in.
    var groups: [String] { [WellKnownGroup.serviceAccounts, WellKnownGroup.serviceAccounts(of: namespace)] }
}

/// `system:node:NAME`, taken apart.
struct NodeUserName: Hashable, Sendable {
    private static let prefix = "system:node:"

    let node: String

    /// Reads a user name; nil when it is not that of a node.
    init?(userName: String) {
        guard userName.hasPrefix(Self.prefix) else { return nil }
        node = String(userName.dropFirst(Self.prefix.count))
        guard NameValidation.dns1123Subdomain(node).isEmpty else { return nil }
    }
}
