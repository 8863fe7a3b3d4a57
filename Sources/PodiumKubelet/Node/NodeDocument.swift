// SPDX-License-Identifier: Apache-2.0
// What a kubelet writes into its Node: conditions, capacity, addresses, versions.

package import PodiumCodec
import PodiumMachinery
import PodiumRuntime

/// The part of a Node that its kubelet writes.
// Kubernetes: pkg/kubelet/nodestatus/setters.go
package enum NodeDocument {
    /// The annotation by which an object is left without a simulated kubelet.
    package static let kubeletAnnotation = "podium.dev/kubelet"

    /// A Node as the cluster makes it by itself: 8 CPU, 32 GiB, 110 pods, in `zone`.
    package static func standard(named name: String, zone: String) -> JSONValue {
        let resources: JSONValue = ["cpu": "8", "ephemeral-storage": "100Gi", "memory": "32Gi", "pods": "110"]
        return [
            "kind": "Node", "apiVersion": "v1",
            "metadata": [
                "name": .string(name),
                "labels": [
                    "beta.kubernetes.io/arch": "amd64", "beta.kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
                    "kubernetes.io/hostname": .string(name), "kubernetes.io/os": "linux",
                    "topology.kubernetes.io/region": "podium", "topology.kubernetes.io/zone": .string(zone),
                ],
            ],
            "spec": [:],
            "status": ["capacity": resources, "allocatable": resources],
        ]
    }

    static let conditions: [(type: String, isTrue: Bool, reason: String, message: String)] = [
        ("MemoryPressure", false, "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        ("DiskPressure", false, "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        ("PIDPressure", false, "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        ("Ready", true, "KubeletReady", "kubelet is posting ready status"),
    ]

    /// The Events that go with a condition that has changed to what it should be.
    static let events = [
        "MemoryPressure": "NodeHasSufficientMemory", "DiskPressure": "NodeHasNoDiskPressure",
        "PIDPressure": "NodeHasSufficientPID", "Ready": "NodeReady",
    ]

    /// Brings the status of a Node up to date.
    /// - Returns: the conditions that have changed to what they should be.
    static func refresh(_ node: inout JSONValue, address: String, images: [JSONValue], now: Timestamp) -> [String] {
        let name = node[path: "metadata", "name"]?.string ?? ""
        var status = node["status"]?.object ?? [:]
        fillResources(&status)
        let (list, changed) = refreshed(status["conditions"]?.elements ?? [], now: now)
        status["conditions"] = .array(list)
        if status["addresses"] == nil {
            status["addresses"] = [
                ["type": "InternalIP", "address": .string(address)], ["type": "Hostname", "address": .string(name)],
            ]
        }
        status["daemonEndpoints"] = ["kubeletEndpoint": ["Port": 10250]]
        if (status["nodeInfo"]?["kubeletVersion"]?.string ?? "").isEmpty { status["nodeInfo"] = info(of: node) }
        if !images.isEmpty { status["images"] = .array(images) }
        node["status"] = .object(status)
        return changed
    }

    private static func fillResources(_ status: inout JSONObject) {
        let standard: JSONValue = ["cpu": "8", "ephemeral-storage": "100Gi", "memory": "32Gi", "pods": "110"]
        let capacity = status["capacity"] ?? status["allocatable"] ?? standard
        status["capacity"] = capacity
        guard let allocatable = status["allocatable"] else {
            status["allocatable"] = capacity
            return
        }
        status["allocatable"] = .object(self.allocatable(allocatable, of: capacity))
    }

    /// Whether a client gave or took resources that only such have, and the Node does not say yet that pods may use
    /// them.
    static func owesAllocatable(_ status: JSONValue) -> Bool {
        guard let allocatable = status["allocatable"], let capacity = status["capacity"] else { return false }
        return self.allocatable(allocatable, of: capacity) != allocatable.object
    }

    /// What pods may use. Of extended resources, which clients write into the capacity, nothing is held back.
    // Kubernetes: pkg/kubelet/nodestatus/setters.go MachineInfo
    private static func allocatable(_ old: JSONValue, of capacity: JSONValue) -> JSONObject {
        var allocatable = old.object ?? [:]
        for name in allocatable.keys where isExtended(name) && capacity[name] == nil { allocatable[name] = nil }
        for (name, amount) in capacity.object ?? [:] where isExtended(name) { allocatable[name] = amount }
        return allocatable
    }

    // Kubernetes: pkg/apis/core/v1/helper/helpers.go IsExtendedResourceName
    private static func isExtended(_ name: String) -> Bool {
        name.contains("/") && !name.contains("kubernetes.io/") && !name.hasPrefix("requests.")
    }

    /// The conditions of a healthy kubelet, with the times of those that were so before; others stay behind them.
    private static func refreshed(_ old: [JSONValue], now: Timestamp) -> (list: [JSONValue], changed: [String]) {
        var list = old
        var changed: [String] = []
        for condition in conditions {
            let index = list.firstIndex { $0["type"]?.string == condition.type }
            let wanted = condition.isTrue ? "True" : "False"
            let isSame = index.map { list[$0]["status"]?.string == wanted } ?? false
            if !isSame { changed.append(condition.type) }
            let since = isSame ? index.flatMap { list[$0]["lastTransitionTime"]?.string } : nil
            let value: JSONValue = [
                "type": .string(condition.type), "status": .string(wanted),
                "lastHeartbeatTime": .string(now.rfc3339), "lastTransitionTime": .string(since ?? now.rfc3339),
                "reason": .string(condition.reason), "message": .string(condition.message),
            ]
            if let index { list[index] = value } else { list.append(value) }
        }
        return (list, changed)
    }

    private static func info(of node: JSONValue) -> JSONValue {
        let uid = node[path: "metadata", "uid"]?.string ?? ""
        let architecture = node[path: "metadata", "labels"]?["kubernetes.io/arch"]?.string ?? "amd64"
        return [
            "machineID": .string(uid.replacing("-", with: "")), "systemUUID": .string(uid), "bootID": .string(uid),
            "kernelVersion": .string(NodeFacts.kernelVersion), "osImage": "Debian GNU/Linux 13 (trixie)",
            "containerRuntimeVersion": "containerd://2.2.1", "kubeletVersion": "v1.36.2", "kubeProxyVersion": "",
            "operatingSystem": "linux", "architecture": .string(architecture),
        ]
    }

    /// The Lease by which a kubelet shows that it is alive.
    static func lease(of node: String, uid: String, now: Timestamp) -> JSONValue {
        [
            "kind": "Lease", "apiVersion": "coordination.k8s.io/v1",
            "metadata": [
                "name": .string(node), "namespace": .string(leaseNamespace),
                "ownerReferences": [
                    ["apiVersion": "v1", "kind": "Node", "name": .string(node), "uid": .string(uid)]
                ],
            ],
            "spec": [
                "holderIdentity": .string(node), "leaseDurationSeconds": 40, "renewTime": .string(now.rfc3339Micro),
            ],
        ]
    }

    /// Where the Leases of nodes are.
    package static let leaseNamespace = "kube-node-lease"
}
