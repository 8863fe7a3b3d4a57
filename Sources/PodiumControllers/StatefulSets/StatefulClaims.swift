// SPDX-License-Identifier: Apache-2.0
// Makes the claims of a StatefulSet's pods, and keeps their owners right.

import PodiumClient
import PodiumCodec
import PodiumMachinery
import PodiumStorage

/// The claims of a StatefulSet.
// Kubernetes: pkg/controller/statefulset/stateful_pod_control.go
struct StatefulClaims {
    let controller: StatefulSetController
    let template: StatefulPodTemplate

    private var statefulSet: APIObject { template.statefulSet }
    private var client: ResourceClient { controller.informers.client }

    /// Makes those claims of an ordinal that are missing.
    /// - Throws: why some could not be made; that some are being deleted.
    // Kubernetes: pkg/controller/statefulset/stateful_pod_control.go createPersistentVolumeClaims
    func make(_ ordinal: Int) throws(StatusError) {
        var failures: [StatusError] = []
        for claim in template.claims(ordinal) {
            let name = claim[path: "metadata", "name"]?.string ?? ""
            do throws(StatusError) {
                guard let known = try current(name) else {
                    try create(claim, name, ordinal)
                    continue
                }
                if known.isTerminating {
                    failures.append(StatusError(code: 409, reason: .conflict, message: "pvc \(name) is being deleted"))
                }
            } catch {
                failures.append(error)
            }
        }
        guard var failure = failures.first else { return }
        if failures.count > 1 { failure.message = "[\(failures.map(\.message).joined(separator: ", "))]" }
        throw failure
    }

    private func create(_ claim: JSONValue, _ name: String, _ ordinal: Int) throws(StatusError) {
        let pod = template.podName(ordinal)
        do throws(StatusError) {
            try client.create(.persistentVolumeClaims, claim)
        } catch {
            if error.reason != .alreadyExists {
                let message = "Create Claim \(name) for Pod \(pod) in StatefulSet \(statefulSet.name) failed error: "
                record(.warning, "FailedCreate", message + error.message)
            }
            var failure = error
            failure.message = "failed to create PVC \(name): \(error.message)"
            throw failure
        }
        let message = "Create Claim \(name) Pod \(pod) in StatefulSet \(statefulSet.name) success"
        record(.normal, "SuccessfulCreate", message)
    }

    /// Whether a new pod of an ordinal has to wait for a claim that goes with the last one.
    // Kubernetes: pkg/controller/statefulset/stateful_pod_control.go PodClaimIsStale
    func areLeftover(_ ordinal: Int) throws(StatusError) -> Bool {
        guard template.spec.retention.deletesWithPod else { return false }
        let owners = owners(ordinal, uid: "")
        for (_, name) in template.claimNames(ordinal) {
            guard let claim = try current(name), owners.isLeftover(claim.value) else { continue }
            controller.wait(for: claim.key.name, statefulSet.key.name)
            return true
        }
        return false
    }

    /// Gives the claims of an ordinal the owners that the policy wants.
    /// - Parameter uid: that of the pod; empty when it does not exist yet.
    /// - Returns: whether something was not right.
    // Kubernetes: pkg/controller/statefulset/stateful_pod_control.go UpdatePodClaimForRetentionPolicy
    @discardableResult
    func conform(_ ordinal: Int, uid: String) throws(StatusError) -> Bool {
        if template.spec.claimTemplates.isEmpty { return false }
        let owners = owners(ordinal, uid: uid)
        var isChanged = false
        for (_, name) in template.claimNames(ordinal) {
            guard let claim = try current(name), !owners.areUpToDate(on: claim.value) else { continue }
            isChanged = true
            try StatusError.ignoringAbsence { () throws(StatusError) in
                try client.update(claim.key, uid: claim.uid) { value in
                    owners.apply(to: &value)
                    return true
                }
            }
        }
        return isChanged
    }

    private func owners(_ ordinal: Int, uid: String) -> ClaimOwners {
        ClaimOwners(
            of: statefulSet,
            template.spec.retention,
            pod: (template.podName(ordinal), uid),
            isCondemned: !template.spec.ordinals.contains(ordinal)
        )
    }

    private func current(_ name: String) throws(StatusError) -> APIObject? {
        try controller.informers.current(
            ObjectKey(.persistentVolumeClaims, namespace: statefulSet.namespace, name: name)
        )
    }

    private func record(_ type: EventType, _ reason: String, _ message: String) {
        controller.recorder.event(about: statefulSet, type: type, reason: reason, message: message)
    }
}
