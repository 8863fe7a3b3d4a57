// SPDX-License-Identifier: Apache-2.0
// The API in which metrics-server says what nodes and pods use.

import PodiumCodec
package import PodiumMachinery
package import PodiumRegistry

extension GroupVersion {
    /// The API of what nodes and pods use.
    package static let metrics = GroupVersion(group: "metrics.k8s.io", version: "v1beta1")
}

extension APIGroup {
    /// `metrics.k8s.io/v1beta1`, which an add-on serves.
    // Kubernetes: k8s.io/metrics/pkg/apis/metrics/v1beta1; metrics-server: pkg/api
    package static let metrics: APIGroup = {
        let groupVersion = GroupVersion.metrics
        func collection(_ resource: String, _ kind: String, isNamespaced: Bool) -> ResourceDefinition {
            ResourceDefinition(
                gvr: GroupVersionResource(group: groupVersion.group, version: groupVersion.version, resource: resource),
                kind: kind,
                singular: "",
                isNamespaced: isNamespaced,
                verbs: [.get, .list],
                rules: rules
            )
        }
        let resources = [
            collection("nodes", "NodeMetrics", isNamespaced: false),
            collection("pods", "PodMetrics", isNamespaced: true),
        ]
        let version = APIVersion(groupVersion: groupVersion, resources: resources)
        return APIGroup(name: groupVersion.group, versions: [version])
    }()

    private static var rules: KindDefinition {
        var rules = KindDefinition(PlainStrategy())
        rules.columns = {
            [
                TableColumn(name: "Name", format: "name", description: "Name of the node or pod."),
                TableColumn(name: "cpu", format: "quantity", description: ""),
                TableColumn(name: "memory", format: "quantity", description: ""),
                TableColumn(name: "Window", format: "duration", description: ""),
            ]
        }
        rules.cells = { cells in
            let containers = cells.object["containers"]?.elements ?? [cells.object]
            let amounts = ["cpu", "memory"].map { resource -> JSONValue in
                let parts = containers.compactMap { Quantity(json: $0[path: "usage", resource]) }
                return parts.dropFirst().reduce(parts.first ?? .zero) { $0 + $1 }.jsonValue
            }
            return [cells.name] + amounts + [.string(cells.object.text("window"))]
        }
        return rules
    }
}
