// SPDX-License-Identifier: Apache-2.0
// A Service whose pods are published: what of it decides how.

import PodiumClient
import PodiumCodec
import PodiumMachinery
import PodiumStorage

/// A Service that selects pods.
struct PublishedService {
    struct Port {
        let name: String
        let transport: String
        let application: String?
        /// The port of the pods, by number or name.
        let target: IntOrString
    }

    /// The labels and annotations that say something about endpoints.
    enum Mark {
        static let headless = "service.kubernetes.io/headless"
        static let triggerTime = "endpoints.kubernetes.io/last-change-trigger-time"
    }

    static let type = OwnerType(resource: .services, apiVersion: "v1", kind: "Service")
    private static let noAddress = "None"

    let object: APIObject
    let ports: [Port]
    /// The families of addresses that it publishes, in its order.
    let families: [String]
    /// Whether clients look for the addresses of its pods instead of one of its own.
    let isHeadless: Bool
    /// Whether pods are published before they are ready, and after they began to end.
    let publishesUnready: Bool
    /// Whether it publishes pods although it has no ports.
    let allowsNoPorts: Bool

    /// - Returns: nil when nothing is published for `object`: it selects nothing, or is only another name.
    init?(_ object: APIObject) {
        let spec = object.spec
        guard spec["type"]?.string != "ExternalName", Self.selector(of: object) != nil else { return nil }
        self.object = object
        let address = spec["clusterIP"]?.string ?? ""
        isHeadless = address.isEmpty || address == Self.noAddress
        ports =
            spec["ports"]?.elements.map { port in
                Port(
                    name: port["name"]?.string ?? "",
                    transport: port["protocol"]?.string ?? "TCP",
                    application: port["appProtocol"]?.string,
                    target: IntOrString(port["targetPort"]) ?? .int(port["port"]?.int ?? 0)
                )
            } ?? []
        families = Self.families(of: spec, address)
        publishesUnready = spec["publishNotReadyAddresses"]?.bool ?? false
        allowsNoPorts = ports.isEmpty && address == Self.noAddress
    }

    var name: NamespacedName { object.key.name }

    /// What selects the pods of a Service; nil when it selects none. An empty selector is none.
    static func selector(of service: APIObject) -> LabelSelector? {
        let labels = service.spec["selector"]?.stringMap ?? [:]
        return labels.isEmpty ? nil : LabelSelector(matching: labels)
    }

    // Kubernetes: k8s.io/endpointslice/utils.go getAddressTypesForService
    private static func families(of spec: JSONValue, _ address: String) -> [String] {
        let families = spec["ipFamilies"]?.elements.compactMap(\.string) ?? []
        if !families.isEmpty { return families }
        return IPAddress(address).map { [$0.family] } ?? ["IPv4", "IPv6"]
    }
}

extension JSONValue {
    /// A map of texts, in the order of its keys, as Go writes it.
    static func map(_ map: [String: String]) -> JSONValue {
        .object(JSONObject(uniqueKeysWithValues: map.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
    }
}
