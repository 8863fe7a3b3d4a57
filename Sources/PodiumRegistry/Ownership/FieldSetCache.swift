// SPDX-License-Identifier: Apache-2.0
// Sets of fields by their text: objects of one template, and all states of one object, have them alike.

import Glibc
import PodiumCodec
import PodiumHost
import PodiumSchema
import Synchronization

/// The sets of fields of a cluster that were read last.
// State | guarded by | why separate
// sets  | mutex      | any thread reads accounts; nothing is read while it is held
final class FieldSetCache: Sendable {
    /// The limits of the cache.
    private enum Limits {
        /// Half of how many sets are kept.
        static let halfCapacity = 256
        /// The longest text that is kept, in bytes: with its set it takes about ten times as many.
        static let longestText = 4096
    }

    private let sets = Mutex(BoundedCache<Text, FieldSet>(halfCapacity: Limits.halfCapacity))

    /// The set of fields that `text` stands for.
    /// - Throws: what is wrong with it.
    func fieldSet(_ text: BytesSlice) throws(FieldSetError) -> FieldSet {
        if text.count > Limits.longestText { return try FieldSet(json: text) }
        if let known = sets.withLock({ $0[Text(slice: text)] }) { return known }
        let set = try FieldSet(json: text)
        // A copy, which does not keep the object alive from which it comes.
        let copy = Text(slice: EncodedBytes(Array(text.buffer)).slice)
        sets.withLock { $0[copy] = set }
        return set
    }

    /// A text that is told from others by its bytes.
    private struct Text: Hashable {
        let slice: BytesSlice

        static func == (left: Text, right: Text) -> Bool {
            guard left.slice.count == right.slice.count else { return false }
            guard let a = left.slice.buffer.baseAddress, let b = right.slice.buffer.baseAddress else { return true }
            return memcmp(a, b, left.slice.count) == 0
        }

        func hash(into hasher: inout Hasher) { hasher.combine(bytes: slice.buffer) }
    }
}
