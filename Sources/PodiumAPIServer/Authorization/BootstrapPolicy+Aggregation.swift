// SPDX-License-Identifier: Apache-2.0
// What `view`, `edit` and `admin` are put together from.

extension BootstrapPolicy {
    private static let read = "get list watch"
    private static let write = "create delete deletecollection patch update"
    private static let connections = "pods/attach pods/exec pods/portforward pods/proxy"

    static let aggregatedParts = [
        BootstrapRole(
            "system:aggregate-to-admin",
            [
                .of("create", "authorization.k8s.io", "localsubjectaccessreviews"),
                .of("\(read) \(write)", "rbac.authorization.k8s.io", "rolebindings roles"),
            ],
            aggregatesTo: ["admin"]
        ),
        BootstrapRole("system:aggregate-to-edit", editRules, aggregatesTo: ["edit"]),
        BootstrapRole("system:aggregate-to-view", viewRules, aggregatesTo: ["view"]),
    ]

    /// Whoever may look at pods may look at what they use.
    // metrics-server: manifests/base/rbac.yaml
    static let metricsReader = BootstrapRole(
        "system:aggregated-metrics-reader",
        [.of(read, "metrics.k8s.io", "nodes pods")],
        aggregatesTo: ["admin", "edit", "view"]
    )

    private static let editRules: [PolicyRule] = [
        .of(read, "core", "\(connections) secrets services/proxy"),
        .of("impersonate", "core", "serviceaccounts"),
        .of(write, "core", "pods \(connections)"),
        .of("create", "core", "pods/eviction"),
        .of(
            write,
            "core",
            """
            configmaps events persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets \
            serviceaccounts services services/proxy
            """
        ),
        .of("create", "core", "serviceaccounts/token"),
        .of(
            write,
            "apps",
            """
            daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets \
            statefulsets/scale
            """
        ),
        .of(write, "autoscaling", "horizontalpodautoscalers"),
        .of(write, "batch", "cronjobs jobs"),
        .of(
            write,
            "extensions",
            """
            daemonsets deployments deployments/rollback deployments/scale ingresses networkpolicies replicasets \
            replicasets/scale replicationcontrollers/scale
            """
        ),
        .of(write, "policy", "poddisruptionbudgets"),
        .of(write, "networking.k8s.io", "ingresses networkpolicies"),
        .of("\(read) \(write)", "coordination.k8s.io", "leases"),
        .of(write, "resource.k8s.io", "resourceclaims resourceclaimtemplates"),
    ]

    private static let viewRules: [PolicyRule] = [
        .of(
            read,
            "core",
            """
            configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers \
            replicationcontrollers/scale serviceaccounts services services/status
            """
        ),
        .of(
            read,
            "core",
            """
            bindings events limitranges namespaces/status pods/log pods/status replicationcontrollers/status \
            resourcequotas resourcequotas/status
            """
        ),
        .of(read, "core", "namespaces"),
        .of(read, "discovery.k8s.io", "endpointslices"),
        .of(
            read,
            "apps",
            """
            controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status \
            replicasets replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status
            """
        ),
        .of(read, "autoscaling", "horizontalpodautoscalers horizontalpodautoscalers/status"),
        .of(read, "batch", "cronjobs cronjobs/status jobs jobs/status"),
        .of(
            read,
            "extensions",
            """
            daemonsets daemonsets/status deployments deployments/scale deployments/status ingresses ingresses/status \
            networkpolicies replicasets replicasets/scale replicasets/status replicationcontrollers/scale
            """
        ),
        .of(read, "policy", "poddisruptionbudgets poddisruptionbudgets/status"),
        .of(read, "networking.k8s.io", "ingresses ingresses/status networkpolicies"),
        .of(read, "resource.k8s.io", "resourceclaims resourceclaims/status resourceclaimtemplates"),
    ]
}
