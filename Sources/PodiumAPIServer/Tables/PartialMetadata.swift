// SPDX-License-Identifier: Apache-2.0
// Objects reduced to their metadata, for clients that want no more.

package import PodiumCodec
package import PodiumMachinery
package import PodiumRegistry

/// Makes `PartialObjectMetadata` of objects and lists.
// Kubernetes: apiserver/pkg/endpoints/handlers/response.go asPartialObjectMetadata
package enum PartialMetadata {
    /// The metadata of one object.
    package static func object(_ object: JSONValue, version: String) -> JSONValue {
        [
            "kind": "PartialObjectMetadata", "apiVersion": .string("meta.k8s.io/\(version)"),
            "metadata": object["metadata"] ?? .emptyObject,
        ]
    }

    /// The metadata of the objects of a list; without any, `items` is null, as Go writes a list that nobody filled.
    package static func list(_ objects: [JSONValue], metadata: ListMetadata, version: String) -> JSONValue {
        [
            "kind": "PartialObjectMetadataList", "apiVersion": .string("meta.k8s.io/\(version)"),
            "metadata": metadata.value,
            "items": objects.isEmpty ? .null : .array(objects.map { object($0, version: version) }),
        ]
    }

    /// Checks that what was asked for fits what there is.
    /// - Throws: 406 when an object was asked for and there is a list, or the other way round.
    package static func check(
        _ transform: MediaTransform,
        isList: Bool,
        _ definition: ResourceDefinition
    ) throws(StatusError) {
        switch transform {
        case .partialMetadata where isList:
            throw refusal("PartialObjectMetadata", "a list (*\(goType(definition))List)")
        case .partialMetadataList where !isList:
            throw refusal("PartialObjectMetadataList", "not a list (*\(goType(definition)))")
        default: return
        }
    }

    private static func refusal(_ kind: String, _ actual: String) -> StatusError {
        StatusError(
            code: 406,
            reason: .notAcceptable,
            message: "you requested \(kind), but the requested object is \(actual)"
        )
    }

    /// The name of a type in upstream's source, which its message shows.
    private static func goType(_ definition: ResourceDefinition) -> String {
        let package = definition.storedAs.group.prefix { $0 != "." }
        return "\(package.isEmpty ? "core" : package).\(definition.kind)"
    }
}
