// SPDX-License-Identifier: Apache-2.0
// The kubelet of one node: its pods, its Node object, its answers to what changes.

import OrderedCollections
import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumPodModel
import PodiumRegistry
import PodiumRuntime
import PodiumStorage

/// A node's kubelet. Used on its own queue only.
final class NodeKubelet {
    let cluster: KubeletSurroundings
    /// The way to the API as the kubelet of this node.
    let client: ResourceClient
    let queue: any SerialQueue
    private weak var confinement: Confined<NodeKubelet>?
    let name: String
    let profile: NodeProfile
    private(set) var images = ImageStore()
    /// When the Node's status is written next because of images.
    private var imageReport: (any Cancellable)?
    private var recorders: EventRecorders
    /// The Node, or the last there was.
    private(set) var node: APIObject {
        didSet {
            isHealthy = Self.isHealthy(node)
            if !node.stored.hasSameSpec(as: oldValue.stored) { podRange = Self.podRange(of: node) }
        }
    }
    /// The addresses of its pods; nil as long as the Node does not say.
    private(set) var podRange: ClosedRange<UInt32>? {
        didSet { if let oldValue, oldValue != podRange { cluster.network.forgetPods(in: oldValue) } }
    }
    /// Whether the Node shows the conditions of a healthy kubelet.
    private var isHealthy: Bool
    private(set) var isRegistered = true
    /// The revision of the Node as its status was written last; nil when there may be more to write than the time.
    private var reported: Revision?
    private(set) var power = NodePower.on
    /// Whether the machine was off since its kubelet started last: its containers are gone.
    private var mustBoot = false
    /// Whether something could not be done because storage could not be reached.
    private var hasDebts = false
    private var owesReport = false
    private var owesRegistration = false
    var pods = PodRoster()
    private(set) var allocatable: ResourceList = [:]

    init(_ node: APIObject, at address: String, in cluster: KubeletSurroundings, on queue: any SerialQueue) {
        self.cluster = cluster
        client = cluster.client.acting(as: .kubelet(of: node.name), fieldManager: "kubelet")
        self.queue = queue
        self.node = node
        isHealthy = Self.isHealthy(node)
        podRange = Self.podRange(of: node)
        name = node.name
        profile = NodeProfile(
            name: node.name,
            hostIP: address,
            phase: .nanoseconds(Int64(cluster.client.host.random.unit() * 1e9)),
            latencies: cluster.configuration.latencies,
            facts: NodeFacts(of: node)
        )
        recorders = EventRecorders(of: node.name, in: cluster, on: queue)
    }

    func begin(_ confinement: Confined<NodeKubelet>) {
        self.confinement = confinement
    }

    /// Runs `work` on the queue at `deadline`.
    func schedule(at deadline: Timestamp, _ work: @escaping @Sendable (NodeKubelet) -> Void) -> any Cancellable {
        queue.schedule(at: deadline) { [weak confinement] in confinement?.withState { work($0) } }
    }

    /// What has `work` done on the queue, for whoever is on another one.
    func onQueue(_ work: @escaping @Sendable (NodeKubelet) -> Void) -> @Sendable () -> Void {
        { [weak confinement] in confinement?.async { work($0) } }
    }

    /// Records an Event of this kubelet about one of its pods.
    func record(_ entry: PodEntry, _ reference: EventReference, _ type: EventType, _ reason: String, _ message: String)
    {
        let recorders = entry.recorders ?? EventRecorders(of: name, in: cluster, on: queue)
        entry.recorders = recorders
        recorders[type].event(about: reference, type: type, reason: reason, message: message)
    }

    /// Whether the kubelet does anything at the moment.
    var isAnswering: Bool { power == .on }

    /// Ends without any trace in the API.
    func stop() {
        for entry in pods.ordered {
            entry.timer?.cancel()
            entry.worker.releaseAddress(in: self)
            cluster.memory.forget(entry.uid)
            cluster.network.forget(entry.uid, in: entry.name.namespace)
            cluster.logs.remove(entry.name, uid: entry.uid)
            cluster.usages.remove(entry.name, uid: entry.uid)
            entry.worker.abandonCommands()
        }
        imageReport?.cancel()
        podRange = nil
        cluster.network.remove(name, at: profile.hostIP)
        pods.removeAll()
    }

    // The Node

    /// Takes over a changed Node, and writes its status when it is new.
    func noteNode(_ node: APIObject) {
        let isNew = !isRegistered || self.node.uid != node.uid || needsReport(node)
        self.node = node
        isRegistered = true
        allocatable = ResourceList(json: node.status["allocatable"] ?? node.status["capacity"])
        if isNew, isAnswering {
            report()
            renewLease(isReportDue: false)
        }
    }

    /// Takes over the Node as it stands in the API, before the informer tells of it.
    func catchUpWithNode() {
        let current = cluster.attempt("read node \(name)") { () throws(StatusError) in
            try client.get(ObjectKey(.nodes, name: name))
        }
        if let current = current.result ?? nil, current.uid == node.uid { noteNode(current) }
    }

    /// Whether the Node lacks what only its kubelet writes.
    private func needsReport(_ node: APIObject) -> Bool {
        (node.status[path: "nodeInfo", "kubeletVersion"]?.string ?? "").isEmpty
            || NodeDocument.owesAllocatable(node.status)
    }

    /// The Node is gone; pods run on, as they do on a real node.
    func noteNodeRemoved() { isRegistered = false }

    /// Writes the Node's status.
    func report() {
        guard isRegistered else { return }
        let now = cluster.now
        if reportsHeartbeat(at: now) { return }
        var changed: [String] = []
        let updated = cluster.attempt("write the status of node \(name)") { () throws(StatusError) in
            try client.updateStatus(ObjectKey(.nodes, name: name), uid: node.uid) { value in
                changed = NodeDocument.refresh(&value, address: profile.hostIP, images: imageList, now: now)
                return true
            }
        }
        owesReport = updated.hasFailed
        if let updated = updated.result ?? nil {
            node = updated
            reported = updated.revision
            allocatable = ResourceList(json: updated.status["allocatable"])
        }
        for type in changed {
            if let reason = NodeDocument.events[type] {
                emitNodeEvent(reason, "Node \(name) status is now: \(reason)")
            }
        }
    }

    /// Writes nothing but the time where that is all there is to write: nobody has touched the Node since its last
    /// status.
    private func reportsHeartbeat(at now: Timestamp) -> Bool {
        guard let revision = reported else { return false }
        reported = nil
        let beaten = cluster.attempt("write the heartbeat of node \(name)") { () throws(StatusError) in
            try client.reportHeartbeat(
                ObjectKey(.nodes, name: name),
                expecting: revision,
                conditions: NodeDocument.conditions.count,
                at: now
            )
        }
        reported = beaten.result ?? nil
        return reported != nil
    }

    private func emitNodeEvent(_ reason: String, _ message: String) {
        let reference = EventReference(kind: "Node", name: name, uid: name)
        recorders[.normal].event(about: reference, type: .normal, reason: reason, message: message)
    }

    private var imageList: [JSONValue] {
        images.reported.map { image in
            ["names": .array(image.names.map { .string($0) }), "sizeBytes": .integer(Int64(image.size))]
        }
    }

    /// Remembers that an image was pulled or is used; the Node shows a new one when its status is next compared.
    // Kubernetes: pkg/kubelet/kubelet_node_status.go syncNodeStatus
    func noteImage(_ reference: ImageReference, _ profile: ImageProfile) {
        guard images.insert(reference, profile) else { return }
        reported = nil
        guard imageReport == nil else { return }
        imageReport = schedule(at: self.profile.reconciliations.next(after: cluster.now)) { $0.reportImages() }
    }

    private func reportImages() {
        imageReport = nil
        if isAnswering { report() }
    }

    /// Shows that the kubelet is alive; brings the Node's conditions up to date when others changed them.
    func renewLease(isReportDue: Bool) {
        guard isRegistered else { return }
        let now = cluster.now
        let key = ObjectKey(.leases, namespace: NodeDocument.leaseNamespace, name: name)
        cluster.attempt("renew the lease of node \(name)") { () throws(StatusError) in
            try client.renewLease(key, at: now) { NodeDocument.lease(of: name, uid: node.uid, now: now) }
        }
        if isReportDue || !isHealthy || owesReport { report() }
    }

    // What could not be done

    /// Remembers that something is still to be done, at the next beat.
    func noteDebt() { hasDebts = true }

    /// Does what could not be done when it was due.
    // Kubernetes: pkg/kubelet/status/status_manager.go syncBatch
    func settleDebts() {
        guard hasDebts else { return }
        hasDebts = false
        if owesRegistration { register() }
        for entry in pods.ordered {
            if entry.owesBeginning { goOn(entry) { $0.resume(in: self) } }
            if entry.owesStatus { writeStatus(entry) }
        }
    }

    private static func podRange(of node: APIObject) -> ClosedRange<UInt32>? {
        node.spec["podCIDR"]?.string.flatMap { CIDR($0) }?.ipv4Range
    }

    private static func isHealthy(_ node: APIObject) -> Bool {
        let ready = node.status["conditions"]?.elements.first { $0["type"]?.string == "Ready" }
        return ready?["status"]?.string == "True"
    }

    // Power

    /// Switches the kubelet.
    func setPower(_ new: NodePower) {
        switch new {
        case .on: resume()
        case .restart: restart()
        case .unreachable(let phase), .off(let phase):
            power = new
            for entry in pods.ordered {
                if case .off = new { entry.worker.powerOff(in: self) }
                arm(entry)
            }
            if case .off = new { mustBoot = true }
            if let phase { show(phase) }
        }
    }

    private func resume() {
        guard power != .on else { return }
        if mustBoot { return restart() }
        power = .on
        report()
        renewLease(isReportDue: false)
        for entry in pods.ordered { goOn(entry) { $0.resume(in: self) } }
        settleDebts()
    }

    /// The kubelet starts anew, alone or with its machine: its memory of events and back-offs is gone.
    private func restart() {
        power = .on
        mustBoot = false
        recorders = EventRecorders(of: name, in: cluster, on: queue)
        for entry in pods.ordered { entry.recorders = nil }
        if !isRegistered { register() }
        emitNodeEvent("Starting", "Starting kubelet.")
        report()
        renewLease(isReportDue: false)
        for entry in pods.ordered { goOn(entry) { $0.restart(in: self) } }
    }

    /// Goes on with a pod that was begun with, or begins with one that came meanwhile.
    private func goOn(_ entry: PodEntry, _ change: (inout PodWorker) -> Void) {
        if entry.worker.isStarted || entry.worker.isRemoved {
            drive(entry, change)
        } else {
            let pod = cluster.attempt("read pod \(entry.name)") { () throws(StatusError) in
                try client.get(ObjectKey(.pods, entry.name))
            }
            entry.owesBeginning = pod.hasFailed
            if pod.hasFailed { noteDebt() }
            guard let pod = pod.result ?? nil, pod.uid == entry.uid else { return }
            entry.worker.holdUpdate(PodView(pod))
            admit(entry, manifest: pod.value)
        }
    }

    /// Makes the Node anew from what there was.
    private func register() {
        var value = node.value
        for member in ["uid", "creationTimestamp", "resourceVersion", "managedFields"] {
            value[path: "metadata", member] = nil
        }
        // A Node begins with this taint, and loses it to the node controller once it is ready.
        value[path: "spec", "taints"] = [["key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"]]
        value[path: "status", "conditions"] = nil
        _ = NodeDocument.refresh(&value, address: profile.hostIP, images: imageList, now: cluster.now)
        let made = cluster.attempt("register node \(name)") { () throws(StatusError) in
            try client.create(.nodes, value)
        }
        owesRegistration = made.hasFailed
        if made.hasFailed { noteDebt() }
        if let made = made.result {
            node = made
            isRegistered = true
        }
    }

    private func show(_ phase: PodPhase) {
        for entry in pods.ordered where !entry.worker.isStopped {
            cluster.attempt("show pod \(entry.name) as lost") { () throws(StatusError) in
                try client.updateStatus(ObjectKey(.pods, entry.name), uid: entry.uid) { value in
                    value[path: "status", "phase"] = .string(phase.rawValue)
                    value[path: "status", "reason"] = "NodeLost"
                    return true
                }
            }
        }
    }

    // Pods

    /// Takes over a Pod that was bound to this node, or its change.
    func take(_ object: StoredObject) {
        if let entry = pods[object.facts.uid] { return update(entry, object) }
        let pod = APIObject(object)
        let view = PodView(pod)
        // It is over, and nobody waits for it.
        if view.apiPhase?.isTerminal == true, !view.isTerminating { return }
        let entry = PodEntry(PodWorker(view, on: profile), revision: pod.revision)
        pods.add(entry)
        // A kubelet that does not answer begins with it later.
        if isAnswering { admit(entry, manifest: pod.value) }
    }

    /// Lets the pods of a namespace know that Services have changed.
    func noteServices(in namespace: String) {
        for entry in pods.ordered where entry.name.namespace == namespace {
            drive(entry) { $0.noteServices(in: self) }
        }
    }

    /// Lets the pods know that mount an object.
    func noteData(_ source: DataSource, _ name: NamespacedName) {
        guard isAnswering else { return }
        for entry in pods.ordered
        where entry.name.namespace == name.namespace && entry.worker.mounts(source, name.name) {
            drive(entry) { $0.planVolumeRefresh(in: self) }
        }
    }

    func setAdmitted(_ entry: PodEntry) {
        entry.isAdmitted = true
        drive(entry) { $0.start(in: self) }
    }

    /// Forgets a pod entirely.
    func forget(_ entry: PodEntry) {
        entry.timer?.cancel()
        entry.timer = nil
        cluster.memory.forget(entry.uid)
        cluster.network.forget(entry.uid, in: entry.name.namespace)
        pods.remove(entry)
        cluster.logs.remove(entry.name, uid: entry.uid)
        cluster.usages.remove(entry.name, uid: entry.uid)
        entry.worker.abandonCommands()
    }

    /// Takes over a changed Pod.
    private func update(_ entry: PodEntry, _ object: StoredObject) {
        if entry.noteRevision(object.revision) { return }
        var view = PodView(APIObject(object))
        // A write of this kubelet that came later has taken this change of the status into account.
        if let own = entry.ownRevisions.last, object.revision < own { view.shown = entry.worker.pod.shown }
        guard isAnswering else {
            entry.worker.holdUpdate(view)
            return
        }
        drive(entry) { worker in
            worker.update(view, in: self)
            worker.planReconciliation(now: self.cluster.now)
        }
    }

    /// The Pod is gone from the API.
    func remove(_ uid: String) {
        guard let entry = pods[uid] else { return }
        guard isAnswering else {
            entry.worker.isRemoved = true
            return
        }
        drive(entry) { $0.remove(in: self) }
    }

    /// Lets deferred resizes try again, because a pod has given back what it had.
    func retryResizes() {
        guard pods.hasDeferredResizes else { return }
        for entry in pods.ordered where !entry.isActive && entry.worker.hasDeferredResize {
            drive(entry) { $0.retryResize(in: self) }
        }
    }
}

extension NodeFacts {
    /// What a Node says of its machine.
    fileprivate init(of node: APIObject) {
        self.init()
        let capacity = ResourceList(json: node.status["capacity"])
        if let count = capacity["cpu"]?.value, count >= 1 { processors = Int(min(count, 1024)) }
        if let bytes = capacity["memory"]?.value, bytes > 0 { memory = Int(bytes) }
        architecture = node.labels["kubernetes.io/arch"] ?? architecture
    }
}
