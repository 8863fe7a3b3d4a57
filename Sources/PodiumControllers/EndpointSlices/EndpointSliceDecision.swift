// SPDX-License-Identifier: Apache-2.0
// How endpoints are distributed over EndpointSlices, so that few slices change and few are half empty.

import PodiumClient
import PodiumCodec
import PodiumMachinery

/// What is to be done about the slices of one family of addresses of a Service.
// Kubernetes: k8s.io/endpointslice/reconciler.go reconcileByAddressType
struct EndpointSliceDecision {
    /// The limits of a slice.
    enum Limits {
        static let maximumEndpoints = 100
    }

    private let template: SliceTemplate
    private let maximum: Int
    private(set) var writes: [SliceDraft] = []
    private(set) var deletions: [ManagedSlice] = []

    /// - Parameters:
    ///   - groups: the endpoints that there should be, by their ports.
    ///   - slices: the slices of this family that there are.
    ///   - maximum: how many endpoints a slice may have.
    init(
        _ template: SliceTemplate,
        _ groups: [EndpointGroup],
        _ slices: [ManagedSlice],
        maximum: Int = Limits.maximumEndpoints
    ) {
        self.template = template
        self.maximum = maximum
        let owned = slices.filter { template.owns($0.object) }
        deletions = slices.filter { !template.owns($0.object) }
        for group in groups {
            let ports = group.ports.sorted()
            distribute(group, over: owned.filter { $0.ports == ports })
        }
        let wanted = Set(groups.map { $0.ports.sorted() })
        deletions += owned.filter { !wanted.contains($0.ports) }
        keepOne(of: slices)
        setHints(slices)
        recycle()
    }

    /// Keeps endpoints where they are, then fills slices that change anyway, the fullest first, then one that has room
    /// for all the rest, and makes new ones last.
    ///
    ///     at most 3 a slice; a b c, d e, f to be b c d e f g h
    ///     a b c → b c g       changes anyway, has room for one
    ///     d e   → d e h       has room for all the rest, more closely than f
    // Kubernetes: k8s.io/endpointslice/reconciler.go reconcileByPortMapping
    private mutating func distribute(_ group: EndpointGroup, over slices: [ManagedSlice]) {
        var wanted = Dictionary(group.endpoints.map { ($0.identity, $0) }) { $1 }
        var changed: [SliceDraft] = []
        var unchanged: [ManagedSlice] = []
        for slice in slices {
            var kept: [SliceEndpoint] = []
            var isDifferent = false
            for endpoint in slice.endpoints {
                guard let new = wanted.removeValue(forKey: endpoint.identity) else { continue }
                kept.append(new)
                isDifferent = isDifferent || !new.isEqual(to: endpoint)
            }
            if isDifferent || kept.count != slice.endpoints.count {
                if kept.isEmpty {
                    deletions.append(slice)
                } else {
                    changed.append(template.change(of: slice, endpoints: kept))
                }
            } else if template.labelsDiffer(from: slice.object.labels) {
                changed.append(template.change(of: slice, endpoints: slice.endpoints))
            } else {
                unchanged.append(slice)
            }
        }
        var rest = group.endpoints.filter { wanted[$0.identity] != nil }[...]
        changed.sort { $0.endpoints.count > $1.endpoints.count }
        for index in changed.indices { fill(&changed[index], from: &rest) }
        while !rest.isEmpty {
            var draft = template.new(group.ports)
            if let index = bestFit(for: rest.count, in: unchanged) {
                draft = template.extension(of: unchanged[index])
                unchanged.remove(at: index)
            }
            fill(&draft, from: &rest)
            changed.append(draft)
        }
        writes += changed
    }

    private func fill(_ draft: inout SliceDraft, from rest: inout ArraySlice<SliceEndpoint>) {
        let room = max(0, maximum - draft.endpoints.count)
        draft.endpoints += rest.prefix(room)
        rest = rest.dropFirst(room)
    }

    /// The slice that `count` more endpoints fill best; nil when none has room for all of them.
    // Kubernetes: k8s.io/endpointslice/utils.go getSliceToFill
    private func bestFit(for count: Int, in slices: [ManagedSlice]) -> Int? {
        guard count < maximum else { return nil }
        let fitting = slices.indices.filter { slices[$0].endpoints.count + count <= maximum }
        return fitting.max { slices[$0].endpoints.count < slices[$1].endpoints.count }
    }

    /// Has one slice without endpoints say that there are none.
    private mutating func keepOne(of slices: [ManagedSlice]) {
        guard deletions.count == slices.count, writes.allSatisfy({ $0.base != nil }) else { return }
        let placeholder = template.new([])
        if let last = deletions.first, deletions.count == 1, template.isPlaceholder(last, like: placeholder) {
            deletions = []
        } else {
            writes.append(placeholder)
        }
    }

    private mutating func setHints(_ slices: [ManagedSlice]) {
        let hints = template.hints
        let touched = Set((writes.compactMap { $0.base?.object.name }) + deletions.map(\.object.name))
        for slice in slices where !touched.contains(slice.object.name) && hints.areMissing(in: slice.endpoints) {
            writes.append(template.extension(of: slice))
        }
        for index in writes.indices { hints.set(in: &writes[index].endpoints) }
    }

    /// Turns slices that would go into slices that are needed: watchers then see one change instead of two.
    // Kubernetes: k8s.io/endpointslice/reconciler.go finalize
    private mutating func recycle() {
        var rest: [ManagedSlice] = []
        for slice in deletions {
            if template.owns(slice.object), let index = writes.lastIndex(where: { $0.base == nil }) {
                writes[index].base = slice
                writes[index].isReplacement = true
            } else {
                rest.append(slice)
            }
        }
        deletions = rest
        // New ones first: an endpoint that moves is in two slices for a moment, never in none.
        writes = writes.filter { $0.base == nil } + writes.filter { $0.base != nil }
    }
}

/// What all slices of a Service have alike.
struct SliceTemplate {
    let service: PublishedService
    let family: String
    let manager: String
    let hints: TrafficHints

    private static let reserved = [
        ManagedSlices.Label.service, ManagedSlices.Label.manager, PublishedService.Mark.headless,
    ]

    init(_ service: PublishedService, family: String, manager: String) {
        self.service = service
        self.family = family
        self.manager = manager
        hints = TrafficHints(of: service.object)
    }

    /// The labels of the Service, and those that say what the slice is.
    // Kubernetes: k8s.io/endpointslice/utils.go setEndpointSliceLabels
    private var labels: [String: String] {
        var labels = service.object.labels
        labels[PublishedService.Mark.headless] = service.isHeadless ? "" : nil
        labels[ManagedSlices.Label.service] = service.name.name
        labels[ManagedSlices.Label.manager] = manager
        return labels
    }

    /// Whether a slice has other labels than its Service, those aside that say what it is.
    func labelsDiffer(from labels: [String: String]) -> Bool {
        func own(_ labels: [String: String]) -> [String: String] {
            labels.filter { !Self.reserved.contains($0.key) }
        }
        return own(labels) != own(service.object.labels)
    }

    func owns(_ slice: APIObject) -> Bool {
        OwnerReference.list(of: slice.value).contains {
            $0.uid == service.object.uid && $0.kind == PublishedService.type.kind && $0.apiVersion == "v1"
        }
    }

    /// A new slice.
    func new(_ ports: [SlicePort]) -> SliceDraft {
        SliceDraft(
            generateName: PodControl.prefix(of: service.name.name),
            family: family,
            ports: ports,
            labels: labels,
            owner: OwnerReference.controlling(service.object, PublishedService.type)
        )
    }

    /// `slice` with other endpoints and the labels of now.
    func change(of slice: ManagedSlice, endpoints: [SliceEndpoint]) -> SliceDraft {
        var draft = new(slice.ports)
        draft.base = slice
        draft.endpoints = endpoints
        draft.annotations = slice.object.annotations
        return draft
    }

    /// `slice` as it is, to be added to.
    func `extension`(of slice: ManagedSlice) -> SliceDraft {
        var draft = change(of: slice, endpoints: slice.endpoints)
        draft.labels = slice.object.labels
        return draft
    }

    /// Whether a slice says already what `placeholder` would.
    func isPlaceholder(_ slice: ManagedSlice, like placeholder: SliceDraft) -> Bool {
        slice.endpoints.isEmpty && slice.ports.isEmpty && slice.family == family
            && slice.object.labels == placeholder.labels
    }
}
