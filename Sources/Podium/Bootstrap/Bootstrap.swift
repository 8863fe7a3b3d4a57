// SPDX-License-Identifier: Apache-2.0
// The objects that every cluster has from the start.

import PodiumAPIServer
import PodiumClient
import PodiumCodec
import PodiumControllers
import PodiumKinds
import PodiumKubelet
import PodiumMachinery
import PodiumRegistry
import PodiumStorage

/// Makes the objects that an API server makes itself.
///
/// All but the Nodes are the same in every cluster of a process, apart from UIDs, revisions and times. They are encoded
/// once and shared.
enum Bootstrap {
    /// Where the API server of a simulated cluster can be reached from its nodes and pods: the host in the network
    /// whose further addresses are those of the nodes. The address at which this process listens is none that an
    /// Endpoints object may hold (loopback), or none that a simulated pod could reach.
    static let serverAddress = "172.18.0.1"
    /// The port that goes with it, upstream's default.
    static let serverPort: Int64 = 6443

    // Kubernetes: pkg/controlplane/controller/systemnamespaces/system_namespaces_controller.go
    private static let namespaces = ["kube-system", "kube-public", "default", "kube-node-lease"]
    private static let zones = ["zone-a", "zone-b", "zone-c"]

    /// The objects with which all clusters begin.
    static func standardObjects(_ registry: ResourceRegistry) -> [(resource: GroupResource, object: JSONValue)] {
        namespaces.map { (.namespaces, namespace($0)) }
            + SystemPriorityClasses.objects.map { (.priorityClasses, $0) }
            + FlowControl.objects
            + APIRegistration.objects(registry.groups)
            + serverObjects
    }

    /// Those with which clusters of this configuration begin beside them.
    static func objects(_ configuration: ClusterConfiguration) -> [(resource: GroupResource, object: JSONValue)] {
        let network = configuration.serviceClusterIPRange.network
        var objects = serviceObjects(network, isProtected: !configuration.controllers.isEmpty)
        if configuration.chosenAddons.contains(.storage) {
            objects.append((.storageClasses, SimulatedStorage.storageClass))
            let drivers = GroupResource(group: "storage.k8s.io", resource: "csidrivers")
            objects.append((drivers, SimulatedStorage.driver))
        }
        if configuration.servesMetrics { objects += APIRegistration.objects([.metrics]) }
        guard configuration.authorization.contains(.rbac) else { return objects }
        let aggregates = configuration.controllers.contains(RoleAggregationController.name)
        return objects + BootstrapPolicy.objects(aggregates: aggregates, configuration.policyExtent)
    }

    /// Makes the Nodes of a new cluster.
    /// - Parameter count: how many there are, `node-1`, `node-2`, …; they lie in three zones by turns.
    static func installNodes(_ client: ResourceClient, count: Int) {
        for index in 0..<count {
            let (name, zone) = ("node-\(index + 1)", zones[index % zones.count])
            do throws(StatusError) {
                // As a kubelet registers its own.
                try client.acting(as: .kubelet(of: name), fieldManager: "kubelet").create(
                    .nodes,
                    NodeDocument.standard(named: name, zone: zone)
                )
            } catch {
                preconditionFailure("a new store refused a Node: \(error)")
            }
        }
    }

    private static func namespace(_ name: String) -> JSONValue {
        [
            "kind": "Namespace", "apiVersion": "v1",
            "metadata": ["name": .string(name), "labels": ["kubernetes.io/metadata.name": .string(name)]],
            "spec": ["finalizers": ["kubernetes"]],
            "status": ["phase": "Active"],
        ]
    }
}

extension Bootstrap {
    // The name is made of the host's name, `podium`, as upstream makes it.
    // Kubernetes: pkg/controlplane/apiserver/server.go
    private static let identity = "apiserver-gs32jtgnau2vbha2xczuklhmdq"
    private static let instance = "0b7f4c1e-6c0f-4d0e-9d5a-7a6b1f0c2d3e"

    /// What the server notes down about itself in kube-system.
    private static var serverObjects: [(resource: GroupResource, object: JSONValue)] {
        [
            (.leases, serverLease(renewedAt: ObjectTemplate.Mark.microTime)),
            // Without certificates of clients and of front proxies there is nothing to tell.
            // Kubernetes: pkg/controlplane/controller/clusterauthenticationtrust
            (.configMaps, configMap("extension-apiserver-authentication", data: nil)),
            // Kubernetes: pkg/controlplane/controller/legacytokentracking/controller.go
            (
                .configMaps,
                configMap(
                    "kube-apiserver-legacy-service-account-token-tracking",
                    data: ["since": .string(ObjectTemplate.Mark.date)]
                )
            ),
        ]
    }

    /// The Lease by which the server shows that it lives.
    static func serverLease(renewedAt time: String) -> JSONValue {
        [
            "kind": "Lease", "apiVersion": "coordination.k8s.io/v1",
            "metadata": [
                "name": .string(serverLeaseKey.name.name), "namespace": .string(serverLeaseKey.name.namespace),
                "labels": ["apiserver.kubernetes.io/identity": "kube-apiserver", "kubernetes.io/hostname": "podium"],
            ],
            "spec": [
                "holderIdentity": .string("\(identity)_\(instance)"), "leaseDurationSeconds": 3600,
                "renewTime": .string(time),
            ],
        ]
    }

    /// Where that Lease is.
    static let serverLeaseKey = ObjectKey(.leases, namespace: "kube-system", name: identity)

    private static func configMap(_ name: String, data: JSONValue?) -> JSONValue {
        var object: JSONValue = [
            "kind": "ConfigMap", "apiVersion": "v1",
            "metadata": ["name": .string(name), "namespace": "kube-system"],
        ]
        if let data { object["data"] = data }
        return object
    }

    /// The Service of the API itself with what belongs to it, and the range that Services get their addresses from.
    // Kubernetes: pkg/controlplane/controller/kubernetesservice/controller.go, pkg/controlplane/reconcilers,
    // pkg/controlplane/controller/defaultservicecidr/default_servicecidr_controller.go
    private static func serviceObjects(
        _ network: ServiceNetwork,
        isProtected: Bool
    ) -> [(resource: GroupResource, object: JSONValue)] {
        var range = serviceCIDR(network)
        // The finalizer is the work of a controller.
        if isProtected { range["metadata"]?["finalizers"] = ["networking.k8s.io/service-cidr-finalizer"] }
        return [
            (.serviceCIDRs, range),
            (.ipAddresses, ServiceAddressRecords.object(network.apiAddress, of: serviceName)),
        ] + lastingServiceObjects(network)
    }

    /// The name of the Service of the API itself.
    static let serviceName = NamespacedName(namespace: "default", name: "kubernetes")

    /// That Service and where it leads, which are always there.
    static func lastingServiceObjects(_ network: ServiceNetwork) -> [(resource: GroupResource, object: JSONValue)] {
        [(.services, service(network)), (.endpoints, endpoints), (.endpointSlices, endpointSlice)]
    }

    private static func serviceCIDR(_ network: ServiceNetwork) -> JSONValue {
        [
            "kind": "ServiceCIDR", "apiVersion": "networking.k8s.io/v1", "metadata": ["name": "kubernetes"],
            "spec": ["cidrs": [.string(network.description)]],
            "status": [
                "conditions": [
                    [
                        "type": "Ready", "status": "True", "lastTransitionTime": .string(ObjectTemplate.Mark.time),
                        "reason": "", "message": "Kubernetes default Service CIDR is ready",
                    ]
                ]
            ],
        ]
    }

    private static func service(_ network: ServiceNetwork) -> JSONValue {
        [
            "kind": "Service", "apiVersion": "v1",
            "metadata": [
                "name": "kubernetes", "namespace": "default",
                "labels": ["component": "apiserver", "provider": "kubernetes"],
            ],
            "spec": [
                "ports": [
                    ["name": "https", "protocol": "TCP", "port": 443, "targetPort": .integer(serverPort)]
                ],
                "clusterIP": .string(network.apiAddress), "clusterIPs": [.string(network.apiAddress)],
                "type": "ClusterIP", "sessionAffinity": "None", "ipFamilies": ["IPv4"],
                "ipFamilyPolicy": "SingleStack", "internalTrafficPolicy": "Cluster",
            ],
            "status": ["loadBalancer": [:]],
        ]
    }

    private static var endpoints: JSONValue {
        [
            "kind": "Endpoints", "apiVersion": "v1",
            "metadata": [
                "name": "kubernetes", "namespace": "default",
                "labels": ["endpointslice.kubernetes.io/skip-mirror": "true"],
            ],
            "subsets": [
                [
                    "addresses": [["ip": .string(serverAddress)]],
                    "ports": [["name": "https", "port": .integer(serverPort), "protocol": "TCP"]],
                ]
            ],
        ]
    }

    private static var endpointSlice: JSONValue {
        [
            "kind": "EndpointSlice", "apiVersion": "discovery.k8s.io/v1",
            "metadata": [
                "name": "kubernetes", "namespace": "default", "generation": 1,
                "labels": ["kubernetes.io/service-name": "kubernetes"],
            ],
            "addressType": "IPv4",
            "endpoints": [["addresses": [.string(serverAddress)], "conditions": ["ready": true]]],
            "ports": [["name": "https", "protocol": "TCP", "port": .integer(serverPort)]],
        ]
    }
}
