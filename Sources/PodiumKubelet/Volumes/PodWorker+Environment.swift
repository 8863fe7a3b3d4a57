// SPDX-License-Identifier: Apache-2.0
// What a container is started with: variables, command, mounts, user.

import OrderedCollections
import PodiumCodec
import PodiumMachinery
import PodiumRuntime

// Kubernetes: pkg/kubelet/kubelet_pods.go makeEnvironmentVariables; kuberuntime_container.go generateContainerConfig
extension PodWorker {
    /// Everything that the runtime needs to know of a container, or why it cannot be started.
    func containerSpecification(
        _ container: ContainerSpec,
        _ profile: ImageProfile,
        in environment: any WorkerEnvironment
    ) -> Result<ContainerSpecification, ConfigProblem> {
        do throws(ConfigProblem) {
            return .success(try makeSpecification(container, profile, in: environment))
        } catch {
            return .failure(error)
        }
    }

    private func makeSpecification(
        _ container: ContainerSpec,
        _ profile: ImageProfile,
        in environment: any WorkerEnvironment
    ) throws(ConfigProblem) -> ContainerSpecification {
        var texts = try variables(of: container, in: environment)
        var specification = ContainerSpecification(name: container.name, image: container.image)
        specification.environment = texts.variables.map { EnvironmentVariable($0.key, $0.value.text) }
        specification.mounts = try mounts(of: container, &texts)
        specification.command = container.command.map { texts.word($0) }
        specification.arguments = container.arguments.map { texts.word($0) }
        specification.workingDirectory = container.workingDirectory
        specification.stdin = container.stdin
        specification.tty = container.tty
        specification.attempt = attempt(of: container)
        if let plan = profile.facts.plan {
            // The image's plan is for what it runs itself; a command comes first as far as anything is known of it.
            let attempt = plan.attempt(attempts[container.name].map { $0 + 1 } ?? 0)
            specification.imageAttempt = attempt
            if container.command.isEmpty { specification.attempt = specification.attempt ?? attempt }
        }
        specification.profile = profile
        let services = environment.services(in: pod.name.namespace).filter(selects)
        specification.ports = expectedPorts(of: container, services)
        specification.isMeantToEnd = isMeantToEnd(container, isSelected: !services.isEmpty)
        specification.memoryLimit = container.resources.limits["memory"].map { Int($0.value) }
        let user = try runningUser(of: container, profile)
        specification.user = user.number
        specification.group = container.security.group ?? pod.spec.security.group ?? user.group
        specification.terminationMessagePath = container.terminationMessagePath
        specification.readOnlyRootFileSystem = container.security.isRootReadOnly
        specification.stopSignal = container.stopSignal.flatMap(Signal.init(name:))
        let limit = ContainerTexts.Limits.maximumMessageBytes
        if texts.byteCount > limit {
            let problem = "trying to send message larger than max (\(texts.byteCount) vs. \(limit))"
            throw ConfigProblem(problem, reason: "CreateContainerError")
        }
        return specification
    }

    /// The user that the container runs as: what the manifest says, or its image.
    // Kubernetes: pkg/kubelet/kuberuntime/security_context.go verifyRunAsNonRoot
    private func runningUser(of container: ContainerSpec, _ profile: ImageProfile) throws(ConfigProblem) -> ImageUser {
        let mustNotBeRoot = container.security.mustNotBeRoot ?? pod.spec.security.mustNotBeRoot ?? false
        func check(_ isRoot: Bool, _ problem: String) throws(ConfigProblem) {
            guard mustNotBeRoot, isRoot else { return }
            throw ConfigProblem("\(problem) (pod: \"\(pod.description)\", container: \(container.name))")
        }
        if let number = container.security.user ?? pod.spec.security.user {
            try check(number == 0, "container's runAsUser breaks non-root policy")
            return ImageUser(name: String(number), number: number, group: 0)
        }
        guard let user = profile.facts.user else {
            // An image of which nothing is known has whatever user its pod counts on.
            if mustNotBeRoot, !profile.facts.isNamed { return Self.unknownUser }
            try check(true, "container has runAsNonRoot and image will run as root")
            return ImageUser(name: "0", number: 0, group: 0)
        }
        try check(
            !user.isNumeric,
            "container has runAsNonRoot and image has non-numeric user (\(user.name)), cannot verify user is non-root"
        )
        try check(user.number == 0, "container has runAsNonRoot and image will run as root")
        return user
    }

    /// The user of images that are built to run as anybody but root.
    private static let unknownUser = ImageUser(name: "65532", number: 65_532, group: 65_532)

    private func mounts(
        of container: ContainerSpec,
        _ texts: inout ContainerTexts
    ) throws(ConfigProblem) -> [ContainerMount] {
        var mounts: [ContainerMount] = []
        for mount in container.mounts {
            var subPath = mount.subPath
            if !mount.subPathExpression.isEmpty {
                let (text, missing) = texts.expandStrictly(mount.subPathExpression)
                if let missing { throw ConfigProblem("missing value for \(missing)") }
                subPath = text.text
            }
            if !FileTree.canName(subPath) {
                throw ConfigProblem(
                    "failed to create subPath directory for volumeMount \"\(mount.name)\" of container "
                        + "\"\(container.name)\""
                )
            }
            mounts.append(
                ContainerMount(path: mount.path, volume: mount.name, subPath: subPath, readOnly: mount.isReadOnly)
            )
        }
        return mounts
    }

    // Variables

    private func variables(
        of container: ContainerSpec,
        in environment: any WorkerEnvironment
    ) throws(ConfigProblem) -> ContainerTexts {
        var result = ContainerTexts()
        for (name, text) in ServiceVariables.variables(of: pod, environment.services(in:)) {
            result.set(name, ExpandedText(text))
        }
        for source in container.environmentSources { try add(source, to: &result, in: environment) }
        for entry in container.environment {
            guard let name = entry["name"]?.string else { continue }
            if let origin = entry["valueFrom"] {
                if let text = try value(origin, of: container, in: environment) { result.set(name, ExpandedText(text)) }
            } else {
                result.set(name, result.expand(entry["value"]?.string ?? ""))
            }
        }
        return result
    }

    private func add(
        _ source: JSONValue,
        to result: inout ContainerTexts,
        in environment: any WorkerEnvironment
    ) throws(ConfigProblem) {
        let kind: DataSource = source["configMapRef"] != nil ? .configMap : .secret
        guard let reference = source["configMapRef"] ?? source["secretRef"] else { return }
        let name = reference["name"]?.string ?? ""
        guard let all = try data(kind, name, in: environment) else {
            if reference["optional"]?.bool == true { return }
            throw ConfigProblem("\(kind.noun) \"\(name)\" not found")
        }
        let prefix = source["prefix"]?.string ?? ""
        for (key, text) in all.sorted(by: { $0.key < $1.key }) { result.set(prefix + key, ExpandedText(text)) }
    }

    private func value(
        _ origin: JSONValue,
        of container: ContainerSpec,
        in environment: any WorkerEnvironment
    ) throws(ConfigProblem) -> String? {
        if let field = origin[path: "fieldRef", "fieldPath"]?.string { return downwardText(field) ?? "" }
        if let reference = origin["resourceFieldRef"] { return resourceText(reference, of: container, in: environment) }
        let kind: DataSource = origin["configMapKeyRef"] != nil ? .configMap : .secret
        guard let reference = origin["configMapKeyRef"] ?? origin["secretKeyRef"] else { return nil }
        let name = reference["name"]?.string ?? ""
        let key = reference["key"]?.string ?? ""
        let isOptional = reference["optional"]?.bool ?? false
        guard let all = try data(kind, name, in: environment) else {
            if isOptional { return nil }
            throw ConfigProblem("\(kind.noun) \"\(name)\" not found")
        }
        if let text = all[key] { return text }
        if isOptional { return nil }
        throw ConfigProblem("couldn't find key \(key) in \(kind.kind) \(pod.name.namespace)/\(name)")
    }

    /// The text of a field of the pod, as `fieldRef` names it; nil for unknown fields.
    // Kubernetes: pkg/fieldpath/fieldpath.go
    func downwardText(_ field: String) -> String? {
        func quoted(_ map: [String: String]) -> String {
            map.sorted { $0.key < $1.key }.map { "\($0.key)=\(FieldError.quoted($0.value))" }.joined(separator: "\n")
        }
        for (prefix, map) in [("metadata.labels['", pod.labels), ("metadata.annotations['", pod.annotations)]
        where field.hasPrefix(prefix) && field.hasSuffix("']") {
            return map[String(field.dropFirst(prefix.count).dropLast(2))] ?? ""
        }
        switch field {
        case "metadata.name": return pod.name.name
        case "metadata.namespace": return pod.name.namespace
        case "metadata.uid": return pod.uid
        case "metadata.labels": return quoted(pod.labels)
        case "metadata.annotations": return quoted(pod.annotations)
        case "spec.nodeName": return node.name
        case "spec.serviceAccountName": return pod.spec.serviceAccountName
        case "status.hostIP", "status.hostIPs": return node.hostIP
        case "status.podIP", "status.podIPs": return runtime.podIP ?? ""
        default: return nil
        }
    }

    /// The text of a resource of a container, as `resourceFieldRef` names it.
    func resourceText(
        _ reference: JSONValue,
        of container: ContainerSpec?,
        in environment: any WorkerEnvironment
    ) -> String {
        let named = reference["containerName"]?.string.flatMap { pod.spec.container($0) }
        guard let container = named ?? container, let resource = reference["resource"]?.string,
            let dot = resource.firstIndex(of: ".")
        else { return "" }
        let name = String(resource[resource.index(after: dot)...])
        let isLimit = resource.hasPrefix("limits.")
        let list = isLimit ? container.resources.limits : container.resources.requests
        let amount = list[name] ?? (isLimit ? environment.allocatable[name] : nil) ?? .zero
        let divisor = Quantity(json: reference["divisor"]).flatMap { $0.isZero ? nil : $0 } ?? Quantity(1)
        let parts = amount.scaledValue(-3)
        let unit = max(1, divisor.scaledValue(-3))
        return String((parts + unit - 1) / unit)
    }

    /// What the container's plan says of its next start; nil without a plan, or with one that the API did not check
    /// because it had been switched off there.
    func attempt(of container: ContainerSpec) -> PlanAttempt? {
        guard let text = pod.annotations[ContainerPlan.annotationPrefix + container.name],
            let plan = try? ContainerPlan(parsing: text)
        else { return nil }
        let starts = attempts[container.name].map { $0 + 1 } ?? 0
        return plan.attempt(starts + (planAttempts[container.name] ?? 0))
    }
}
