// SPDX-License-Identifier: Apache-2.0
// Writes the addresses of the pods that a Service selects into the Endpoints of its name.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage

/// The controller of Endpoints.
// State | guarded by | why separate
// state | queue | the queue of the informers
// Kubernetes: pkg/controller/endpoint/endpoints_controller.go
final class EndpointsController: InformedReconciler {
    static let name = "endpoints-controller"
    private static let component = "endpoint-controller"
    private static let managedBy = "endpoints.kubernetes.io/managed-by"
    private static let overCapacity = "endpoints.kubernetes.io/over-capacity"

    private struct State {
        var times = TriggerTimes()
        /// What was to be looked at before its last write came back.
        var waiting: Set<NamespacedName> = []
        var hasLookedForLeftovers = false
    }

    private let informers: SharedInformers
    private let pods: ServicePods
    private let recorder: EventRecorder
    private let gate: OwnWriteGate<NamespacedName>
    private let state: Confined<State>

    init(informers: SharedInformers, pods: ServicePods) {
        self.informers = informers
        self.pods = pods
        recorder = EventRecorder(client: informers.client, component: Self.component, queue: informers.queue)
        gate = OwnWriteGate(informers: informers)
        state = Confined(State(), on: informers.queue)
    }

    func watch(_ controller: Controller<NamespacedName>) {
        informers.handle(.services) { event in controller.add(event.object.key.name) }
        pods.follow(with: controller)
        // What others write into Endpoints stays until the Service or its pods change.
        informers.handle(.endpoints) { [weak self] event in
            let name = event.object.key.name
            let isGone = if case .deleted = event { true } else { false }
            let isWaiting = self?.state.withState { $0.waiting.remove(name) } != nil
            if isGone || isWaiting { controller.add(name) }
        }
        gate.watch([.endpoints], controller)
        informers.whenListed(.endpoints) { [weak self] in
            for name in self?.leftovers() ?? [] { controller.add(name) }
        }
    }

    /// All Endpoints that there are at the start: their Services may have gone while nobody looked.
    // Kubernetes: pkg/controller/endpoint/endpoints_controller.go checkLeftoverEndpoints
    private func leftovers() -> [NamespacedName] {
        let isFirst = state.withState { state in
            defer { state.hasLookedForLeftovers = true }
            return !state.hasLookedForLeftovers
        }
        guard isFirst else { return [] }
        return informers.objects(.endpoints).filter { !$0.isLeaderElection }.map(\.key.name)
    }

    func reconcile(_ name: NamespacedName) throws -> ReconcileResult {
        guard let object = informers.object(.services, name) else {
            state.withState { $0.times.forget(name) }
            gate.forget(name)
            let key = ObjectKey(.endpoints, namespace: name.namespace, name: name.name)
            try StatusError.ignoringAbsence { () throws(StatusError) in try informers.client.delete(key) }
            return .done
        }
        guard let service = PublishedService(object) else { return .done }
        guard gate.isOpen(for: name) else {
            state.withState { _ = $0.waiting.insert(name) }
            return .done
        }
        let selected = pods.pods(of: name)
        let time = state.withState { $0.times.next(for: service, selected) }
        let subsets = EndpointSubset.subsets(of: service, selected)
        let current = informers.object(.endpoints, name)
        if let current, isRight(current, for: service, subsets) { return .done }
        try write(subsets, of: service, over: current, time)
        return .done
    }

    /// Whether `endpoints` say already what they should.
    private func isRight(
        _ endpoints: APIObject,
        for service: PublishedService,
        _ subsets: [EndpointSubset]
    ) -> Bool {
        var labels = endpoints.labels
        let manager = labels.removeValue(forKey: Self.managedBy)
        labels[PublishedService.Mark.headless] = nil
        let known = endpoints.value["subsets"]?.elements ?? []
        // More than there is room for is never right, so that it is cut anew.
        let isCut = endpoints.annotations[Self.overCapacity] != nil
        return manager == Self.component && labels == service.object.labels && !isCut
            && subsets.addressCount <= [EndpointSubset].capacity && known == subsets.map(\.value)
    }

    private func write(
        _ subsets: [EndpointSubset],
        of service: PublishedService,
        over current: APIObject?,
        _ time: Timestamp?
    ) throws(StatusError) {
        var labels = service.object.labels
        labels[PublishedService.Mark.headless] = service.isHeadless ? "" : nil
        labels[Self.managedBy] = Self.component
        var annotations = current?.annotations ?? [:]
        Timestamp.annotate(&annotations, with: time)
        let isTooLarge = subsets.addressCount > [EndpointSubset].capacity
        annotations[Self.overCapacity] = isTooLarge ? "truncated" : nil
        let written = subsets.truncated.map(\.value)
        func edit(_ value: inout JSONValue) {
            value[path: "metadata", "labels"] = .map(labels)
            value[path: "metadata", "annotations"] = annotations.isEmpty ? nil : .map(annotations)
            value["subsets"] = written.isEmpty ? nil : .array(written)
        }
        do throws(StatusError) {
            let client = informers.client
            let stored: APIObject?
            if let current {
                stored = try client.update(current.key, uid: current.uid) { value in
                    edit(&value)
                    return true
                }
            } else {
                var value = Self.new(service.name)
                edit(&value)
                stored = try client.create(.endpoints, value)
            }
            if let stored { gate.note(stored.revision, of: .endpoints, for: service.name) }
        } catch {
            try report(error, of: service.name, current)
        }
    }

    private static func new(_ name: NamespacedName) -> JSONValue {
        [
            "kind": "Endpoints", "apiVersion": "v1",
            "metadata": ["name": .string(name.name), "namespace": .string(name.namespace)],
        ]
    }

    /// Tells of a write that failed, unless that was to be expected.
    private func report(_ error: StatusError, of name: NamespacedName, _ current: APIObject?) throws(StatusError) {
        if current == nil, error.isOfEndingNamespace { return }
        let reference = EventReference(
            kind: "Endpoints",
            namespace: name.namespace,
            name: name.name,
            uid: current?.uid ?? "",
            apiVersion: "v1",
            resourceVersion: current?.revision.description ?? ""
        )
        let (reason, action) =
            current == nil
            ? ("FailedToCreateEndpoint", "create endpoint for service")
            : ("FailedToUpdateEndpoint", "update endpoint")
        let message = "Failed to \(action) \(name.namespace)/\(name.name): \(error.message)"
        recorder.event(about: reference, type: .warning, reason: reason, message: message)
        throw error
    }
}

extension APIObject {
    /// Whether these Endpoints only say who leads some group of processes, as they did before there were Leases.
    var isLeaderElection: Bool { annotations["control-plane.alpha.kubernetes.io/leader"] != nil }
}
