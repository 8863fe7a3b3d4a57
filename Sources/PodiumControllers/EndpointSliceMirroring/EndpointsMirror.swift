// SPDX-License-Identifier: Apache-2.0
// What the EndpointSlices of Endpoints made by hand are to be: one for each subset and family of addresses.

import OrderedCollections
import PodiumClient
import PodiumCodec
import PodiumMachinery

/// What is to be done about the slices that mirror Endpoints.
// Kubernetes: pkg/controller/endpointslicemirroring/reconciler.go
struct EndpointsMirror {
    /// The limits of what is mirrored.
    enum Limits {
        /// How many addresses of a subset are mirrored; the rest is left out, with an Event.
        static let maximumEndpoints = 1000
    }

    private struct Key: Hashable {
        let family: String
        let ports: [SlicePort]
    }

    static let type = OwnerType(resource: .endpoints, apiVersion: "v1", kind: "Endpoints")
    private static let families = ["IPv4", "IPv6"]
    private static let lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

    private let endpoints: APIObject
    private let manager: String
    private(set) var writes: [SliceDraft] = []
    private(set) var deletions: [ManagedSlice] = []
    /// How many addresses are none.
    private(set) var invalidCount = 0
    /// How many are left out, those that are none included.
    private(set) var skippedCount = 0

    /// - Parameter slices: those that mirror `endpoints` now.
    init(_ endpoints: APIObject, _ slices: [ManagedSlice], manager: String) {
        self.endpoints = endpoints
        self.manager = manager
        let known = Dictionary(grouping: slices) { Key(family: $0.family, ports: $0.ports) }
        let groups = desired()
        for (key, group) in groups { mirror(group, as: key, in: known[key] ?? []) }
        deletions += slices.filter { groups[Key(family: $0.family, ports: $0.ports)] == nil }
        recycle()
    }

    private mutating func desired() -> OrderedDictionary<Key, EndpointGroup> {
        var groups: OrderedDictionary<Key, EndpointGroup> = [:]
        let subsets = endpoints.value["subsets"]?.elements.map { EndpointSubset($0) } ?? []
        for subset in EndpointSubset.repacked(subsets) {
            let ports = subset.ports.map { SlicePort($0) }
            for family in Self.families {
                let key = Key(family: family, ports: ports.sorted())
                if groups[key] == nil { groups[key] = EndpointGroup(ports) }
            }
            var count = 0
            for (addresses, isReady) in [(subset.ready, true), (subset.unready, false)] {
                for address in addresses where count < Limits.maximumEndpoints {
                    guard let (family, endpoint) = Self.endpoint(address.value, isReady: isReady) else {
                        invalidCount += 1
                        continue
                    }
                    groups[Key(family: family, ports: ports.sorted())]?.insert(endpoint)
                    count += 1
                }
            }
            skippedCount += subset.count - count
        }
        return groups
    }

    // Kubernetes: pkg/controller/endpointslicemirroring/utils.go addressToEndpoint
    private static func endpoint(_ address: JSONValue, isReady: Bool) -> (family: String, SliceEndpoint)? {
        guard let ip = IPAddress(address["ip"]?.string ?? "") else { return nil }
        var value: JSONObject = [
            "addresses": [.string(ip.description)], "conditions": ["ready": .bool(isReady)],
        ]
        for member in ["hostname", "targetRef", "nodeName"] { value[member] = address[member] }
        return (ip.family, SliceEndpoint(.object(value)))
    }

    private mutating func mirror(_ group: EndpointGroup, as key: Key, in slices: [ManagedSlice]) {
        guard !group.endpoints.isEmpty else {
            deletions += slices
            return
        }
        deletions += slices.dropFirst()
        if let slice = slices.first, says(slice, group) { return }
        var draft = SliceDraft(
            base: slices.first,
            isReplacement: slices.first != nil,
            generateName: slices.isEmpty ? PodControl.prefix(of: endpoints.name) : nil,
            family: key.family,
            ports: group.ports,
            labels: endpoints.labels,
            annotations: annotations,
            owner: OwnerReference.controlling(endpoints, Self.type)
        )
        draft.labels[ManagedSlices.Label.service] = endpoints.name
        draft.labels[ManagedSlices.Label.manager] = manager
        draft.endpoints = Array(group.endpoints.prefix(Limits.maximumEndpoints))
        writes.append(draft)
    }

    /// Those of the Endpoints' annotations that are mirrored.
    private var annotations: [String: String] {
        var annotations = endpoints.annotations
        annotations[PublishedService.Mark.triggerTime] = nil
        annotations[Self.lastApplied] = nil
        return annotations
    }

    /// Whether a slice says already what it should.
    private func says(_ slice: ManagedSlice, _ group: EndpointGroup) -> Bool {
        var labels = slice.object.labels
        labels[ManagedSlices.Label.service] = nil
        labels[ManagedSlices.Label.manager] = nil
        guard labels == endpoints.labels, slice.object.annotations == annotations,
            slice.endpoints.count == group.endpoints.count
        else { return false }
        let known = Dictionary(slice.endpoints.map { ($0.identity, $0) }) { $1 }
        return group.endpoints.allSatisfy { endpoint in
            known[endpoint.identity].map { $0.isEqual(to: endpoint) } ?? false
        }
    }

    /// Turns slices that would go into slices that are needed.
    // Kubernetes: pkg/controller/endpointslicemirroring/reconciler_helpers.go recycleSlices
    private mutating func recycle() {
        for index in writes.indices where writes[index].base == nil {
            let family = writes[index].family
            guard let place = deletions.firstIndex(where: { $0.family == family }) else { continue }
            writes[index].base = deletions.remove(at: place)
            writes[index].isReplacement = true
        }
        writes = writes.filter { $0.base == nil } + writes.filter { $0.base != nil }
    }
}

extension SlicePort {
    fileprivate init(_ port: EndpointSubset.Port) {
        self.init(
            name: port.name,
            transport: port.transport,
            number: port.number,
            application: port.application
        )
    }
}
