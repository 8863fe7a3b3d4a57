// SPDX-License-Identifier: Apache-2.0
// One container of a manifest: image, command, probes, hooks, restart rules.

package import PodiumCodec
import PodiumMachinery

/// In which list of the manifest a container stands.
package enum ContainerRole: Hashable, Sendable {
    case initial
    case regular
    case ephemeral
}

/// A container of a pod's manifest.
package struct ContainerSpec: Hashable, Sendable {
    package var name: String
    package var role: ContainerRole
    package var image: String
    package var pullPolicy: PullPolicy
    package var command: [String]
    package var arguments: [String]
    package var workingDirectory: String?
    /// Entries of `env` and `envFrom`, read when the container starts.
    package var environment: [JSONValue]
    package var environmentSources: [JSONValue]
    package var ports: [ContainerPort]
    package var resources: ResourceRequirements
    package var resizeRestarts: Set<String>
    package var mounts: [VolumeMount]
    package var liveness: ProbeSpec?
    package var readiness: ProbeSpec?
    package var startup: ProbeSpec?
    package var postStart: HandlerSpec?
    package var preStop: HandlerSpec?
    package var stopSignal: String?
    package var terminationMessagePath: String
    package var usesLogAsMessage: Bool
    package var stdin: Bool
    /// Whether the input ends with the first client that was attached.
    package var takesInputOnce: Bool
    package var tty: Bool
    /// The container's own policy, which wins over the pod's.
    package var restartPolicy: RestartPolicy?
    package var restartRules: [RestartRule]
    package var security: SecurityContext

    /// Reads an element of `containers`, `initContainers` or `ephemeralContainers`.
    package init(_ value: JSONValue, role: ContainerRole) {
        self.role = role
        name = value["name"]?.string ?? ""
        image = value["image"]?.string ?? ""
        pullPolicy = value["imagePullPolicy"]?.string.flatMap(PullPolicy.init) ?? .ifNotPresent
        command = (value["command"]?.elements ?? []).compactMap(\.string)
        arguments = (value["args"]?.elements ?? []).compactMap(\.string)
        workingDirectory = value["workingDir"]?.string
        environment = value["env"]?.elements ?? []
        environmentSources = value["envFrom"]?.elements ?? []
        ports = (value["ports"]?.elements ?? []).map(ContainerPort.init)
        resources = ResourceRequirements(value["resources"] ?? .emptyObject)
        resizeRestarts = Set(
            (value["resizePolicy"]?.elements ?? []).compactMap {
                $0["restartPolicy"]?.string == "RestartContainer" ? $0["resourceName"]?.string : nil
            }
        )
        mounts = (value["volumeMounts"]?.elements ?? []).map(VolumeMount.init)
        liveness = value["livenessProbe"].map(ProbeSpec.init)
        readiness = value["readinessProbe"].map(ProbeSpec.init)
        startup = value["startupProbe"].map(ProbeSpec.init)
        postStart = value[path: "lifecycle", "postStart"].flatMap(HandlerSpec.init)
        preStop = value[path: "lifecycle", "preStop"].flatMap(HandlerSpec.init)
        stopSignal = value[path: "lifecycle", "stopSignal"]?.string
        terminationMessagePath = value["terminationMessagePath"]?.string ?? "/dev/termination-log"
        usesLogAsMessage = value["terminationMessagePolicy"]?.string == "FallbackToLogsOnError"
        stdin = value["stdin"]?.bool ?? false
        takesInputOnce = value["stdinOnce"]?.bool ?? false
        tty = value["tty"]?.bool ?? false
        restartPolicy = value["restartPolicy"]?.string.flatMap(RestartPolicy.init)
        restartRules = (value["restartPolicyRules"]?.elements ?? []).compactMap(RestartRule.init)
        security = SecurityContext(value["securityContext"])
    }

    /// Whether this is an init container that stays with the pod.
    package var isSidecar: Bool { role == .initial && restartPolicy == .always }

    /// Where Events about it point: `spec.containers{name}`.
    package var fieldPath: String {
        switch role {
        case .initial: "spec.initContainers{\(name)}"
        case .regular: "spec.containers{\(name)}"
        case .ephemeral: "spec.ephemeralContainers{\(name)}"
        }
    }

    /// The probes it has, by kind.
    package func probe(_ kind: ProbeKind) -> ProbeSpec? {
        switch kind {
        case .liveness: liveness
        case .readiness: readiness
        case .startup: startup
        }
    }
}

/// When the image is fetched.
package enum PullPolicy: String, Hashable, Sendable {
    case always = "Always"
    case ifNotPresent = "IfNotPresent"
    case never = "Never"
}

/// A declared port.
package struct ContainerPort: Hashable, Sendable {
    package var name: String?
    package var number: Int
    package var hostPort: Int?
    package var hostIP: String
    package var protocolName: String

    init(_ value: JSONValue) {
        name = value["name"]?.string
        number = value["containerPort"]?.int ?? 0
        hostPort = value["hostPort"]?.int
        hostIP = value["hostIP"]?.string ?? ""
        protocolName = value["protocol"]?.string ?? "TCP"
    }
}

/// A volume's place in a container.
package struct VolumeMount: Hashable, Sendable {
    package var name: String
    package var path: String
    package var isReadOnly: Bool
    package var recursiveReadOnly: String?
    package var subPath: String
    package var subPathExpression: String

    init(_ value: JSONValue) {
        name = value["name"]?.string ?? ""
        path = value["mountPath"]?.string ?? ""
        isReadOnly = value["readOnly"]?.bool ?? false
        recursiveReadOnly = value["recursiveReadOnly"]?.string
        subPath = value["subPath"]?.string ?? ""
        subPathExpression = value["subPathExpr"]?.string ?? ""
    }
}

/// What happens to a container that ends with certain codes.
package struct RestartRule: Hashable, Sendable {
    package enum Action: String, Hashable, Sendable {
        case restart = "Restart"
        case restartAllContainers = "RestartAllContainers"
    }

    package var action: Action
    package var codes: Set<Int>
    /// Whether the rule is about all other codes.
    package var isNegated: Bool

    init?(_ value: JSONValue) {
        guard let action = value["action"]?.string.flatMap(Action.init) else { return nil }
        self.action = action
        codes = Set((value[path: "exitCodes", "values"]?.elements ?? []).compactMap(\.int))
        isNegated = value[path: "exitCodes", "operator"]?.string == "NotIn"
    }

    /// Whether the rule is about an end with `code`.
    package func matches(_ code: Int) -> Bool { codes.contains(code) != isNegated }
}
