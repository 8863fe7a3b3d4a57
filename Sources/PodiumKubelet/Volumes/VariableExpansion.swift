// SPDX-License-Identifier: Apache-2.0
// References to variables in manifests, `$(NAME)`, and the variables that tell of Services.

import OrderedCollections
import PodiumCodec
import PodiumController
import PodiumMachinery

/// Fills in `$(NAME)`; `$$` stands for one `$`.
// Kubernetes: third_party/forked/golang/expansion/expand.go
enum VariableExpansion {
    /// Replaces known references; others stay as they are.
    static func expand(_ text: String, _ variables: OrderedDictionary<String, String>) -> String {
        walk(text) { name in variables[name] ?? "$(\(name))" }
    }

    /// Replaces references, and names the first that is unknown.
    static func expandStrictly(
        _ text: String,
        _ variables: OrderedDictionary<String, String>
    ) -> (text: String, missing: String?) {
        var missing: String?
        let expanded = walk(text) { name in
            if let value = variables[name] { return value }
            if missing == nil { missing = name }
            return ""
        }
        return (expanded, missing)
    }

    private static func walk(_ text: String, _ value: (String) -> String) -> String {
        guard text.contains("$") else { return text }
        var result = ""
        var rest = Substring(text)
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[rest.index(after: dollar)...]
            if rest.first == "$" {
                result += "$"
                rest = rest.dropFirst()
            } else if rest.first == "(", let close = rest.firstIndex(of: ")") {
                result += value(String(rest[rest.index(after: rest.startIndex)..<close]))
                rest = rest[rest.index(after: close)...]
            } else {
                result += "$"
            }
        }
        return result + rest
    }
}

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
