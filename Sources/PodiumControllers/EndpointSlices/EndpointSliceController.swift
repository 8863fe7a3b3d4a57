// SPDX-License-Identifier: Apache-2.0
// Writes the pods that a Service selects into EndpointSlices.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage

/// The controller of EndpointSlices.
// State | guarded by | why separate
// times | queue | the queue of the informers
// Kubernetes: pkg/controller/endpointslice/endpointslice_controller.go
final class EndpointSliceController: InformedReconciler {
    static let name = "endpointslice-controller"
    /// What failed is tried again after a second: many slices may have to be written for one change.
    static let backoff = Backoff(initial: .seconds(1), maximum: .seconds(1000))

    private static let component = "endpoint-slice-controller"
    private static let manager = "endpointslice-controller.k8s.io"
    private static let zone = "topology.kubernetes.io/zone"
    /// How long slices may be changed by others before they are put right.
    private static let delay = Duration.seconds(1)

    /// Why a Service was not published in full.
    private struct Failure: Error, CustomStringConvertible {
        let messages: [String]

        /// As Go prints several errors as one.
        var description: String {
            messages.count == 1 ? messages[0] : "[\(messages.joined(separator: ", "))]"
        }
    }

    private let informers: SharedInformers
    private let pods: ServicePods
    private let slices: ManagedSlices
    private let recorder: EventRecorder
    private let times: Confined<TriggerTimes>

    init(informers: SharedInformers, pods: ServicePods) {
        self.informers = informers
        self.pods = pods
        slices = ManagedSlices(of: Self.manager, informers: informers)
        recorder = EventRecorder(client: informers.client, component: Self.component, queue: informers.queue)
        times = Confined(TriggerTimes(), on: informers.queue)
    }

    func watch(_ controller: Controller<NamespacedName>) {
        informers.handle(.services) { event in controller.add(event.object.key.name) }
        pods.follow(with: controller)
        // Where a pod's node stands is looked up when the pod is published.
        informers.handle(.nodes) { _ in }
        slices.watch(controller, delay: Self.delay)
    }

    func reconcile(_ name: NamespacedName) throws -> ReconcileResult {
        guard let object = informers.object(.services, name) else {
            times.withState { $0.forget(name) }
            slices.forget(name)
            return .done
        }
        guard let service = PublishedService(object) else { return .done }
        guard slices.areKnown(for: name) else { return .done }
        let selected = pods.pods(of: name)
        let time = times.withState { $0.next(for: service, selected) }
        var messages: [String] = []
        for family in service.families {
            messages += publish(selected, of: service, family, time)
        }
        messages += removeSlices(of: service)
        if messages.isEmpty { return .done }
        let failure = Failure(messages: messages)
        let message = "Error updating Endpoint Slices for Service \(name.namespace)/\(name.name): \(failure)"
        recorder.event(about: object, type: .warning, reason: "FailedToUpdateEndpointSlices", message: message)
        throw failure
    }

    /// Brings the slices of one family of addresses up to date.
    /// - Returns: what went wrong.
    private func publish(
        _ pods: [EndpointPod],
        of service: PublishedService,
        _ family: String,
        _ time: Timestamp?
    ) -> [String] {
        let (groups, missing) = groups(of: pods, in: service, family)
        let known = slices.slices(for: service.name).filter { $0.family == family }
        let template = SliceTemplate(service, family: family, manager: Self.manager)
        let decision = EndpointSliceDecision(template, groups, known)
        let messages = missing.map { pod in
            "skipping Pod \(pod.name.name) for Service \(service.name): Node \(pod.nodeName) Not Found"
        }
        return messages + (carryOut(decision, for: service, time).map { [$0] } ?? [])
    }

    /// The endpoints that there should be, by their ports, and the pods that are left out because their node is gone.
    private func groups(
        of pods: [EndpointPod],
        in service: PublishedService,
        _ family: String
    ) -> (groups: [EndpointGroup], missing: [EndpointPod]) {
        var groups: [EndpointGroup] = []
        var places: [[SlicePort]: Int] = [:]
        var missing: [EndpointPod] = []
        for pod in pods where pod.isPublished(includingTerminating: true) {
            let ports = SlicePort.ports(of: service, on: pod)
            let place = places[ports] ?? groups.count
            if place == groups.count {
                places[ports] = place
                groups.append(EndpointGroup(ports))
            }
            let node = informers.object(.nodes, pod.nodeName)
            if node == nil, !service.publishesUnready {
                missing.append(pod)
                continue
            }
            let zone = node?.labels[Self.zone]
            if let endpoint = SliceEndpoint(of: pod, in: service, zone: zone, family: family) {
                groups[place].insert(endpoint)
            }
        }
        return (groups, missing)
    }

    /// - Returns: what went wrong first; the rest is left then.
    private func carryOut(
        _ decision: EndpointSliceDecision,
        for service: PublishedService,
        _ time: Timestamp?
    ) -> String? {
        let name = service.name
        for draft in decision.writes {
            // The garbage collector is about to take them all.
            if draft.base == nil, service.object.isTerminating { continue }
            var draft = draft
            Timestamp.annotate(&draft.annotations, with: time)
            do throws(StatusError) {
                try slices.write(draft, for: name)
            } catch {
                if draft.base == nil, error.isOfEndingNamespace { return nil }
                let action = draft.base.map { "update \($0.object.name)" } ?? "create"
                return "failed to \(action) EndpointSlice for Service \(name): \(error.message)"
            }
        }
        for slice in decision.deletions {
            do throws(StatusError) {
                try slices.delete(slice, for: name)
            } catch {
                let action = "delete \(slice.object.name)"
                return "failed to \(action) EndpointSlice for Service \(name): \(error.message)"
            }
        }
        return nil
    }

    /// Deletes the slices of families that the Service does not have any more.
    /// - Returns: what went wrong.
    private func removeSlices(of service: PublishedService) -> [String] {
        slices.slices(for: service.name).filter { !service.families.contains($0.family) }.compactMap { slice in
            do throws(StatusError) {
                try slices.delete(slice, for: service.name)
                return nil
            } catch {
                let name = slice.object.name
                return "error deleting \(name) EndpointSlice for Service \(service.name): \(error.message)"
            }
        }
    }
}
