// SPDX-License-Identifier: Apache-2.0
// A pod's manifest as its kubelet reads it: parsed once per change, not at every look.

package import PodiumCodec
import PodiumMachinery

/// When containers are started again.
package enum RestartPolicy: String, Hashable, Sendable {
    case always = "Always"
    case onFailure = "OnFailure"
    case never = "Never"
}

/// The parts of `spec` that decide what runs.
package struct PodSpec: Hashable, Sendable {
    package var initContainers: [ContainerSpec]
    package var containers: [ContainerSpec]
    package var ephemeralContainers: [ContainerSpec]
    package var volumes: [VolumeSpec]
    package var restartPolicy: RestartPolicy
    package var terminationGraceSeconds: Int
    package var activeDeadlineSeconds: Int?
    package var isOnHostNetwork: Bool
    package var sharesProcesses: Bool
    package var readinessGates: [String]
    package var hostname: String?
    package var subdomain: String?
    package var serviceAccountName: String
    package var enablesServiceLinks: Bool
    package var priority: Int
    package var operatingSystem: String?
    package var resources: ResourceRequirements?
    package var security: SecurityContext

    /// Reads `spec`; what is missing gets the default of the API.
    package init(_ spec: JSONValue) {
        func list(_ key: String, _ role: ContainerRole) -> [ContainerSpec] {
            (spec[key]?.elements ?? []).map { ContainerSpec($0, role: role) }
        }
        initContainers = list("initContainers", .initial)
        containers = list("containers", .regular)
        ephemeralContainers = list("ephemeralContainers", .ephemeral)
        volumes = (spec["volumes"]?.elements ?? []).map(VolumeSpec.init)
        restartPolicy = spec["restartPolicy"]?.string.flatMap(RestartPolicy.init) ?? .always
        terminationGraceSeconds = spec["terminationGracePeriodSeconds"]?.int ?? 30
        activeDeadlineSeconds = spec["activeDeadlineSeconds"]?.int
        isOnHostNetwork = spec["hostNetwork"]?.bool ?? false
        sharesProcesses = spec["shareProcessNamespace"]?.bool ?? false
        readinessGates = (spec["readinessGates"]?.elements ?? []).compactMap { $0["conditionType"]?.string }
        hostname = spec["hostname"]?.string
        subdomain = spec["subdomain"]?.string
        serviceAccountName = spec["serviceAccountName"]?.string ?? "default"
        enablesServiceLinks = spec["enableServiceLinks"]?.bool ?? true
        priority = spec["priority"]?.int ?? 0
        operatingSystem = spec[path: "os", "name"]?.string
        resources = spec["resources"].map(ResourceRequirements.init)
        security = SecurityContext(spec["securityContext"])
    }

    /// All containers: init, regular, ephemeral.
    package var allContainers: [ContainerSpec] { initContainers + containers + ephemeralContainers }

    /// The container of that name.
    package func container(_ name: String) -> ContainerSpec? {
        containers.first { $0.name == name } ?? initContainers.first { $0.name == name }
            ?? ephemeralContainers.first { $0.name == name }
    }

    /// The init containers that stay with the pod.
    package var sidecars: [ContainerSpec] { initContainers.filter(\.isSidecar) }

    /// Whether any container asks for all of them to be started again.
    package var mayRestartAllContainers: Bool {
        (initContainers + containers).contains { $0.restartRules.contains { $0.action == .restartAllContainers } }
    }
}

/// Who a container runs as.
package struct SecurityContext: Hashable, Sendable {
    package var user: Int?
    package var group: Int?
    package var mustNotBeRoot: Bool?
    package var supplementalGroups: [Int]
    package var fileSystemGroup: Int?
    package var isRootReadOnly: Bool

    init(_ value: JSONValue?) {
        user = value?["runAsUser"]?.int
        group = value?["runAsGroup"]?.int
        mustNotBeRoot = value?["runAsNonRoot"]?.bool
        supplementalGroups = (value?["supplementalGroups"]?.elements ?? []).compactMap(\.int)
        fileSystemGroup = value?["fsGroup"]?.int
        isRootReadOnly = value?["readOnlyRootFilesystem"]?.bool ?? false
    }
}
