// SPDX-License-Identifier: Apache-2.0
// Mirrors Endpoints that somebody made by hand into EndpointSlices, for whoever reads only those.

import PodiumClient
import PodiumHost
import PodiumMachinery
import PodiumStorage

/// The controller that mirrors Endpoints of Services without a selector.
// Kubernetes: pkg/controller/endpointslicemirroring/endpointslicemirroring_controller.go
final class EndpointSliceMirroringController: InformedReconciler {
    static let name = "endpointslice-mirroring-controller"
    static let backoff = Backoff(initial: .seconds(1), maximum: .seconds(100))

    private static let component = "endpoint-slice-mirroring-controller"
    private static let manager = "endpointslicemirroring-controller.k8s.io"
    private static let skip = "endpointslice.kubernetes.io/skip-mirror"

    private let informers: SharedInformers
    private let slices: ManagedSlices
    private let recorder: EventRecorder

    init(informers: SharedInformers) {
        self.informers = informers
        slices = ManagedSlices(of: Self.manager, informers: informers)
        recorder = EventRecorder(client: informers.client, component: Self.component, queue: informers.queue)
    }

    func watch(_ controller: Controller<NamespacedName>) {
        informers.handle(.endpoints) { event in
            let isMirrored =
                switch event {
                case .added(let object), .deleted(let object): Self.isMirrored(object)
                case .updated(let old, let new): Self.isMirrored(old) || Self.isMirrored(new)
                }
            if isMirrored { controller.add(event.object.key.name) }
        }
        informers.handle(.services) { event in
            let isConcerned =
                switch event {
                case .added(let service), .deleted(let service): !Self.selects(service)
                case .updated(let old, let new): Self.selects(old) != Self.selects(new)
                }
            if isConcerned { controller.add(event.object.key.name) }
        }
        slices.watch(controller)
    }

    private static func selects(_ service: APIObject) -> Bool { PublishedService.selector(of: service) != nil }

    private static func isMirrored(_ endpoints: APIObject) -> Bool {
        endpoints.labels[skip] != "true" && !endpoints.isLeaderElection
    }

    func reconcile(_ name: NamespacedName) throws -> ReconcileResult {
        guard let endpoints = informers.object(.endpoints, name), Self.isMirrored(endpoints),
            let service = informers.object(.services, name), !Self.selects(service)
        else {
            slices.forget(name)
            for slice in slices.slices(for: name) { try slices.delete(slice, for: name) }
            return .done
        }
        guard slices.areKnown(for: name) else { return .done }
        let mirror = EndpointsMirror(endpoints, slices.slices(for: name), manager: slices.manager)
        report(mirror, about: endpoints)
        for draft in mirror.writes where draft.base != nil || !endpoints.isTerminating {
            do throws(StatusError) {
                try slices.write(draft, for: name)
            } catch {
                if draft.base == nil, error.isOfEndingNamespace { return .done }
                throw error
            }
        }
        for slice in mirror.deletions { try slices.delete(slice, for: name) }
        return .done
    }

    /// Tells of addresses that are left out.
    private func report(_ mirror: EndpointsMirror, about endpoints: APIObject) {
        func warn(_ reason: String, _ message: String) {
            recorder.event(about: endpoints, type: .warning, reason: reason, message: message)
        }
        let invalid = mirror.invalidCount
        if invalid > 0 {
            let message = "Skipped \(invalid) invalid IP addresses when mirroring to EndpointSlices"
            warn("InvalidIPAddress", message)
        }
        if mirror.skippedCount > invalid {
            let maximum = EndpointsMirror.Limits.maximumEndpoints
            let message =
                "A max of \(maximum) addresses can be mirrored to EndpointSlices per Endpoints subset. "
                + "\(mirror.skippedCount) addresses were skipped"
            warn("TooManyAddressesToMirror", message)
        }
    }
}
