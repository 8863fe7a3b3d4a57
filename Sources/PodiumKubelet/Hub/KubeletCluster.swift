// SPDX-License-Identifier: Apache-2.0
// What the kubelets of a cluster share: addresses, Services, timers, the way into the API.

import Logging
import OrderedCollections
import PodiumCodec
import PodiumController
import PodiumHost
import PodiumMachinery
import PodiumRuntime
import PodiumStorage

/// The kubelets of a cluster and what they share. Used on their queue only.
final class KubeletCluster {
    /// How often kubelets show that they are alive.
    private static let leaseInterval: Duration = .seconds(10)
    /// After how many renewals of the lease the Node's status is written although nothing changed.
    private static let renewalsPerReport = 30

    let client: ResourceClient
    let configuration: KubeletConfiguration
    let queue: any SerialQueue
    let logs: PodLogs
    let roster: KubeletRoster
    let images: ImageRegistry
    var addresses = ClusterAddresses()
    private(set) var kubelets: OrderedDictionary<String, NodeKubelet> = [:]
    private(set) var services: [NamespacedName: APIObject] = [:]
    /// The newest pod of each name that has a kubelet.
    var placed: [NamespacedName: PodEntry] = [:]
    /// The pods bound to nodes that have no kubelet yet.
    var unclaimed: [NamespacedName: StoredObject] = [:]
    var addressed: [String: PodEntry] = [:]
    var namespaces: [String: (revision: Revision, isManual: Bool)] = [:]
    private weak var confinement: Confined<KubeletCluster>?
    private var heartbeat: (any Cancellable)?
    private var renewals = 0

    init(
        client: ResourceClient,
        configuration: KubeletConfiguration,
        queue: any SerialQueue,
        logs: PodLogs,
        roster: KubeletRoster
    ) {
        self.client = client
        self.configuration = configuration
        self.queue = queue
        self.logs = logs
        self.roster = roster
        images = configuration.images
    }

    var now: Timestamp { client.host.clock.now }

    func begin(_ confinement: Confined<KubeletCluster>) {
        self.confinement = confinement
    }

    func end() {
        heartbeat?.cancel()
        heartbeat = nil
        for kubelet in kubelets.values { kubelet.stop() }
        kubelets = [:]
        placed = [:]
        unclaimed = [:]
        addressed = [:]
        logs.removeAll()
    }

    /// Runs `work` on the queue at `deadline`.
    func schedule(at deadline: Timestamp, _ work: @escaping @Sendable (KubeletCluster) -> Void) -> any Cancellable {
        queue.schedule(at: deadline) { [weak confinement] in confinement?.withState { work($0) } }
    }

    /// Writes to the API. That an object is gone or exists already is what a kubelet lives with: its next change comes
    /// through the informers; anything else is worth a line in the log.
    @discardableResult
    func attempt<Result>(_ what: String, _ write: () throws(StorageError) -> Result) -> Result? {
        do throws(StorageError) {
            return try write()
        } catch .keyNotFound, .keyExists {
            return nil
        } catch {
            client.host.logger.warning("a kubelet could not \(what): \(error)")
            return nil
        }
    }

    /// As long as there are kubelets.
    private func scheduleHeartbeat() {
        heartbeat = kubelets.isEmpty ? nil : schedule(at: now + Self.leaseInterval) { $0.beat() }
    }

    /// Renews the leases of all nodes; now and then reports their status.
    private func beat() {
        renewals += 1
        let isReportDue = renewals % Self.renewalsPerReport == 0
        for kubelet in kubelets.values where kubelet.isAnswering { kubelet.renewLease(isReportDue: isReportDue) }
        scheduleHeartbeat()
    }

    // What informers tell

    func noteService(_ event: InformerEvent) {
        let object = event.object
        let old = services[object.key.name]
        if case .deleted = event { services[object.key.name] = nil } else { services[object.key.name] = object }
        if old?.spec == services[object.key.name]?.spec { return }
        // What a Service aims at is expected of the pods that run already, too.
        for entry in placed.values where entry.name.namespace == object.namespace {
            kubelets[entry.node].map { entry.worker.noteServices(in: $0) }
        }
    }

    func noteNode(_ event: InformerEvent) {
        guard configuration.isEnabled else { return }
        let node = event.object
        let isManual = node.annotations[NodeDocument.kubeletAnnotation] == "none"
        switch event {
        case .added, .updated:
            if isManual {
                if kubelets[node.name] != nil { drop(node.name) }
            } else if let kubelet = kubelets[node.name] {
                kubelet.noteNode(node)
            } else {
                adopt(node)
            }
        case .deleted: kubelets[node.name]?.noteNodeRemoved()
        }
    }

    private func adopt(_ node: APIObject) {
        let kubelet = NodeKubelet(node, in: self)
        kubelets[node.name] = kubelet
        if heartbeat == nil { scheduleHeartbeat() }
        roster.insert(node.name)
        kubelet.noteNode(node)
        let waiting = unclaimed.values.filter { Self.nodeName(of: $0) == node.name }
        for pod in waiting.sorted(by: { $0.revision < $1.revision }) { place(pod) }
    }

    private func drop(_ name: String) {
        kubelets[name]?.stop()
        kubelets[name] = nil
        roster.remove(name)
        placed = placed.filter { $0.value.node != name }
        addressed = addressed.filter { $0.value.node != name }
    }

    func setPower(_ power: NodePower, of node: String) { kubelets[node]?.setPower(power) }
}
