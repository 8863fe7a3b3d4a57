// SPDX-License-Identifier: Apache-2.0
// How many pods a budget expects, from those who control the pods that there are.

import OrderedCollections
import PodiumClient
import PodiumCodec
import PodiumMachinery
import PodiumRegistry
import PodiumStorage

/// Why it cannot be told how many pods there should be.
struct ExpectationError: Error, Hashable {
    let message: String
}

/// The pods that there should be.
// Kubernetes: pkg/controller/disruption/disruption.go getExpectedPodCount, getExpectedScale
struct ExpectedPods {
    /// How many there should be in all.
    private(set) var expected = 0
    /// How many of them must stay healthy.
    private(set) var desired = 0
    /// Whether some have no controller, so that nobody says how many there should be.
    private(set) var hasUnmanaged = false

    /// - Parameter spec: the specification of the budget.
    init(_ spec: JSONValue, _ pods: [WorkloadPod], _ scales: ControllerScales) throws {
        if let limit = IntOrString(spec["maxUnavailable"]) {
            try addUp(pods, scales)
            desired = max(0, expected - Self.scaled(limit, expected))
        } else if let minimum = IntOrString(spec["minAvailable"]) {
            if case .int(let count) = minimum {
                (expected, desired) = (pods.count, count)
            } else {
                try addUp(pods, scales)
                desired = Self.scaled(minimum, expected)
            }
        }
    }

    private static func scaled(_ value: IntOrString, _ total: Int) -> Int {
        value.scaled(to: total, roundingUp: true) ?? 0
    }

    private mutating func addUp(_ pods: [WorkloadPod], _ scales: ControllerScales) throws {
        var found: [String: Int] = [:]
        var seen: Set<String> = []
        for pod in pods {
            guard let controller = pod.controller else {
                hasUnmanaged = true
                continue
            }
            guard seen.insert(controller.uid).inserted else { continue }
            guard let scale = try scales.scale(behind: controller, in: pod.key.name.namespace) else {
                throw ExpectationError(message: "found no controllers for pod \"\(pod.name)\"")
            }
            found[scale.uid] = scale.replicas
        }
        expected = found.values.reduce(0, +)
    }
}

/// Finds out how many pods the controller of a pod wants.
// Kubernetes: pkg/controller/disruption/disruption.go finders
struct ControllerScales {
    /// How many pods whoever has this UID wants.
    struct Scale: Hashable {
        let uid: String
        let replicas: Int
    }

    let informers: SharedInformers

    /// What the controller that `reference` names wants; of a ReplicaSet that belongs to a Deployment, that one. Nil
    /// when it is gone.
    func scale(behind reference: OwnerReference, in namespace: String) throws -> Scale? {
        let version = GroupVersion(reference.apiVersion)
        let kind = GroupVersionKind(
            group: version?.group ?? "",
            version: version?.version ?? "",
            kind: reference.kind
        )
        let registry = informers.client.api.surface.registry
        guard let definition = registry.resource(kind: kind) else {
            let place = "\"\(reference.kind)\" in version \"\(reference.apiVersion)\""
            throw ExpectationError(message: "no matches for kind \(place)")
        }
        let resource = definition.groupResource
        if definition.subresource("scale") == nil {
            throw ExpectationError(message: "\(resource) does not implement the scale subresource")
        }
        guard let object = try current(definition.storage, reference, in: namespace) else { return nil }
        if resource == .replicaSets, let owner = object.controller, owner.kind == DeploymentController.type.kind {
            return try current(.deployments, owner, in: namespace).map(Self.scale)
        }
        return Self.scale(of: object)
    }

    private static func scale(of object: APIObject) -> Scale {
        Scale(uid: object.uid, replicas: object.spec["replicas"]?.int ?? 1)
    }

    /// The object that a reference means, and no other of its name.
    private func current(
        _ resource: GroupResource,
        _ reference: OwnerReference,
        in namespace: String
    ) throws(StatusError) -> APIObject? {
        let key = ObjectKey(resource, namespace: namespace, name: reference.name)
        let object = try informers.current(key)
        return object?.uid == reference.uid ? object : nil
    }
}
