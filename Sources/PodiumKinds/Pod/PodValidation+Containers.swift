// SPDX-License-Identifier: Apache-2.0
// Rules of containers: what all kinds share, and what init and ephemeral containers may not have.

import PodiumCodec
import PodiumMachinery

extension PodValidation {
    /// What a container's rules look at beside the container.
    struct ContainerScope {
        let spec: PodField
        /// The volumes of the pod that are right, by name.
        let volumes: [String: PodField]
        /// The names of the pod's resource claims.
        let claimNames: Set<String>
        /// Whether the pod shares the users of its host.
        let usesHostUsers: Bool

        init(_ spec: PodField, volumes: [String: PodField]) {
            self.spec = spec
            self.volumes = volumes
            claimNames = Set(spec["resourceClaims"].elements.map { $0["name"].text }.filter { !$0.isEmpty })
            usesHostUsers = !spec["hostUsers"].isSet || spec["hostUsers"].flag
        }
    }

    func containerErrors(_ containers: PodField, _ scope: ContainerScope) -> [FieldError] {
        guard containers.count > 0 else { return [containers.required()] }
        var names: Set<String> = []
        var errors: [FieldError] = []
        for container in containers.elements {
            errors += commonErrors(container, scope)
            if !names.insert(container["name"].text).inserted { errors.append(container["name"].duplicate()) }
            errors += lifecycleErrors(container["lifecycle"], scope.spec)
            errors += probesErrors(container, scope.spec)
            errors += restartPolicyErrors(container)
        }
        return errors + hostPortConflicts(containers.elements)
    }

    func initContainerErrors(_ containers: PodField, _ scope: ContainerScope) -> [FieldError] {
        var names = Set(scope.spec["containers"].elements.map { $0["name"].text })
        var errors: [FieldError] = []
        for container in containers.elements {
            errors += commonErrors(container, scope)
            errors += restartPolicyErrors(container)
            let name = container["name"]
            if names.contains(name.text) {
                errors.append(name.duplicate())
            } else if !name.text.isEmpty {
                names.insert(name.text)
            }
            // Init containers run one after the other, so that only their own ports can clash. Upstream numbers the
            // container from 0 again.
            let alone = PodField([container.value ?? .emptyObject], at: containers.path)
            errors += hostPortConflicts(alone.elements)
            if container["restartPolicy"].text == "Always" {
                errors += lifecycleErrors(container["lifecycle"], scope.spec)
                errors += probesErrors(container, scope.spec)
            } else {
                for field in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"]
                where container[field].isSet {
                    let text = "may not be set for init containers without restartPolicy=Always"
                    errors.append(container[field].forbidden(text))
                }
            }
        }
        return errors
    }

    func ephemeralContainerErrors(_ containers: PodField, _ scope: ContainerScope) -> [FieldError] {
        guard containers.count > 0 else { return [] }
        let others = Set(["containers", "initContainers"].flatMap { scope.spec[$0].elements }.map { $0["name"].text })
        var names = others
        var errors: [FieldError] = []
        for container in containers.elements {
            errors += commonErrors(container, scope)
            errors += imageSpaceErrors(container["image"])
            if !names.insert(container["name"].text).inserted { errors.append(container["name"].duplicate()) }
            let target = container["targetContainerName"]
            if !target.text.isEmpty, !others.contains(target.text) { errors.append(target.notFound()) }
            let text = "cannot be set for an Ephemeral Container"
            for field in Self.notForEphemeralContainers where !isEmpty(field, of: container) {
                errors.append(container[field].forbidden(text))
            }
            for mount in container["volumeMounts"].elements {
                for field in ["subPath", "subPathExpr"] where !mount[field].text.isEmpty {
                    errors.append(mount[field].forbidden(text))
                }
            }
        }
        return errors
    }

    /// In the order of the fields of upstream's Container.
    private static let notForEphemeralContainers = [
        "ports", "resources", "resizePolicy", "restartPolicy", "restartPolicyRules", "livenessProbe",
        "readinessProbe", "startupProbe", "lifecycle",
    ]

    /// `resources: {}` is always there, whereas an empty probe or hook is a probe or hook all the same.
    private func isEmpty(_ name: String, of container: PodField) -> Bool {
        switch container[name].value {
        case .array(let values)?: values.isEmpty
        case .object(let members)?: name == "resources" && members.isEmpty
        case nil: true
        default: false
        }
    }

    private func commonErrors(_ container: PodField, _ scope: ContainerScope) -> [FieldError] {
        var errors: [FieldError] = []
        let name = container["name"]
        errors += name.text.isEmpty ? [name.required()] : name.dnsLabelErrors
        if container["image"].text.isEmpty { errors.append(container["image"].required()) }
        errors += choiceErrors(container["terminationMessagePolicy"], ["File", "FallbackToLogsOnError"])
        errors += portsErrors(container["ports"])
        errors += environmentErrors(container["env"])
        errors += environmentFromErrors(container["envFrom"])
        errors += mountErrors(container, scope.volumes)
        errors += deviceErrors(container, scope.volumes)
        errors += choiceErrors(container["imagePullPolicy"], ["Always", "IfNotPresent", "Never"])
        errors += resourceErrors(container["resources"], claimNames: scope.claimNames)
        errors += resizePolicyErrors(container["resizePolicy"], podPolicy: scope.spec["restartPolicy"].text)
        errors += securityContextErrors(container["securityContext"], usesHostUsers: scope.usesHostUsers)
        return errors
    }

    func imageSpaceErrors(_ image: PodField) -> [FieldError] {
        let isPadded = image.text.first?.isWhitespace == true || image.text.last?.isWhitespace == true
        return isPadded ? [image.invalid("must not have leading or trailing whitespace")] : []
    }

    /// All containers of `spec` with their places: init containers, containers, ephemeral containers.
    // Kubernetes: pkg/apis/core/pods/helpers.go VisitContainersWithPath
    func allContainers(_ spec: PodField) -> [PodField] {
        ["initContainers", "containers", "ephemeralContainers"].flatMap { spec[$0].elements }
    }
}
