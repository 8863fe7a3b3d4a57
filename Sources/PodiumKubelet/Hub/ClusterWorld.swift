// SPDX-License-Identifier: Apache-2.0
// What containers find when they look for names and servers in the cluster.

import PodiumClient
import PodiumCodec
import PodiumMachinery
import PodiumRuntime
import PodiumStorage

/// The network of a cluster: Services by name, pods by address.
struct ClusterWorld: PodWorld {
    private static let domain = ".cluster.local"
    private let network: ClusterNetwork
    private let now: Timestamp
    /// The node of whoever looks.
    private let node: String

    init(_ cluster: KubeletSurroundings, from node: String) {
        network = cluster.network
        now = cluster.now
        self.node = node
    }

    func resolve(_ name: String) -> [String] {
        guard name.hasSuffix(Self.domain) else { return [] }
        let parts = name.dropLast(Self.domain.count).split(separator: ".").map(String.init)
        guard let kind = parts.last, parts.count >= 3 else { return [] }
        let namespace = parts[parts.count - 2]
        let rest = Array(parts.dropLast(2))
        switch kind {
        case "svc": return addresses(of: rest, in: namespace)
        case "pod": return rest.count == 1 ? [rest[0].replacing("-", with: ".")] : []
        default: return []
        }
    }

    private func addresses(of names: [String], in namespace: String) -> [String] {
        guard let last = names.last,
            let service = network.service(NamespacedName(namespace: namespace, name: last))
        else { return [] }
        let spec = service.spec
        if let target = spec["externalName"]?.string { return names.count == 1 ? resolve(target) : [] }
        let address = spec["clusterIP"]?.string ?? ""
        if !address.isEmpty, address != "None" { return names.count == 1 ? [address] : [] }
        if !service.selectsPods {
            let ready = network.slices(for: service.key.name).flatMap(\.endpoints)
            return ready.filter { names.count == 1 || $0.hostname == names[0] }.map(\.address).sorted()
        }
        let ready = endpoints(of: service)
        if names.count == 1 { return ready.compactMap(\.address).sorted() }
        return ready.filter { $0.hostname == names[0] }.compactMap(\.address)
    }

    /// The ready pods behind a Service.
    private func endpoints(of service: APIObject) -> [PodFace] {
        let selector = service.spec["selector"]?.stringMap ?? [:]
        if selector.isEmpty { return [] }
        let includesUnready = service.spec["publishNotReadyAddresses"]?.bool ?? false
        return network.pods(in: service.namespace, labelled: selector).filter { face in
            face.address != nil && (includesUnready || face.isReady)
        }
    }

    func answer(_ request: HTTPProbe, at address: String, port: Int) -> HTTPAnswer? {
        guard let (face, number) = target(address, port, isConnection: true) else { return nil }
        return face.network?.answer(request, port: number, now: now)
    }

    func accepts(address: String, port: Int) -> Bool {
        guard let (face, number) = target(address, port, isConnection: false) else { return false }
        return face.network?.accepts(port: number) ?? false
    }

    func presence(of address: String) -> AddressPresence {
        if network.service(at: address) != nil { return .service }
        return network.pod(at: address) != nil || network.isHost(address) ? .host : .none
    }

    /// The pod that a connection ends at, and the port there.
    /// - Parameter isConnection: whether it is made, and not only asked whether it could be.
    private func target(_ address: String, _ port: Int, isConnection: Bool) -> (PodFace, Int)? {
        if let service = network.service(at: address) {
            let entry = service.spec["ports"]?.elements.first { $0["port"]?.int == port }
            let isLocal = service.spec["internalTrafficPolicy"]?.string == "Local"
            return entry.flatMap { target(of: service, $0, on: isLocal ? node : nil, isConnection) }
        }
        if let target = directTarget(address, port) { return target }
        guard let node = network.host(at: address), let service = network.service(onNodePort: port) else { return nil }
        let entry = service.spec["ports"]?.elements.first { $0["nodePort"]?.int == port }
        // Such a Service is not reached by a node that runs none of its pods.
        let isLocal = service.spec["externalTrafficPolicy"]?.string == "Local"
        return entry.flatMap { target(of: service, $0, on: isLocal ? node : nil, isConnection) }
    }

    /// The pod at an address that is no Service's.
    private func directTarget(_ address: String, _ port: Int) -> (PodFace, Int)? {
        if let face = network.pod(at: address) { return (face, port) }
        // Pods without a network of their own share that of their node.
        return network.pods(onHost: address).first { $0.network?.accepts(port: port) == true }.map { ($0, port) }
    }

    /// The pod behind a port of a Service, on `node` if one is given.
    private func target(
        of service: APIObject,
        _ entry: JSONValue,
        on node: String?,
        _ isConnection: Bool
    ) -> (PodFace, Int)? {
        guard service.selectsPods else { return sliceTarget(of: service, entry, on: node, isConnection) }
        let found = endpoints(of: service).filter { node == nil || $0.node == node }
        let sorted = found.sorted { ($0.address ?? "") < ($1.address ?? "") }
        guard let face = choose(sorted, for: service, isConnection) else { return nil }
        switch IntOrString(entry["targetPort"]) ?? .int(entry["port"]?.int ?? 0) {
        case .int(let number): return (face, number)
        case .string(let name): return face.ports[name].map { (face, $0) }
        }
    }

    /// The one of `targets` whose turn it is: connections go to them one after the other, as kube-proxy's do in the
    /// long run. Where a client is to stay with its pod, all of a node's do.
    // Kubernetes: pkg/proxy/ipvs/proxier.go, its scheduler rr
    private func choose<Target>(_ targets: [Target], for service: APIObject, _ isConnection: Bool) -> Target? {
        if targets.isEmpty { return nil }
        if service.spec["sessionAffinity"]?.string == "ClientIP" {
            return targets[node.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF } % targets.count]
        }
        return targets[isConnection ? network.countConnection(to: service.key.name) % targets.count : 0]
    }

    /// The pod that EndpointSlices made by hand name for a port of a Service.
    private func sliceTarget(
        of service: APIObject,
        _ entry: JSONValue,
        on node: String?,
        _ isConnection: Bool
    ) -> (PodFace, Int)? {
        let targets = network.slices(for: service.key.name).flatMap { slice -> [(PodFace, Int)] in
            guard let port = slice.ports[entry["name"]?.string ?? ""] else { return [] }
            return slice.endpoints.compactMap { directTarget($0.address, port) }
        }
        return choose(targets.filter { node == nil || $0.0.node == node }, for: service, isConnection)
    }
}
