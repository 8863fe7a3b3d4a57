// SPDX-License-Identifier: Apache-2.0
// The subsets of Endpoints: addresses that all have the same ports, in a form that does not depend on where they
// came from.

import OrderedCollections
import PodiumCodec
import PodiumMachinery

/// Addresses and the ports that each of them has.
struct EndpointSubset {
    struct Port: Hashable, Sendable {
        var name: String
        var number: Int64
        var transport: String
        var application: String?

        init(name: String, number: Int64, transport: String, application: String?) {
            self.name = name
            self.number = number
            self.transport = transport
            self.application = application
        }

        init(_ json: JSONValue) {
            name = json["name"]?.string ?? ""
            number = json["port"]?.integer ?? 0
            transport = json["protocol"]?.string ?? ""
            application = json["appProtocol"]?.string
        }

        var value: JSONValue {
            var value: JSONObject = [:]
            if !name.isEmpty { value["name"] = .string(name) }
            value["port"] = .integer(number)
            if !transport.isEmpty { value["protocol"] = .string(transport) }
            if let application { value["appProtocol"] = .string(application) }
            return .object(value)
        }
    }

    struct Address: Sendable {
        /// What tells addresses apart: pods on the network of a node share its address.
        struct Identity: Hashable, Comparable, Sendable {
            let ip: String
            let uid: String

            static func < (left: Identity, right: Identity) -> Bool { (left.ip, left.uid) < (right.ip, right.uid) }
        }

        let value: JSONValue
        let identity: Identity

        init(_ value: JSONValue) {
            self.value = value
            identity = Identity(
                ip: value["ip"]?.string ?? "",
                uid: value[path: "targetRef", "uid"]?.string ?? ""
            )
        }

        /// The address of `pod` as `service` publishes it; nil when the pod has none of its family.
        // Kubernetes: pkg/controller/endpoint/endpoints_controller.go podToEndpointAddressForService
        init?(of pod: EndpointPod, in service: PublishedService) {
            guard let family = service.families.first, let ip = pod.address(of: family) else { return nil }
            var value: JSONObject = ["ip": .string(ip)]
            if let hostname = pod.hostname(in: service) { value["hostname"] = .string(hostname) }
            if !pod.nodeName.isEmpty { value["nodeName"] = .string(pod.nodeName) }
            value["targetRef"] = pod.target
            self.value = .object(value)
            identity = Identity(ip: ip, uid: pod.uid)
        }
    }

    var ready: [Address] = []
    var unready: [Address] = []
    var ports: [Port] = []

    init(ready: [Address] = [], unready: [Address] = [], ports: [Port] = []) {
        self.ready = ready
        self.unready = unready
        self.ports = ports
    }

    init(_ json: JSONValue) {
        ready = json["addresses"]?.elements.map { Address($0) } ?? []
        unready = json["notReadyAddresses"]?.elements.map { Address($0) } ?? []
        ports = json["ports"]?.elements.map { Port($0) } ?? []
    }

    var value: JSONValue {
        var value: JSONObject = [:]
        if !ready.isEmpty { value["addresses"] = .array(ready.map(\.value)) }
        if !unready.isEmpty { value["notReadyAddresses"] = .array(unready.map(\.value)) }
        if !ports.isEmpty { value["ports"] = .array(ports.map(\.value)) }
        return .object(value)
    }

    var count: Int { ready.count + unready.count }
}

// MARK: The form they all have

extension EndpointSubset {
    /// The same addresses and ports in as few subsets as there are different sets of addresses, sorted. An address that
    /// is not ready anywhere for a port is not ready for it.
    ///
    ///     a, b: 80    b, c: 443    a: 443    →    a, b: 80    a, b, c: 443
    ///     a, b: 80    a, b: 443              →    a, b: 80, 443
    // Kubernetes: pkg/api/v1/endpoints/util.go RepackSubsets
    static func repacked(_ subsets: [EndpointSubset]) -> [EndpointSubset] {
        var addresses: [Address.Identity: Address] = [:]
        // By port, nil for none at all: which addresses have it, and whether they are ready.
        var states: OrderedDictionary<Port?, [Address.Identity: Bool]> = [:]
        for subset in subsets {
            let ports: [Port?] = subset.ports.isEmpty ? [nil] : subset.ports
            for (list, isReady) in [(subset.ready, true), (subset.unready, false)] {
                for address in list {
                    if addresses[address.identity] == nil { addresses[address.identity] = address }
                    for port in ports {
                        let known = states[port, default: [:]][address.identity] ?? true
                        states[port, default: [:]][address.identity] = known && isReady
                    }
                }
            }
        }
        var ports: OrderedDictionary<[Address.Identity: Bool], [Port]> = [:]
        for (port, state) in states { ports[state, default: []] += [port].compactMap { $0 } }
        return ports.map { state, ports in
            let sorted = state.sorted { $0.key < $1.key }
            return EndpointSubset(
                ready: sorted.filter(\.value).compactMap { addresses[$0.key] },
                unready: sorted.filter { !$0.value }.compactMap { addresses[$0.key] },
                ports: ports.sorted()
            )
        }
        .sorted { left, right in
            left.ports == right.ports
                ? left.identities.lexicographicallyPrecedes(right.identities)
                : left.ports.lexicographicallyPrecedes(right.ports)
        }
    }

    private var identities: [Address.Identity] { (ready + unready).map(\.identity) }

    /// The subsets of the pods that `service` selects.
    // Kubernetes: pkg/controller/endpoint/endpoints_controller.go syncService
    static func subsets(of service: PublishedService, _ pods: [EndpointPod]) -> [EndpointSubset] {
        var subsets: [EndpointSubset] = []
        for pod in pods where pod.isPublished(includingTerminating: service.publishesUnready) {
            guard let address = Address(of: pod, in: service) else { continue }
            let isReady = service.publishesUnready || pod.isReady
            func add(_ ports: [Port]) {
                subsets.append(
                    EndpointSubset(ready: isReady ? [address] : [], unready: isReady ? [] : [address], ports: ports)
                )
            }
            if service.allowsNoPorts { add([]) }
            for port in service.ports {
                guard let number = pod.number(of: port) else { continue }
                add([Port(port, number: number)])
            }
        }
        return repacked(subsets)
    }
}

extension EndpointSubset.Port: Comparable {
    fileprivate init(_ port: PublishedService.Port, number: Int) {
        self.init(
            name: port.name,
            number: Int64(number),
            transport: port.transport,
            application: port.application
        )
    }

    static func < (left: Self, right: Self) -> Bool {
        (left.name, left.number, left.transport, left.application ?? "")
            < (right.name, right.number, right.transport, right.application ?? "")
    }
}

// MARK: Capacity

extension [EndpointSubset] {
    /// How many addresses Endpoints have room for.
    static var capacity: Int { 1000 }

    var addressCount: Int { reduce(0) { $0 + $1.count } }

    /// The same within the capacity: ready addresses come first, and each subset gets its share, rounded up.
    // Kubernetes: pkg/controller/endpoint/endpoints_controller.go truncateEndpoints
    var truncated: [EndpointSubset] {
        let readyCount = reduce(0) { $0 + $1.ready.count }
        if addressCount <= Self.capacity { return self }
        let cutsReady = readyCount > Self.capacity
        let room = cutsReady ? Self.capacity : Self.capacity - readyCount
        let total = cutsReady ? readyCount : addressCount - readyCount
        var rest = room
        return map { subset in
            var subset = subset
            let count = cutsReady ? subset.ready.count : subset.unready.count
            let share = Swift.min((count * room + total - 1) / total, rest, count)
            rest -= share
            if cutsReady {
                subset.ready = Array<EndpointSubset.Address>(subset.ready.prefix(share))
                subset.unready = []
            } else {
                subset.unready = Array<EndpointSubset.Address>(subset.unready.prefix(share))
            }
            return subset
        }
    }
}
