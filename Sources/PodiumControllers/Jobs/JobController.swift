// SPDX-License-Identifier: Apache-2.0
// Runs the pods of Jobs until enough of them have succeeded, or too many have failed.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage

/// What the controller of Jobs looks at.
enum JobKey: Hashable, Comparable, Sendable {
    case job(NamespacedName)
    /// A pod that may be held for a Job that does not count it any more.
    case pod(NamespacedName)
}

/// The controller of Jobs.
// State | guarded by | why separate
// selectors, memory | queue | the queue of the informers
// Kubernetes: pkg/controller/job/job_controller.go
final class JobController: InformedReconciler {
    static let name = "job-controller"
    static let type = OwnerType(resource: .jobs, apiVersion: "batch/v1", kind: "Job")
    static let backoff = Backoff(initial: .seconds(1), maximum: .seconds(60))

    /// How long changes of pods are collected before a Job is looked at.
    private static let batchPeriod = Duration.seconds(1)

    private struct Memory {
        /// By the UIDs of Jobs.
        var backoffs: [String: JobBackoff] = [:]
        /// The UIDs of pods that went with their finalizer, and that the informers may still have.
        var gone: Set<String> = []
        /// Who calls this one.
        var controller: Controller<JobKey>?
    }

    let informers: SharedInformers
    private let pods: WorkloadPods
    private let control: PodControl
    private let selectors: Confined<SelectorTable>
    private let memory: Confined<Memory>
    private let gate: OwnWriteGate<JobKey>

    init(informers: SharedInformers, pods: WorkloadPods) {
        self.informers = informers
        self.pods = pods
        let recorder = EventRecorder(client: informers.client, component: Self.name, queue: informers.queue)
        control = PodControl(client: informers.client, recorder: recorder)
        selectors = Confined(SelectorTable(), on: informers.queue)
        memory = Confined(Memory(), on: informers.queue)
        gate = OwnWriteGate(informers: informers)
    }

    // MARK: Changes

    func watch(_ controller: Controller<JobKey>) {
        memory.withState { $0.controller = controller }
        informers.handle(.jobs) { [weak self] event in self?.take(event, controller) }
        gate.watch([.jobs, .pods], controller)
        pods.follow { [weak self] change in self?.take(change, controller) }
    }

    private func take(_ event: InformerEvent, _ controller: Controller<JobKey>) {
        let job = event.object
        let name = job.key.name
        switch event {
        case .added:
            selectors.withState { $0.set(JobSpec(job.spec).selector, of: name) }
            controller.add(.job(name))
        case .updated(let old, _):
            selectors.withState { $0.set(JobSpec(job.spec).selector, of: name) }
            if old.uid == job.uid, old.generation == job.generation {
                controller.add(.job(name), after: Self.batchPeriod)
            } else {
                controller.add(.job(name))
            }
            if JobStatus(job.status).end != nil { releaseAll(of: job.uid, controller) }
        case .deleted:
            selectors.withState { $0.set(nil, of: name) }
            memory.withState { $0.backoffs[job.uid] = nil }
            gate.forget(.job(name))
            releaseAll(of: job.uid, controller)
        }
    }

    private func releaseAll(of uid: String, _ controller: Controller<JobKey>) {
        for pod in pods.owned(by: uid) where isTracked(pod) { controller.add(.pod(pod.key.name)) }
    }

    private func take(_ change: WorkloadPods.Change, _ controller: Controller<JobKey>) {
        guard let pod = change.object else { return }
        if change.new == nil { memory.withState { _ = $0.gone.remove(pod.uid) } }
        let namespace = pod.key.name.namespace
        let references = [change.new?.controller, change.keepsController ? nil : change.old?.controller]
        for reference in references.compactMap({ $0 }) where Self.isJob(reference) {
            if let job = job(reference, in: namespace) {
                controller.add(.job(job.key.name), after: Self.batchPeriod)
            }
        }
        guard let new = change.new else { return }
        if isAbandoned(new) { controller.add(.pod(new.key.name)) }
        guard new.controller == nil, change.old.map({ $0.labels != new.labels || $0.controller != nil }) ?? true
        else { return }
        for name in selectors.withState({ $0.names(selecting: new.labels, in: namespace) }) {
            controller.add(.job(name), after: Self.batchPeriod)
        }
    }

    private static func isJob(_ reference: OwnerReference) -> Bool {
        reference.kind == type.kind && reference.apiVersion == type.apiVersion
    }

    private func job(_ reference: OwnerReference, in namespace: String) -> APIObject? {
        let job = informers.object(.jobs, NamespacedName(namespace: namespace, name: reference.name))
        return job?.uid == reference.uid ? job : nil
    }

    /// Whether a pod is held although no Job is going to let it go.
    private func isAbandoned(_ pod: WorkloadPod) -> Bool {
        if let owner = pod.controller, !Self.isJob(owner) { return false }
        guard isTracked(pod) else { return false }
        guard let owner = pod.controller, let job = job(owner, in: pod.key.name.namespace) else { return true }
        return JobStatus(job.status).end != nil && !JobSpec(job.spec).isManagedElsewhere
    }

    /// Whether the finalizer holds a pod, as far as is known here.
    private func isTracked(_ pod: WorkloadPod) -> Bool {
        pod.stored.mayHaveMetadata("finalizers") && pod.details.finalizers.contains(JobPod.trackingFinalizer)
            && !memory.withState { $0.gone.contains(pod.uid) }
    }

    // MARK: Looking

    func reconcile(_ key: JobKey) throws -> ReconcileResult {
        switch key {
        case .job(let name): return ReconcileResult(requeueAfter: try reconcileJob(name))
        case .pod(let name):
            try releaseAbandoned(name)
            return .done
        }
    }

    private func reconcileJob(_ name: NamespacedName) throws -> Duration? {
        guard let job = informers.object(.jobs, name), gate.isOpen(for: .job(name)) else { return nil }
        let spec = JobSpec(job.spec)
        if spec.isManagedElsewhere { return nil }
        if JobStatus(job.status).end != nil {
            memory.withState { $0.backoffs[job.uid] = nil }
            return nil
        }
        var claims = OwnershipClaims(
            client: informers.client,
            owner: job,
            type: Self.type,
            selector: spec.selector
        ) { [gate] revision, resource in gate.note(revision, of: resource, for: .job(name)) }
        claims.finalizer = JobPod.trackingFinalizer
        let claimed = try claims.claim(pods.candidates(for: job.uid, in: name.namespace, spec.selector))
        let owned = claimed.map { pod in
            // What has just been adopted is held since then.
            let isTracked = pod.controller == nil || isTracked(pod)
            return JobPod(pod, isTracked: isTracked, replacesOnlyFailed: spec.replacesOnlyFailed)
        }
        let now = informers.client.host.clock.now
        var sync = JobSync(controller: self, job: job, spec: spec, pods: owned, now: now)
        do {
            try sync.run()
        } catch {
            // A deadline is not put off because pods cannot be made.
            if let wait = sync.wait { memory.withState { $0.controller }?.add(.job(name), after: wait) }
            throw error
        }
        return sync.wait
    }

    // Kubernetes: pkg/controller/job/job_controller.go syncOrphanPod
    private func releaseAbandoned(_ name: NamespacedName) throws {
        let key = ObjectKey(.pods, namespace: name.namespace, name: name.name)
        guard let object = try informers.client.get(key) else { return }
        let pod = WorkloadPod(object)
        guard isAbandoned(pod) else { return }
        if let owner = pod.controller {
            // The informers may not know the Job yet.
            let job = try informers.client.get(ObjectKey(.jobs, namespace: name.namespace, name: owner.name))
            if let job, job.uid == owner.uid, JobStatus(job.status).end == nil { return }
        }
        try StatusError.ignoringAbsence { () throws(StatusError) in
            try informers.client.removeFinalizer(JobPod.trackingFinalizer, from: key, uid: pod.uid)
        }
    }
}

/// What a look at a Job does.
extension JobController {
    /// The failures of a Job that are remembered.
    func backoff(of uid: String) -> JobBackoff { memory.withState { $0.backoffs[uid] ?? JobBackoff() } }

    func keep(_ backoff: JobBackoff, of uid: String) { memory.withState { $0.backoffs[uid] = backoff } }

    func record(_ job: APIObject, _ type: EventType, _ reason: String, _ message: String) {
        control.recorder.event(about: job, type: type, reason: reason, message: message)
    }

    func create(_ pod: JSONValue, for job: APIObject) throws(StatusError) {
        note(try control.create(pod, for: job).revision, of: .pods, for: job)
    }

    /// Deletes a pod; one that is gone already is deleted.
    func delete(_ pod: WorkloadPod, of job: APIObject) throws(StatusError) {
        if let revision = try control.delete(pod, of: job) { note(revision, of: .pods, for: job) }
    }

    /// Takes the finalizer off a pod.
    func release(_ pod: WorkloadPod, of job: APIObject) throws(StatusError) {
        var released: APIObject?
        try StatusError.ignoringAbsence { () throws(StatusError) in
            released = try informers.client.update(pod.key, uid: pod.uid) { value in
                value.removeFinalizer(JobPod.trackingFinalizer)
                return true
            }
        }
        guard let released else {
            memory.withState { _ = $0.gone.insert(pod.uid) }
            return
        }
        note(released.revision, of: .pods, for: job)
    }

    /// Writes the status of a Job, unless somebody has removed it.
    func write(_ status: JobStatus, of job: APIObject) throws(StatusError) {
        let value = status.value
        let written = try informers.client.updateStatus(job.key, uid: job.uid) { object in
            object["status"] = value
            return true
        }
        if let written { note(written.revision, of: .jobs, for: job) }
    }

    private func note(_ revision: Revision, of resource: GroupResource, for job: APIObject) {
        gate.note(revision, of: resource, for: .job(job.key.name))
    }
}
