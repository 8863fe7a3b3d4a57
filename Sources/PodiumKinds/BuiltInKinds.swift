// SPDX-License-Identifier: Apache-2.0
// What is known of each built-in kind.

package import PodiumMachinery
package import PodiumRegistry
import PodiumSchema

/// What is known of the built-in kinds.
package enum BuiltInKinds {
    /// The kind of `resource`; one that differs from others in nothing when it has no rules of its own.
    package static func definition(of resource: GroupResource) -> KindDefinition {
        var definition = KindDefinition(table[resource] ?? plain[resource] ?? PlainStrategy())
        definition.rechecksMetadata = !withoutRecheck.contains(resource)
        definition.missingController = MissingControllers.consequence(for: resource)
        special[resource]?(&definition)
        return definition
    }

    /// What some kinds have that others have not.
    private static let special: [GroupResource: @Sendable (inout KindDefinition) -> Void] = [
        .pods: { kind in
            kind.subresources = [
                "ephemeralcontainers": PodEphemeralContainersStrategy(), "resize": PodResizeStrategy(),
            ]
            kind.fieldFilters = [
                "status": .allBut([
                    ["spec"], ["metadata", "deletionTimestamp"], ["metadata", "ownerReferences"],
                ]),
                "ephemeralcontainers": .only([["spec", "ephemeralContainers"]]),
                "resize": .only([["spec", "containers"], ["spec", "initContainers"], ["spec", "resources"]]),
            ]
            kind.requestDeletion = { PodDeletion.request(&$0, graceSeconds: $1, now: $2) }
        },
        .namespaces: { kind in
            kind.subresources = ["finalize": NamespaceFinalizeStrategy()]
            kind.requestDeletion = { object, _, now in NamespaceDeletion.request(&object, now: now) }
            kind.hasOwnPreconditionTexts = true
        },
        name("customresourcedefinitions", "apiextensions.k8s.io"): { $0.hasOwnPreconditionTexts = true },
        certificateRequests: { $0.subresources = ["approval": CertificateSigningRequestPart(.approval)] },
        // Kubernetes: the DefaultGarbageCollectionPolicy functions that return OrphanDependents
        core("replicationcontrollers"): { $0.dependents = .orphan },
        name("jobs", "batch"): { kind in
            kind.dependents = .orphan
            // Kubernetes: pkg/registry/batch/job/storage/storage.go deleteOptionWarnings
            kind.unstatedPropagationWarning =
                "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove "
                + "them or set propagationPolicy=Orphan to suppress this warning"
        },
        .services: { $0.companions = ServiceAddressRecords() },
        // Kubernetes: pkg/registry/apps/deployment/strategy.go
        name("deployments", "apps"): { kind in
            kind.fieldFilters = ["status": .allBut([["spec"], ["metadata", "labels"]])]
        },
        .events: { kind in
            kind.dependents = .unsupported
            kind.otherForms = ["events.k8s.io/v1": EventConversion.new]
        },
        name("events", "events.k8s.io"): { kind in
            kind.dependents = .unsupported
            kind.rechecksMetadata = false
            kind.otherForms = ["v1": EventConversion.core]
            kind.conversion = KindDefinition.Conversion(shown: EventConversion.new, stored: EventConversion.core)
        },
        core("endpoints"): { kind in
            kind.deprecations = [
                "v1": "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"
            ]
        },
        core("componentstatuses"): { $0.deprecations = ["v1": "v1 ComponentStatus is deprecated in v1.19+"] },
    ]

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
        let webhooks = [
            name("validatingwebhookconfigurations", "admissionregistration.k8s.io"),
            name("mutatingwebhookconfigurations", "admissionregistration.k8s.io"),
        ]
        let counted =
            webhooks + [
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
                if webhooks.contains(resource) { traits.applyDefaults = { WebhookDefaults.apply(to: &$0) } }
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
