// SPDX-License-Identifier: Apache-2.0
// The names by which API types and their collections are known.

/// An API group and version: `v1` (the core group) or `apps/v1`.
package struct GroupVersion: Hashable, Sendable, CustomStringConvertible {
    package var group: String
    package var version: String

    package init(group: String, version: String) {
        self.group = group
        self.version = version
    }

    /// Reads `v1` or `apps/v1`; nil when there is more than one `/`.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        switch parts.count {
        case 1: self.init(group: "", version: text)
        case 2: self.init(group: String(parts[0]), version: String(parts[1]))
        default: return nil
        }
    }

    /// The `apiVersion` of its objects.
    package var description: String { group.isEmpty ? version : "\(group)/\(version)" }
}

/// The type of an object.
package struct GroupVersionKind: Hashable, Sendable, CustomStringConvertible {
    package var group: String
    package var version: String
    package var kind: String

    package init(group: String, version: String, kind: String) {
        self.group = group
        self.version = version
        self.kind = kind
    }

    package var groupVersion: GroupVersion { GroupVersion(group: group, version: version) }

    /// As Kubernetes prints it in messages: `/v1, Kind=Pod`.
    package var description: String { "\(group)/\(version), Kind=\(kind)" }
}

/// A collection in the API, as named in a request's path.
package struct GroupVersionResource: Hashable, Sendable {
    package var group: String
    package var version: String
    package var resource: String

    package init(group: String, version: String, resource: String) {
        self.group = group
        self.version = version
        self.resource = resource
    }

    package var groupVersion: GroupVersion { GroupVersion(group: group, version: version) }
    package var groupResource: GroupResource { GroupResource(group: group, resource: resource) }

    /// By the plural alone, which hardly two collections share: every request looks for its collection.
    package func hash(into hasher: inout Hasher) { hasher.combine(resource) }
}

/// A collection whatever its version, as storage and error messages name it: `pods`, `deployments.apps`.
package struct GroupResource: Hashable, Sendable, CustomStringConvertible {
    package var group: String
    package var resource: String

    package init(group: String, resource: String) {
        self.group = group
        self.resource = resource
    }

    package var description: String { group.isEmpty ? resource : "\(resource).\(group)" }

    /// By the plural alone, as that of ``GroupVersionResource``.
    package func hash(into hasher: inout Hasher) { hasher.combine(resource) }
}

extension GroupResource {
    package static let pods = GroupResource(group: "", resource: "pods")
    package static let nodes = GroupResource(group: "", resource: "nodes")
    package static let namespaces = GroupResource(group: "", resource: "namespaces")
    package static let services = GroupResource(group: "", resource: "services")
    package static let events = GroupResource(group: "", resource: "events")
    package static let configMaps = GroupResource(group: "", resource: "configmaps")
    package static let secrets = GroupResource(group: "", resource: "secrets")
    package static let serviceAccounts = GroupResource(group: "", resource: "serviceaccounts")
    package static let persistentVolumeClaims = GroupResource(group: "", resource: "persistentvolumeclaims")
    package static let persistentVolumes = GroupResource(group: "", resource: "persistentvolumes")
    package static let replicationControllers = GroupResource(group: "", resource: "replicationcontrollers")
    package static let replicaSets = GroupResource(group: "apps", resource: "replicasets")
    package static let deployments = GroupResource(group: "apps", resource: "deployments")
    package static let statefulSets = GroupResource(group: "apps", resource: "statefulsets")
    package static let daemonSets = GroupResource(group: "apps", resource: "daemonsets")
    package static let controllerRevisions = GroupResource(group: "apps", resource: "controllerrevisions")
    package static let jobs = GroupResource(group: "batch", resource: "jobs")
    package static let cronJobs = GroupResource(group: "batch", resource: "cronjobs")
    package static let storageClasses = GroupResource(group: "storage.k8s.io", resource: "storageclasses")
    package static let leases = GroupResource(group: "coordination.k8s.io", resource: "leases")
    package static let endpoints = GroupResource(group: "", resource: "endpoints")
    package static let endpointSlices = GroupResource(group: "discovery.k8s.io", resource: "endpointslices")
    package static let ipAddresses = GroupResource(group: "networking.k8s.io", resource: "ipaddresses")
    package static let serviceCIDRs = GroupResource(group: "networking.k8s.io", resource: "servicecidrs")
    package static let resourceQuotas = GroupResource(group: "", resource: "resourcequotas")
    package static let podDisruptionBudgets = GroupResource(group: "policy", resource: "poddisruptionbudgets")
    package static let horizontalPodAutoscalers = GroupResource(
        group: "autoscaling",
        resource: "horizontalpodautoscalers"
    )
    package static let priorityClasses = GroupResource(group: "scheduling.k8s.io", resource: "priorityclasses")
    package static let roles = GroupResource(group: rbacGroup, resource: "roles")
    package static let clusterRoles = GroupResource(group: rbacGroup, resource: "clusterroles")
    package static let roleBindings = GroupResource(group: rbacGroup, resource: "rolebindings")
    package static let clusterRoleBindings = GroupResource(group: rbacGroup, resource: "clusterrolebindings")
    package static let flowSchemas = GroupResource(group: flowGroup, resource: "flowschemas")
    package static let priorityLevels = GroupResource(group: flowGroup, resource: "prioritylevelconfigurations")
    private static let rbacGroup = "rbac.authorization.k8s.io"
    private static let flowGroup = "flowcontrol.apiserver.k8s.io"
}

/// A namespace and a name; the namespace is empty for cluster-scoped objects.
package struct NamespacedName: Hashable, Comparable, Sendable, CustomStringConvertible {
    package var namespace: String
    package var name: String

    package init(namespace: String, name: String) {
        self.namespace = namespace
        self.name = name
    }

    /// `namespace/name`, or `name` alone without a namespace.
    package var description: String { namespace.isEmpty ? name : "\(namespace)/\(name)" }

    package static func < (left: NamespacedName, right: NamespacedName) -> Bool {
        left.namespace == right.namespace ? left.name < right.name : left.namespace < right.namespace
    }
}
