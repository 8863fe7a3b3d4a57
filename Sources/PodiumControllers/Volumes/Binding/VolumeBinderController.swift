// SPDX-License-Identifier: Apache-2.0
// Brings claims and volumes together, and says of both how they are.

import OrderedCollections
import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumPodModel
import PodiumStorage

/// The binder of PersistentVolumeClaims.
// State | guarded by | why separate
// free, pods | queue | the queue of the informers
// Kubernetes: pkg/controller/volume/persistentvolume/pv_controller.go
final class VolumeBinderController: InformedReconciler {
    static let name = "persistentvolume-binder-controller"

    enum Key: Hashable, Comparable, Sendable {
        case claim(NamespacedName)
        case volume(String)
    }

    private struct State {
        /// The volumes that no claim has yet.
        var free: OrderedDictionary<String, APIObject> = [:]
        /// The pods that have no node yet and use a claim, by its name.
        var waiting: [NamespacedName: OrderedSet<String>] = [:]
        var controller: Controller<Key>?
    }

    private let informers: SharedInformers
    private let recorder: EventRecorder
    private let state: Confined<State>

    init(informers: SharedInformers) {
        self.informers = informers
        recorder = EventRecorder(
            client: informers.client,
            component: "persistentvolume-controller",
            queue: informers.queue
        )
        state = Confined(State(), on: informers.queue)
    }

    private var client: ResourceClient { informers.client }
    private var now: Timestamp { client.host.clock.now }

    func watch(_ controller: Controller<Key>) {
        state.withState { $0.controller = controller }
        informers.handle(.persistentVolumeClaims) { event in
            let claim = event.object
            controller.add(.claim(claim.key.name))
            // A volume whose claim goes is to be reclaimed.
            guard case .deleted = event, let volume = claim.spec["volumeName"]?.string else { return }
            controller.add(.volume(volume))
        }
        informers.handle(.persistentVolumes) { [weak self] event in
            self?.noteVolume(event)
            controller.add(.volume(event.object.name))
        }
        informers.handle(.storageClasses) { [weak self] event in
            if case .deleted = event { return }
            // Claims that wait for their class need not wait any longer.
            self?.addPendingClaims(ofClass: event.object.name)
        }
        informers.handle(.pods) { [weak self] event in self?.notePod(event) }
    }

    private func noteVolume(_ event: InformerEvent) {
        let volume = event.object
        let isGone = if case .deleted = event { true } else { false }
        let view = PersistentVolume(volume.value)
        let isFree = !isGone && !["Bound", "Released", "Failed"].contains(view.phase)
        state.withState { $0.free[volume.name] = isFree ? volume : nil }
        // A claim that loses its volume is to say so.
        if isGone, let name = view.claimName { state.withState { $0.controller }?.add(.claim(name)) }
        guard isFree else { return }
        if let name = view.claimName {
            state.withState { $0.controller }?.add(.claim(name))
        } else {
            addPendingClaims(ofClass: view.storageClass)
        }
    }

    private func addPendingClaims(ofClass name: String) {
        guard let controller = state.withState({ $0.controller }) else { return }
        for claim in informers.objects(.persistentVolumeClaims) {
            let view = VolumeClaim(claim.value)
            if !view.isComplete, view.storageClass == name { controller.add(.claim(claim.key.name)) }
        }
    }

    /// What pods wait for shows in the Events of their claims.
    private func notePod(_ event: InformerEvent) {
        let pod = event.object
        // Who waits for what changes with the specification only, of which the node is a part, or with the end.
        if case .updated(let old, let new) = event, old.stored.hasSameSpec(as: new.stored),
            old.isTerminalPod == new.isTerminalPod
        {
            return
        }
        guard pod.stored.mayHaveMember("persistentVolumeClaim") || pod.stored.mayHaveMember("ephemeral") else { return }
        let isGone = if case .deleted = event { true } else { false }
        let isWaiting = !isGone && pod.nodeName.isEmpty && !pod.isTerminalPod
        for claim in PodVolumeClaims.names(of: pod) {
            let name = NamespacedName(namespace: pod.namespace, name: claim)
            state.withState { state in
                if isWaiting {
                    state.waiting[name, default: []].append(pod.name)
                } else {
                    state.waiting[name]?.remove(pod.name)
                    if state.waiting[name]?.isEmpty == true { state.waiting[name] = nil }
                }
            }
            if case .added = event { state.withState { $0.controller }?.add(.claim(name)) }
        }
    }

    func reconcile(_ key: Key) throws -> ReconcileResult {
        switch key {
        case .claim(let name): try reconcileClaim(name)
        case .volume(let name): try reconcileVolume(name)
        }
        return .done
    }

    // MARK: Claims

    private func reconcileClaim(_ name: NamespacedName) throws {
        guard let object = try client.get(ObjectKey(.persistentVolumeClaims, name)) else { return }
        let claim = VolumeClaim(object.value)
        let decision = ClaimDecision(claim, try world(of: claim))
        try StatusError.ignoringAbsence { () throws(StatusError) in
            switch decision {
            case .bind(let volume): try bind(volume, to: object)
            case .wait(let notice):
                if let notice { record(object, notice) }
                try setPhase("Pending", of: object)
            case .provision(let storageClass): try provision(object, by: storageClass)
            case .lose(let notice):
                if claim.phase != "Lost" { record(object, notice) }
                try setPhase("Lost", of: object)
            }
        }
    }

    private func world(of claim: VolumeClaim) throws(StatusError) -> ClaimDecision.World {
        let named =
            claim.volumeName.isEmpty ? nil : try client.get(ObjectKey(.persistentVolumes, name: claim.volumeName))
        let storageClass =
            claim.storageClass.isEmpty ? nil : try client.get(ObjectKey(.storageClasses, name: claim.storageClass))
        // What the informers know may be old: only what is still free now is free.
        var free: [PersistentVolume] = []
        if claim.volumeName.isEmpty {
            for known in state.withState({ Array($0.free.values) }) {
                if let volume = try informers.current(known.key) { free.append(PersistentVolume(volume.value)) }
            }
        }
        return ClaimDecision.World(
            free: free,
            named: named.map { PersistentVolume($0.value) },
            storageClass: storageClass.map { VolumeClass($0.value) },
            waitingPods: state.withState { $0.waiting[claim.name].map(Array.init) ?? [] }
        )
    }

    /// First the volume says whose it is, then the claim: what stops in between goes on from there.
    // Kubernetes: pkg/controller/volume/persistentvolume/pv_controller.go bind
    private func bind(_ volume: PersistentVolume, to reference: APIObject) throws(StatusError) {
        let key = ObjectKey(.persistentVolumes, name: volume.name)
        let taken = try client.update(key, uid: volume.uid) { value in
            if value[path: "spec", "claimRef", "uid"]?.string == reference.uid { return false }
            if value[path: "spec", "claimRef"] == nil {
                value[path: "metadata", "annotations", VolumeAnnotation.boundByController] = "yes"
            }
            value[path: "spec", "claimRef"] = [
                "kind": "PersistentVolumeClaim", "namespace": .string(reference.namespace),
                "name": .string(reference.name), "uid": .string(reference.uid), "apiVersion": "v1",
                "resourceVersion": .string(reference.revision.description),
            ]
            return true
        }
        guard let taken else { return }
        try setPhase("Bound", of: taken)
        try client.update(reference.key, uid: reference.uid) { value in
            let isChosen = (value[path: "spec", "volumeName"]?.string ?? "").isEmpty
            if !isChosen, value[path: "metadata", "annotations", VolumeAnnotation.bindCompleted] != nil {
                return false
            }
            if isChosen {
                value[path: "spec", "volumeName"] = .string(volume.name)
                value[path: "metadata", "annotations", VolumeAnnotation.boundByController] = "yes"
            }
            value[path: "metadata", "annotations", VolumeAnnotation.bindCompleted] = "yes"
            return true
        }
        try setBound(reference, taken)
    }

    private func setBound(_ claim: APIObject, _ volume: APIObject) throws(StatusError) {
        let modes = volume.spec["accessModes"]
        let capacity = volume.spec["capacity"]
        try client.updateStatus(claim.key, uid: claim.uid) { value in
            let old = value["status"]
            value[path: "status", "phase"] = "Bound"
            value[path: "status", "accessModes"] = modes
            // A volume that has grown is told of by whoever let it grow.
            if value[path: "status", "capacity"] == nil { value[path: "status", "capacity"] = capacity }
            return value["status"] != old
        }
    }

    // Kubernetes: pkg/controller/volume/persistentvolume/pv_controller.go provisionClaimOperationExternal
    private func provision(_ claim: APIObject, by storageClass: VolumeClass) throws(StatusError) {
        let provisioner = JSONValue.string(storageClass.provisioner)
        try client.update(claim.key, uid: claim.uid) { value in
            let names = VolumeAnnotation.provisioners
            if names.allSatisfy({ value[path: "metadata", "annotations", $0] == provisioner }) { return false }
            for name in names { value[path: "metadata", "annotations", name] = provisioner }
            return true
        }
        let message =
            "Waiting for a volume to be created either by the external provisioner '\(storageClass.provisioner)' or "
            + "manually by the system administrator. If volume creation is delayed, please verify that the provisioner "
            + "is running and correctly registered."
        record(
            claim,
            ClaimDecision.Notice(isWarning: false, reason: "ExternalProvisioning", message: message)
        )
        try setPhase("Pending", of: claim)
    }

    // MARK: Volumes

    // Kubernetes: pkg/controller/volume/persistentvolume/pv_controller.go syncVolume
    private func reconcileVolume(_ name: String) throws {
        guard let object = try client.get(ObjectKey(.persistentVolumes, name: name)) else { return }
        let volume = PersistentVolume(object.value)
        try StatusError.ignoringAbsence { () throws(StatusError) in
            guard let claimName = volume.claimName, !volume.claimUID.isEmpty else {
                return try setPhase("Available", of: object)
            }
            let claim = try client.get(ObjectKey(.persistentVolumeClaims, claimName))
            guard let claim, claim.uid == volume.claimUID else { return try release(volume, object) }
            switch claim.spec["volumeName"]?.string ?? "" {
            case "": state.withState { $0.controller }?.add(.claim(claimName))
            case name: try setPhase("Bound", of: object)
            default: try unbind(object)
            }
        }
    }

    /// The claim is gone: what becomes of the volume is up to its policy, and of a provisioned one to its provisioner.
    private func release(_ volume: PersistentVolume, _ object: APIObject) throws(StatusError) {
        if volume.phase != "Released", volume.phase != "Failed" { try setPhase("Released", of: object) }
        guard volume.reclaimPolicy == "Delete", volume.provisioner.isEmpty, !volume.isTerminating,
            volume.phase != "Failed"
        else { return }
        // Nobody made it who could take it away.
        let message =
            "error getting deleter volume plugin for volume \(FieldError.quoted(volume.name)): no volume plugin matched"
        recorder.event(about: object, type: .warning, reason: "VolumeFailedDelete", message: message)
        try setPhase("Failed", of: object, message: message)
    }

    /// Another volume was faster to get the claim: this one is free again, for anybody if the binder had chosen it.
    private func unbind(_ volume: APIObject) throws(StatusError) {
        let freed = try client.update(volume.key, uid: volume.uid) { value in
            if value[path: "metadata", "annotations", VolumeAnnotation.boundByController] != nil {
                value[path: "spec", "claimRef"] = nil
                value[path: "metadata", "annotations", VolumeAnnotation.boundByController] = nil
            } else {
                value[path: "spec", "claimRef", "uid"] = nil
            }
            return true
        }
        if let freed { try setPhase("Available", of: freed) }
    }

    // MARK: What both say

    private func setPhase(_ phase: String, of object: APIObject, message: String? = nil) throws(StatusError) {
        let now = JSONValue.string(now.rfc3339)
        let isVolume = object.key.resource == .persistentVolumes
        try client.updateStatus(object.key, uid: object.uid) { value in
            if value[path: "status", "phase"]?.string == phase, message == nil { return false }
            value[path: "status", "phase"] = .string(phase)
            if isVolume { value[path: "status", "lastPhaseTransitionTime"] = now }
            value[path: "status", "message"] = message.map { .string($0) }
            return true
        }
    }

    private func record(_ object: APIObject, _ notice: ClaimDecision.Notice) {
        recorder.event(
            about: object,
            type: notice.isWarning ? .warning : .normal,
            reason: notice.reason,
            message: notice.message
        )
    }
}
