// SPDX-License-Identifier: Apache-2.0
// How workload controllers make and remove pods, and what Events they tell of it.

import PodiumClient
import PodiumCodec
import PodiumMachinery
import PodiumStorage

/// Makes pods from templates and deletes them, in the name of their controller.
// Kubernetes: pkg/controller/controller_utils.go RealPodControl
struct PodControl: Sendable {
    let client: ResourceClient
    let recorder: EventRecorder

    /// A pod of `template` as `owner`'s, which gets its name when it is created.
    // Kubernetes: pkg/controller/controller_utils.go GetPodFromTemplate
    static func pod(from template: JSONValue, for owner: APIObject, _ type: OwnerType) -> JSONValue {
        var metadata: JSONObject = [
            "generateName": .string(prefix(of: owner.name)), "namespace": .string(owner.namespace),
        ]
        for member in ["labels", "annotations", "finalizers"] {
            metadata[member] = template[path: "metadata", member]
        }
        metadata["ownerReferences"] = [OwnerReference.controlling(owner, type)]
        return [
            "kind": "Pod", "apiVersion": "v1", "metadata": .object(metadata),
            "spec": template["spec"] ?? .emptyObject,
        ]
    }

    /// What the generated names of the objects of `name` begin with.
    static func prefix(of name: String) -> String {
        let prefix = "\(name)-"
        return NameValidation.dns1123Subdomain(prefix, isPrefix: true).isEmpty ? prefix : name
    }

    /// Creates `pod`, and tells of it in an Event about `owner`.
    func create(_ pod: JSONValue, for owner: APIObject) throws(StatusError) -> APIObject {
        do throws(StatusError) {
            let created = try client.create(.pods, pod)
            record(owner, .normal, "SuccessfulCreate", "Created pod: \(created.name)")
            return created
        } catch {
            // Nobody would read it.
            if !error.isOfEndingNamespace {
                record(owner, .warning, "FailedCreate", "Error creating: \(error.message)")
            }
            throw error
        }
    }

    /// Deletes a pod, and tells of it in an Event about `owner`. One that is gone already is deleted.
    func delete(_ pod: WorkloadPod, of owner: APIObject) throws(StatusError) -> Revision? {
        do throws(StatusError) {
            let revision = try client.delete(pod.key, uid: pod.uid)
            record(owner, .normal, "SuccessfulDelete", "Deleted pod: \(pod.name)")
            return revision
        } catch let error where error.reason == .notFound {
            return nil
        } catch {
            record(owner, .warning, "FailedDelete", "Error deleting: \(error.message)")
            throw error
        }
    }

    private func record(_ owner: APIObject, _ type: EventType, _ reason: String, _ message: String) {
        recorder.event(about: owner, type: type, reason: reason, message: message)
    }
}

extension StatusError {
    /// Whether something could not be made because its namespace is being deleted, so that trying again is useless.
    var isOfEndingNamespace: Bool { details?.causes.contains { $0.reason == "NamespaceTerminating" } ?? false }
}
