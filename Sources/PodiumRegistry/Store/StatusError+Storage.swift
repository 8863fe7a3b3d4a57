// SPDX-License-Identifier: Apache-2.0
// The one place where a storage code becomes an answer.

package import PodiumMachinery
package import PodiumStorage

extension StatusError {
    /// The text of a write that lost against another.
    package static let optimisticLock =
        "the object has been modified; please apply your changes to the latest version and try again"

    /// What a client hears of a storage error about `resource`.
    // Kubernetes: apiserver/pkg/storage/errors/storage.go
    package init(_ error: StorageError, resource: GroupResource) {
        switch error {
        case .keyNotFound(let key): self = .notFound(resource, key.name.name)
        case .keyExists(let key): self = .alreadyExists(resource, key.name.name)
        case .conflict(let key, _): self = .conflict(resource, key.name.name, Self.optimisticLock)
        case .compacted: self = .expired("The resourceVersion for the provided list is too old.")
        case .ended:
            self = StatusError(code: 503, reason: .serviceUnavailable, message: "the cluster has ended")
        case .futureRevision(let requested, let current):
            self = StatusError(
                code: 504,
                reason: .timeout,
                message: "Timeout: Too large resource version: \(requested), current: \(current)",
                details: Details(
                    causes: [Cause(reason: "ResourceVersionTooLarge", message: "Too large resource version")],
                    retryAfterSeconds: 1
                )
            )
        case .unreachable(let reason):
            self = StatusError(
                code: 503,
                reason: .serviceUnavailable,
                message: "storage is unreachable: \(reason)",
                details: Details(retryAfterSeconds: 1)
            )
        case .corrupt(let key): self = .internalError("what is stored as \(key) is no object")
        case .tooLarge:
            // etcd: api/v3rpc/rpctypes/error.go ErrRequestTooLarge, which upstream passes on as it is.
            self = StatusError(code: 500, reason: .unknown, message: "etcdserver: request is too large")
        }
    }

    /// What a client hears whose list goes on at a revision that is gone: it may begin anew, or take `rest`, which goes
    /// on at the present one.
    // Kubernetes: apiserver/pkg/storage/etcd3/errors.go handleCompactedErrorForPaging
    static func listExpired(rest: ContinueToken) -> StatusError {
        var error = StatusError.expired(
            "The provided continue parameter is too old to display a consistent list result. You can start a new list "
                + "without the continue parameter, or use the continue token in this response to retrieve the remainder "
                + "of the results. Continuing with the provided token results in an inconsistent list - objects that were "
                + "created, modified, or deleted between the time the first chunk was returned and now may show up in "
                + "the list."
        )
        error.continueToken = rest.text
        return error
    }

    /// What a watcher hears of a storage error, in the stream.
    // Kubernetes: apiserver/pkg/storage/cacher/watch_cache.go getAllEventsSinceLocked
    package init(watching error: StorageError) {
        switch error {
        case .compacted(let requested, let oldest):
            self = .expired("too old resource version: \(requested) (\(oldest))")
        case .keyNotFound, .keyExists, .conflict, .futureRevision, .ended, .tooLarge, .unreachable, .corrupt:
            self = .internalError("the watch failed: \(error)")
        }
    }
}

extension Storage {
    /// The object of `key` as it is now; nil when there is none.
    /// - Throws: what the client is told. Whoever cannot read a rule must not act as if there were none.
    package func object(_ key: ObjectKey) throws(StatusError) -> StoredObject? {
        do throws(StorageError) {
            return try get(key)
        } catch {
            throw StatusError(error, resource: key.resource)
        }
    }

    /// All objects of a collection as they are now, for rules that look at each of them.
    /// - Throws: what the client is told. Whoever cannot read the rules must not act as if there were none.
    package func objects(
        of resource: GroupResource,
        in scope: ListScope = .all
    ) throws(StatusError) -> [StoredObject] {
        try snapshot(of: resource, in: scope).objects
    }

    /// The first objects of a collection as they are now, at most `limit`, and how many there are beyond.
    /// - Throws: what the client is told.
    package func snapshot(
        of resource: GroupResource,
        in scope: ListScope,
        limit: Int? = nil
    ) throws(StatusError) -> ListSnapshot {
        do throws(StorageError) {
            return try list(resource, scope: scope, from: nil, limit: limit, at: nil)
        } catch {
            throw StatusError(error, resource: resource)
        }
    }
}
