// SPDX-License-Identifier: Apache-2.0
// What stands between a decoded request and its storage: the contract of admission plugins.

package import PodiumCodec
package import PodiumMachinery

/// What a request does with an object.
package enum AdmissionOperation: String, Hashable, Sendable {
    case create = "CREATE"
    case update = "UPDATE"
    case delete = "DELETE"
    case connect = "CONNECT"
}

/// A request as admission sees it.
// Kubernetes: apiserver/pkg/admission/attributes.go
package struct AdmissionAttributes: Sendable {
    package var operation: AdmissionOperation
    package var resource: GroupVersionResource
    package var kind: GroupVersionKind
    /// `status`, `binding` and the like; empty for the object itself.
    package var subresource: String
    /// Empty for cluster-scoped collections.
    package var namespace: String
    /// The name in the path, or of the object; empty while a name is yet to be generated.
    package var name: String
    /// The object before an update or a deletion.
    package var oldObject: JSONValue?
    package var user: UserInfo
    package var isDryRun: Bool

    package init(
        operation: AdmissionOperation,
        resource: GroupVersionResource,
        kind: GroupVersionKind,
        subresource: String = "",
        namespace: String = "",
        name: String = "",
        oldObject: JSONValue? = nil,
        user: UserInfo = .anonymous,
        isDryRun: Bool = false
    ) {
        self.operation = operation
        self.resource = resource
        self.kind = kind
        self.subresource = subresource
        self.namespace = namespace
        self.name = name
        self.oldObject = oldObject
        self.user = user
        self.isDryRun = isDryRun
    }

    /// Whether the request is about objects of `resource` themselves and does `operation`.
    package func isOn(_ resource: GroupResource, _ operations: AdmissionOperation...) -> Bool {
        subresource.isEmpty && self.resource.resource == resource.resource && self.resource.group == resource.group
            && operations.contains(operation)
    }

    /// 403 about the object, whose name may be only a prefix yet.
    // Kubernetes: apiserver/pkg/admission/errors.go NewForbidden
    package func forbidden(_ object: JSONValue?, _ problem: String) -> StatusError {
        .forbidden(resource.groupResource, displayName(of: object), problem)
    }

    /// The name by which messages call the object.
    package func displayName(of object: JSONValue?) -> String {
        if !name.isEmpty { return name }
        for field in ["name", "generateName"] {
            if let text = object?[path: "metadata", field]?.string, !text.isEmpty { return text }
        }
        return "Unknown"
    }
}

/// A rule that changes or refuses writes.
///
/// Plugins hold no state of their own; what they need to know of the cluster they read from `context.storage`.
package protocol AdmissionPlugin: Sendable {
    /// The name by which it is switched off.
    var name: String { get }

    /// Changes the new object; of a deletion `object` is the object that is to go. Runs before all validation.
    func mutate(
        _ object: inout JSONValue,
        _ attributes: AdmissionAttributes,
        _ context: StrategyContext,
        _ warnings: inout [String]
    ) throws(StatusError)

    /// Refuses the request by throwing. Runs when all plugins have changed what they want, and the kind has validated.
    func validate(
        _ object: JSONValue,
        _ attributes: AdmissionAttributes,
        _ context: StrategyContext,
        _ warnings: inout [String]
    ) throws(StatusError)
}

extension AdmissionPlugin {
    package func mutate(
        _ object: inout JSONValue,
        _ attributes: AdmissionAttributes,
        _ context: StrategyContext,
        _ warnings: inout [String]
    ) throws(StatusError) {}

    package func validate(
        _ object: JSONValue,
        _ attributes: AdmissionAttributes,
        _ context: StrategyContext,
        _ warnings: inout [String]
    ) throws(StatusError) {}
}
