// SPDX-License-Identifier: Apache-2.0
// Ports of nodes that pods occupy, and when two of them get in each other's way.

import PodiumCodec

/// A port on an address of a node.
package struct HostPort: Hashable, Sendable {
    /// `0.0.0.0` for all addresses.
    package let address: String
    package let transport: String
    package let port: Int64

    package init(address: String = "", transport: String = "", port: Int64) {
        self.address = address.isEmpty ? "0.0.0.0" : address
        self.transport = transport.isEmpty ? "TCP" : transport
        self.port = port
    }

    /// Whether both cannot be had on one node.
    package func conflicts(with other: HostPort) -> Bool {
        port == other.port && transport == other.transport
            && (address == other.address || address == "0.0.0.0" || other.address == "0.0.0.0")
    }

    /// The ports that the containers and sidecars of a Pod object want of their node.
    // Kubernetes: pkg/scheduler/util/utils.go GetHostPorts
    static func list(of pod: JSONValue) -> [HostPort] {
        let spec = pod["spec"]
        let sidecars = (spec?["initContainers"]?.elements ?? []).filter { $0["restartPolicy"]?.string == "Always" }
        var ports: [HostPort] = []
        for container in sidecars + (spec?["containers"]?.elements ?? []) {
            for entry in container["ports"]?.elements ?? [] {
                guard let port = entry["hostPort"]?.integer, port > 0 else { continue }
                ports.append(
                    HostPort(
                        address: entry["hostIP"]?.string ?? "",
                        transport: entry["protocol"]?.string ?? "",
                        port: port
                    )
                )
            }
        }
        return ports
    }
}
