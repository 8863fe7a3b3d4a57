// SPDX-License-Identifier: Apache-2.0
// What containers find when they look for names and servers in the cluster.

import OrderedCollections
import PodiumCodec
import PodiumController
import PodiumMachinery
import PodiumRuntime

/// The network of a cluster: Services by name, pods by address.
struct ClusterWorld: PodWorld {
    private static let domain = ".cluster.local"
    private let cluster: KubeletCluster

    init(_ cluster: KubeletCluster) { self.cluster = cluster }

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
            let service = cluster.services[NamespacedName(namespace: namespace, name: last)]
        else {
            let isAPI = names == ["kubernetes"] && namespace == "default"
            return isAPI ? [cluster.configuration.serviceNetwork.apiAddress] : []
        }
        let spec = service.spec
        if let target = spec["externalName"]?.string { return names.count == 1 ? resolve(target) : [] }
        let address = spec["clusterIP"]?.string ?? ""
        if !address.isEmpty, address != "None" { return names.count == 1 ? [address] : [] }
        let ready = endpoints(of: service)
        if names.count == 1 { return ready.map(\.address).sorted() }
        return ready.filter { $0.hostname == names[0] }.map(\.address)
    }

    private struct Endpoint {
        let entry: PodEntry
        let address: String
        let hostname: String
    }

    /// The ready pods behind a Service.
    private func endpoints(of service: APIObject) -> [Endpoint] {
        let selector = service.spec["selector"]?.stringMap ?? [:]
        if selector.isEmpty { return [] }
        let includesUnready = service.spec["publishNotReadyAddresses"]?.bool ?? false
        var endpoints: [Endpoint] = []
        for kubelet in cluster.kubelets.values {
            for entry in kubelet.pods.ordered where entry.name.namespace == service.namespace && !entry.isActive {
                let pod = entry.worker.pod
                guard selector.allSatisfy({ pod.labels[$0.key] == $0.value }), let status = entry.worker.status,
                    let address = status.podIP,
                    includesUnready || status.condition(ConditionType.ready)?.isTrue == true
                else { continue }
                let hostname = pod.spec.hostname ?? pod.name.name
                endpoints.append(Endpoint(entry: entry, address: address, hostname: hostname))
            }
        }
        return endpoints
    }

    func answer(_ request: HTTPProbe, at address: String, port: Int) -> HTTPAnswer? {
        guard let (entry, number) = target(address, port) else { return nil }
        return entry.worker.answer(request, port: number, now: cluster.now)
    }

    func accepts(address: String, port: Int) -> Bool {
        guard let (entry, number) = target(address, port) else { return false }
        return entry.worker.accepts(port: number, now: cluster.now)
    }

    func presence(of address: String) -> AddressPresence {
        if cluster.services.values.contains(where: { $0.spec["clusterIP"]?.string == address }) { return .service }
        if let entry = cluster.pod(at: address) { return entry.isActive ? .none : .host }
        return cluster.kubelets.values.contains { $0.profile.hostIP == address } ? .host : .none
    }

    /// The pod that a connection ends at, and the port there.
    private func target(_ address: String, _ port: Int) -> (PodEntry, Int)? {
        if let service = cluster.services.values.first(where: { $0.spec["clusterIP"]?.string == address }) {
            let entry = service.spec["ports"]?.elements.first { $0["port"]?.int == port }
            let first = endpoints(of: service).min { $0.address < $1.address }
            guard let entry, let endpoint = first else { return nil }
            switch IntOrString(entry["targetPort"]) ?? .int(port) {
            case .int(let number): return (endpoint.entry, number)
            case .string(let name):
                let ports = endpoint.entry.worker.pod.spec.containers.flatMap(\.ports)
                return ports.first { $0.name == name }.map { (endpoint.entry, $0.number) }
            }
        }
        if let entry = cluster.pod(at: address) { return entry.isActive ? nil : (entry, port) }
        // Pods without a network of their own share that of their node.
        let node = cluster.kubelets.values.first { $0.profile.hostIP == address }
        let listening = node?.pods.ordered.first { entry in
            !entry.isActive && entry.worker.pod.spec.isOnHostNetwork && !entry.worker.isStopped
                && entry.worker.accepts(port: port, now: cluster.now)
        }
        return listening.map { ($0, port) }
    }
}
