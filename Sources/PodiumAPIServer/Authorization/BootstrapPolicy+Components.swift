// SPDX-License-Identifier: Apache-2.0
// The roles of a cluster's own components.

extension BootstrapPolicy {
    private static let read = "get list watch"
    private static let events = PolicyRule.of("create patch update", "core events.k8s.io", "events")
    private static let tokenReviews = PolicyRule.of("create", "authentication.k8s.io", "tokenreviews")
    private static let accessReviews = PolicyRule.of("create", "authorization.k8s.io", "subjectaccessreviews")

    static let componentRoles = [
        BootstrapRole("system:node", nodeRules),
        BootstrapRole(
            "system:node-problem-detector",
            [
                .of("get", "core", "nodes"), .of("patch", "core", "nodes/status"), events,
            ]
        ),
        BootstrapRole(
            "system:kubelet-api-admin",
            [
                .of(read, "core", "nodes"), .of("proxy", "core", "nodes"),
                .of("*", "core", "nodes/log nodes/metrics nodes/proxy nodes/stats"),
                .of("*", "core", "nodes/configz nodes/healthz nodes/pods"),
            ]
        ),
        BootstrapRole(
            "system:node-bootstrapper",
            [
                .of("create \(read)", "certificates.k8s.io", "certificatesigningrequests")
            ]
        ),
        BootstrapRole(
            "system:node-proxier",
            [
                .of("list watch", "core", "endpoints services"), .of(read, "core", "nodes"), events,
                .of("list watch", "discovery.k8s.io", "endpointslices"),
                .of("list watch", "networking.k8s.io", "servicecidrs"),
            ]
        ),
        BootstrapRole(
            "system:heapster",
            [.of(read, "core", "events namespaces nodes pods"), .of(read, "extensions", "deployments")]
        ),
        BootstrapRole("system:kube-aggregator", [.of(read, "core", "endpoints services")]),
        BootstrapRole("system:kube-controller-manager", controllerManagerRules),
        BootstrapRole("system:kube-dns", [.of("list watch", "core", "endpoints services")]),
        BootstrapRole("system:kube-scheduler", schedulerRules),
        BootstrapRole(
            "system:volume-scheduler",
            [
                .of("get list patch update watch", "core", "persistentvolumes"),
                .of(read, "storage.k8s.io", "storageclasses"),
                .of("get list patch update watch", "core", "persistentvolumeclaims"),
            ]
        ),
        BootstrapRole(
            "system:persistent-volume-provisioner",
            [
                .of("create delete \(read)", "core", "persistentvolumes"),
                .of("\(read) update", "core", "persistentvolumeclaims"),
                .of(read, "storage.k8s.io", "storageclasses"), .of("watch", "core", "events"), events,
            ]
        ),
    ]

    private static let nodeRules: [PolicyRule] = [
        tokenReviews,
        .of("create", "authorization.k8s.io", "localsubjectaccessreviews subjectaccessreviews"),
        .of(read, "core", "services"), .of("create \(read)", "core", "nodes"),
        .of("patch update", "core", "nodes/status"), .of("patch update", "core", "nodes"),
        .of("create patch update", "core", "events"),
        .of(read, "core", "pods"), .of("create delete", "core", "pods"), .of("patch update", "core", "pods/status"),
        .of("create", "core", "pods/eviction"), .of(read, "core", "configmaps secrets"),
        .of("get", "core", "persistentvolumeclaims persistentvolumes"), .of("get", "core", "endpoints"),
        .of("create \(read)", "certificates.k8s.io", "certificatesigningrequests"),
        .of("create delete get patch update", "coordination.k8s.io", "leases"),
        .of("get", "storage.k8s.io", "volumeattachments"),
        .of("create", "core", "serviceaccounts/token"),
        .of("get patch update", "core", "persistentvolumeclaims/status"), .of(read, "storage.k8s.io", "csidrivers"),
        .of("create delete get patch update", "storage.k8s.io", "csinodes"),
        .of(read, "node.k8s.io", "runtimeclasses"),
        .of("get", "resource.k8s.io", "resourceclaims"),
        .of("deletecollection", "resource.k8s.io", "resourceslices"),
        .of("get", "core", "serviceaccounts"),
    ]

    private static let controllerManagerRules: [PolicyRule] = [
        events, .of("create", "coordination.k8s.io", "leases"),
        .of("get update", "coordination.k8s.io", "leases", named: "kube-controller-manager"),
        .of("create", "core", "secrets serviceaccounts"), .of("delete", "core", "secrets"),
        .of("get", "core", "configmaps namespaces secrets serviceaccounts"),
        .of("update", "core", "secrets serviceaccounts"), tokenReviews, accessReviews, .of("list watch", "*", "*"),
        .of("create", "core", "serviceaccounts/token"),
    ]

    private static let schedulerRules: [PolicyRule] = [
        events, .of("create", "coordination.k8s.io", "leases"),
        .of("get list update watch", "coordination.k8s.io", "leases", named: "kube-scheduler"),
        .of(read, "core", "nodes"), .of("delete \(read)", "core", "pods"),
        .of("create", "core", "bindings pods/binding"), .of("patch update", "core", "pods/status"),
        .of(read, "core", "replicationcontrollers services"), .of(read, "apps extensions", "replicasets"),
        .of(read, "apps", "statefulsets"), .of(read, "policy", "poddisruptionbudgets"),
        .of(read, "core", "persistentvolumeclaims persistentvolumes"), tokenReviews, accessReviews,
        .of(read, "storage.k8s.io", "csinodes"), .of(read, "storage.k8s.io", "volumeattachments"),
        .of(read, "core", "namespaces"), .of(read, "storage.k8s.io", "csidrivers"),
        .of(read, "storage.k8s.io", "csistoragecapacities"), .of(read, "resource.k8s.io", "deviceclasses"),
        .of("\(read) patch update", "resource.k8s.io", "resourceclaims"),
        .of("\(read) patch update", "resource.k8s.io", "resourceclaims/status"),
        .of("\(read) patch update", "core", "pods/finalizers"), .of(read, "resource.k8s.io", "resourceslices"),
        .of(read, "resource.k8s.io", "devicetaintrules"),
    ]
}
