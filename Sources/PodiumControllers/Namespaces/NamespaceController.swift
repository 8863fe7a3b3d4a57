// SPDX-License-Identifier: Apache-2.0
// A namespace that is deleted takes everything in it along, and goes when the last of it is gone.

package import PodiumClient
import PodiumCodec
import PodiumHost
package import PodiumMachinery
import PodiumRegistry
import PodiumStorage

/// Empties and removes namespaces that are being deleted: first their pods, each with its grace, then the rest.
// Kubernetes: pkg/controller/namespace/deletion/namespaced_resources_deleter.go
package final class NamespaceController: InformedReconciler {
    package static let name = "namespace-controller"

    /// The times of the controller.
    package enum Limits {
        /// How long objects with finalizers are expected to take.
        static let finalizerEstimate: Int64 = 15
        /// How long a namespace is left alone: servers that have not heard of its end may still let something in.
        // Kubernetes: pkg/controller/namespace/namespace_controller.go namespaceDeletionGracePeriod
        static let gracePeriod: Duration = .seconds(5)
    }

    private static let finalizer = "kubernetes"

    private let informers: SharedInformers
    private let resources: @Sendable () -> [GroupResource]

    /// - Parameter resources: all namespaced collections whose objects can be deleted, at the moment of the call.
    package init(informers: SharedInformers, resources: @escaping @Sendable () -> [GroupResource]) {
        self.informers = informers
        self.resources = resources
    }

    package func watch(_ controller: Controller<String>) {
        informers.handle(.namespaces) { event in
            if case .deleted = event { return }
            if event.object.isTerminating { controller.add(event.object.name, after: Limits.gracePeriod) }
        }
        // What others hold for a moment, by a grace or a finalizer; the rest is looked for again after an estimate.
        for resource in [GroupResource.pods, .persistentVolumeClaims] {
            informers.handle(resource) { [weak self] event in
                guard case .deleted(let object) = event else { return }
                if self?.informers.object(.namespaces, object.namespace)?.isTerminating == true {
                    controller.add(object.namespace)
                }
            }
        }
    }

    package func reconcile(_ name: String) throws -> ReconcileResult {
        let key = ObjectKey(.namespaces, name: name)
        guard let namespace = try informers.client.get(key), namespace.isTerminating else { return .done }
        let finalizers = namespace.spec["finalizers"]?.elements ?? []
        if !finalizers.isEmpty, !finalizers.contains(.string(Self.finalizer)) { return .done }
        let remains = try deleteContent(of: name)
        try report(remains, on: namespace)
        if remains.isEmpty {
            try finalize(namespace)
            return .done
        }
        return ReconcileResult(requeueAfter: .seconds(remains.estimate / 2 + 1))
    }

    /// Asks for the deletion of everything in the namespace `name`, and says what is left for the moment.
    private func deleteContent(of name: String) throws -> NamespaceRemains {
        var remains = NamespaceRemains()
        try deleteAll(.pods, in: name, &remains)
        // What pods may still need stays until the last of them is gone.
        if !remains.isEmpty { return remains }
        for resource in resources() where resource != .pods { try deleteAll(resource, in: name, &remains) }
        return remains
    }

    private func deleteAll(_ resource: GroupResource, in name: String, _ remains: inout NamespaceRemains) throws {
        let client = informers.client
        for object in try client.list(resource, scope: .namespace(name)) {
            try StatusError.ignoringAbsence { () throws(StatusError) in
                // Of kinds whose dependents stay by themselves they are not to: nothing stays.
                try client.delete(object.key, uid: object.uid, propagation: .background)
            }
            if let left = try client.get(object.key), left.uid == object.uid { remains.add(left, of: resource) }
        }
    }

    private func report(_ remains: NamespaceRemains, on namespace: APIObject) throws {
        let now = informers.client.host.clock.now
        try StatusError.ignoringAbsence { () throws(StatusError) in
            try informers.client.updateStatus(namespace.key, uid: namespace.uid) { value in
                value[path: "status", "phase"] = "Terminating"
                for condition in remains.conditions { condition.set(on: &value, now: now) }
                return true
            }
        }
    }

    /// Takes the finalizer away; unless others hold the namespace, it goes by that.
    private func finalize(_ namespace: APIObject) throws {
        let client = informers.client
        try StatusError.ignoringAbsence { () throws(StatusError) in
            try client.update(namespace.key, uid: namespace.uid, subresource: "finalize") {
                Self.removeFinalizer(from: &$0)
            }
        }
    }

    private static func removeFinalizer(from namespace: inout JSONValue) -> Bool {
        let rest = (namespace["spec"]?["finalizers"]?.elements ?? []).filter { $0 != .string(finalizer) }
        namespace[path: "spec", "finalizers"] = rest.isEmpty ? nil : .array(rest)
        return true
    }
}
