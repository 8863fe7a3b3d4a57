// SPDX-License-Identifier: Apache-2.0
// How controllers delete: with the same rules as a DELETE request, grace and finalizers included.

package import PodiumCodec
import PodiumHost
import PodiumMachinery
package import PodiumStorage

extension ResourceClient {
    /// Deletes an object as a DELETE request would: pods get their grace, finalizers are waited for.
    /// - Parameters:
    ///   - uid: when given, an object of the same name with another UID counts as not found.
    ///   - graceSeconds: the grace of a pod; nil takes that of its spec. Other objects have none.
    ///   - change: edits the object in the same write, if it is written; also before its removal.
    /// - Throws: `keyNotFound`, or `conflict` after ``ResourceClient/Limits/maximumConflictRetries`` attempts.
    package func delete(
        _ key: ObjectKey,
        uid: String? = nil,
        graceSeconds: Int64? = nil,
        _ change: (inout JSONValue) -> Void = { _ in }
    ) throws(StorageError) {
        let now = host.clock.now
        var outcome = PodDeletion.Outcome.unchanged
        let object = try update(key, uid: uid) { value in
            if key.resource == .pods {
                outcome = PodDeletion.request(&value, graceSeconds: graceSeconds, now: now)
            } else {
                outcome = ObjectDeletion.request(&value, now: now)
            }
            guard outcome == .write || outcome == .writeThenRemove else { return false }
            change(&value)
            return true
        }
        if outcome == .remove || outcome == .writeThenRemove { try remove(key, uid: object.uid) }
    }

    /// Has `finalizer` hold an object, unless it is being deleted already.
    /// - Throws: `keyNotFound`; `conflict` as `update` does.
    package func addFinalizer(_ finalizer: String, to key: ObjectKey, uid: String? = nil) throws(StorageError) {
        try update(key, uid: uid) { value in
            let finalizers = value[path: "metadata", "finalizers"]?.elements ?? []
            if value[path: "metadata", "deletionTimestamp"] != nil || finalizers.contains(.string(finalizer)) {
                return false
            }
            value[path: "metadata", "finalizers"] = .array(finalizers + [.string(finalizer)])
            return true
        }
    }

    /// Takes `finalizer` away from an object, and removes the object when that was the last thing to hold it.
    /// - Throws: `keyNotFound`; `conflict` as `update` does.
    package func removeFinalizer(_ finalizer: String, from key: ObjectKey, uid: String? = nil) throws(StorageError) {
        let object = try update(key, uid: uid) { value in
            guard let finalizers = value[path: "metadata", "finalizers"]?.array else { return false }
            let rest = finalizers.filter { $0.string != finalizer }
            value[path: "metadata", "finalizers"] = rest.isEmpty ? nil : .array(rest)
            return true
        }
        if object.isTerminating, object.metadata["finalizers"] == nil,
            object.metadata["deletionGracePeriodSeconds"]?.integer ?? 0 == 0
        {
            try remove(key, uid: object.uid)
        }
    }
}
