// SPDX-License-Identifier: Apache-2.0
// Hints of endpoints about whose traffic they are meant for: that of their zone, or of their node.

import PodiumClient
import PodiumCodec

/// Whom the traffic of a Service is to stay close to.
// Kubernetes: k8s.io/endpointslice/trafficdist/trafficdist.go
enum TrafficHints {
    case none
    case zone
    case node

    private enum Annotation {
        static let mode = "service.kubernetes.io/topology-mode"
        static let oldMode = "service.kubernetes.io/topology-aware-hints"
    }

    init(of service: APIObject) {
        let annotations = service.annotations
        let mode = annotations[Annotation.oldMode] ?? annotations[Annotation.mode]
        if mode == "Auto" || mode == "auto" {
            // Hints by the share of processors of each zone need more than there is here.
            self = .none
            return
        }
        switch service.spec["trafficDistribution"]?.string {
        case "PreferClose"?, "PreferSameZone"?: self = .zone
        case "PreferSameNode"?: self = .node
        default: self = .none
        }
    }

    /// The hints that `endpoint` should have; what is not ready keeps those that it has.
    private func hints(for endpoint: SliceEndpoint) -> JSONValue? {
        if case .none = self { return nil }
        if !endpoint.isReady { return endpoint.hints }
        var hints: JSONObject = [:]
        if let zone = endpoint.zone { hints["forZones"] = [["name": .string(zone)]] }
        if case .node = self, let node = endpoint.nodeName { hints["forNodes"] = [["name": .string(node)]] }
        return hints.isEmpty ? nil : .object(hints)
    }

    /// Whether one of the endpoints has other hints than it should.
    func areMissing(in endpoints: [SliceEndpoint]) -> Bool {
        endpoints.contains { $0.hints != hints(for: $0) }
    }

    func set(in endpoints: inout [SliceEndpoint]) {
        for index in endpoints.indices { endpoints[index].hints = hints(for: endpoints[index]) }
    }
}
