// SPDX-License-Identifier: Apache-2.0
// One look at a StatefulSet: its plan is carried out, its status written, its history kept short.

import PodiumClient
import PodiumCodec
import PodiumMachinery
import PodiumStorage

/// A look at a StatefulSet and what it owns.
// Kubernetes: pkg/controller/statefulset/stateful_set_control.go UpdateStatefulSet
struct StatefulSetSync {
    /// The limits of one look.
    private enum Limits {
        /// How many names are tried for a revision before the next look goes on.
        static let names = 16
    }

    let controller: StatefulSetController
    let statefulSet: APIObject
    let spec: StatefulSetSpec
    let pods: [WorkloadPod]
    /// The history, in its order.
    let revisions: [ControllerRevision]
    let now: Timestamp

    private var client: ResourceClient { controller.informers.client }
    private var key: NamespacedName { statefulSet.key.name }
    private var template: StatefulPodTemplate { StatefulPodTemplate(statefulSet: statefulSet, spec: spec) }
    private var claims: StatefulClaims { StatefulClaims(controller: controller, template: template) }

    /// The revisions that pods have and shall have.
    private struct History {
        let current: ControllerRevision
        let update: ControllerRevision
        let collisions: Int64

        var names: StatefulSetStatus.Revisions {
            StatefulSetStatus.Revisions(current: current.name, update: update.name, collisions: collisions)
        }
    }

    /// - Returns: when to look again although nothing has changed.
    func run() throws(StatusError) -> Duration? {
        let plan = StatefulSetPlan(spec, of: statefulSet.name, pods, now: now)
        let delay = pods.nextAvailability(after: spec.minReady, now: now)
        if statefulSet.isTerminating {
            if let revisions = lastRevisions { try write(status(of: plan, revisions)) }
            return delay
        }
        let history = try currentHistory()
        var status = status(of: plan, history.names)
        var failure: StatusError?
        func attempt(_ body: () throws(StatusError) -> Void) {
            do throws(StatusError) { try body() } catch { failure = failure ?? error }
        }
        attempt { () throws(StatusError) in try carryOut(plan, history, &status) }
        attempt { () throws(StatusError) in try write(status) }
        attempt { () throws(StatusError) in try writer.delete(outdated(history)) }
        if let failure { throw failure }
        return delay
    }

    // MARK: Status

    private func status(of plan: StatefulSetPlan, _ revisions: StatefulSetStatus.Revisions) -> StatefulSetStatus {
        StatefulSetStatus(spec, generation: statefulSet.generation, plan.pods, revisions, now: now)
    }

    /// What the status says last: the revisions of a set that is being deleted may be gone.
    private var lastRevisions: StatefulSetStatus.Revisions? {
        let status = statefulSet.status
        guard let current = status["currentRevision"]?.string, let update = status["updateRevision"]?.string else {
            return nil
        }
        let collisions = status["collisionCount"]?.integer ?? 0
        return StatefulSetStatus.Revisions(current: current, update: update, collisions: collisions)
    }

    private func write(_ status: StatefulSetStatus) throws(StatusError) {
        var status = status
        status.completeUpdate(spec)
        let value = status.value
        var old = statefulSet.status
        old["conditions"] = nil
        if value == old { return }
        try StatusError.ignoringAbsence { () throws(StatusError) in
            let changed = try client.updateStatus(statefulSet.key, uid: statefulSet.uid) { object in
                object["status"] = value
                return true
            }
            if let changed { controller.note(changed.revision, of: .statefulSets, for: key) }
        }
    }

    // MARK: History

    private var writer: RevisionWriter {
        RevisionWriter(client: client, owner: statefulSet, type: StatefulSetController.type) { revision in
            controller.note(revision, of: .controllerRevisions, for: key)
        }
    }

    /// The history with the present template, for which a revision is made when it is new.
    // Kubernetes: pkg/controller/statefulset/stateful_set_control.go getStatefulSetRevisions
    private func currentHistory() throws(StatusError) -> History {
        let data = ControllerRevision.data(of: spec.template)
        let number = (revisions.last?.number ?? 0) + 1
        var collisions = statefulSet.status["collisionCount"]?.integer ?? 0
        let update: ControllerRevision
        if let last = revisions.last, last.keeps(data) {
            update = last
        } else if let equal = revisions.last(where: { $0.keeps(data) }) {
            update = try writer.renumber(equal, to: number)
        } else {
            update = try create(data, number, &collisions)
        }
        let known = statefulSet.status["currentRevision"]?.string
        let current = revisions.first { $0.name == known } ?? update
        return History(current: current, update: update, collisions: collisions)
    }

    // Kubernetes: pkg/controller/history/controller_history.go CreateControllerRevision
    private func create(
        _ data: JSONValue,
        _ number: Int64,
        _ collisions: inout Int64
    ) throws(StatusError) -> ControllerRevision {
        var labels = spec.template[path: "metadata", "labels"]?.object ?? [:]
        labels[RevisionLabel.hash] = .string(TemplateHash(of: data, collisions: collisions).text)
        for _ in 0..<Limits.names {
            let hash = TemplateHash(of: data, collisions: collisions).text
            do throws(StatusError) {
                return try writer.create(hash: hash, labels: labels, data: data, number: number)
            } catch let error where error.reason == .alreadyExists {
                if let existing = try writer.existing(hash: hash), existing.keeps(data) { return existing }
                collisions += 1
            }
        }
        throw .alreadyExists(.controllerRevisions, statefulSet.name)
    }

    /// What is beyond the limit of the history.
    // Kubernetes: pkg/controller/statefulset/stateful_set_control.go truncateHistory
    private func outdated(_ history: History) -> [ControllerRevision] {
        guard let limit = spec.historyLimit else { return [] }
        let used = Set(pods.map(\.revisionLabel) + [history.current.name, history.update.name])
        return revisions.filter { !used.contains($0.name) }.dropLast(limit)
    }

    // MARK: Pods

    private func carryOut(
        _ plan: StatefulSetPlan,
        _ history: History,
        _ status: inout StatefulSetStatus
    ) throws(StatusError) {
        try forEach(plan.steps) { steps throws(StatusError) in
            for step in steps { try perform(step, history) }
        }
        if plan.isBlocked { return }
        try forEach(plan.condemned) { member throws(StatusError) in
            try claims.conform(member.ordinal, uid: member.pod.uid)
        }
        try forEach(plan.removals, delete)
        // Scaling comes before updating.
        if spec.isOrdered, !plan.condemned.isEmpty { return }
        for pod in plan.replacements(by: history.update.name) {
            try delete(pod)
            status.noteRemovals(1)
        }
    }

    /// Does something for all elements. An ordered set stops at the first failure; a parallel one tries more and more
    /// at a time, and stops after those of which one failed.
    // Kubernetes: pkg/controller/statefulset/stateful_set_control.go runForAll
    private func forEach<Element>(
        _ elements: [Element],
        _ body: (Element) throws(StatusError) -> Void
    ) throws(StatusError) {
        let sizes =
            spec.isOrdered
            ? Array(repeating: 1, count: elements.count) : ReplicaSetDecision.batches(of: elements.count)
        var rest = elements[...]
        for size in sizes {
            var failure: StatusError?
            for element in rest.prefix(size) {
                do throws(StatusError) { try body(element) } catch { failure = failure ?? error }
            }
            if let failure { throw failure }
            rest = rest.dropFirst(size)
        }
    }

    private func perform(_ step: StatefulSetPlan.Step, _ history: History) throws(StatusError) {
        switch step {
        case .create(let ordinal): try create(ordinal, history)
        case .remove(let pod): try delete(pod)
        case .makeClaims(let member):
            try claims.make(member.ordinal)
            try claims.conform(member.ordinal, uid: member.pod.uid)
        case .conform(let member): try conform(member.pod, member.ordinal)
        }
    }

    // Kubernetes: pkg/controller/statefulset/stateful_pod_control.go CreateStatefulPod
    private func create(_ ordinal: Int, _ history: History) throws(StatusError) {
        if try claims.areLeftover(ordinal) { return }
        let known = statefulSet.status["currentReplicas"]?.int ?? 0
        let revision = spec.keepsCurrent(ordinal, current: known) ? history.current : history.update
        let name = template.podName(ordinal)
        do throws(StatusError) {
            try claims.make(ordinal)
            let created = try client.create(.pods, template.pod(ordinal, of: revision))
            controller.note(created.revision, of: .pods, for: key)
            try claims.conform(ordinal, uid: created.uid)
        } catch {
            // A pod of somebody else has the name; it is waited for.
            if error.reason != .alreadyExists { record("Create", name, error) }
            throw error
        }
        record("Create", name)
    }

    // Kubernetes: pkg/controller/statefulset/stateful_pod_control.go UpdateStatefulPod
    private func conform(_ pod: WorkloadPod, _ ordinal: Int) throws(StatusError) {
        let isEquipped = template.isEquipped(pod, ordinal)
        var isChanged = !isEquipped || !template.isIdentified(pod)
        do throws(StatusError) {
            if !isEquipped { try claims.make(ordinal) }
            if try claims.conform(ordinal, uid: pod.uid) { isChanged = true }
            guard isChanged else { return }
            let changed = try client.update(pod.key, uid: pod.uid) { value in
                template.identify(&value, ordinal)
                if !isEquipped { template.equip(&value, ordinal) }
                return true
            }
            if let changed { controller.note(changed.revision, of: .pods, for: key) }
        } catch {
            record("Update", pod.name, error)
            throw error
        }
        record("Update", pod.name)
    }

    private func delete(_ pod: WorkloadPod) throws(StatusError) {
        do throws(StatusError) {
            if let revision = try client.delete(pod.key, uid: pod.uid) {
                controller.note(revision, of: .pods, for: key)
            }
        } catch let error where error.reason == .notFound {
            return
        } catch {
            record("Delete", pod.name, error)
            throw error
        }
        record("Delete", pod.name)
    }

    /// Tells of what was done, or could not be done, to a pod.
    private func record(_ verb: String, _ pod: String, _ failure: StatusError? = nil) {
        let message = "\(verb) Pod \(pod) in StatefulSet \(statefulSet.name) "
        controller.recorder.event(
            about: statefulSet,
            type: failure == nil ? .normal : .warning,
            reason: failure == nil ? "Successful\(verb)" : "Failed\(verb)",
            message: message + (failure.map { "failed error: \($0.message)" } ?? "successful")
        )
    }
}
