// SPDX-License-Identifier: Apache-2.0
// State that belongs to one serial queue, and traps when touched from anywhere else.

/// A value that only blocks on its queue may touch.
// State | guarded by | why separate
// state | queue      | the value is whatever its owner decides on that queue; callers elsewhere can only send blocks
// @unchecked Sendable: every access to `state` is on `queue`, which `withState` checks at run time, in release too.
package final class Confined<State>: @unchecked Sendable {
    private var state: State
    /// The queue that owns the state.
    package let queue: any SerialQueue

    /// Gives `state` to `queue`.
    package init(_ state: sending State, on queue: any SerialQueue) {
        self.state = state
        self.queue = queue
    }

    /// Runs `body` with the state on the queue, after everything added before. Returns at once.
    package func async(_ body: @escaping @Sendable (inout State) -> Void) {
        queue.async { self.withState(body) }
    }

    /// Runs `body` with the state at once; the caller must run on the queue.
    package func withState<Result>(_ body: (inout State) throws -> Result) rethrows -> Result {
        queue.preconditionCurrent()
        return try body(&state)
    }
}
