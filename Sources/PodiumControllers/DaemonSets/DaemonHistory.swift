// SPDX-License-Identifier: Apache-2.0
// The revisions of a DaemonSet: which is the present one, and which are too many.

import PodiumClient
import PodiumCodec
import PodiumMachinery
import PodiumStorage

/// The history of a DaemonSet.
// Kubernetes: pkg/controller/daemon/update.go constructHistory
struct DaemonHistory {
    let client: ResourceClient
    let daemonSet: APIObject
    /// All revisions, in their order.
    let revisions: [ControllerRevision]
    /// The pods of the DaemonSet, in any state.
    let pods: [WorkloadPod]
    /// Called with each write.
    let note: (Revision, GroupResource) -> Void

    private var template: JSONValue { daemonSet.spec["template"] ?? .emptyObject }
    private var data: JSONValue { ControllerRevision.data(of: template) }

    private var writer: RevisionWriter {
        RevisionWriter(client: client, owner: daemonSet, type: DaemonSetController.type) {
            note($0, .controllerRevisions)
        }
    }

    /// The revision of the present template, the last one of the history; made when there is none.
    /// - Returns: nil when its name is taken: another one is tried with the next look.
    func current() throws(StatusError) -> ControllerRevision? {
        let data = data
        let next = (revisions.last { !$0.keeps(data) }?.number ?? 0) + 1
        let equal = revisions.filter { $0.keeps(data) }
        for revision in revisions where revision.labels[RevisionLabel.revision] == nil {
            _ = try label(revision)
        }
        guard let last = equal.last else { return try snapshot(data, next) }
        if equal.count > 1 { try join(equal.dropLast(), to: last) }
        let current = last.labels[RevisionLabel.revision] == nil ? try label(last) : last
        return current.number < next ? try writer.renumber(current, to: next) : current
    }

    /// Gives a revision from elsewhere the label by which pods name it.
    private func label(_ revision: ControllerRevision) throws(StatusError) -> ControllerRevision {
        try writer.change(revision) {
            $0[path: "metadata", "labels", RevisionLabel.revision] = .string(revision.name)
        }
    }

    /// Has all pods be of `last`, and removes the revisions of the same template.
    // Kubernetes: pkg/controller/daemon/update.go dedupCurHistories
    private func join(_ others: ArraySlice<ControllerRevision>, to last: ControllerRevision) throws(StatusError) {
        let hash = last.labels[RevisionLabel.revision] ?? last.name
        for pod in pods where pod.revisionLabel != hash {
            try StatusError.ignoringAbsence { () throws(StatusError) in
                let changed = try client.update(pod.key, uid: pod.uid) { value in
                    value[path: "metadata", "labels", RevisionLabel.revision] = .string(hash)
                    return true
                }
                if let changed { note(changed.revision, .pods) }
            }
        }
        try writer.delete(others)
    }

    // Kubernetes: pkg/controller/daemon/update.go snapshot
    private func snapshot(_ data: JSONValue, _ number: Int64) throws(StatusError) -> ControllerRevision? {
        let collisions = daemonSet.status["collisionCount"]?.integer
        let hash = TemplateHash(of: template, collisions: collisions).text
        var labels = template[path: "metadata", "labels"]?.object ?? [:]
        labels[RevisionLabel.revision] = .string(hash)
        do throws(StatusError) {
            return try writer.create(hash: hash, labels: labels, data: data, number: number)
        } catch let error where error.reason == .alreadyExists {
            if let existing = try writer.existing(hash: hash), existing.keeps(data) { return existing }
            let changed = try client.updateStatus(daemonSet.key, uid: daemonSet.uid) { value in
                value[path: "status", "collisionCount"] = .integer((collisions ?? 0) + 1)
                return true
            }
            if let changed { note(changed.revision, .daemonSets) }
            return nil
        }
    }

    /// Deletes what is beyond the limit and no pod has, the eldest first.
    // Kubernetes: pkg/controller/daemon/update.go cleanupHistory
    func trim() throws(StatusError) {
        let data = data
        let old = revisions.filter { !$0.keeps(data) }
        let count = old.count - (daemonSet.spec["revisionHistoryLimit"]?.int ?? old.count)
        guard count > 0 else { return }
        let used = Set(pods.map(\.revisionLabel))
        try writer.delete(old.filter { !used.contains($0.labels[RevisionLabel.revision] ?? $0.name) }.prefix(count))
    }
}
