// SPDX-License-Identifier: Apache-2.0
// Renewing Leases, which says that their holders are alive, and is done too often to read them.

import PodiumCodec
package import PodiumMachinery
package import PodiumStorage

extension ResourceStore {
    /// Writes `now` into a Lease that is as its holder leaves it, without reading the rest: what would be defaulted,
    /// validated or owned anew has been, by the write that this one repeats.
    /// - Parameter manager: the name under which the holder owns the fields of the Lease, all of them.
    /// - Returns: whether it is done; not when somebody else was faster, writes to it as well, or has left it without a
    ///   time.
    // Kubernetes: component-helpers/apimachinery/lease/controller.go
    package func renew(_ lease: StoredObject, at now: Timestamp, manager: String) throws(StatusError) -> Bool {
        guard let old = lease.text(ofMember: "renewTime") else { return false }
        let new = now.rfc3339Micro
        if old.buffer.elementsEqual(new.utf8) { return true }
        var texts = [(slice: old, text: new)]
        // Where there is no account none is begun, as with every update.
        if lease.mayHaveMetadata("managedFields") {
            guard let time = lease.onlyMetadataText(ofMember: "time"),
                let owner = lease.onlyMetadataText(ofMember: "manager"), owner.buffer.elementsEqual(manager.utf8)
            else { return false }
            texts.insert((time, now.rfc3339), at: 0)
        }
        let draft = ObjectDraft(heartbeatOf: lease, replacing: texts)
        do throws(StorageError) {
            _ = try storage.update(lease.key, expecting: lease.revision, draft)
            return true
        } catch .conflict {
            return false
        } catch {
            throw StatusError(error, resource: resource)
        }
    }
}
