// SPDX-License-Identifier: Apache-2.0
// The variables by which containers find the Services of their namespace.

import OrderedCollections
import PodiumClient
import PodiumCodec
import PodiumMachinery

/// The variables by which containers find Services.
// Kubernetes: pkg/kubelet/envvars/envvars.go
enum ServiceVariables {
    /// The variables of a pod: of the API server always, of its namespace's Services where the manifest wants them.
    static func variables(
        of pod: PodView,
        _ services: (String) -> [APIObject]
    ) -> OrderedDictionary<String, String> {
        var result: OrderedDictionary<String, String> = [:]
        if pod.spec.enablesServiceLinks {
            for service in services(pod.name.namespace).sorted(by: { $0.name < $1.name }) { add(service, &result) }
        }
        for service in services("default") where service.name == "kubernetes" { add(service, &result) }
        return result
    }

    private static func add(_ service: APIObject, _ result: inout OrderedDictionary<String, String>) {
        guard let address = service.spec["clusterIP"]?.string, !address.isEmpty, address != "None" else { return }
        let ports = service.spec["ports"]?.elements ?? []
        guard let first = ports.first else { return }
        let prefix = service.name.uppercased().replacing("-", with: "_")
        result["\(prefix)_SERVICE_HOST"] = address
        result["\(prefix)_SERVICE_PORT"] = number(first)
        for port in ports {
            if let name = port["name"]?.string, !name.isEmpty {
                result["\(prefix)_SERVICE_PORT_\(name.uppercased().replacing("-", with: "_"))"] = number(port)
            }
        }
        for (index, port) in ports.enumerated() {
            let protocolName = port["protocol"]?.string ?? "TCP"
            let url = "\(protocolName.lowercased())://\(address):\(number(port))"
            if index == 0 { result["\(prefix)_PORT"] = url }
            let portPrefix = "\(prefix)_PORT_\(number(port))_\(protocolName)"
            result[portPrefix] = url
            result["\(portPrefix)_PROTO"] = protocolName.lowercased()
            result["\(portPrefix)_PORT"] = number(port)
            result["\(portPrefix)_ADDR"] = address
        }
    }

    private static func number(_ port: JSONValue) -> String { port["port"]?.int.map(String.init) ?? "" }
}
