// SPDX-License-Identifier: Apache-2.0
// What each controller of Kubernetes may do under the name of its service account in kube-system.

// Kubernetes: plugin/pkg/auth/authorizer/rbac/bootstrappolicy/controller_policy.go
extension BootstrapPolicy {
    private static let read = "get list watch"
    private static let follow = "list watch"
    private static let events = PolicyRule.of("create patch update", "core events.k8s.io", "events")
    private static let any = "*"
    private static let discovery = "discovery.k8s.io"
    private static let storage = "storage.k8s.io"
    private static let devices = "resource.k8s.io"
    private static let certificates = "certificates.k8s.io"
    private static let signers = """
        kubernetes.io/kube-apiserver-client kubernetes.io/kube-apiserver-client-kubelet kubernetes.io/kubelet-serving \
        kubernetes.io/legacy-unknown
        """

    /// The roles of all controllers; each is bound to the service account of its name.
    static let controllerRoles = (workloads + network + volumes + deviceControllers + upkeep + identity).map {
        BootstrapRole("\(controllerPrefix)\($0.name)", $0.rules)
    }

    private typealias Part = (name: String, rules: [PolicyRule])

    private static let workloads: [Part] = [
        (
            "cronjob-controller",
            [
                .of("\(read) update", "batch", "cronjobs"),
                .of("\(read) create delete patch update", "batch", "jobs"),
                .of("update", "batch", "cronjobs/status"), .of("update", "batch", "cronjobs/finalizers"),
                .of("\(follow) delete", "core", "pods"), events,
            ]
        ),
        (
            "daemon-set-controller",
            [
                .of(read, "apps extensions", "daemonsets"), .of("update", "apps extensions", "daemonsets/status"),
                .of("update", "apps extensions", "daemonsets/finalizers"), .of(follow, "core", "nodes"),
                .of("\(follow) create delete patch", "core", "pods"), .of("create", "core", "pods/binding"),
                .of("\(read) create delete patch update", "apps", "controllerrevisions"), events,
            ]
        ),
        (
            "deployment-controller",
            [
                .of("\(read) update", "apps extensions", "deployments"),
                .of("update", "apps extensions", "deployments/status"),
                .of("update", "apps extensions", "deployments/finalizers"),
                .of("\(read) create delete patch update", "apps extensions", "replicasets"),
                .of("\(read) update", "core", "pods"), events,
            ]
        ),
        (
            "disruption-controller",
            [
                .of(read, "apps extensions", "deployments"), .of(read, "apps extensions", "replicasets"),
                .of(read, "core", "replicationcontrollers"), .of(read, "policy", "poddisruptionbudgets"),
                .of(read, "apps", "statefulsets"), .of("update", "policy", "poddisruptionbudgets/status"),
                .of("patch update", "core", "pods/status"), .of("get", any, "*/scale"), events,
            ]
        ),
        (
            "horizontal-pod-autoscaler",
            [
                .of(read, "autoscaling", "horizontalpodautoscalers"),
                .of("update", "autoscaling", "horizontalpodautoscalers/status"), .of("get update", any, "*/scale"),
                .of(follow, "core", "pods"), .of(follow, "metrics.k8s.io", "pods"),
                .of(read, "custom.metrics.k8s.io", any), .of(read, "external.metrics.k8s.io", any), events,
            ]
        ),
        (
            "job-controller",
            [
                .of("\(read) patch update", "batch", "jobs"), .of("update", "batch", "jobs/status"),
                .of("update", "batch", "jobs/finalizers"), .of("\(follow) create delete patch", "core", "pods"), events,
            ]
        ),
        (
            "replicaset-controller",
            [
                .of("\(read) update", "apps extensions", "replicasets"),
                .of("update", "apps extensions", "replicasets/status"),
                .of("update", "apps extensions", "replicasets/finalizers"),
                .of("\(follow) create delete patch", "core", "pods"), events,
            ]
        ),
        (
            "replication-controller",
            [
                .of("\(read) update", "core", "replicationcontrollers"),
                .of("update", "core", "replicationcontrollers/status"),
                .of("update", "core", "replicationcontrollers/finalizers"),
                .of("\(follow) create delete patch", "core", "pods"), events,
            ]
        ),
        (
            "statefulset-controller",
            [
                .of(follow, "core", "pods"), .of(read, "apps", "statefulsets"),
                .of("update", "apps", "statefulsets/status"), .of("update", "apps", "statefulsets/finalizers"),
                .of("create delete get patch update", "core", "pods"),
                .of("\(read) create delete patch update", "apps", "controllerrevisions"),
                .of("\(read) create", "core", "persistentvolumeclaims"),
                .of("delete update", "core", "persistentvolumeclaims"), .of("update", "core", "pods/finalizers"),
                events,
            ]
        ),
        ("ttl-after-finished-controller", [.of("\(read) delete", "batch", "jobs"), events]),
    ]

    private static let network: [Part] = [
        (
            "endpoint-controller",
            [
                .of(read, "core", "pods services"), .of("\(read) create delete update", "core", "endpoints"),
                .of("create", "core", "endpoints/restricted"), events,
            ]
        ),
        (
            "endpointslice-controller",
            [
                .of(read, "core", "nodes pods services"), .of("update", "core", "services/finalizers"),
                .of("\(read) create delete update", discovery, "endpointslices"), events,
            ]
        ),
        (
            "endpointslicemirroring-controller",
            [
                .of(read, "core", "endpoints services"), .of("update", "core", "services/finalizers"),
                .of("update", "core", "endpoints/finalizers"),
                .of("\(read) create delete update", discovery, "endpointslices"), events,
            ]
        ),
        (
            "route-controller",
            [.of(follow, "core", "nodes"), .of("patch", "core", "nodes/status"), events]
        ),
        (
            "service-controller",
            [
                .of(read, "core", "services"), .of("patch update", "core", "services/status"),
                .of(follow, "core", "nodes"), events,
            ]
        ),
        (
            "service-cidrs-controller",
            [
                .of("\(read) patch update", "networking.k8s.io", "servicecidrs"),
                .of("patch update", "networking.k8s.io", "servicecidrs/finalizers"),
                .of("patch update", "networking.k8s.io", "servicecidrs/status"),
                .of(read, "networking.k8s.io", "ipaddresses"), events,
            ]
        ),
    ]

    private static let volumes: [Part] = [
        (
            "attachdetach-controller",
            [
                .of(follow, "core", "persistentvolumeclaims persistentvolumes"), .of(read, "core", "nodes"),
                .of("patch update", "core", "nodes/status"), .of(follow, "core", "pods"), events,
                .of("\(read) create delete", storage, "volumeattachments"), .of(read, storage, "csidrivers"),
                .of(read, storage, "csinodes"),
            ]
        ),
        (
            "expand-controller",
            [
                .of("\(read) patch update", "core", "persistentvolumes"),
                .of("patch update", "core", "persistentvolumeclaims/status"),
                .of(read, "core", "persistentvolumeclaims"), events, .of("get", "core", "services"),
            ]
        ),
        (
            "ephemeral-volume-controller",
            [
                .of(read, "core", "pods"), .of("update", "core", "pods/finalizers"),
                .of("\(read) create", "core", "persistentvolumeclaims"), events,
            ]
        ),
        (
            "persistent-volume-binder",
            [
                .of("\(read) create delete update", "core", "persistentvolumes"),
                .of("update", "core", "persistentvolumes/status"),
                .of("\(read) update", "core", "persistentvolumeclaims"),
                .of("update", "core", "persistentvolumeclaims/status"), .of("\(read) create delete", "core", "pods"),
                .of(read, storage, "storageclasses"), .of(follow, "core", "nodes"), events,
                .of("watch", "core", "events"), .of("get", "core", "services"),
            ]
        ),
        (
            "pv-protection-controller",
            [.of("\(read) update", "core", "persistentvolumes"), events]
        ),
        (
            "pvc-protection-controller",
            [.of("\(read) update", "core", "persistentvolumeclaims"), .of(read, "core", "pods"), events]
        ),
        (
            "selinux-warning-controller",
            [
                events, .of(read, "core", "persistentvolumes"), .of(read, "core", "persistentvolumeclaims"),
                .of(read, "core", "pods"), .of(read, storage, "csidrivers"),
            ]
        ),
        (
            "volumeattributesclass-protection-controller",
            [
                .of(read, "core", "persistentvolumeclaims"), .of(read, "core", "persistentvolumes"),
                .of("\(read) update", storage, "volumeattributesclasses"), events,
            ]
        ),
    ]

    private static let deviceControllers: [Part] = [
        (
            "device-taint-eviction-controller",
            [
                .of("\(read) delete", "core", "pods"), .of("patch update", "core", "pods/status"),
                .of(read, devices, "resourceclaims"), .of(read, devices, "resourceslices"),
                .of(read, devices, "deviceclasses"), .of(read, devices, "devicetaintrules"), events,
            ]
        ),
        (
            "resource-claim-controller",
            [
                .of(read, "core", "pods"), .of("update", "core", "pods/finalizers"),
                .of("\(read) create delete", devices, "resourceclaims"),
                .of("patch update", devices, "resourceclaims resourceclaims/status"),
                .of("patch update", "core", "pods/status"), events,
            ]
        ),
    ]

    private static let upkeep: [Part] = [
        ("generic-garbage-collector", [.of("\(read) delete patch update", any, any), events]),
        (
            "namespace-controller",
            [
                .of("\(read) delete", "core", "namespaces"),
                .of("update", "core", "namespaces/finalize namespaces/status"),
                .of("\(read) delete deletecollection", any, any),
            ]
        ),
        (
            "node-controller",
            [
                .of("\(read) delete patch update", "core", "nodes"), .of("patch update", "core", "nodes/status"),
                .of("patch update", "core", "pods/status"), .of("\(read) delete", "core", "pods"), events,
            ]
        ),
        (
            "pod-garbage-collector",
            [
                .of("\(follow) delete", "core", "pods"), .of(read, "core", "nodes"),
                .of("patch", "core", "pods/status"),
            ]
        ),
        (
            "resourcequota-controller",
            [.of(follow, any, any), .of("update", "core", "resourcequotas/status"), events]
        ),
        (
            "storage-version-migrator-controller",
            [
                .of("\(follow) create patch", any, any),
                .of("update", "storagemigration.k8s.io", "storageversionmigrations/status"),
            ]
        ),
        ("ttl-controller", [.of("\(follow) patch update", "core", "nodes"), events]),
        (
            "validatingadmissionpolicy-status-controller",
            [
                .of(read, "admissionregistration.k8s.io", "validatingadmissionpolicies"),
                .of("get patch update", "admissionregistration.k8s.io", "validatingadmissionpolicies/status"), events,
            ]
        ),
    ]

    private static let identity: [Part] = [
        (
            "certificate-controller",
            [
                .of("\(read) delete", certificates, "certificatesigningrequests"),
                .of(
                    "update",
                    certificates,
                    "certificatesigningrequests/approval certificatesigningrequests/status"
                ),
                .of("approve", certificates, "signers", named: "kubernetes.io/kube-apiserver-client-kubelet"),
                .of("sign", certificates, "signers", named: signers),
                .of("create", "authorization.k8s.io", "subjectaccessreviews"), events,
            ]
        ),
        (
            "clusterrole-aggregation-controller",
            [.of("\(read) escalate patch update", "rbac.authorization.k8s.io", "clusterroles")]
        ),
        (
            "legacy-service-account-token-cleaner",
            [
                .of("get", "core", "configmaps", named: "kube-apiserver-legacy-service-account-token-tracking"),
                .of("delete patch", "core", "secrets"),
            ]
        ),
        ("root-ca-cert-publisher", [.of("create update", "core", "configmaps"), events]),
        ("service-account-controller", [.of("create", "core", "serviceaccounts"), events]),
    ]
}
