// SPDX-License-Identifier: Apache-2.0
// Heartbeats, which say that their writers are alive, and are written too often to read what they are written to.

import PodiumCodec
package import PodiumMachinery
package import PodiumStorage

/// A write that says no more than that its writer is alive.
package struct Heartbeat: Sendable {
    /// The member that says it, wherever it stands behind the metadata.
    let member: StaticString
    /// In how many places the writer says it.
    let places: Int
    /// What it is to say.
    let text: String
    /// The writer, who alone owns the member, and through which subresource it writes.
    let manager: String
    let subresource: String
    let time: Timestamp

    /// That of a Lease.
    // Kubernetes: component-helpers/apimachinery/lease/controller.go
    package static func renewal(at time: Timestamp, by manager: String) -> Heartbeat {
        Heartbeat(
            member: "renewTime",
            places: 1,
            text: time.rfc3339Micro,
            manager: manager,
            subresource: "",
            time: time
        )
    }

    /// That of a kubelet in the conditions of its Node, of which it writes so many.
    // Kubernetes: pkg/kubelet/nodestatus/setters.go
    package static func report(at time: Timestamp, by manager: String, conditions: Int) -> Heartbeat {
        Heartbeat(
            member: "lastHeartbeatTime",
            places: conditions,
            text: time.rfc3339,
            manager: manager,
            subresource: "status",
            time: time
        )
    }
}

extension ResourceStore {
    /// Writes a heartbeat into an object that is as its writer left it, without reading the rest: what would be
    /// defaulted, validated or owned anew has been, by the write that this one repeats.
    /// - Returns: the object afterwards; nil when nothing is done, because somebody else was faster, has such members
    ///   too or has written since, or because the object does not have them.
    package func beat(_ object: StoredObject, _ heartbeat: Heartbeat) throws(StatusError) -> StoredObject? {
        let old = object.texts(ofMember: heartbeat.member)
        guard old.count == heartbeat.places else { return nil }
        if old.allSatisfy({ $0.buffer.elementsEqual(heartbeat.text.utf8) }) { return object }
        var texts = old.map { (slice: $0, text: heartbeat.text) }
        // Where there is no account none is begun, as with every update.
        if object.hasAccount {
            guard let time = timeOfOnlyOwner(of: object, heartbeat) else { return nil }
            texts.insert((time, heartbeat.time.rfc3339), at: 0)
        }
        let draft = ObjectDraft(heartbeatOf: object, replacing: texts)
        do throws(StorageError) {
            return try storage.update(object.key, expecting: object.revision, draft)
        } catch .conflict {
            return nil
        } catch {
            throw StatusError(error, resource: resource)
        }
    }

    /// Where the account says when the writer of a heartbeat wrote last; nil unless that was the last write to the
    /// object, as its place at the end says, and nobody else owns the member.
    private func timeOfOnlyOwner(of object: StoredObject, _ heartbeat: Heartbeat) -> BytesSlice? {
        var entries: [BytesSlice] = []
        object.managedFields?.forEachJSONElement { entries.append($0) }
        guard let own = entries.popLast(), own.ownsField(heartbeat.member),
            !entries.contains(where: { $0.ownsField(heartbeat.member) })
        else { return nil }
        var time: BytesSlice?
        var (manager, subresource) = (false, heartbeat.subresource.isEmpty)
        own.forEachJSONMember { name, value in
            let text = UnsafeRawBufferPointer(rebasing: value.buffer.dropFirst().dropLast())
            if name.spells("time") {
                time = BytesSlice(bytes: value.bytes, range: value.range.dropFirst().dropLast())
            } else if name.spells("manager") {
                manager = text.elementsEqual(heartbeat.manager.utf8)
            } else if name.spells("subresource") {
                subresource = text.elementsEqual(heartbeat.subresource.utf8)
            }
        }
        return manager && subresource ? time : nil
    }
}
