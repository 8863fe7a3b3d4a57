// SPDX-License-Identifier: Apache-2.0
// The endpoints and ports of EndpointSlices, as controllers compare them.

import PodiumCodec
import PodiumMachinery

/// An endpoint of an EndpointSlice.
struct SliceEndpoint: Sendable {
    /// What makes two endpoints the same one in different states.
    // Kubernetes: k8s.io/endpointslice/util/endpointset.go hashEndpoint
    struct Identity: Hashable, Sendable {
        let addresses: [String]
        let hostname: String
        let namespace: String
        let name: String
    }

    private(set) var value: JSONValue
    let identity: Identity

    init(_ value: JSONValue) {
        self.value = value
        identity = Identity(
            addresses: (value["addresses"]?.elements.compactMap(\.string) ?? []).sorted(),
            hostname: value["hostname"]?.string ?? "",
            namespace: value[path: "targetRef", "namespace"]?.string ?? "",
            name: value[path: "targetRef", "name"]?.string ?? ""
        )
    }

    /// `pod` as an endpoint of `service`; nil when it has no address of this family.
    // Kubernetes: k8s.io/endpointslice/utils.go podToEndpoint
    init?(of pod: EndpointPod, in service: PublishedService, zone: String?, family: String) {
        let addresses = pod.addresses.filter { IPAddress($0)?.family == family }
        if addresses.isEmpty { return nil }
        let isReady = service.publishesUnready || pod.isReady && !pod.isTerminating
        var value: JSONObject = [
            "addresses": .array(addresses.map { .string($0) }),
            "conditions": [
                "ready": .bool(isReady), "serving": .bool(pod.isReady), "terminating": .bool(pod.isTerminating),
            ],
        ]
        if let hostname = pod.hostname(in: service) { value["hostname"] = .string(hostname) }
        value["targetRef"] = pod.target
        if !pod.nodeName.isEmpty { value["nodeName"] = .string(pod.nodeName) }
        if let zone, !zone.isEmpty { value["zone"] = .string(zone) }
        self.init(.object(value))
    }

    /// Whether nothing but hints tells this from another state of the same endpoint.
    // Kubernetes: k8s.io/endpointslice/util/controller_utils.go EndpointsEqualBeyondHash
    func isEqual(to other: SliceEndpoint) -> Bool {
        ["nodeName", "zone", "conditions"].allSatisfy { value[$0] == other.value[$0] } && target == other.target
    }

    private var target: JSONValue? {
        var target = value["targetRef"]
        target?["resourceVersion"] = nil
        return target
    }

    var isReady: Bool { value[path: "conditions", "ready"]?.bool ?? false }
    var nodeName: String? { value["nodeName"]?.string }
    var zone: String? { value["zone"]?.string }

    /// Whose traffic this endpoint is meant for; nil when it is for everybody.
    var hints: JSONValue? {
        get { value["hints"] }
        set { value["hints"] = newValue }
    }
}

/// A port of an EndpointSlice.
struct SlicePort: Hashable, Comparable, Sendable {
    let name: String
    let transport: String
    let number: Int64?
    let application: String?

    init(name: String, transport: String, number: Int64, application: String?) {
        self.name = name
        self.transport = transport
        self.number = number
        self.application = application
    }

    init(_ json: JSONValue) {
        name = json["name"]?.string ?? ""
        transport = json["protocol"]?.string ?? ""
        number = json["port"]?.integer
        application = json["appProtocol"]?.string
    }

    /// The ports of `service` as `pod` has them.
    // Kubernetes: k8s.io/endpointslice/utils.go getEndpointPorts
    static func ports(of service: PublishedService, on pod: EndpointPod) -> [SlicePort] {
        service.ports.compactMap { port in
            pod.number(of: port).map { number in
                SlicePort(
                    name: port.name,
                    transport: port.transport,
                    number: Int64(number),
                    application: port.application
                )
            }
        }
    }

    var value: JSONValue {
        var value: JSONObject = ["name": .string(name), "protocol": .string(transport)]
        if let number { value["port"] = .integer(number) }
        if let application { value["appProtocol"] = .string(application) }
        return .object(value)
    }

    static func < (left: SlicePort, right: SlicePort) -> Bool {
        (left.name, left.transport, left.number ?? 0, left.application ?? "")
            < (right.name, right.transport, right.number ?? 0, right.application ?? "")
    }
}

/// Endpoints that have the same ports, each once.
struct EndpointGroup: Sendable {
    let ports: [SlicePort]
    private(set) var endpoints: [SliceEndpoint] = []
    private var places: [SliceEndpoint.Identity: Int] = [:]

    init(_ ports: [SlicePort]) { self.ports = ports }

    /// Adds an endpoint, in place of one that it is another state of.
    mutating func insert(_ endpoint: SliceEndpoint) {
        if let place = places[endpoint.identity] {
            endpoints[place] = endpoint
        } else {
            places[endpoint.identity] = endpoints.count
            endpoints.append(endpoint)
        }
    }
}
