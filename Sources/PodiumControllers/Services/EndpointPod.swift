// SPDX-License-Identifier: Apache-2.0
// A pod as its addresses are published: where it is, how it is, and which ports have names.

import PodiumClient
import PodiumCodec
import PodiumMachinery
import PodiumStorage

/// What Endpoints and EndpointSlices say of a pod. Immutable.
final class EndpointPod: Sendable {
    private struct NamedPort {
        let name: String
        let transport: String
        let number: Int
    }

    let name: NamespacedName
    let uid: String
    let nodeName: String
    /// In their canonical form, in the order of the pod's status.
    let addresses: [String]
    let hostname: String
    let subdomain: String
    let isReady: Bool
    /// When it became ready, or ceased to be; nil when nothing is known of that.
    let readinessChange: Timestamp?
    let isTerminating: Bool
    let isFinished: Bool
    private let namedPorts: [NamedPort]

    init(_ pod: APIObject) {
        name = pod.key.name
        uid = pod.uid
        nodeName = pod.nodeName
        addresses = Self.addresses(in: pod.status)
        let spec = pod.spec
        hostname = spec["hostname"]?.string ?? ""
        subdomain = spec["subdomain"]?.string ?? ""
        let ready = pod.condition("Ready")
        isReady = ready?["status"]?.string == "True"
        readinessChange = ready?["lastTransitionTime"]?.string.flatMap { Timestamp(rfc3339: $0) }
        isTerminating = pod.isTerminating
        isFinished = pod.isTerminalPod
        namedPorts = Self.namedPorts(in: spec)
    }

    private static func addresses(in status: JSONValue) -> [String] {
        let all = status["podIPs"]?.elements.compactMap { $0["ip"]?.string } ?? []
        let known = all.isEmpty ? [status["podIP"]?.string].compactMap { $0 } : all
        return known.compactMap { IPAddress($0)?.description }
    }

    /// The ports of what runs beside one another: containers, and after them sidecars.
    private static func namedPorts(in spec: JSONValue) -> [NamedPort] {
        let sidecars = spec["initContainers"]?.elements.filter { $0["restartPolicy"]?.string == "Always" } ?? []
        return ((spec["containers"]?.elements ?? []) + sidecars).flatMap { $0["ports"]?.elements ?? [] }
            .compactMap { port in
                guard let name = port["name"]?.string, let number = port["containerPort"]?.int else { return nil }
                return NamedPort(name: name, transport: port["protocol"]?.string ?? "TCP", number: number)
            }
    }

    /// The number behind a port of a Service; nil when no container has one of that name.
    // Kubernetes: k8s.io/endpointslice/utils.go FindPort
    func number(of port: PublishedService.Port) -> Int? {
        switch port.target {
        case .int(let number): number
        case .string(let name): namedPorts.first { $0.name == name && $0.transport == port.transport }?.number
        }
    }

    /// Whether somebody may be sent here.
    // Kubernetes: k8s.io/endpointslice/util/controller_utils.go ShouldPodBeInEndpoints
    func isPublished(includingTerminating: Bool) -> Bool {
        !isFinished && !addresses.isEmpty && (includingTerminating || !isTerminating)
    }

    /// The first of its addresses of a family.
    func address(of family: String) -> String? { addresses.first { IPAddress($0)?.family == family } }

    /// The name by which `service` alone leads here; nil when it has none.
    // Kubernetes: k8s.io/endpointslice/util/controller_utils.go ShouldSetHostname
    func hostname(in service: PublishedService) -> String? {
        hostname.isEmpty || subdomain != service.name.name ? nil : hostname
    }

    /// The reference that stands beside its address.
    var target: JSONValue {
        [
            "kind": "Pod", "namespace": .string(name.namespace), "name": .string(name.name), "uid": .string(uid),
        ]
    }

    /// Whether what is published of a pod may differ between two of its states.
    ///
    /// Upstream does not ask whether the pod has ended. It mostly finds out a second later, when its own write of a
    /// slice, come back before it was answered, makes it look once more.
    // Kubernetes: k8s.io/endpointslice/util/controller_utils.go podEndpointsChanged
    func differs(from old: EndpointPod) -> Bool {
        isTerminating || old.isTerminating || isReady != old.isReady || isFinished != old.isFinished
            || addresses != old.addresses || uid != old.uid
    }
}
