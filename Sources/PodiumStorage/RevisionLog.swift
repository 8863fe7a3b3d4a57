// SPDX-License-Identifier: Apache-2.0
// The order of all writes to a cluster, apart from the cache that answers all reads.

/// A write that is to be done.
package enum Change: Sendable {
    /// Adds an object, unless there is one of its name.
    case create(ObjectKey, ObjectDraft)
    /// Replaces an object that is at a revision.
    case update(ObjectKey, expecting: Revision, ObjectDraft)
    /// Removes an object that is at a revision.
    case delete(ObjectKey, expecting: Revision)
}

/// Decides in which order writes happen and who wins a conditional one, and keeps them wherever it keeps them.
///
/// All reads are answered by the ``WatchCache`` that it feeds, change by change in the order of revisions. It may take
/// time and it may fail; the cache does neither.
// Kubernetes: etcd below apiserver/pkg/storage/cacher
package protocol RevisionLog: AnyObject, Sendable {
    /// Does a write.
    /// - Returns: the object as `cache` shows it from now on, or its last state with the revision of its deletion.
    /// - Throws: `keyExists`, `keyNotFound`, `conflict`, as the write says; `unreachable`.
    func append(_ change: Change, to cache: WatchCache) throws(StorageError) -> StoredObject
}

/// The log of a cluster that lives in memory and ends with the process: what the cache shows is all that is kept, and
/// the order is the one in which it takes changes.
package final class MemoryLog: RevisionLog {
    package init() {}

    package func append(_ change: Change, to cache: WatchCache) throws(StorageError) -> StoredObject {
        try cache.commit(change)
    }
}
