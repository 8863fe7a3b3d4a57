// SPDX-License-Identifier: Apache-2.0
// Keeps an IPAddress for the cluster address of every Service, whoever writes the Service.

import OrderedCollections
package import PodiumCodec
package import PodiumHost
package import PodiumMachinery
package import PodiumStorage

/// A storage in which Services have IPAddresses: made before the Service that holds the address, gone after it.
///
/// It stands before the storage of a cluster and not in the verbs of the API, because controllers delete Services too.
/// The Services are what counts when addresses are given out; an IPAddress that a client deletes is not made anew.
// Kubernetes: pkg/registry/core/service/ipallocator/ipallocator.go
package final class ServiceAddressRecords: Storage {
    /// The limits of keeping records.
    package enum Limits {
        /// How often a record is looked at again when another writer was faster; then it stays as it is, which does no
        /// harm: what counts is the Services.
        package static let maximumConflictRetries = 16
    }

    private let base: any Storage
    private let host: Host

    /// Keeps the records in `base`, with UIDs and times from `host`.
    package init(_ base: any Storage, host: Host) {
        self.base = base
        self.host = host
    }

    /// The IPAddress for `address`, which `service` holds, without UID and time.
    package static func object(_ address: String, of service: NamespacedName) -> JSONValue {
        [
            "kind": "IPAddress", "apiVersion": "networking.k8s.io/v1",
            "metadata": [
                "name": .string(address),
                "labels": [
                    "ipaddress.kubernetes.io/ip-family": .string(IPAddress(address)?.family ?? "IPv4"),
                    "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
                ],
            ],
            "spec": [
                "parentRef": [
                    "resource": "services", "namespace": .string(service.namespace), "name": .string(service.name),
                ]
            ],
        ]
    }

    // MARK: Writing

    package func create(_ key: ObjectKey, _ draft: ObjectDraft) throws(StorageError) -> StoredObject {
        guard key.resource == .services else { return try base.create(key, draft) }
        let address = Self.address(draft.facts)
        return try holding(address, of: key.name) { () throws(StorageError) in try base.create(key, draft) }
    }

    package func update(
        _ key: ObjectKey,
        expecting expected: Revision,
        _ draft: ObjectDraft
    ) throws(StorageError) -> StoredObject {
        guard key.resource == .services, let old = base.get(key) else {
            return try base.update(key, expecting: expected, draft)
        }
        let before = Self.address(old.facts)
        let after = Self.address(draft.facts)
        if before == after { return try base.update(key, expecting: expected, draft) }
        let object = try holding(after, of: key.name) { () throws(StorageError) in
            try base.update(key, expecting: expected, draft)
        }
        if let before { release(before, of: key.name) }
        return object
    }

    package func delete(_ key: ObjectKey, expecting expected: Revision) throws(StorageError) -> StoredObject {
        let object = try base.delete(key, expecting: expected)
        if key.resource == .services, let address = Self.address(object.facts) { release(address, of: key.name) }
        return object
    }

    /// The address of a Service, from the field by which Services are selected.
    private static func address(_ facts: ObjectFacts) -> String? {
        guard let address = facts.fields["spec.clusterIP"], !address.isEmpty, address != "None" else { return nil }
        return address
    }

    /// Writes a Service with the record of `address` made before; takes it back when the write fails.
    ///
    /// A record that was there already is looked at once more: it may be that of a Service which went just before, and
    /// go, too. Whoever removes a record looks at its Service once more, so that of two that race one sees the other.
    private func holding(
        _ address: String?,
        of service: NamespacedName,
        _ write: () throws(StorageError) -> StoredObject
    ) throws(StorageError) -> StoredObject {
        let isNew = address.map { record($0, of: service) } ?? false
        do throws(StorageError) {
            let object = try write()
            if !isNew, let address { keep(address, of: service) }
            return object
        } catch {
            if isNew, let address { release(address, of: service) }
            throw error
        }
    }

    /// Sees to it that a Service that was written has the record of its address.
    private func keep(_ address: String, of service: NamespacedName) {
        let key = ObjectKey(.ipAddresses, name: address)
        for _ in 0..<Limits.maximumConflictRetries {
            guard let record = base.get(key) else {
                if self.record(address, of: service) { return }
                continue
            }
            var object = record.value()
            let holder = Self.holder(object)
            if holder == service || isHeld(address, by: holder) { return }
            object["spec"] = Self.object(address, of: service)["spec"]
            let draft = ObjectDraft(object, facts: ObjectFacts(of: object, in: .ipAddresses))
            do throws(StorageError) {
                _ = try base.update(key, expecting: record.revision, draft)
                return
            } catch {
                // Somebody has changed or removed it meanwhile, or the cluster is over: look again.
                continue
            }
        }
    }

    /// The Service whose record `object` is.
    private static func holder(_ object: JSONValue) -> NamespacedName {
        let parent = object[path: "spec", "parentRef"]
        return NamespacedName(namespace: parent?["namespace"]?.string ?? "", name: parent?["name"]?.string ?? "")
    }

    /// Whether `service` exists and has that address.
    private func isHeld(_ address: String, by service: NamespacedName) -> Bool {
        base.get(ObjectKey(.services, service)).map { Self.address($0.facts) == address } ?? false
    }

    /// Whether a record was made; there may be one already.
    private func record(_ address: String, of service: NamespacedName) -> Bool {
        var object = Self.object(address, of: service)
        object[path: "metadata", "uid"] = .string(host.random.uid())
        object[path: "metadata", "creationTimestamp"] = .string(host.clock.now.rfc3339)
        let draft = ObjectDraft(object, facts: ObjectFacts(of: object, in: .ipAddresses))
        do throws(StorageError) {
            _ = try base.create(ObjectKey(.ipAddresses, name: address), draft)
            return true
        } catch {
            // There is one, or the cluster is over, which the write of the Service then finds, too.
            return false
        }
    }

    /// Removes the record of `address` unless it is of another Service.
    private func release(_ address: String, of service: NamespacedName) {
        let key = ObjectKey(.ipAddresses, name: address)
        for _ in 0..<Limits.maximumConflictRetries {
            guard let record = base.get(key) else { return }
            guard Self.holder(record.value()) == service else { return }
            do throws(StorageError) {
                _ = try base.delete(key, expecting: record.revision)
                // A Service of this name may have come again before its record went.
                if isHeld(address, by: service) { keep(address, of: service) }
                return
            } catch .conflict {
                // Somebody has changed the record meanwhile: look again.
                continue
            } catch {
                // Somebody else has removed it, or the cluster is over.
                return
            }
        }
    }

    // MARK: Reading

    package var revision: Revision { base.revision }

    package func get(_ key: ObjectKey) -> StoredObject? { base.get(key) }

    package func list(
        _ resource: GroupResource,
        scope: ListScope,
        from start: String?,
        limit: Int?,
        at revision: Revision?
    ) throws(StorageError) -> ListSnapshot {
        try base.list(resource, scope: scope, from: start, limit: limit, at: revision)
    }

    package func watch(
        _ resource: GroupResource,
        scope: ListScope,
        after revision: Revision,
        skippingHeartbeats: Bool,
        wake: @escaping @Sendable () -> Void
    ) throws(StorageError) -> any WatchCursor {
        try base.watch(
            resource,
            scope: scope,
            after: revision,
            skippingHeartbeats: skippingHeartbeats,
            wake: wake
        )
    }
}
