// SPDX-License-Identifier: Apache-2.0
// Objects live only in namespaces that exist and are not about to go.

package import PodiumCodec
package import PodiumMachinery
package import PodiumRegistry
import PodiumStorage

/// Refuses objects in missing or terminating namespaces, and the deletion of namespaces that every cluster has.
// Kubernetes: apiserver/pkg/admission/plugin/namespace/lifecycle/admission.go
package struct NamespaceLifecycle: AdmissionPlugin {
    package let name = "NamespaceLifecycle"

    /// Namespaces that are never deleted.
    private static let immortal: Set<String> = ["default", "kube-system", "kube-public"]

    package init() {}

    package func mutate(
        _ object: inout JSONValue,
        _ attributes: AdmissionAttributes,
        _ context: StrategyContext,
        _ warnings: inout [String]
    ) throws(StatusError) {
        if attributes.resource.groupResource == .namespaces {
            guard attributes.operation == .delete, Self.immortal.contains(attributes.name) else { return }
            throw .forbidden(.namespaces, attributes.name, "this namespace may not be deleted")
        }
        guard !attributes.namespace.isEmpty, attributes.operation == .create || attributes.operation == .update,
            !Self.isAccessReview(attributes)
        else { return }
        let namespace = attributes.namespace
        guard let stored = try context.storage.object(ObjectKey(.namespaces, name: namespace)) else {
            throw .notFound(.namespaces, namespace)
        }
        guard attributes.operation == .create, stored.facts.fields["status.phase"] == "Terminating" else { return }
        var error = attributes.forbidden(
            object,
            "unable to create new content in namespace \(namespace) because it is being terminated"
        )
        error.details?.causes.append(
            StatusError.Cause(
                reason: "NamespaceTerminating",
                message: "namespace \(namespace) is being terminated",
                field: "metadata.namespace"
            )
        )
        throw error
    }

    /// Questions about rights may be asked about namespaces that do not exist.
    private static func isAccessReview(_ attributes: AdmissionAttributes) -> Bool {
        attributes.resource.group == "authorization.k8s.io"
            && attributes.resource.resource == "localsubjectaccessreviews"
    }
}
