// SPDX-License-Identifier: Apache-2.0
// Every namespace has the certificate by which its pods know the API server.

package import PodiumClient
import PodiumCodec
import PodiumMachinery
import PodiumStorage

/// Makes `configmaps/kube-root-ca.crt` in each active namespace, and again when it is deleted or changed.
// Kubernetes: pkg/controller/certificates/rootcacertpublisher/publisher.go
package final class RootCertificatePublisher: InformedReconciler {
    package static let name = "root-ca-certificate-publisher-controller"
    private static let mapName = "kube-root-ca.crt"
    private static let certificateKey = "ca.crt"
    private static let descriptionKey = "kubernetes.io/description"
    private static let descriptionText =
        "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the "
        + "internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of "
        + "Kubernetes clusters."

    private let informers: SharedInformers
    private let certificate: String

    /// - Parameter certificate: in PEM form; empty when the server has none.
    package init(informers: SharedInformers, certificate: String) {
        self.informers = informers
        self.certificate = certificate
    }

    package func watch(_ controller: Controller<String>) {
        informers.handle(.namespaces) { event in controller.add(event.object.name) }
        informers.handle(.configMaps) { event in
            if case .added = event { return }
            if event.object.name == Self.mapName { controller.add(event.object.namespace) }
        }
    }

    package func reconcile(_ namespace: String) throws -> ReconcileResult {
        let data: JSONValue = [Self.certificateKey: .string(certificate)]
        try NamespaceDefault.make(.configMaps, Self.mapName, in: namespace, informers) {
            [
                "kind": "ConfigMap", "apiVersion": "v1",
                "metadata": ["annotations": [Self.descriptionKey: .string(Self.descriptionText)]], "data": data,
            ]
        }
        let key = ObjectKey(.configMaps, namespace: namespace, name: Self.mapName)
        if let map = try informers.client.get(key), !map.isTerminating, map.value["data"] != data {
            try informers.client.update(key, uid: map.uid) { value in
                value["data"] = data
                return true
            }
        }
        return .done
    }
}
