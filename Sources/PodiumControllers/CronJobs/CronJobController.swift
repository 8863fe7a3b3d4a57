// SPDX-License-Identifier: Apache-2.0
// Makes Jobs at the times that CronJobs name.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumRegistry
import PodiumStorage

/// The controller of CronJobs.
// Kubernetes: pkg/controller/cronjob/cronjob_controllerv2.go
final class CronJobController: InformedReconciler {
    static let name = "cronjob-controller"
    static let type = OwnerType(resource: .cronJobs, apiVersion: "batch/v1", kind: "CronJob")

    let informers: SharedInformers
    private let recorder: EventRecorder
    private let jobs: OwnedObjects<APIObject>
    private let gate: OwnWriteGate<NamespacedName>

    init(informers: SharedInformers, jobs: OwnedObjects<APIObject>) {
        self.informers = informers
        self.jobs = jobs
        recorder = EventRecorder(client: informers.client, component: Self.name, queue: informers.queue)
        gate = OwnWriteGate(informers: informers)
    }

    func watch(_ controller: Controller<NamespacedName>) {
        informers.handle(.cronJobs) { [weak self] event in self?.take(event, controller) }
        gate.watch([.cronJobs, .jobs], controller)
        jobs.follow { change in
            let references = [change.new?.controller, change.keepsController ? nil : change.old?.controller]
            for reference in references.compactMap({ $0 }) where reference.kind == Self.type.kind {
                let namespace = change.object?.namespace ?? ""
                controller.add(NamespacedName(namespace: namespace, name: reference.name))
            }
        }
    }

    // Kubernetes: pkg/controller/cronjob/cronjob_controllerv2.go updateCronJob
    private func take(_ event: InformerEvent, _ controller: Controller<NamespacedName>) {
        let name = event.object.key.name
        switch event {
        case .added: controller.add(name)
        case .deleted: gate.forget(name)
        case .updated(let old, let new):
            let members = ["schedule", "timeZone"]
            guard members.contains(where: { old.spec[$0] != new.spec[$0] }) else { return controller.add(name) }
            // A new schedule counts from now on: what it would have named before is not made up for.
            let now = informers.client.host.clock.now
            let times: CronTimes
            do throws(CronTimes.Unreadable) {
                times = try CronTimes(new, informers.client.host.timeZones, now: now)
            } catch {
                // The look says what is wrong with it.
                return controller.add(name)
            }
            controller.add(name, after: times.untilNext() ?? .zero)
        }
    }

    func reconcile(_ name: NamespacedName) throws -> ReconcileResult {
        guard let cronJob = informers.object(.cronJobs, name) else { return .done }
        guard gate.isOpen(for: name) else { return .done }
        var sync = CronJobSync(
            controller: self,
            cronJob: cronJob,
            jobs: jobs.owned(by: cronJob.uid),
            now: informers.client.host.clock.now
        )
        return ReconcileResult(requeueAfter: try sync.run())
    }
}

/// What a look at a CronJob does.
extension CronJobController {
    func record(_ cronJob: APIObject, _ type: EventType, _ reason: String, _ message: String) {
        recorder.event(about: cronJob, type: type, reason: reason, message: message)
    }

    func create(_ job: JSONValue, for cronJob: APIObject) throws(StatusError) -> APIObject {
        let created = try informers.client.create(.jobs, job)
        gate.note(created.revision, of: .jobs, for: cronJob.key.name)
        return created
    }

    /// Deletes a Job and all that it has made.
    func delete(_ job: APIObject, of cronJob: APIObject) throws(StatusError) {
        let revision = try informers.client.delete(job.key, uid: job.uid, propagation: .background)
        if let revision { gate.note(revision, of: .jobs, for: cronJob.key.name) }
    }

    func write(_ status: CronJobStatus, of cronJob: APIObject) throws(StatusError) {
        let value = status.value
        let written = try informers.client.updateStatus(cronJob.key, uid: cronJob.uid) { object in
            object["status"] = value
            return true
        }
        if let written { gate.note(written.revision, of: .cronJobs, for: cronJob.key.name) }
    }
}
