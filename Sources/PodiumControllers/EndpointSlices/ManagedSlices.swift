// SPDX-License-Identifier: Apache-2.0
// The EndpointSlices that a controller looks after, and which changes of them are its own.

import OrderedCollections
import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage

/// An EndpointSlice that there is.
struct ManagedSlice: Sendable {
    let object: APIObject
    let ports: [SlicePort]
    let endpoints: [SliceEndpoint]

    init(_ object: APIObject) {
        self.object = object
        ports = (object.value["ports"]?.elements.map { SlicePort($0) } ?? []).sorted()
        endpoints = object.value["endpoints"]?.elements.map { SliceEndpoint($0) } ?? []
    }

    var family: String { object.value["addressType"]?.string ?? "" }
}

/// An EndpointSlice as it is to be.
struct SliceDraft: Sendable {
    /// The slice that is changed; nil for a new one.
    var base: ManagedSlice?
    /// Whether nothing of what is changed stays but its name.
    var isReplacement = false
    /// What the name of a new one begins with; nil leaves a replacement without.
    var generateName: String?
    let family: String
    let ports: [SlicePort]
    var endpoints: [SliceEndpoint] = []
    var labels: [String: String]
    var annotations: [String: String] = [:]
    let owner: JSONValue

    /// The slice as an object.
    func value(in namespace: String) -> JSONValue {
        var metadata: JSONObject = [:]
        if let generateName { metadata["generateName"] = .string(generateName) }
        metadata["namespace"] = .string(namespace)
        var value: JSONValue = [
            "kind": "EndpointSlice", "apiVersion": "discovery.k8s.io/v1", "metadata": .object(metadata),
            "addressType": .string(family),
        ]
        write(to: &value)
        return value
    }

    /// Writes what changes into the object of `base`.
    func write(to value: inout JSONValue) {
        if base == nil || isReplacement {
            value[path: "metadata", "generateName"] = generateName.map { .string($0) }
            value[path: "metadata", "ownerReferences"] = [owner]
            value["ports"] = .array(ports.map(\.value))
        }
        value[path: "metadata", "labels"] = .map(labels)
        value[path: "metadata", "annotations"] = annotations.isEmpty ? nil : .map(annotations)
        value["endpoints"] = .array(endpoints.map(\.value))
    }
}

/// The EndpointSlices of one manager, by the Services that they are for.
// State | guarded by | why separate
// state | queue | the queue of the informers, whose changes it follows
// Kubernetes: k8s.io/endpointslice/util/endpointslice_tracker.go
final class ManagedSlices: Sendable {
    enum Label {
        static let service = "kubernetes.io/service-name"
        static let manager = "endpointslice.kubernetes.io/managed-by"
    }

    fileprivate struct State {
        /// By Service, in the order in which they came.
        var slices: [NamespacedName: OrderedSet<NamespacedName>] = [:]
        /// The generations of slices as they were written here last.
        var written: [NamespacedName: Int64] = [:]
        /// What was deleted here and has not gone yet.
        var deleted: Set<NamespacedName> = []
        /// Services that were to be looked at before the last write for them came back.
        var waiting: Set<NamespacedName> = []
    }

    let manager: String
    private let informers: SharedInformers
    private let gate: OwnWriteGate<NamespacedName>
    private let state: Confined<State>

    init(of manager: String, informers: SharedInformers) {
        self.manager = manager
        self.informers = informers
        gate = OwnWriteGate(informers: informers)
        state = Confined(State(), on: informers.queue)
    }

    /// Follows the slices.
    /// - Parameter delay: how long after somebody else changed one `controller` looks at its Service.
    func watch(_ controller: Controller<NamespacedName>, delay: Duration = .zero) {
        informers.handle(.endpointSlices) { [weak self] event in
            guard let self else { return }
            let (changed, awaited) = self.take(event)
            // What has come back is forgotten, although nobody may look at that Service again.
            if case .deleted(let slice) = event, let service = self.managedService(of: slice) {
                _ = self.gate.isOpen(for: service)
            }
            for service in awaited { controller.add(service) }
            for service in changed {
                if delay > .zero { controller.add(service, after: delay) } else { controller.add(service) }
            }
        }
        gate.watch([.endpointSlices], controller)
    }

    /// The slices for `service` that are not on their way out.
    func slices(for service: NamespacedName) -> [ManagedSlice] {
        let names = state.withState { $0.slices[service] ?? [] }
        return names.compactMap { informers.object(.endpointSlices, $0) }.filter { !$0.isTerminating }
            .map { ManagedSlice($0) }
    }

    /// Whether everything that was written for `service` is known. If it is not, the Service comes again when it is.
    func areKnown(for service: NamespacedName) -> Bool {
        if gate.isOpen(for: service) { return true }
        state.withState { _ = $0.waiting.insert(service) }
        return false
    }

    func forget(_ service: NamespacedName) { gate.forget(service) }

    // MARK: Changes

    /// - Returns: the Services whose slices somebody else has changed, and those that waited for this change.
    private func take(_ event: InformerEvent) -> (changed: Set<NamespacedName>, awaited: [NamespacedName]) {
        let old: APIObject?
        let new: APIObject?
        switch event {
        case .added(let object): (old, new) = (nil, object)
        case .updated(let before, let object): (old, new) = (before, object)
        case .deleted(let object): (old, new) = (object, nil)
        }
        let name = event.object.key.name
        let (before, after) = (old.flatMap(managedService), new.flatMap(managedService))
        return state.withState { state in
            if let before, before != after {
                state.slices[before]?.remove(name)
                if state.slices[before]?.isEmpty == true { state.slices[before] = nil }
            }
            if let after { state.slices[after, default: []].append(name) }
            let isOwn = state.isOwn(name, new)
            let awaited = [before, after].compactMap { $0 }.filter { state.waiting.remove($0) != nil }
            // A slice that is for another Service now, or for none of this manager's, concerns both.
            let isMoved = before != after && old != nil && new != nil
            let changed = isMoved ? [before, after] : isOwn ? [] : [after ?? before]
            return (Set(changed.compactMap { $0 }), awaited)
        }
    }

    /// The Service that a slice of this manager is for.
    private func managedService(of slice: APIObject) -> NamespacedName? {
        guard slice.labels[Label.manager] == manager, let service = slice.labels[Label.service], !service.isEmpty
        else { return nil }
        return NamespacedName(namespace: slice.namespace, name: service)
    }

    // MARK: Writes

    /// Creates or changes a slice for `service`.
    func write(_ draft: SliceDraft, for service: NamespacedName) throws(StatusError) {
        let client = informers.client
        let stored: APIObject?
        if let base = draft.base?.object {
            stored = try client.update(base.key, uid: base.uid) { value in
                draft.write(to: &value)
                return true
            }
        } else {
            stored = try client.create(.endpointSlices, draft.value(in: service.namespace))
        }
        guard let stored else { return }
        state.withState { $0.written[stored.key.name] = stored.generation }
        gate.note(stored.revision, of: .endpointSlices, for: service)
    }

    /// Deletes a slice for `service`, if it is still there.
    func delete(_ slice: ManagedSlice, for service: NamespacedName) throws(StatusError) {
        let object = slice.object
        try StatusError.ignoringAbsence { () throws(StatusError) in
            guard let revision = try informers.client.delete(object.key, uid: object.uid) else { return }
            state.withState { _ = $0.deleted.insert(object.key.name) }
            gate.note(revision, of: .endpointSlices, for: service)
        }
    }
}

extension ManagedSlices.State {
    /// Whether a change of a slice was made here, or says no more than what was.
    fileprivate mutating func isOwn(_ name: NamespacedName, _ new: APIObject?) -> Bool {
        if let new { return written[name].map { new.generation <= $0 } ?? false }
        written[name] = nil
        return deleted.remove(name) != nil
    }
}
