// SPDX-License-Identifier: Apache-2.0
// Every namespace has a service account `default`.

package import PodiumClient
import PodiumCodec
import PodiumMachinery
import PodiumRegistry
import PodiumStorage

/// Makes `serviceaccounts/default` in each active namespace, and again when it is deleted.
// Kubernetes: pkg/controller/serviceaccount/serviceaccounts_controller.go
package final class ServiceAccountDefaults: InformedReconciler {
    package static let name = "serviceaccount-controller"
    private static let accountName = "default"

    private let informers: SharedInformers

    package init(informers: SharedInformers) { self.informers = informers }

    package func watch(_ controller: Controller<String>) {
        informers.handle(.namespaces) { event in controller.add(event.object.name) }
        informers.handle(.serviceAccounts) { event in
            guard case .deleted(let object) = event, object.name == Self.accountName else { return }
            controller.add(object.namespace)
        }
    }

    package func reconcile(_ namespace: String) throws -> ReconcileResult {
        try NamespaceDefault.make(.serviceAccounts, Self.accountName, in: namespace, informers) {
            ["kind": "ServiceAccount", "apiVersion": "v1", "metadata": [:]]
        }
        return .done
    }
}

/// Makes an object that each active namespace has.
enum NamespaceDefault {
    /// Makes the object `name` in `namespace` unless it is there, or the namespace is gone or going.
    static func make(
        _ resource: GroupResource,
        _ name: String,
        in namespace: String,
        _ informers: SharedInformers,
        _ object: () -> JSONValue
    ) throws {
        let client = informers.client
        guard let space = try client.get(ObjectKey(.namespaces, name: namespace)), !space.isTerminating,
            try client.storage.object(ObjectKey(resource, namespace: namespace, name: name)) == nil
        else { return }
        var object = object()
        object[path: "metadata", "name"] = .string(name)
        object[path: "metadata", "namespace"] = .string(namespace)
        try client.create(resource, object)
    }
}
