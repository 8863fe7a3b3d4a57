// SPDX-License-Identifier: Apache-2.0
// Which strategy each kind has.

package import PodiumMachinery

/// The strategies of all built-in kinds.
package enum ResourceStrategies {
    /// The strategy of `resource`; a plain one when its kind has no rules of its own.
    package static func strategy(for resource: GroupResource) -> any ResourceStrategy {
        table[resource] ?? plain[resource] ?? PlainStrategy()
    }

    /// The strategy of writing `subresource` of `resource`; nil when that is nothing but the business of the verb.
    package static func strategy(for resource: GroupResource, subresource: String) -> (any ResourceStrategy)? {
        switch subresource {
        case "": strategy(for: resource)
        case "status": strategy(for: resource).status
        case "finalize" where resource == .namespaces: NamespaceFinalizeStrategy()
        case "ephemeralcontainers" where resource == .pods: PodEphemeralContainersStrategy()
        case "resize" where resource == .pods: PodResizeStrategy()
        case "approval" where resource == certificateRequests: CertificateSigningRequestPart(.approval)
        default: nil
        }
    }

    /// Whether the kind checks all its metadata again on update, so that errors in it are reported twice more.
    // Kubernetes: the ValidateXUpdate functions that call ValidateX
    package static func rechecksMetadata(_ resource: GroupResource) -> Bool { !withoutRecheck.contains(resource) }

    /// Whether deleting an object leaves its dependents alone unless the request says otherwise.
    // Kubernetes: the DefaultGarbageCollectionPolicy functions that return OrphanDependents
    package static func orphansDependentsByDefault(_ resource: GroupResource) -> Bool {
        resource == core("replicationcontrollers") || resource == name("jobs", "batch")
    }

    /// The text of the warning about a deletion that does not say what becomes of dependents; nil when it is not due.
    // Kubernetes: pkg/registry/batch/job/storage/storage.go deleteOptionWarnings
    static func deletionWarning(_ resource: GroupResource, _ options: DeleteOptions) -> String? {
        guard resource == name("jobs", "batch"), options.propagation == nil else { return nil }
        return "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove "
            + "them or set propagationPolicy=Orphan to suppress this warning"
    }

    /// The text of the warning that goes with every request to an API that is to be given up.
    package static func deprecationWarning(_ resource: GroupVersionResource) -> String? {
        switch (resource.group, resource.version, resource.resource) {
        case ("", "v1", "endpoints"): "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"
        case ("", "v1", "componentstatuses"): "v1 ComponentStatus is deprecated in v1.19+"
        default: nil
        }
    }

    private static func core(_ resource: String) -> GroupResource { GroupResource(group: "", resource: resource) }

    private static func name(_ resource: String, _ group: String) -> GroupResource {
        GroupResource(group: group, resource: resource)
    }

    private static let certificateRequests = name("certificatesigningrequests", "certificates.k8s.io")
    private static let rbac = "rbac.authorization.k8s.io"

    private static let table: [GroupResource: any ResourceStrategy] = [
        .pods: PodStrategy(),
        .namespaces: NamespaceStrategy(),
        .nodes: NodeStrategy(),
        .configMaps: ConfigMapStrategy(),
        .secrets: SecretStrategy(),
        .services: ServiceStrategy(),
        .serviceAccounts: ServiceAccountStrategy(),
        .events: EventStrategy(isNew: false),
        name("events", "events.k8s.io"): EventStrategy(isNew: true),
        .leases: LeaseStrategy(),
        .priorityClasses: PriorityClassStrategy(),
        core("endpoints"): EndpointsStrategy(),
        name("endpointslices", "discovery.k8s.io"): EndpointSliceStrategy(),
        core("replicationcontrollers"): ReplicationControllerStrategy(),
        core("resourcequotas"): ResourceQuotaStrategy(),
        core("limitranges"): LimitRangeStrategy(),
        core("podtemplates"): PodTemplateStrategy(),
        core("persistentvolumes"): PersistentVolumeStrategy(),
        core("persistentvolumeclaims"): PersistentVolumeClaimStrategy(),
        name("deployments", "apps"): DeploymentStrategy(),
        name("replicasets", "apps"): ReplicaSetStrategy(),
        name("statefulsets", "apps"): StatefulSetStrategy(),
        name("daemonsets", "apps"): DaemonSetStrategy(),
        name("controllerrevisions", "apps"): ControllerRevisionStrategy(),
        name("jobs", "batch"): JobStrategy(),
        name("cronjobs", "batch"): CronJobStrategy(),
        name("poddisruptionbudgets", "policy"): PodDisruptionBudgetStrategy(),
        name("runtimeclasses", "node.k8s.io"): RuntimeClassStrategy(),
        name("storageclasses", "storage.k8s.io"): StorageClassStrategy(),
        name("ingresses", "networking.k8s.io"): IngressStrategy(),
        name("ingressclasses", "networking.k8s.io"): IngressClassStrategy(),
        name("networkpolicies", "networking.k8s.io"): NetworkPolicyStrategy(),
        name("horizontalpodautoscalers", "autoscaling"): HorizontalPodAutoscalerStrategy(),
        certificateRequests: CertificateSigningRequestStrategy(),
        name("customresourcedefinitions", "apiextensions.k8s.io"): CustomResourceDefinitionStrategy(),
        name("roles", rbac): RoleStrategy(isNamespaced: true),
        name("clusterroles", rbac): RoleStrategy(isNamespaced: false),
        name("rolebindings", rbac): RoleBindingStrategy(isNamespaced: true),
        name("clusterrolebindings", rbac): RoleBindingStrategy(isNamespaced: false),
    ]

    /// Kinds that differ from each other only in what is counted and demanded.
    private static let plain: [GroupResource: PlainStrategy] = {
        let counted = [
            name("validatingwebhookconfigurations", "admissionregistration.k8s.io"),
            name("mutatingwebhookconfigurations", "admissionregistration.k8s.io"),
            name("validatingadmissionpolicies", "admissionregistration.k8s.io"),
            name("validatingadmissionpolicybindings", "admissionregistration.k8s.io"),
            name("mutatingadmissionpolicies", "admissionregistration.k8s.io"),
            name("mutatingadmissionpolicybindings", "admissionregistration.k8s.io"),
            name("flowschemas", "flowcontrol.apiserver.k8s.io"),
            name("prioritylevelconfigurations", "flowcontrol.apiserver.k8s.io"),
            name("deviceclasses", "resource.k8s.io"),
            name("resourceslices", "resource.k8s.io"),
        ]
        let withStatus = [
            name("validatingadmissionpolicies", "admissionregistration.k8s.io"),
            name("flowschemas", "flowcontrol.apiserver.k8s.io"),
            name("prioritylevelconfigurations", "flowcontrol.apiserver.k8s.io"),
            name("apiservices", "apiregistration.k8s.io"),
            name("volumeattachments", "storage.k8s.io"),
            name("servicecidrs", "networking.k8s.io"),
            name("resourceclaims", "resource.k8s.io"),
        ]
        let conditional = Set(counted).union([
            name("apiservices", "apiregistration.k8s.io"), name("csidrivers", "storage.k8s.io"),
            name("csinodes", "storage.k8s.io"), name("volumeattachments", "storage.k8s.io"),
        ])
        return Dictionary(
            uniqueKeysWithValues: conditional.union(withStatus).map { resource in
                var traits = PlainStrategy.Traits()
                traits.countsGenerations = counted.contains(resource)
                traits.hasStatus = withStatus.contains(resource)
                traits.allowsUnconditionalUpdate = !conditional.contains(resource)
                return (resource, PlainStrategy(traits))
            }
        )
    }()

    private static let withoutRecheck: Set<GroupResource> = [
        .namespaces, .nodes, .events, .leases, .priorityClasses, core("replicationcontrollers"),
        core("resourcequotas"), core("podtemplates"), name("deployments", "apps"), name("replicasets", "apps"),
        name("statefulsets", "apps"), name("daemonsets", "apps"), name("jobs", "batch"), name("cronjobs", "batch"),
        name("poddisruptionbudgets", "policy"), name("runtimeclasses", "node.k8s.io"),
        name("storageclasses", "storage.k8s.io"), name("ingresses", "networking.k8s.io"),
        name("ingressclasses", "networking.k8s.io"), name("networkpolicies", "networking.k8s.io"),
        name("horizontalpodautoscalers", "autoscaling"),
    ]
}
