// SPDX-License-Identifier: Apache-2.0
// One pod on one node: a state machine that events and time drive, and that says what to write.

import OrderedCollections
import PodiumCodec
package import PodiumMachinery
import PodiumRuntime

/// What a pod worker wants done beside writing the status.
package enum PodAction: Hashable, Sendable {
    /// Record an Event about the pod, or about the part of it that `fieldPath` names.
    case event(fieldPath: String, isWarning: Bool, reason: String, message: String)
}

/// The life of a pod on its node, as its kubelet leads it.
///
/// A pod is *syncing* while it should run, *terminating* while its containers are stopped, *terminated* when they are
/// and the last status is to be written, and *finished* after that. Each look at the pod works on what the last listing
/// of containers found and must be newer than the look before, which gives transitions their pace of one a second.
///
///     worker.update(pod, in: environment)
///     for action in worker.takeActions() { … }
///     // at worker.nextWake:
///     worker.advance(in: environment)
// Kubernetes: pkg/kubelet/pod_workers.go, kubelet.go, kuberuntime/kuberuntime_manager.go, pleg/generic.go
package struct PodWorker: Sendable {
    /// Where the pod is in its life.
    package enum Stage: Int, Hashable, Sendable, Comparable {
        case syncing, terminating, terminated, finished

        package static func < (left: Stage, right: Stage) -> Bool { left.rawValue < right.rawValue }
    }

    /// The limits of a worker.
    package enum Limits {
        /// How many things may be due at one moment; what is beyond waits for the next wake-up.
        package static let maximumStepsPerWake = 10_000
        /// How many Events say what is not simulated; a script that runs thousands of programs is not listed further.
        package static let maximumSaidLimits = 16
    }

    package internal(set) var pod: PodView
    let node: NodeProfile
    package internal(set) var stage = Stage.syncing

    // The containers: how they are, and how the last listing found them.
    var runtime = RuntimeView()
    var view = RuntimeView()
    var viewTime = Timestamp(nanoseconds: .min / 2)
    var sandbox: PodSandbox?
    var attempts: [String: Int] = [:]
    var volumes: PodVolumes

    // The status as the kubelet keeps it, and whether it is to be written.
    package internal(set) var status: PodStatus?
    var isStatusChanged = false
    /// Status and manifest as others changed them are compared with ours at this moment.
    var reconciliation: Timestamp?

    // Work: what is wanted, what is being done, when to look again.
    var isPending = false
    var work: PodWork?
    var lastSync: Timestamp?
    var requeue: Timestamp?
    var relist: Timestamp?
    var inspection: Timestamp?
    var eviction: PodEviction?
    var storageWatch = StorageWatch()
    var volumeRefresh: Timestamp?

    // Memory of failures.
    var failures: [String: StartFailure] = [:]
    var backoff: BackoffTable
    var imageBackoff: BackoffTable
    var pullErrors: [String: String] = [:]

    // Probes and commands in containers.
    var probes: [ProbeWorker] = []
    var results = ProbeResults()
    var hooks: [HookRun] = []
    var commands: [ExecHandle: ExecResult] = [:]
    /// What clients run, or look at.
    var streamed: OrderedDictionary<ExecHandle, StreamedCommand> = [:]

    /// What in-place resizes came to.
    var resize = PodResize()
    var isRestartingAll = false
    /// All containers were removed and none of them is shown as such yet.
    var hasForgotten = false
    /// Starts that plans made fail before there was a container, by name.
    var planAttempts: [String: Int] = [:]
    /// What was said not to be simulated, so that restarts do not repeat it.
    var saidLimits: Set<String> = []
    /// Set once the API object is gone, or never was what this worker runs.
    package internal(set) var isRemoved = false

    /// A change that came while the kubelet did not answer, and when it is noticed now that it does.
    var heldUpdate: PodView?
    var resumption: Timestamp?
    /// Whether containers printed something since the logs were last published.
    var hasNewLogs = false

    /// Whether the containers have had their turn in the present call. They have one only, so that a call ends and the
    /// other pods of the node have theirs; what is started has none yet, so that its start is shown first.
    var hadTurn = false

    private var actions: [PodAction] = []

    /// A worker for a pod that its kubelet has just seen.
    package init(_ pod: PodView, on node: NodeProfile) {
        self.pod = pod
        self.node = node
        let latencies = node.latencies
        backoff = BackoffTable(initial: latencies.restartBackoff, maximum: latencies.longestRestartBackoff)
        imageBackoff = BackoffTable(initial: latencies.pullBackoff, maximum: latencies.longestPullBackoff)
        volumes = PodVolumes(latencies)
        resize.allocate(pod.spec)
    }

    // What the owner takes

    /// What is to be done, in order; empties the list.
    package mutating func takeActions() -> [PodAction] {
        defer { actions = [] }
        return actions
    }

    /// Whether the status changed since this was last asked.
    package mutating func takeStatusChange() -> Bool {
        defer { isStatusChanged = false }
        return isStatusChanged
    }

    /// Whether nothing of the pod can run any more, so that a final phase may be shown.
    package var isStopped: Bool { stage >= .terminated }

    /// Whether everything is done, so that a deleted pod may go.
    package var isFinished: Bool { stage == .finished }

    /// Whether the pod still counts against the room on its node.
    package var usesResources: Bool { stage < .terminated }

    mutating func emit(_ fieldPath: String, warning: Bool = false, _ reason: String, _ message: String) {
        actions.append(.event(fieldPath: fieldPath, isWarning: warning, reason: reason, message: message))
    }

    // What drives it

    /// Begins with the pod.
    package mutating func start(in environment: any WorkerEnvironment) {
        if let held = heldUpdate { pod = held }
        heldUpdate = nil
        isPending = true
        requeue = nil
        advance(in: environment)
    }

    /// Takes over a changed Pod.
    package mutating func update(_ new: PodView, in environment: any WorkerEnvironment) {
        let hadChanged = !new.isSameManifest(as: pod)
        let isShownDifferently = new.labels != pod.labels || new.annotations != pod.annotations
        pod = new
        heldUpdate = nil
        resumption = nil
        if stage == .finished {
            if hadChanged { noteLateResize(in: environment) }
            return
        }
        if isShownDifferently { noteServices(in: environment) }
        if isShownDifferently, pod.spec.volumes.contains(where: \.showsPod) { planVolumeRefresh(in: environment) }
        if hadChanged || needsReadinessReconciliation { requestSync(in: environment) }
    }

    /// The Pod is gone from the API, or its kubelet wants it gone: stops everything.
    package mutating func remove(in environment: any WorkerEnvironment) {
        isRemoved = true
        requestSync(in: environment)
    }

    /// Asks for a look at the pod.
    mutating func requestSync(in environment: any WorkerEnvironment) {
        isPending = true
        advance(in: environment)
    }

    /// When something happens by itself; nil when everything waits for an event.
    package var nextWake: Timestamp? {
        var wake = sandbox?.nextWake
        func consider(_ time: Timestamp?) {
            if let time, wake.map({ time < $0 }) ?? true { wake = time }
        }
        consider(relist)
        consider(inspection)
        if let work {
            consider(work.wake)
        } else if isPending {
            consider(cacheWake)
        }
        if let requeue { consider(node.ticks.next(from: requeue)) }
        for hook in hooks { consider(hook.wake) }
        if stage < .terminated {
            for probe in probes { consider(probe.wake) }
            consider(volumes.nextAttempt)
            consider(deadlineTick)
            consider(storageWatch.check)
            consider(storageWatch.scan)
            consider(volumeRefresh)
        }
        consider(reconciliation)
        consider(resumption)
        return wake
    }

    /// Does everything that is due.
    package mutating func advance(in environment: any WorkerEnvironment) {
        hadTurn = false
        for _ in 0..<Limits.maximumStepsPerWake where !step(in: environment) { return }
    }

    /// Does one thing that is due; false when there is none.
    private mutating func step(in environment: any WorkerEnvironment) -> Bool {
        let now = environment.now
        if !hadTurn, let wake = sandbox?.nextWake, wake <= now {
            hadTurn = true
            inSandbox(environment) { $0.advance(to: now, world: environment.world) }
            takeSandboxEvents(in: environment)
            return true
        }
        if let relist, relist <= now { return listContainers(in: environment) }
        if let inspection, inspection <= now { return inspectContainers(in: environment) }
        if advanceHooks(in: environment) { return true }
        if work != nil {
            if continueWork(in: environment) { return true }
        } else if isPending, isViewNewEnough(at: now) {
            beginWork(in: environment)
            return true
        }
        if runDueProbe(in: environment) { return true }
        if stage < .terminated, volumes.isAttemptDue(at: now) {
            mountVolumes(in: environment)
            return true
        }
        return queueDueWork(in: environment)
    }

    /// Turns moments that have come into wishes for a look at the pod.
    private mutating func queueDueWork(in environment: any WorkerEnvironment) -> Bool {
        let now = environment.now
        if let due = requeue, node.ticks.next(from: due) <= now {
            requeue = nil
            isPending = true
            return true
        }
        if let tick = deadlineTick, tick <= now {
            hasPassedDeadline = true
            isPending = true
            return true
        }
        if let scan = storageWatch.scan, scan <= now {
            measureVolumes(in: environment)
            return true
        }
        if let check = storageWatch.check, check <= now {
            checkStorageUse(in: environment)
            return true
        }
        if let due = volumeRefresh, due <= now {
            refreshVolumes(in: environment)
            return true
        }
        if let due = resumption, due <= now {
            takeHeldUpdate(in: environment)
            return true
        }
        if let due = reconciliation, due <= now {
            reconciliation = nil
            isStatusChanged = status != nil
            return true
        }
        return false
    }

    /// Whether the deadline was noticed; it is noticed once.
    var hasPassedDeadline = false
}
