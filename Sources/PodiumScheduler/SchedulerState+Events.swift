// SPDX-License-Identifier: Apache-2.0
// How changes of objects change what the scheduler knows, and which pods they make it try again.

import OrderedCollections
package import PodiumClient
import PodiumCodec
package import PodiumMachinery
import PodiumPodModel
import PodiumStorage

extension SchedulerState {
    /// A pod came, changed or went.
    package mutating func podChanged(_ event: InformerEvent, now: Timestamp) {
        if case .updated(let old, let new) = event, isOfNoConcern(old, new) { return }
        let pod = SchedulingPod(event.object)
        if case .deleted = event { return forget(pod.name, now: now) }
        // A new pod of an old name, when the deletion in between was not seen.
        if let known = cache.placedPod(pod.name) ?? queue.pod(pod.name), known.uid != pod.uid {
            forget(pod.name, now: now)
        }
        if pod.isTerminal {
            forget(pod.name, now: now)
        } else if !pod.nodeName.isEmpty {
            podIsPlaced(pod, now: now)
        } else if pod.schedulerName == schedulerName || pod.schedulerName.isEmpty {
            podIsWaiting(pod, now: now)
        }
    }

    /// Whether a change of a pod on a node is nothing that scheduling depends on, as most changes of its status are:
    /// then its tree need not be read.
    private func isOfNoConcern(_ old: APIObject, _ new: APIObject) -> Bool {
        guard let known = cache.placedPod(new.key.name), known.uid == new.uid, assumed[known.name] == nil else {
            return false
        }
        // Of a pod that was resized the status says what it takes.
        return known.generation <= 1 && known.startTime != nil && old.isTerminalPod == new.isTerminalPod
            && known.nominatedNodeName == (new.stored.facts.fields["status.nominatedNodeName"] ?? "")
            && old.stored.hasSameSpec(as: new.stored) && old.stored.hasSameMetadata(as: new.stored)
    }

    private mutating func podIsPlaced(_ pod: SchedulingPod, now: Timestamp) {
        let known = cache.placedPod(pod.name)
        let isConfirmation = assumed.removeValue(forKey: pod.name) != nil
        cache.place(pod, on: pod.nodeName)
        queue.remove(pod.name)
        nominated.remove(pod.name)
        if let known, !isConfirmation {
            retry(after: .podUpdated(old: known, new: pod), now: now)
        } else {
            retry(after: .podAdded(pod), now: now)
        }
    }

    private mutating func podIsWaiting(_ pod: SchedulingPod, now: Timestamp) {
        // It is on its way to a node; the change of its binding will come.
        if assumed[pod.name] == pod.uid { return }
        guard let known = queue.pod(pod.name) else {
            if !pod.nominatedNodeName.isEmpty { nominated.set(pod, to: pod.nominatedNodeName) }
            return queue.add(pod, now: now)
        }
        let isCleared = pod.nominatedNodeName.isEmpty && !known.nominatedNodeName.isEmpty
        let node = isCleared ? "" : pod.nominatedNodeName
        nominated.set(pod, to: node.isEmpty && !isCleared ? nominated.node(of: pod.name) ?? "" : node)
        let framework = algorithm.framework
        queue.update(pod, now: now) { old, rejectors in
            framework.mayFit(pod, rejectedBy: rejectors, after: .selfUpdated(old: old, new: pod))
        }
    }

    private mutating func forget(_ name: NamespacedName, now: Timestamp) {
        let waiting = queue.pod(name)
        queue.remove(name)
        let wasNominated = nominated.node(of: name) != nil
        nominated.remove(name)
        assumed[name] = nil
        awaitingVolumes[name] = nil
        if let pod = cache.remove(name) ?? (wasNominated ? waiting : nil) {
            retry(after: .podDeleted(pod), now: now)
        }
    }

    /// A node came, changed or went.
    package mutating func nodeChanged(_ event: InformerEvent, now: Timestamp) {
        let node = SchedulingNode(event.object)
        if case .deleted = event {
            cache.removeNode(node.name)
            return retry(after: .nodeDeleted(node), now: now)
        }
        guard let old = cache.node(node.name)?.node else {
            cache.set(node)
            return retry(after: .nodeAdded(node), now: now)
        }
        if old.isEquivalent(to: node) { return }
        cache.set(node)
        retry(after: .nodeUpdated(old: old, new: node), now: now)
    }

    /// A namespace came, changed or went.
    package mutating func namespaceChanged(_ event: InformerEvent, now: Timestamp) {
        let name = event.object.name
        if case .deleted = event {
            cache.namespaceLabels[name] = nil
            return
        }
        let labels = event.object.labels
        if cache.namespaceLabels.updateValue(labels, forKey: name) != labels {
            retry(after: .namespaceChanged(name), now: now)
        }
    }

    /// A Service came, changed or went.
    package mutating func serviceChanged(_ event: InformerEvent) {
        let object = event.object
        if case .deleted = event {
            cache.serviceSelectors[object.namespace]?[object.name] = nil
        } else {
            let selector = object.spec["selector"]?.stringMap ?? [:]
            cache.serviceSelectors[object.namespace, default: [:]][object.name] = selector
        }
    }

    /// A controller that owns pods came, changed or went.
    // Kubernetes: pkg/scheduler/framework/plugins/helper/spread.go DefaultSelector
    package mutating func ownerChanged(_ kind: OwnerKind, _ event: InformerEvent) {
        let object = event.object
        let owner = SchedulingPod.Owner(group: kind.resource.group, kind: kind.rawValue, name: object.name)
        var selector: LabelSelector?
        if case .deleted = event {
            selector = nil
        } else {
            selector = kind.selector(object.spec["selector"])
        }
        cache.ownerSelectors[object.namespace, default: [:]][owner] = selector
    }

    /// A disruption budget came, changed or went.
    package mutating func budgetChanged(_ event: InformerEvent) {
        let name = event.object.key.name
        if case .deleted = event { budgets[name] = nil } else { budgets[name] = DisruptionBudget(event.object) }
    }

    /// A claim, a volume or a storage class came, changed or went.
    package mutating func storageChanged(_ event: InformerEvent, now: Timestamp) {
        let object = event.object
        let value: JSONValue? = if case .deleted = event { nil } else { object.value }
        switch object.key.resource {
        case .persistentVolumeClaims: cache.claims[object.key.name] = value.map { VolumeClaim($0) }
        case .persistentVolumes:
            cache.volumes[object.name] = value.map { PersistentVolume($0) }
            cache.assumedVolumes[object.name] = nil
        default: cache.storageClasses[object.name] = value.map { VolumeClass($0) }
        }
        if value != nil { retry(after: .storageChanged, now: now) }
    }
}

extension GroupResource {
    static let disruptionBudgets = GroupResource(group: "policy", resource: "poddisruptionbudgets")
}
