// SPDX-License-Identifier: Apache-2.0
// The kubelets of a cluster: which nodes have one, which pods it gets, and the beat of their leases.

import Logging
import OrderedCollections
import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage

/// A pod that was given to a kubelet.
struct PlacedPod: Hashable, Sendable {
    let uid: String
    let node: String
}

/// The kubelets of a cluster. Used on the cluster's queue only; each kubelet has a queue of its own, so that a
/// container that works without end slows its node at most.
final class KubeletCluster {
    let surroundings: KubeletSurroundings
    let queue: any SerialQueue
    let roster: KubeletRoster
    private(set) var kubelets: OrderedDictionary<String, Confined<NodeKubelet>> = [:]
    /// The newest pod of each name that has a kubelet.
    var placed: [NamespacedName: PlacedPod] = [:]
    /// The pods bound to nodes that have no kubelet yet.
    var unclaimed: [NamespacedName: StoredObject] = [:]
    /// The namespaces whose pods are left to the client.
    var manualNamespaces: Set<String> = []
    private weak var confinement: Confined<KubeletCluster>?
    private var heartbeat: (any Cancellable)?
    private var renewals = 0

    init(_ surroundings: KubeletSurroundings, queue: any SerialQueue, roster: KubeletRoster) {
        self.surroundings = surroundings
        self.queue = queue
        self.roster = roster
    }

    func begin(_ confinement: Confined<KubeletCluster>) {
        self.confinement = confinement
        surroundings.memory.whenShort { [weak confinement] in
            confinement?.async { for kubelet in $0.kubelets.values { kubelet.async { $0.noteMemoryShortage() } } }
        }
    }

    func end() {
        heartbeat?.cancel()
        heartbeat = nil
        for kubelet in kubelets.values { kubelet.async { $0.stop() } }
        kubelets = [:]
        placed = [:]
        unclaimed = [:]
        surroundings.logs.removeAll()
        surroundings.usages.removeAll()
    }

    /// As long as there are kubelets.
    private func scheduleHeartbeat() {
        guard !kubelets.isEmpty else {
            heartbeat = nil
            return
        }
        let next = surroundings.now + surroundings.configuration.latencies.leasePeriod
        heartbeat = queue.schedule(at: next) { [weak confinement] in
            confinement?.withState { $0.beat() }
        }
    }

    /// Renews the leases of all nodes; now and then reports their status.
    private func beat() {
        renewals += 1
        let latencies = surroundings.configuration.latencies
        let isReportDue = renewals % Int(latencies.reportPeriod / latencies.leasePeriod) == 0
        for kubelet in kubelets.values {
            kubelet.async { kubelet in
                guard kubelet.isAnswering else { return }
                kubelet.renewLease(isReportDue: isReportDue)
                kubelet.settleDebts()
            }
        }
        scheduleHeartbeat()
    }

    // What informers tell

    func noteService(_ event: InformerEvent) {
        let service = event.object
        var isDeleted = false
        if case .deleted = event { isDeleted = true }
        let old = surroundings.network.note(service, isDeleted: isDeleted)
        if old?.spec == (isDeleted ? nil : service.spec) { return }
        // What a Service aims at is expected of the pods that run already, too.
        for node in nodes(withPodsIn: service.namespace) {
            kubelets[node]?.async { $0.noteServices(in: service.namespace) }
        }
    }

    /// Follows the slices of Services that select no pods: for all others the pods themselves are asked.
    func noteSlice(_ event: InformerEvent) {
        let slice = event.object
        if case .updated(let old, _) = event, let service = SliceFace.service(of: old) {
            surroundings.network.note(nil, named: old.name, for: service)
        }
        guard let service = SliceFace.service(of: slice) else { return }
        let isGone = if case .deleted = event { true } else { false }
        surroundings.network.note(isGone ? nil : SliceFace(slice), named: slice.name, for: service)
    }

    func noteNode(_ event: InformerEvent) {
        guard surroundings.configuration.isEnabled else { return }
        let node = event.object
        let isManual = node.annotations[NodeDocument.kubeletAnnotation] == "none"
        switch event {
        case .added, .updated:
            if isManual {
                if kubelets[node.name] != nil { drop(node.name) }
            } else if let kubelet = kubelets[node.name] {
                kubelet.async { $0.noteNode(node) }
            } else {
                adopt(node)
            }
        case .deleted: kubelets[node.name]?.async { $0.noteNodeRemoved() }
        }
    }

    private func adopt(_ node: APIObject) {
        let written = node.status["addresses"]?.elements.first { $0["type"]?.string == "InternalIP" }?["address"]?
            .string
        guard let address = written ?? surroundings.network.allocateNode() else {
            surroundings.client.host.logger.warning("node \(node.name) gets no kubelet: no address is left")
            return
        }
        surroundings.network.add(node.name, at: address)
        let queue = surroundings.client.host.scheduling.makeQueue(label: "kubelet.\(node.name)")
        let kubelet = Confined(NodeKubelet(node, at: address, in: surroundings, on: queue), on: queue)
        kubelets[node.name] = kubelet
        if heartbeat == nil { scheduleHeartbeat() }
        roster.insert(node.name)
        kubelet.async { [kubelet] in
            $0.begin(kubelet)
            $0.noteNode(node)
        }
        let waiting = unclaimed.values.filter { Self.nodeName(of: $0) == node.name }
        for pod in waiting.sorted(by: { $0.revision < $1.revision }) { place(pod) }
    }

    private func drop(_ name: String) {
        kubelets[name]?.async { $0.stop() }
        kubelets[name] = nil
        roster.remove(name)
        placed = placed.filter { $0.value.node != name }
    }

    func setPower(_ power: NodePower, of node: String) { kubelets[node]?.async { $0.setPower(power) } }
}
