// SPDX-License-Identifier: Apache-2.0
// The pods that a real cluster has in kube-system from the start, for clients that expect some.

import PodiumAPIServer
import PodiumClient
import PodiumCodec
import PodiumKinds
import PodiumMachinery
import PodiumRegistry
import PodiumStorage

/// Keeps mirror pods of static pods in `kube-system`: a proxy on every node, and a control plane on the first one.
///
/// They request nothing, so that they take no room from others, and `kubectl drain` skips them, as it does with pods
/// that the files of a node describe. One that is deleted is made again, as a kubelet does while its file is there.
// Kubernetes: pkg/kubelet/config/common.go applyDefaults; pkg/kubelet/pod/mirror_client.go
final class SystemPods: InformedReconciler {
    static let name = "system-pods"

    private static let namespace = "kube-system"
    private static let controlPlane = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"]
    private static let proxy = "kube-proxy"
    private static let mirror = "kubernetes.io/config.mirror"
    /// Where the images of a release come from, and the one that is not released with Kubernetes.
    private static let registry = "registry.k8s.io"
    private static let etcdImage = "registry.k8s.io/etcd:3.6.5-0"

    private let informers: SharedInformers

    init(informers: SharedInformers) { self.informers = informers }

    func watch(_ controller: Controller<String>) {
        informers.handle(.nodes) { event in if case .added(let node) = event { controller.add(node.name) } }
        informers.handle(.pods) { event in
            guard case .deleted(let pod) = event, pod.namespace == Self.namespace,
                pod.annotations[Self.mirror] != nil, let node = pod.spec["nodeName"]?.string
            else { return }
            controller.add(node)
        }
    }

    func reconcile(_ name: String) throws -> ReconcileResult {
        let node = try informers.client.get(ObjectKey(.nodes, name: name))
        guard let node, !node.isTerminating else { return .done }
        try make(Self.proxy, on: node)
        if try hasControlPlane(node) {
            for component in Self.controlPlane { try make(component, on: node) }
        }
        return .done
    }

    /// Whether the control plane belongs on `node`: it runs there, or nowhere.
    private func hasControlPlane(_ node: APIObject) throws -> Bool {
        let pods = try informers.client.list(.pods, scope: .namespace(Self.namespace))
        let places = pods.filter { $0.annotations[Self.mirror] != nil && $0.labels["tier"] == "control-plane" }
            .compactMap { $0.spec["nodeName"]?.string }
        return places.allSatisfy { $0 == node.name }
    }

    private func make(_ component: String, on node: APIObject) throws {
        let client = informers.client
        let name = "\(component)-\(node.name)"
        guard try client.get(ObjectKey(.pods, namespace: Self.namespace, name: name)) == nil else { return }
        try client.acting(as: .kubelet(of: node.name), fieldManager: "kubelet").create(
            .pods,
            Self.pod(component, named: name, on: node)
        )
    }

    private static func pod(_ component: String, named name: String, on node: APIObject) -> JSONValue {
        let isProxy = component == proxy
        let hash = String(SHA256.hexDigest(of: Array(name.utf8)).prefix(32))
        let image = component == "etcd" ? etcdImage : "\(registry)/\(component):\(PodiumServer.kubernetesVersion)"
        var labels: JSONObject = ["component": .string(component)]
        if !isProxy { labels["tier"] = "control-plane" }
        return [
            "kind": "Pod", "apiVersion": "v1",
            "metadata": [
                "name": .string(name), "namespace": .string(namespace), "labels": .object(labels),
                "annotations": [
                    "kubernetes.io/config.hash": .string(hash), mirror: .string(hash),
                    "kubernetes.io/config.source": "file",
                ],
                "ownerReferences": [
                    [
                        "apiVersion": "v1", "kind": "Node", "name": .string(node.name), "uid": .string(node.uid),
                        "controller": true,
                    ]
                ],
            ],
            "spec": [
                "nodeName": .string(node.name), "hostNetwork": true,
                "priorityClassName": "system-node-critical", "priority": 2_000_001_000,
                "preemptionPolicy": "PreemptLowerPriority",
                "tolerations": [["operator": "Exists", "effect": "NoExecute"]],
                "containers": [
                    ["name": .string(component), "image": .string(image), "command": [.string(component)]]
                ],
            ],
        ]
    }
}
