// SPDX-License-Identifier: Apache-2.0
// Renewing Leases, which says that their holders are alive, and is done too often to read them.

package import PodiumCodec
package import PodiumMachinery
package import PodiumStorage

extension ResourceClient {
    /// Writes `now` into a Lease; makes what `lease` says when there is none.
    // Kubernetes: component-helpers/apimachinery/lease/controller.go
    package func renewLease(
        _ key: ObjectKey,
        at now: Timestamp,
        orMake lease: () -> JSONValue
    ) throws(StorageError) {
        guard let current = storage.get(key) else {
            try create(.leases, lease())
            return
        }
        if try writeRenewal(of: current, now: now) { return }
        try update(key) { lease in
            lease[path: "spec", "renewTime"] = .string(now.rfc3339Micro)
            return true
        }
    }

    /// Writes the time into a Lease that is as its holder leaves it, without reading the rest.
    /// - Returns: whether it is done; not when somebody else was faster, or has left the Lease without a time.
    private func writeRenewal(of lease: StoredObject, now: Timestamp) throws(StorageError) -> Bool {
        guard let old = lease.text(ofMember: "renewTime") else { return false }
        let new = now.rfc3339Micro
        if old.buffer.elementsEqual(new.utf8) { return true }
        let draft = ObjectDraft(heartbeatOf: lease, replacing: old, with: new)
        do throws(StorageError) {
            _ = try storage.update(lease.key, expecting: lease.revision, draft)
            return true
        } catch .conflict {
            return false
        }
    }
}
