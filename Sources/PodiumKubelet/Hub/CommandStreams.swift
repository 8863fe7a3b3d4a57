// SPDX-License-Identifier: Apache-2.0
// What goes between a client and a command in a container, or the container itself.

package import PodiumRuntime
import Synchronization

/// How a command ended for whoever asked for it.
package enum CommandEnd: Hashable, Sendable {
    /// It ended with a code.
    case exited(Int)
    /// It did not begin, for a reason of the runtime.
    case refused(String)
    /// Its kubelet does not know of what it is about.
    case unknown(String)
}

/// The streams of one command: a client on one side, a kubelet's queue on the other.
///
/// Both sides hold a bounded amount. A command whose client does not read waits as it would at a full pipe, and a
/// client whose command does not read is not read from.
// State | guarded by | why separate
// state | mutex | used by the client's thread and the kubelet's queue; wake-ups are called outside of it
package final class CommandStreams: Sendable {
    /// The limits of one command.
    package enum Limits {
        /// How many bytes wait for the client.
        package static let outputBytes = 256 << 10
        /// How many bytes wait for the command; with them nothing more is taken.
        package static let inputBytes = 256 << 10
    }

    /// A piece of what the command wrote.
    package typealias Output = (stream: OutputStream, bytes: [UInt8])

    private struct State {
        var output: [Output] = []
        var outputBytes = 0
        var input: [UInt8] = []
        var isInputEnded = false
        var size: TerminalSize?
        var isClientGone = false
        var end: CommandEnd?
        var wakeClient: (@Sendable () -> Void)?
        var wakeKubelet: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    package init() {}

    private func change<Result>(_ body: (inout sending State) -> sending Result) -> Result { state.withLock(body) }

    // MARK: The client

    /// Begins to hear of output, of the end and of room for input. `wake` may be called from any thread.
    package func start(wake: @escaping @Sendable () -> Void) {
        change { $0.wakeClient = wake }
        wake()
    }

    /// Whether more input is taken.
    package var hasRoom: Bool { change { $0.input.count < Limits.inputBytes } }

    package func write(_ bytes: [UInt8]) {
        wakeKubelet { $0.input += bytes }
    }

    package func closeInput() {
        wakeKubelet { $0.isInputEnded = true }
    }

    package func resize(to size: TerminalSize) {
        wakeKubelet { $0.size = size }
    }

    /// Nobody looks any more.
    package func hangUp() {
        wakeKubelet {
            $0.isClientGone = true
            $0.output = []
        }
    }

    private func wakeKubelet(_ body: (inout State) -> Void) {
        let wake = change { state in
            body(&state)
            return state.wakeKubelet
        }
        wake?()
    }

    /// What the command wrote, at least one piece if there is any, and how it ended once all is taken.
    package func take(limit: Int) -> (output: [Output], end: CommandEnd?, hasMore: Bool) {
        let (taken, wake) = change { state in
            var count = 0
            var bytes = 0
            while count < state.output.count, bytes < limit {
                bytes += state.output[count].bytes.count
                count += 1
            }
            let output = Array(state.output.prefix(count))
            state.output.removeFirst(count)
            let wasFull = state.outputBytes >= Limits.outputBytes
            state.outputBytes -= bytes
            let isOver = state.output.isEmpty
            return ((output, isOver ? state.end : nil, !isOver), wasFull ? state.wakeKubelet : nil)
        }
        wake?()
        return taken
    }

    // MARK: The kubelet

    /// Begins to hear of what the client does.
    func attach(wake: @escaping @Sendable () -> Void) {
        change { $0.wakeKubelet = wake }
    }

    /// What the client wants beside reading.
    struct Wishes {
        var input: [UInt8]
        var isInputEnded: Bool
        var size: TerminalSize?
        var isClientGone: Bool
    }

    var wishes: Wishes {
        change { state in
            defer { state.size = nil }
            return Wishes(
                input: state.input,
                isInputEnded: state.isInputEnded,
                size: state.size,
                isClientGone: state.isClientGone
            )
        }
    }

    /// The command has taken the first bytes of the input.
    func consume(_ count: Int) {
        let wake = change { state in
            state.input.removeFirst(count)
            return state.wakeClient
        }
        wake?()
    }

    /// How many bytes of output may be offered.
    var room: Int { change { $0.isClientGone ? Limits.outputBytes : Limits.outputBytes - $0.outputBytes } }

    func offer(_ output: [Output]) {
        let wake: (@Sendable () -> Void)? = change { state in
            if state.isClientGone { return nil }
            state.output += output
            state.outputBytes += output.reduce(0) { $0 + $1.bytes.count }
            return state.wakeClient
        }
        wake?()
    }

    /// The command is over; what it wrote has been offered.
    func finish(_ end: CommandEnd) {
        let wake = change { state in
            if state.end == nil { state.end = end }
            state.wakeKubelet = nil
            return state.wakeClient
        }
        wake?()
    }
}
