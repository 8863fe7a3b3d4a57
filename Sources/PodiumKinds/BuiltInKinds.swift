// SPDX-License-Identifier: Apache-2.0
// The built-in kinds; what is known of each stands in the folder of its kind.

package import PodiumMachinery
package import PodiumRegistry

/// A kind that is built in: what its objects are served as, and what is known of it beside its names.
///
/// A new one is a folder with its strategy and one of these, and its name below. Its names, verbs and versions come
/// from `openapi/discovery.json`, its type from `openapi/schema.json`.
struct BuiltInKind: Sendable {
    let resource: GroupResource
    let definition: KindDefinition

    /// A kind that differs from the others in its strategy and in what `describe` says.
    init(
        _ resource: String,
        in group: String = "",
        _ strategy: any ResourceStrategy,
        _ describe: (inout KindDefinition) -> Void = { _ in }
    ) {
        let resource = GroupResource(group: group, resource: resource)
        self.resource = resource
        var definition = KindDefinition(strategy)
        describe(&definition)
        // Not read at the start, where nobody wants a table yet.
        if definition.cells != nil { definition.columns = { BuiltInColumns.of(resource) ?? TableColumn.standard } }
        self.definition = definition
    }
}

/// What is known of the built-in kinds.
package enum BuiltInKinds {
    /// The kind of `resource`; one that differs from others in nothing when it has no rules of its own.
    package static func definition(of resource: GroupResource) -> KindDefinition {
        table[resource] ?? KindDefinition(PlainStrategy())
    }

    private static let all: [BuiltInKind] = [
        .pods, .namespaces, .nodes, .runtimeClasses, .configMaps, .secrets, .services, .serviceAccounts, .events,
        .newEvents, .leases, .priorityClasses, .endpoints, .endpointSlices, .replicationControllers, .podTemplates,
        .deployments, .replicaSets, .statefulSets, .daemonSets, .controllerRevisions, .jobs, .cronJobs,
        .resourceQuotas, .limitRanges, .podDisruptionBudgets, .persistentVolumes, .persistentVolumeClaims,
        .storageClasses, .csiDrivers, .csiNodes, .volumeAttachments, .ingresses, .ingressClasses, .networkPolicies,
        .serviceCIDRs, .horizontalPodAutoscalers, .certificateSigningRequests, .customResourceDefinitions, .roles,
        .clusterRoles, .roleBindings, .clusterRoleBindings, .validatingWebhooks, .mutatingWebhooks,
        .validatingPolicies, .validatingPolicyBindings, .mutatingPolicies, .mutatingPolicyBindings, .flowSchemas,
        .priorityLevels, .apiServices, .deviceClasses, .resourceSlices, .resourceClaims, .componentStatuses,
        .ipAddresses, .volumeAttributesClasses,
    ]

    private static let table = Dictionary(uniqueKeysWithValues: all.map { ($0.resource, $0.definition) })
}
