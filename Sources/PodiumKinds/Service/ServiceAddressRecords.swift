// SPDX-License-Identifier: Apache-2.0
// Keeps an IPAddress for the cluster address of every Service.

package import PodiumCodec
package import PodiumMachinery
package import PodiumRegistry
package import PodiumStorage

/// The IPAddresses of Services: made before the Service that holds the address, gone after it.
///
/// The Services are what counts when addresses are given out; an IPAddress that a client deletes is not made anew.
// Kubernetes: pkg/registry/core/service/ipallocator/ipallocator.go
package struct ServiceAddressRecords: Companions {
    /// The limits of keeping records.
    package enum Limits {
        /// How often a record is looked at again when another writer was faster; then it stays as it is, which does no
        /// harm: what counts is the Services.
        package static let maximumConflictRetries = 16
    }

    package init() {}

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

    package func write(
        _ service: NamespacedName,
        old: ObjectFacts?,
        new: ObjectFacts?,
        in api: ClusterAPI,
        _ commit: () throws(StorageError) -> StoredObject
    ) throws(StorageError) -> StoredObject {
        let (before, after) = (Self.address(old), Self.address(new))
        if before == after { return try commit() }
        let records = Records(api: api, service: service)
        let object = try records.holding(after, commit)
        if let before { records.release(before) }
        return object
    }

    /// The address of a Service, from the field by which Services are selected.
    private static func address(_ facts: ObjectFacts?) -> String? {
        guard let address = facts?.fields["spec.clusterIP"], !address.isEmpty, address != "None" else { return nil }
        return address
    }

    /// The records as one Service sees them.
    private struct Records {
        let api: ClusterAPI
        let service: NamespacedName

        /// Writes the Service with the record of `address` made before; takes it back when the write fails.
        ///
        /// A record that was there already is looked at once more: it may be that of a Service which went just before,
        /// and go, too. Whoever removes a record looks at its Service once more, so that of two that race one sees the
        /// other.
        func holding(
            _ address: String?,
            _ write: () throws(StorageError) -> StoredObject
        ) throws(StorageError) -> StoredObject {
            let isNew = address.map { record($0) } ?? false
            do throws(StorageError) {
                let object = try write()
                if !isNew, let address { keep(address) }
                return object
            } catch {
                if isNew, let address { release(address) }
                throw error
            }
        }

        /// Sees to it that a Service that was written has the record of its address. Where storage cannot be read, the
        /// records stay as they are: what counts is the Services.
        private func keep(_ address: String) {
            _ = attempt { _ throws(StatusError) in try keepIfReadable(address) }
        }

        private func keepIfReadable(_ address: String) throws(StatusError) {
            for _ in 0..<Limits.maximumConflictRetries {
                guard let record = try api.storage.object(ObjectKey(.ipAddresses, name: address)) else {
                    if self.record(address) { return }
                    continue
                }
                let holder = Self.holder(record.value())
                if holder == service { return }
                if try isHeld(address, by: holder) { return }
                let isDone = attempt { store throws(StatusError) in
                    try store.transform(address) { object in
                        object["spec"] = ServiceAddressRecords.object(address, of: service)["spec"]
                    }
                }
                // Else somebody has removed it meanwhile, or the cluster is over: look again.
                if isDone { return }
            }
        }

        /// The Service whose record `object` is.
        private static func holder(_ object: JSONValue) -> NamespacedName {
            let parent = object[path: "spec", "parentRef"]
            return NamespacedName(namespace: parent?["namespace"]?.string ?? "", name: parent?["name"]?.string ?? "")
        }

        /// Whether `service` exists and has that address.
        private func isHeld(_ address: String, by service: NamespacedName) throws(StatusError) -> Bool {
            let object = try api.storage.object(ObjectKey(.services, service))
            return object.map { ServiceAddressRecords.address($0.facts) == address } ?? false
        }

        /// Whether a record was made; there may be one already.
        private func record(_ address: String) -> Bool {
            attempt { store throws(StatusError) in
                var options = WriteOptions()
                options.user = .system
                options.fieldManager = "kube-apiserver"
                let object = try api.canonical(ServiceAddressRecords.object(address, of: service), in: store)
                _ = try store.create(object, options: options)
            }
        }

        /// Removes the record of `address` unless it is of another Service.
        func release(_ address: String) {
            _ = attempt { _ throws(StatusError) in try releaseIfReadable(address) }
        }

        private func releaseIfReadable(_ address: String) throws(StatusError) {
            for _ in 0..<Limits.maximumConflictRetries {
                guard let record = try api.storage.object(ObjectKey(.ipAddresses, name: address)),
                    Self.holder(record.value()) == service
                else { return }
                let isDone = attempt { store throws(StatusError) in
                    var options = DeleteOptions()
                    options.user = .system
                    options.resourceVersion = record.revision.description
                    _ = try store.delete(address, options: options)
                }
                // Else somebody has changed or removed it meanwhile: look again.
                guard isDone else { continue }
                // A Service of this name may have come again before its record went.
                if try isHeld(address, by: service) { try keepIfReadable(address) }
                return
            }
        }

        /// Whether a write to the records was done. What keeps it from being done is looked at by who asks.
        private func attempt(_ write: (ResourceStore) throws(StatusError) -> Void) -> Bool {
            do throws(StatusError) {
                try write(try api.store(.ipAddresses, namespace: ""))
                return true
            } catch {
                return false
            }
        }
    }
}
