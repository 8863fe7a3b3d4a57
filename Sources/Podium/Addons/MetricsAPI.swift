// SPDX-License-Identifier: Apache-2.0
// What nodes and pods use, as metrics-server shows it to `kubectl top`.

import PodiumAPIServer
import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumKinds
import PodiumKubelet
import PodiumMachinery
import PodiumRegistry
import PodiumStorage

/// What the pods of a cluster use.
// metrics-server: pkg/api/pod.go
struct PodMetricsCollection: ComputedObjects {
    let client: ResourceClient
    let usages: PodUsages

    let resource = GroupVersionResource(group: "metrics.k8s.io", version: "v1beta1", resource: "pods")

    func objects(in namespace: String) throws(StatusError) -> [JSONValue] {
        let now = client.host.clock.now
        let scope = namespace.isEmpty ? ListScope.all : .namespace(namespace)
        return try client.list(.pods, scope: scope).compactMap { pod in
            let containers = usages.containers(of: pod.key.name, uid: pod.uid).filter { $0.isMeasured(at: now) }
            if containers.isEmpty { return nil }
            var metrics = MetricsDocument.head("PodMetrics", of: pod, at: now)
            metrics["containers"] = .array(
                containers.map { ["name": .string($0.name), "usage": MetricsDocument.usage(of: [$0], at: now)] }
            )
            return .object(metrics)
        }
    }

    func notFound(_ name: NamespacedName) -> StatusError {
        .notFound(GroupResource(group: resource.group, resource: "podmetrics"), name.description)
    }
}

/// What the nodes of a cluster use.
// metrics-server: pkg/api/node.go
struct NodeMetricsCollection: ComputedObjects {
    /// What a machine itself, its kubelet and its container runtime take.
    static let machine = (nanoCPU: Int64(40_000_000), memory: Int64(300 << 20))

    let client: ResourceClient
    let usages: PodUsages

    let resource = GroupVersionResource(group: "metrics.k8s.io", version: "v1beta1", resource: "nodes")

    func objects(in namespace: String) throws(StatusError) -> [JSONValue] {
        let now = client.host.clock.now
        return try client.list(.nodes).compactMap { node in
            let isReady = node.status.list("conditions").contains {
                $0.text("type") == "Ready" && $0.text("status") == "True"
            }
            // Of one whose kubelet does not answer nothing is known.
            guard isReady, let created = node.creationTimestamp,
                created + ContainerUsage.window <= now
            else { return nil }
            var metrics = MetricsDocument.head("NodeMetrics", of: node, at: now)
            metrics["usage"] = MetricsDocument.usage(
                of: usages.pods(onNode: node.name).flatMap(\.containers).filter { $0.isMeasured(at: now) },
                beside: Self.machine,
                at: now
            )
            return .object(metrics)
        }
    }

    func notFound(_ name: NamespacedName) -> StatusError {
        .notFound(GroupResource(group: resource.group, resource: "nodemetrics"), name.name)
    }
}

/// The parts that the metrics of nodes and of pods have in common.
private enum MetricsDocument {
    static func head(_ kind: String, of object: APIObject, at now: Timestamp) -> JSONObject {
        var metadata: JSONObject = ["name": .string(object.name)]
        if !object.namespace.isEmpty { metadata["namespace"] = .string(object.namespace) }
        metadata["creationTimestamp"] = .string(now.rfc3339)
        if let labels = object.metadata["labels"] { metadata["labels"] = labels }
        return [
            "kind": .string(kind), "apiVersion": .string(GroupVersion.metrics.description),
            "metadata": .object(metadata), "timestamp": .string(now.rfc3339),
            "window": .string(GoDuration.print(ContainerUsage.window)),
        ]
    }

    /// What containers use together.
    static func usage(
        of containers: [ContainerUsage],
        beside base: (nanoCPU: Int64, memory: Int64) = (0, 0),
        at now: Timestamp
    ) -> JSONValue {
        func sum(_ resource: String, _ base: Quantity) -> JSONValue {
            containers.compactMap { $0.amount(of: resource, at: now) }.reduce(base) { $0 + $1 }.jsonValue
        }
        return [
            "cpu": sum("cpu", Quantity(nano: base.nanoCPU)),
            "memory": sum("memory", Quantity(base.memory, format: .binarySI)),
        ]
    }
}
