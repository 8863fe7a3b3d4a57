// SPDX-License-Identifier: Apache-2.0
// How storage fails: codes with the key and revision they are about.

/// Why storage refused.
package enum StorageError: Error, Hashable, Sendable {
    case keyNotFound(ObjectKey)
    case keyExists(ObjectKey)
    /// The object is at `actual`, not at the revision that was expected.
    case conflict(ObjectKey, actual: Revision)
    /// Changes up to `oldest` are no longer kept.
    case compacted(requested: Revision, oldest: Revision)
    /// The revision has not been reached.
    case futureRevision(requested: Revision, current: Revision)
    /// The cluster is over: nothing can be watched any more.
    case ended
    /// The object is larger than storage takes.
    case tooLarge(ObjectKey)
    /// Storage does not answer, for the reason given; whether a write was done is not known.
    case unreachable(String)
    /// What is stored under the key is no object.
    case corrupt(ObjectKey)
}
