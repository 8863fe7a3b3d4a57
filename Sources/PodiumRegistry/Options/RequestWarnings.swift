// SPDX-License-Identifier: Apache-2.0
// What a request is warned about, whether it succeeds or fails.

import Synchronization

/// Collects the texts of the `Warning` headers of one request.
// State | guarded by | why separate
// collected | mutex | a request is run by one thread, but its parts share this by reference
package final class RequestWarnings: Sendable {
    private let collected = Mutex<[String]>([])

    /// Without any.
    package init() {}

    /// Adds texts behind those that are there.
    package func add(_ texts: [String]) {
        if !texts.isEmpty { collected.withLock { $0 += texts } }
    }

    /// The texts in the order in which they came.
    package var texts: [String] { collected.withLock { $0 } }
}
