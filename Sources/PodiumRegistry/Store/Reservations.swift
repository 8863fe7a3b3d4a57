// SPDX-License-Identifier: Apache-2.0
// What writes that are under way are about to take: addresses and ports that no two objects may have.

import Synchronization

/// The things that writes between their validation and their commit are about to take.
///
/// A write reserves what it is about to take, looks once more whether it is free, commits, and releases. So of two
/// writes at a time that want the same thing, one either finds it reserved or finds it in storage.
// State | guarded by | why separate
// taken | mutex | held for the set alone; as large as the number of writes that run at a time
final class Reservations: Sendable {
    private let taken = Mutex<Set<String>>([])

    /// Takes all of `things`; false, and nothing is taken, when one of them is taken.
    func take(_ things: Set<String>) -> Bool {
        taken.withLock { taken in
            guard taken.isDisjoint(with: things) else { return false }
            taken.formUnion(things)
            return true
        }
    }

    /// Gives `things` back.
    func release(_ things: Set<String>) { taken.withLock { $0.subtract(things) } }
}
