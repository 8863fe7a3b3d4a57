// SPDX-License-Identifier: Apache-2.0
// What the servers of kubelets answer: health, pods, usage and logs.

import PodiumAPIServer
import PodiumClient
import PodiumCodec
import PodiumExchange
import PodiumHost
import PodiumKubelet
import PodiumMachinery
import PodiumStorage

/// The servers of all kubelets of a cluster.
// Kubernetes: pkg/kubelet/server/server.go
struct KubeletServers: KubeletSource {
    let kubelets: KubeletHub
    let client: ResourceClient
    let logs: any ContainerLogSource

    func answer(_ request: ProxiedRequest, of node: String) throws(StatusError) -> ProxiedAnswer? {
        guard kubelets.answers(node) else { return nil }
        let path = request.path.prefix { $0 != "?" }
        let parts = path.split(separator: "/").map(String.init)
        switch parts.first {
        case "healthz": return .text("ok")
        case "pods": return .json(try pods(of: node))
        case "stats" where parts.dropFirst().first == "summary": return .json(summary(of: node))
        case "metrics" where parts.count == 2 && ["resource", "cadvisor"].contains(parts[1]):
            return .text(metrics(of: node), "text/plain; version=0.0.4; charset=utf-8")
        case "containerLogs" where parts.count == 4: return try log(parts[1], parts[2], parts[3], on: node)
        case "logs" where parts.count == 1: return .text("<pre>\n<a href=\"pods/\">pods/</a>\n</pre>\n", "text/html")
        default: return .text("404 page not found\n", status: 404)
        }
    }

    private func pods(of node: String) throws(StatusError) -> JSONValue {
        let pods = try client.list(.pods).filter { $0.spec["nodeName"]?.string == node }
        return ["kind": "PodList", "apiVersion": "v1", "metadata": [:], "items": .array(pods.map(\.value))]
    }

    private func log(
        _ namespace: String,
        _ name: String,
        _ container: String,
        on node: String
    ) throws(StatusError) -> ProxiedAnswer {
        let pod = try client.get(ObjectKey(.pods, namespace: namespace, name: name))
        guard let pod, pod.spec["nodeName"]?.string == node else {
            return .text("pod \(FieldError.quoted(name)) not found\n", status: 404)
        }
        var options = ContainerLogOptions()
        options.container = container
        let body = try logs.log(of: pod.key.name, uid: pod.uid, options: options)
        guard case .bytes(let bytes) = body else {
            throw .internalError("a log that is not followed has no end")
        }
        let text = withExtendedLifetime(bytes) { Array(bytes.buffer) }
        return ProxiedAnswer(status: 200, contentType: "text/plain", location: nil, body: text)
    }

    // MARK: Usage

    private var now: Timestamp { client.host.clock.now }

    // Kubernetes: kubelet/pkg/apis/stats/v1alpha1/types.go
    private func summary(of node: String) -> JSONValue {
        let now = now
        let pods = kubelets.usages.pods(onNode: node)
        let containers = pods.flatMap(\.containers)
        return [
            "node": .object(
                Self.usage(of: containers, beside: NodeMetricsCollection.machine, at: now)
                    .merging(["nodeName": .string(node)]) { own, _ in own }
            ),
            "pods": .array(
                pods.map { pod in
                    var value = Self.usage(of: pod.containers, at: now)
                    value["podRef"] = [
                        "name": .string(pod.pod.name), "namespace": .string(pod.pod.namespace), "uid": .string(pod.uid),
                    ]
                    value["startTime"] = .string((pod.containers.map(\.startedAt).min() ?? now).rfc3339)
                    value["containers"] = .array(
                        pod.containers.map { container in
                            var value = Self.usage(of: [container], at: now)
                            value["name"] = .string(container.name)
                            value["startTime"] = .string(container.startedAt.rfc3339)
                            return .object(value)
                        }
                    )
                    return .object(value)
                }
            ),
        ]
    }

    private static func usage(
        of containers: [ContainerUsage],
        beside base: (nanoCPU: Int64, memory: Int64) = (0, 0),
        at now: Timestamp
    ) -> JSONObject {
        func sum(_ resource: String, _ scale: Int) -> Int64 {
            containers.compactMap { $0.amount(of: resource, at: now)?.scaledValue(scale) }.reduce(0, +)
        }
        let time = JSONValue.string(now.rfc3339)
        let memory = JSONValue.integer(base.memory + sum("memory", 0))
        let seconds = containers.reduce(0) { $0 + $1.processorSeconds(at: now) }
        return [
            "cpu": [
                "time": time, "usageNanoCores": .integer(base.nanoCPU + sum("cpu", -9)),
                "usageCoreNanoSeconds": .integer(Int64(seconds * 1e9)),
            ],
            "memory": ["time": time, "usageBytes": memory, "workingSetBytes": memory, "rssBytes": memory],
        ]
    }

    // Kubernetes: pkg/kubelet/metrics/collectors/resource_metrics.go
    private func metrics(of node: String) -> String {
        let now = now
        let pods = kubelets.usages.pods(onNode: node)
        let all = pods.flatMap { pod in pod.containers.map { (pod: pod.pod, container: $0) } }
        func labels(_ pod: NamespacedName, _ container: String) -> [(name: String, value: String)] {
            [("container", container), ("namespace", pod.namespace), ("pod", pod.name)]
        }
        var text = MetricsText()
        text.begin("container_cpu_usage_seconds_total", .counter, "Processor time used by a container, in seconds.")
        for (pod, container) in all {
            text.write(String(container.processorSeconds(at: now)), labels(pod, container.name))
        }
        text.begin("container_memory_working_set_bytes", .gauge, "Memory used by a container, in bytes.")
        for (pod, container) in all {
            text.write(Int(container.amount(of: "memory", at: now)?.value ?? 0), labels(pod, container.name))
        }
        text.begin("container_start_time_seconds", .gauge, "When a container began, in seconds since 1970.")
        for (pod, container) in all {
            text.write(String(Double(container.startedAt.nanoseconds) / 1e9), labels(pod, container.name))
        }
        let machine = NodeMetricsCollection.machine
        text.begin("node_memory_working_set_bytes", .gauge, "Memory used by the node, in bytes.")
        let memory = all.reduce(0) { $0 + ($1.container.amount(of: "memory", at: now)?.value ?? 0) }
        text.write(Int(machine.memory + memory))
        text.begin("scrape_error", .gauge, "1 when something could not be measured.")
        text.write(0)
        return text.text
    }
}

extension ProxiedAnswer {
    fileprivate static func text(_ text: String, _ type: String = "text/plain", status: Int = 200) -> ProxiedAnswer {
        ProxiedAnswer(status: status, contentType: type, location: nil, body: Array(text.utf8))
    }

    fileprivate static func json(_ value: JSONValue) -> ProxiedAnswer {
        let bytes = value.encodedBytes
        return ProxiedAnswer(
            status: 200,
            contentType: "application/json",
            location: nil,
            body: withExtendedLifetime(bytes) { Array(bytes.slice.buffer) }
        )
    }
}
