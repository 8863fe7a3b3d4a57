// SPDX-License-Identifier: Apache-2.0
// One look at a Deployment: what its rollout decides is carried out, and its status is written.

import PodiumClient
import PodiumCodec
import PodiumMachinery
import PodiumStorage

/// A look at a Deployment and its ReplicaSets.
// Kubernetes: pkg/controller/deployment/deployment_controller.go syncDeployment
struct DeploymentSync {
    let controller: DeploymentController
    private(set) var deployment: APIObject
    let spec: DeploymentSpec
    private(set) var sets: [RolloutReplicaSet] { didSet { rollout = Rollout(spec, sets) } }
    /// Made anew when a ReplicaSet has changed: it compares templates.
    private var rollout: Rollout
    let now: Timestamp

    init(
        controller: DeploymentController,
        deployment: APIObject,
        spec: DeploymentSpec,
        sets: [RolloutReplicaSet],
        now: Timestamp
    ) {
        self.controller = controller
        self.deployment = deployment
        self.spec = spec
        self.sets = sets
        rollout = Rollout(spec, sets)
        self.now = now
    }

    private var client: ResourceClient { controller.informers.client }
    private var key: NamespacedName { deployment.key.name }

    /// - Parameter hasOldPods: whether pods of old templates are still there.
    /// - Returns: when to look again although nothing has changed.
    mutating func run(hasOldPods: (Rollout) -> Bool) throws(StatusError) -> Duration? {
        if spec.selector.isEverything { return try refuseSelector() }
        if deployment.isTerminating {
            try writeStatus(DeploymentStatus(deployment, rollout, now: now))
            return nil
        }
        try notePause()
        if spec.isPaused || rollout.isScaled { return try follow() }
        switch spec.strategy {
        case .recreate: return try recreate(hasOldPods)
        case .rolling: return try roll()
        }
    }

    /// A selector that takes everything would take all pods of the namespace.
    private mutating func refuseSelector() throws(StatusError) -> Duration? {
        record(
            .warning,
            "SelectingAll",
            "This deployment is selecting all pods. A non-empty selector is required."
        )
        let generation = deployment.generation
        if deployment.status["observedGeneration"]?.integer ?? 0 < generation {
            try change { $0[path: "status", "observedGeneration"] = .integer(generation) }
        }
        return nil
    }

    /// Says in the conditions that the rollout was stopped, or goes on.
    // Kubernetes: pkg/controller/deployment/sync.go checkPausedConditions
    private mutating func notePause() throws(StatusError) {
        guard spec.progressDeadline != nil else { return }
        let type = DeploymentConditions.progressing
        let reason = DeploymentConditions(deployment.status)[type]?["reason"]?.string
        if reason == DeploymentConditions.Reason.timedOut { return }
        let isNoted = reason == DeploymentConditions.Reason.paused
        if spec.isPaused == isNoted { return }
        var conditions = DeploymentConditions(deployment.status)
        if spec.isPaused {
            let reason = DeploymentConditions.Reason.paused
            conditions.set(type, "Unknown", reason, "Deployment is paused", now: now)
        } else {
            conditions.set(type, "Unknown", "DeploymentResumed", "Deployment is resumed", now: now)
        }
        try change { $0[path: "status", "conditions"] = .array(conditions.values) }
    }

    /// Follows a changed number of pods without going on with the rollout.
    // Kubernetes: pkg/controller/deployment/sync.go sync
    private mutating func follow() throws(StatusError) -> Duration? {
        try adoptNewSet()
        for scaling in rollout.scalings() { try scale(scaling, always: true) }
        if spec.isPaused { try cleanUp() }
        try writeStatus(DeploymentStatus(deployment, rollout, now: now))
        return nil
    }

    private mutating func roll() throws(StatusError) -> Duration? {
        try makeNewSet()
        let step = rollout.rollingStep()
        for scaling in step { try scale(scaling) }
        if step.isEmpty { try cleanUpWhenComplete() }
        return try writeProgress()
    }

    // Kubernetes: pkg/controller/deployment/recreate.go rolloutRecreate
    private mutating func recreate(_ hasOldPods: (Rollout) -> Bool) throws(StatusError) -> Duration? {
        try adoptNewSet()
        let active = rollout.activeOld
        for set in active { try scale(Rollout.Scaling(set: set, replicas: 0)) }
        if !active.isEmpty || hasOldPods(rollout) { return try writeProgress() }
        try makeNewSet()
        if let new = rollout.new { try scale(Rollout.Scaling(set: new, replicas: spec.replicas)) }
        try cleanUpWhenComplete()
        return try writeProgress()
    }

    // MARK: Status

    private mutating func writeProgress() throws(StatusError) -> Duration? {
        var status = DeploymentStatus(deployment, rollout, now: now)
        status.noteProgress(of: deployment, rollout, now: now)
        return try writeStatus(status) ? nil : status.timeToDeadline(spec, now: now)
    }

    /// - Returns: whether it was different.
    @discardableResult
    private mutating func writeStatus(_ status: DeploymentStatus) throws(StatusError) -> Bool {
        let value = status.value
        if deployment.status == value { return false }
        try change { $0["status"] = value }
        return true
    }

    /// Changes the status of the Deployment, or its annotations along with it.
    private mutating func change(_ edit: (inout JSONValue) -> Void) throws(StatusError) {
        let changed = try client.updateStatus(deployment.key, uid: deployment.uid) { value in
            edit(&value)
            return true
        }
        guard let changed else { return }
        deployment = changed
        controller.note(changed.revision, of: .deployments, for: key)
    }

    // MARK: ReplicaSets

    private mutating func replace(_ set: APIObject) {
        controller.note(set.revision, of: .replicaSets, for: key)
        if let index = sets.firstIndex(where: { $0.object.uid == set.uid }) {
            sets[index] = RolloutReplicaSet(set)
        } else {
            sets.append(RolloutReplicaSet(set))
        }
    }

    /// Has a ReplicaSet want another number of pods, and tells of it.
    /// - Parameter always: whether what it knows of the Deployment is brought up to date even if its number stays.
    // Kubernetes: pkg/controller/deployment/sync.go scaleReplicaSet
    private mutating func scale(_ scaling: Rollout.Scaling, always: Bool = false) throws(StatusError) {
        let before = sets.first { $0.object.uid == scaling.set.object.uid }?.replicas ?? scaling.set.replicas
        let annotations = replicaAnnotations
        let known = scaling.set.annotations
        let isKnown = annotations.allSatisfy { known[$0] == $1 }
        if before == scaling.replicas, !always || isKnown { return }
        let changed = try client.update(scaling.set.object.key, uid: scaling.set.object.uid) { value in
            value[path: "spec", "replicas"] = .integer(Int64(scaling.replicas))
            for (name, text) in annotations { value[path: "metadata", "annotations", name] = .string(text) }
            return true
        }
        if let changed { replace(changed) }
        guard before != scaling.replicas else { return }
        recordScaling(of: scaling.set.name, from: before, to: scaling.replicas)
    }

    private var replicaAnnotations: [(name: String, text: String)] {
        [
            (DeploymentAnnotation.desiredReplicas, String(spec.replicas)),
            (DeploymentAnnotation.maxReplicas, String(spec.maxReplicas)),
        ]
    }

    private func recordScaling(of set: String, from before: Int, to after: Int) {
        let direction = after > before ? "up" : "down"
        record(.normal, "ScalingReplicaSet", "Scaled \(direction) replica set \(set) from \(before) to \(after)")
    }

    private func record(_ type: EventType, _ reason: String, _ message: String) {
        controller.recorder.event(about: deployment, type: type, reason: reason, message: message)
    }

    private mutating func cleanUpWhenComplete() throws(StatusError) {
        let status = deployment.status
        func count(_ name: String) -> Int { status[name]?.int ?? 0 }
        guard count("updatedReplicas") == spec.replicas, count("replicas") == spec.replicas,
            count("availableReplicas") == spec.replicas,
            status["observedGeneration"]?.integer ?? 0 >= deployment.generation
        else { return }
        try cleanUp()
    }

    /// Deletes what is beyond the limit of the history.
    private mutating func cleanUp() throws(StatusError) {
        for set in rollout.outdated {
            do throws(StatusError) {
                if let revision = try client.delete(set.object.key, uid: set.object.uid) {
                    controller.note(revision, of: .replicaSets, for: key)
                }
            } catch let error where error.reason == .notFound {
                continue
            }
        }
    }

    // MARK: The new ReplicaSet

    /// Brings the ReplicaSet of the present template up to date, if there is one.
    // Kubernetes: pkg/controller/deployment/sync.go getNewReplicaSet
    private mutating func adoptNewSet() throws(StatusError) {
        guard let new = rollout.new else { return }
        let revision = nextRevision
        let annotations = newSetAnnotations(known: new.annotations, revision: revision)
        let minReadySeconds = new.object.spec["minReadySeconds"]?.integer ?? 0
        if annotations != new.annotations || minReadySeconds != spec.minReadySeconds {
            let changed = try client.update(new.object.key, uid: new.object.uid) { value in
                for (name, text) in annotations.sorted(by: { $0.key < $1.key }) {
                    value[path: "metadata", "annotations", name] = .string(text)
                }
                let seconds = spec.minReadySeconds
                value[path: "spec", "minReadySeconds"] = seconds == 0 ? nil : .integer(seconds)
                return true
            }
            // What else follows from it comes with the next look.
            if let changed { replace(changed) }
            return
        }
        let number = annotations[DeploymentAnnotation.revision] ?? ""
        let type = DeploymentConditions.progressing
        var conditions = DeploymentConditions(deployment.status)
        let isUnknown = spec.progressDeadline != nil && conditions[type] == nil
        guard deployment.annotations[DeploymentAnnotation.revision] != number || isUnknown else { return }
        if isUnknown {
            let message = "Found new replica set \"\(new.name)\""
            conditions.set(type, "True", "FoundNewReplicaSet", message, now: now)
        }
        try setRevision(number, conditions)
    }

    /// The same, and makes it when there is none.
    private mutating func makeNewSet() throws(StatusError) {
        if rollout.new != nil { return try adoptNewSet() }
        let collisions = deployment.status["collisionCount"]?.integer
        let hash = TemplateHash(of: spec.template, collisions: collisions).text
        let revision = nextRevision
        let replicas = rollout.newReplicas(from: 0, wanted: rollout.wanted)
        let object = newSet(hash: hash, replicas: replicas, revision: revision)
        let created: APIObject
        var isNew = true
        do throws(StatusError) {
            created = try client.create(.replicaSets, object)
        } catch let error where error.reason == .alreadyExists {
            created = try existingSet(hash: hash, error, collisions: collisions)
            isNew = false
        } catch {
            if !error.isOfEndingNamespace { try noteFailure("\(deployment.name)-\(hash)", error) }
            throw error
        }
        replace(created)
        if isNew, replicas > 0 { recordScaling(of: created.name, from: 0, to: replicas) }
        var conditions = DeploymentConditions(deployment.status)
        if isNew, spec.progressDeadline != nil {
            let message = "Created new replica set \"\(created.name)\""
            let type = DeploymentConditions.progressing
            conditions.set(type, "True", "NewReplicaSetCreated", message, now: now)
        }
        try setRevision(String(revision), conditions)
    }

    private mutating func setRevision(_ number: String, _ conditions: DeploymentConditions) throws(StatusError) {
        if deployment.annotations[DeploymentAnnotation.revision] == number,
            DeploymentConditions(deployment.status) == conditions
        {
            return
        }
        try change { value in
            value[path: "metadata", "annotations", DeploymentAnnotation.revision] = .string(number)
            if !conditions.values.isEmpty { value[path: "status", "conditions"] = .array(conditions.values) }
        }
    }

    /// The set that has the name already, if it is one of ours; else another name is tried from now on.
    private mutating func existingSet(
        hash: String,
        _ error: StatusError,
        collisions: Int64?
    ) throws(StatusError) -> APIObject {
        let name = NamespacedName(namespace: key.namespace, name: "\(deployment.name)-\(hash)")
        let existing = try client.get(ObjectKey(.replicaSets, name))
        if let existing, existing.controller?.uid == deployment.uid,
            RolloutReplicaSet(existing).hasTemplate(spec.template)
        {
            return existing
        }
        try change { $0[path: "status", "collisionCount"] = .integer((collisions ?? 0) + 1) }
        throw error
    }

    private mutating func noteFailure(_ name: String, _ error: StatusError) throws(StatusError) {
        let message = "Failed to create new replica set \"\(name)\": \(error.message)"
        if spec.progressDeadline != nil {
            var conditions = DeploymentConditions(deployment.status)
            let type = DeploymentConditions.progressing
            conditions.set(type, "False", "ReplicaSetCreateError", message, now: now)
            try change { $0[path: "status", "conditions"] = .array(conditions.values) }
        }
        record(.warning, "ReplicaSetCreateError", message)
    }

    private var nextRevision: Int64 { (rollout.old.map(\.revision).max() ?? 0) + 1 }

    private func newSet(hash: String, replicas: Int, revision: Int64) -> JSONValue {
        var template = spec.template
        template[path: "metadata", "labels", DeploymentAnnotation.hashLabel] = .string(hash)
        var selector = spec.selectorValue
        selector[path: "matchLabels", DeploymentAnnotation.hashLabel] = .string(hash)
        var annotations = newSetAnnotations(known: [:], revision: revision)
        for (name, text) in replicaAnnotations { annotations[name] = text }
        var set: JSONObject = ["replicas": .integer(Int64(replicas)), "selector": selector, "template": template]
        if spec.minReadySeconds != 0 { set["minReadySeconds"] = .integer(spec.minReadySeconds) }
        let texts = annotations.sorted { $0.key < $1.key }.map { ($0.key, JSONValue.string($0.value)) }
        return [
            "kind": "ReplicaSet", "apiVersion": "apps/v1",
            "metadata": [
                "name": .string("\(deployment.name)-\(hash)"), "namespace": .string(key.namespace),
                "labels": template[path: "metadata", "labels"] ?? .emptyObject,
                "annotations": .object(JSONObject(uniqueKeysWithValues: texts)),
                "ownerReferences": [OwnerReference.controlling(deployment, DeploymentController.type)],
            ],
            "spec": .object(set),
        ]
    }

    /// The annotations of the new ReplicaSet: the Deployment's, and its place in the history.
    // Kubernetes: pkg/controller/deployment/util/deployment_util.go SetNewReplicaSetAnnotations
    private func newSetAnnotations(known: [String: String], revision: Int64) -> [String: String] {
        var annotations = known
        for (name, text) in deployment.annotations where !DeploymentAnnotation.ownedByEither.contains(name) {
            annotations[name] = text
        }
        let old = known[DeploymentAnnotation.revision]
        guard let number = Int64(old ?? "0"), number < revision else { return annotations }
        annotations[DeploymentAnnotation.revision] = String(revision)
        guard let old else { return annotations }
        var history = known[DeploymentAnnotation.revisionHistory]?.split(separator: ",").map(String.init) ?? []
        history.append(old)
        while history.count > 1, history.joined(separator: ",").utf8.count > DeploymentAnnotation.maximumHistoryBytes {
            history.removeFirst()
        }
        annotations[DeploymentAnnotation.revisionHistory] = history.joined(separator: ",")
        return annotations
    }
}
