// SPDX-License-Identifier: Apache-2.0
// The Service `kubernetes` and what belongs to it come again when somebody deletes them.

import PodiumClient
import PodiumMachinery
import PodiumStorage

/// Makes the Service of the API anew, and its Endpoints and EndpointSlice: `kubectl delete service --all` takes it
/// along.
///
/// Upstream looks every ten seconds; nothing is gained by waiting here.
// Kubernetes: pkg/controlplane/controller/kubernetesservice/controller.go
final class KubernetesServiceController: InformedReconciler {
    static let name = "bootstrap-controller"

    private let informers: SharedInformers
    private let network: ServiceNetwork

    init(informers: SharedInformers, network: ServiceNetwork) {
        self.informers = informers
        self.network = network
    }

    func watch(_ controller: Controller<ObjectKey>) {
        for (resource, _) in Bootstrap.lastingServiceObjects(network) {
            informers.handle(resource) { event in
                if case .deleted(let object) = event, object.key.name == Bootstrap.serviceName {
                    controller.add(object.key)
                }
            }
        }
    }

    func reconcile(_ key: ObjectKey) throws -> ReconcileResult {
        guard try informers.client.get(key) == nil else { return .done }
        for (resource, object) in Bootstrap.lastingServiceObjects(network) where resource == key.resource {
            try informers.client.create(resource, object)
        }
        return .done
    }
}
