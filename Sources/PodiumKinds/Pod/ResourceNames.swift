// SPDX-License-Identifier: Apache-2.0
// What the names of resources say: native or extended, whole or divisible, overcommittable or not.

import PodiumMachinery

/// Questions about the names of resources such as `cpu`, `hugepages-2Mi` or `example.com/gpu`.
// Kubernetes: pkg/apis/core/helper/helpers.go
package enum ResourceNames {
    package static let hugePagesPrefix = "hugepages-"

    /// The resources that `spec.resources` may hold beside huge pages.
    package static func isSupportedAtPodLevel(_ name: String) -> Bool {
        name == "cpu" || name == "memory" || isHugePages(name)
    }

    package static func isHugePages(_ name: String) -> Bool { name.hasPrefix(hugePagesPrefix) }

    /// Unprefixed, or of the domain `kubernetes.io/`.
    package static func isNative(_ name: String) -> Bool { !name.contains("/") || name.contains("kubernetes.io/") }

    /// Whether containers may ask for less than their limit.
    package static func isOvercommitAllowed(_ name: String) -> Bool { isNative(name) && !isHugePages(name) }

    /// `example.com/gpu`: prefixed, not Kubernetes' own, and usable as `requests.example.com/gpu` in quotas.
    package static func isExtended(_ name: String) -> Bool {
        !isNative(name) && !name.hasPrefix("requests.") && NameValidation.qualifiedName("requests." + name).isEmpty
    }

    /// Names that containers know beside extended resources and huge pages.
    package static func isStandardForContainers(_ name: String) -> Bool {
        name == "cpu" || name == "memory" || name == "ephemeral-storage" || isHugePages(name)
    }

    /// Unprefixed names with a meaning.
    package static func isStandard(_ name: String) -> Bool { standard.contains(name) || isQuotaHugePages(name) }

    /// Whether there are only whole units.
    package static func isInteger(_ name: String) -> Bool { integer.contains(name) || isExtended(name) }

    private static func isQuotaHugePages(_ name: String) -> Bool {
        name.hasPrefix("hugepages-") || name.hasPrefix("requests.hugepages-")
    }

    private static let integer: Set<String> = [
        "pods", "resourcequotas", "services", "replicationcontrollers", "secrets", "configmaps",
        "persistentvolumeclaims", "services.nodeports", "services.loadbalancers",
    ]

    private static let standard: Set<String> = [
        "cpu", "memory", "ephemeral-storage", "requests.cpu", "requests.memory", "requests.ephemeral-storage",
        "limits.cpu", "limits.memory", "limits.ephemeral-storage", "pods", "resourcequotas", "services",
        "replicationcontrollers", "secrets", "configmaps", "persistentvolumeclaims", "storage", "requests.storage",
        "services.nodeports", "services.loadbalancers",
    ]
}
