// SPDX-License-Identifier: Apache-2.0
// What an autoscaler scales, as its scale subresource shows it.

import PodiumClient
import PodiumCodec
import PodiumKinds
import PodiumMachinery
import PodiumRegistry
import PodiumStorage

/// Why a target has no scale.
struct ScaleError: Error, Hashable {
    let message: String
}

/// A workload whose replicas can be set.
struct ScaleTarget: Sendable {
    let key: ObjectKey
    let uid: String
    /// How many replicas are wanted.
    let replicas: Int
    /// Which pods are its replicas.
    let selector: LabelSelector

    /// The target of an autoscaler.
    /// - Parameter reference: `scaleTargetRef`.
    // Kubernetes: pkg/controller/podautoscaler/horizontal.go scaleForResourceMappings
    init(_ reference: JSONValue?, in namespace: String, _ informers: SharedInformers) throws {
        let apiVersion = reference?["apiVersion"]?.string ?? ""
        let kind = reference?["kind"]?.string ?? ""
        let name = reference?["name"]?.string ?? ""
        guard let version = Self.groupVersion(apiVersion) else {
            throw ScaleError(message: "unexpected GroupVersion string: \(apiVersion)")
        }
        let registry = informers.client.api.surface.registry
        let found = registry.group(version.group)?.versions.lazy.compactMap { known in
            let groupVersion = known.groupVersion
            return registry.resource(
                kind: GroupVersionKind(group: groupVersion.group, version: groupVersion.version, kind: kind)
            )
        }.first
        guard let definition = found else {
            throw ScaleError(message: "no matches for kind \"\(kind)\" in group \"\(version.group)\"")
        }
        guard definition.subresource("scale") != nil else {
            throw ScaleError(message: "the server could not find the requested resource")
        }
        key = ObjectKey(definition.storage, namespace: definition.isNamespaced ? namespace : "", name: name)
        guard let object = try informers.current(key) else {
            throw ScaleError(message: StatusError.notFound(definition.groupResource, name).message)
        }
        uid = object.uid
        replicas = object.spec["replicas"]?.int ?? 0
        selector = WorkloadScale.selector(of: object.value)
    }

    private static func groupVersion(_ text: String) -> GroupVersion? {
        text.isEmpty ? GroupVersion(group: "", version: "") : GroupVersion(text)
    }
}
