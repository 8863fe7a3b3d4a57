// SPDX-License-Identifier: Apache-2.0
// How controllers, scheduler and kubelets read and write objects: through the door of the API, as somebody.

package import PodiumCodec
package import PodiumHost
package import PodiumMachinery
package import PodiumRegistry
package import PodiumStorage

/// A client in the process of the API server: what it writes is defaulted, admitted, validated and accounted for like
/// what comes by HTTP.
package struct ResourceClient: Sendable {
    package let api: ClusterAPI
    /// Who writes, as admission sees it. Whether it may is not asked: who runs in this process is trusted.
    package let user: UserInfo
    /// The name under which it owns fields.
    package let fieldManager: String

    package init(api: ClusterAPI, user: UserInfo = .system, fieldManager: String) {
        self.api = api
        self.user = user
        self.fieldManager = fieldManager
    }

    /// The same client as somebody else.
    package func acting(as user: UserInfo, fieldManager: String? = nil) -> ResourceClient {
        ResourceClient(api: api, user: user, fieldManager: fieldManager ?? self.fieldManager)
    }

    package var storage: any Storage { api.storage }
    package var host: Host { api.host }

    // MARK: Reading

    /// The object now; nil when there is none.
    /// - Throws: what a client of the API would be told when storage cannot be read.
    package func get(_ key: ObjectKey) throws(StatusError) -> APIObject? {
        try storage.object(key).map(APIObject.init)
    }

    /// All objects in scope, in key order.
    package func list(_ resource: GroupResource, scope: ListScope = .all) throws(StatusError) -> [APIObject] {
        try storage.objects(of: resource, in: scope).map(APIObject.init)
    }

    // MARK: Writing

    /// Adds `object`, which names itself and its namespace.
    /// - Throws: what a client of the API would be told; 409 `AlreadyExists`.
    @discardableResult
    package func create(_ resource: GroupResource, _ object: JSONValue) throws(StatusError) -> APIObject {
        let store = try api.store(resource, namespace: object[path: "metadata", "namespace"]?.string ?? "")
        guard case .stored(let created) = try store.create(try api.canonical(object, in: store), options: options)
        else {
            throw .internalError("\(resource): a write that is no dry run stored nothing")
        }
        return APIObject(created)
    }

    /// Changes an object: reads it, lets `change` edit the tree, writes it on the condition that nobody else wrote
    /// meanwhile, and starts over otherwise. Writes nothing when `change` returns false or changed nothing.
    /// - Parameters:
    ///   - uid: when given, an object of the same name with another UID counts as not found.
    ///   - subresource: through which is written, such as `status`; empty for the object itself.
    /// - Returns: the object afterwards; nil when it has gone by this write, because nothing holds it any more.
    /// - Throws: what a client of the API would be told; 404; 409 when others were faster again and again.
    @discardableResult
    package func update(
        _ key: ObjectKey,
        uid: String? = nil,
        subresource: String = "",
        _ change: (inout JSONValue) throws(StatusError) -> Bool
    ) throws(StatusError) -> APIObject? {
        let store = try api.store(key.resource, namespace: key.name.namespace, subresource: subresource)
        return try update(key, uid: uid, through: store, change)
    }

    /// Changes an object through `store`, as above.
    @discardableResult
    func update(
        _ key: ObjectKey,
        uid: String?,
        through store: ResourceStore,
        _ change: (inout JSONValue) throws(StatusError) -> Bool
    ) throws(StatusError) -> APIObject? {
        let outcome = try store.update(key.name.name, options: options, allowsCreate: false, isPatch: true) {
            current throws(StatusError) in
            guard let current, uid == nil || current.facts.uid == uid else {
                throw .notFound(key.resource, key.name.name)
            }
            var object = store.definition.valueWithoutAccount(of: current)
            return try change(&object) ? Replacement(object) : nil
        }
        if case .stored(let object) = outcome.result { return APIObject(object) }
        return nil
    }

    /// Changes the status of an object, as `update` does.
    @discardableResult
    package func updateStatus(
        _ key: ObjectKey,
        uid: String? = nil,
        _ change: (inout JSONValue) throws(StatusError) -> Bool
    ) throws(StatusError) -> APIObject? {
        try update(key, uid: uid, subresource: "status", change)
    }

    /// Deletes an object as a DELETE request would: pods get their grace, finalizers are waited for.
    /// - Parameters:
    ///   - uid: when given, an object of the same name with another UID counts as not found.
    ///   - graceSeconds: the grace of a pod; nil takes that of its spec.
    ///   - propagation: what becomes of what the object owns; nil leaves that to its kind.
    /// - Returns: the revision of the deletion, or of the mark that it is to go.
    /// - Throws: what a client of the API would be told; 404.
    @discardableResult
    package func delete(
        _ key: ObjectKey,
        uid: String? = nil,
        graceSeconds: Int64? = nil,
        propagation: DeleteOptions.Propagation? = nil
    ) throws(StatusError) -> Revision? {
        let store = try api.store(key.resource, namespace: key.name.namespace)
        if let uid, try storage.object(key)?.facts.uid != uid { throw .notFound(key.resource, key.name.name) }
        var options = DeleteOptions()
        options.user = user
        options.uid = uid
        options.gracePeriodSeconds = graceSeconds
        options.propagation = propagation
        guard case .stored(let last) = try store.delete(key.name.name, options: options).result else { return nil }
        return last.revision
    }

    /// Has `finalizer` hold an object, unless it is being deleted already.
    package func addFinalizer(_ finalizer: String, to key: ObjectKey, uid: String? = nil) throws(StatusError) {
        try update(key, uid: uid) { value in
            value[path: "metadata", "deletionTimestamp"] == nil && value.addFinalizer(finalizer)
        }
    }

    /// Takes `finalizer` away from an object, which goes when that was the last thing to hold it.
    package func removeFinalizer(_ finalizer: String, from key: ObjectKey, uid: String? = nil) throws(StatusError) {
        try update(key, uid: uid) { value in
            value.removeFinalizer(finalizer)
        }
    }

    // MARK: Parts

    private var options: WriteOptions {
        var options = WriteOptions()
        options.user = user
        options.fieldManager = fieldManager
        return options
    }
}

extension StatusError {
    /// Runs `body`, for which it is no error that an object is gone: somebody else removed it, which is as well.
    /// - Returns: whether it came to its end.
    @discardableResult
    package static func ignoringAbsence(_ body: () throws(StatusError) -> Void) throws(StatusError) -> Bool {
        do throws(StatusError) {
            try body()
            return true
        } catch {
            if error.reason == .notFound { return false }
            throw error
        }
    }
}

extension JSONValue {
    /// Has `finalizer` hold this object.
    /// - Returns: whether it did not before.
    @discardableResult
    package mutating func addFinalizer(_ finalizer: String) -> Bool {
        let finalizers = self[path: "metadata", "finalizers"]?.elements ?? []
        if finalizers.contains(.string(finalizer)) { return false }
        self[path: "metadata", "finalizers"] = .array(finalizers + [.string(finalizer)])
        return true
    }

    /// Takes `finalizer` off this object.
    /// - Returns: whether it was there.
    @discardableResult
    package mutating func removeFinalizer(_ finalizer: String) -> Bool {
        let finalizers = self[path: "metadata", "finalizers"]?.elements ?? []
        let rest = finalizers.filter { $0.string != finalizer }
        if rest.count == finalizers.count { return false }
        self[path: "metadata", "finalizers"] = rest.isEmpty ? nil : .array(rest)
        return true
    }
}
