// SPDX-License-Identifier: Apache-2.0
// The cells of services, endpoints, ingresses and what belongs to them.

import PodiumCodec
import PodiumMachinery
import PodiumRegistry

extension TableCells {
    var service: [JSONValue] {
        let ports = object.list("spec", "ports").map { port in
            let nodePort = port.number("nodePort")
            let number = nodePort > 0 ? "\(port.number("port")):\(nodePort)" : "\(port.number("port"))"
            return "\(number)/\(port.text("protocol"))"
        }
        return [
            name, .string(object.text("spec", "type")), .string(object.texts("spec", "clusterIPs").first ?? "<none>"),
            .string(externalAddress), .string(ports.isEmpty ? "<none>" : ports.joined(separator: ",")), age,
            .string(object.labels("spec", "selector")),
        ]
    }

    private var externalAddress: String {
        let external = object.texts("spec", "externalIPs")
        switch object.text("spec", "type") {
        case "ClusterIP", "NodePort": return external.isEmpty ? "<none>" : external.joined(separator: ",")
        case "LoadBalancer":
            let all = loadBalancerAddresses + external
            return all.isEmpty ? "<pending>" : all.joined(separator: ",")
        case "ExternalName": return object.text("spec", "externalName")
        default: return "<unknown>"
        }
    }

    private var loadBalancerAddresses: [String] {
        let addresses = object.list("status", "loadBalancer", "ingress").map { $0.text("ip", or: $0.text("hostname")) }
        return Set(addresses.filter { !$0.isEmpty }).sorted()
    }

    var endpoints: String {
        var addresses: [String] = []
        let subsets = object.list("subsets")
        for subset in subsets {
            let ips = subset.list("addresses").map { $0.text("ip") }
            let ports = subset.list("ports")
            if ports.isEmpty { addresses += ips }
            for port in ports {
                addresses += ips.map { ip in
                    ip.contains(":") ? "[\(ip)]:\(port.number("port"))" : "\(ip):\(port.number("port"))"
                }
            }
        }
        return shortened(addresses, or: subsets.isEmpty ? "<none>" : "")
    }

    var endpointSlice: [JSONValue] {
        let ports = object.list("ports").map { $0.amount("port", or: $0.text("name", or: "*")) }
        let addresses = object.list("endpoints").flatMap { $0.texts("addresses") }
        return [
            name, .string(object.text("addressType")), .string(shortened(ports, or: "<unset>")),
            .string(shortened(addresses, or: "<unset>")), age,
        ]
    }

    var ingress: [JSONValue] {
        let ports = object.list("spec", "tls").isEmpty ? "80" : "80, 443"
        return [
            name, .string(object.text("spec", "ingressClassName", or: "<none>")), .string(hosts),
            .string(loadBalancerAddresses.joined(separator: ",")), .string(ports), age,
        ]
    }

    /// The first three hosts; rules without a host count among those that are left out.
    private var hosts: String {
        let rules = object.list("spec", "rules")
        var shown: [String] = []
        var hasMore = false
        for rule in rules {
            if shown.count == 3 { hasMore = true }
            let host = rule.text("host")
            if !hasMore, !host.isEmpty { shown.append(host) }
        }
        if shown.isEmpty { return "*" }
        let text = shown.joined(separator: ",")
        return hasMore ? "\(text) + \(rules.count - 3) more..." : text
    }

    var ingressClass: [JSONValue] {
        var parameters = "<none>"
        if let reference = object.at(["spec", "parameters"]) {
            let group = reference.text("apiGroup")
            let kind = group.isEmpty ? reference.text("kind") : "\(reference.text("kind")).\(group)"
            parameters = "\(kind)/\(reference.text("name"))"
        }
        return [name, .string(object.text("spec", "controller")), .string(parameters), age]
    }

    var parentReference: String {
        guard let parent = object.at(["spec", "parentRef"]) else { return "<none>" }
        let resource = GroupResource(group: parent.text("group"), resource: parent.text("resource"))
        let namespace = parent.text("namespace")
        let kind = resource.description.lowercased()
        return namespace.isEmpty ? "\(kind)/\(parent.text("name"))" : "\(kind)/\(namespace)/\(parent.text("name"))"
    }
}
