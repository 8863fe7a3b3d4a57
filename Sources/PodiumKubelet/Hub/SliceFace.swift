// SPDX-License-Identifier: Apache-2.0
// What EndpointSlices say of Services that select no pods, as far as containers follow it.

import PodiumClient
import PodiumCodec
import PodiumMachinery

/// The ready endpoints of an EndpointSlice, and its ports.
struct SliceFace: Sendable {
    struct Endpoint: Sendable {
        let address: String
        let hostname: String?
    }

    let endpoints: [Endpoint]
    /// The numbers of the ports by their names.
    let ports: [String: Int]

    init(_ slice: APIObject) {
        let all = slice.value["endpoints"]?.elements ?? []
        // What says nothing of it is ready.
        endpoints = all.filter { $0[path: "conditions", "ready"]?.bool ?? true }.flatMap { endpoint in
            (endpoint["addresses"]?.elements ?? []).compactMap(\.string).map { address in
                Endpoint(address: address, hostname: endpoint["hostname"]?.string)
            }
        }
        let numbers = (slice.value["ports"]?.elements ?? []).compactMap { port in
            port["port"]?.int.map { (port["name"]?.string ?? "", $0) }
        }
        ports = Dictionary(numbers) { first, _ in first }
    }

    /// The Service that a slice is for; nil when it only repeats which pods that selects.
    static func service(of slice: APIObject) -> NamespacedName? {
        guard slice.labels["endpointslice.kubernetes.io/managed-by"] != "endpointslice-controller.k8s.io" else {
            return nil
        }
        return slice.labels["kubernetes.io/service-name"].map {
            NamespacedName(namespace: slice.namespace, name: $0)
        }
    }
}

extension APIObject {
    /// Whether this Service finds pods by their labels.
    var selectsPods: Bool { !(spec["selector"]?.object ?? [:]).isEmpty }

    /// Whether this Service answers at an address.
    func hasAddress(_ address: String) -> Bool {
        if spec["clusterIP"]?.string == address { return true }
        let external = (spec["clusterIPs"]?.elements ?? []) + (spec["externalIPs"]?.elements ?? [])
        if external.contains(.string(address)) { return true }
        let ingress = status[path: "loadBalancer", "ingress"]?.elements ?? []
        return ingress.contains { $0["ip"]?.string == address }
    }
}
