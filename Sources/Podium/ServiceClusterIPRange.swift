// SPDX-License-Identifier: Apache-2.0
// The range of Services' addresses, as it can be chosen.

import PodiumMachinery

/// The range that Services get their addresses from, in the form of kube-apiserver's `--service-cluster-ip-range`.
public struct ServiceClusterIPRange: Sendable, CustomStringConvertible {
    let network: ServiceNetwork

    /// 10.96.0.0/16.
    public static let standard = ServiceClusterIPRange(network: .standard)

    private init(network: ServiceNetwork) { self.network = network }

    /// Reads `10.96.0.0/16`: IPv4, of at least 8 and at most 2²⁰ addresses.
    /// - Throws: an error that says what is wrong.
    public init(_ text: String) throws(ServiceClusterIPRangeFailure) {
        do throws(ServiceNetwork.Problem) {
            network = try ServiceNetwork(text)
        } catch {
            throw ServiceClusterIPRangeFailure(description: error.description)
        }
    }

    /// `10.96.0.0/16`.
    public var description: String { network.description }
}

/// Why a text is no range for Services.
public struct ServiceClusterIPRangeFailure: Error, CustomStringConvertible {
    /// The text and the problem.
    public let description: String
}
