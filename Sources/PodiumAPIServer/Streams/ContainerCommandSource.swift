// SPDX-License-Identifier: Apache-2.0
// Who runs commands in containers.

package import PodiumMachinery

/// A command that is to be run in a container, or a look at what runs there.
package struct ContainerCommandRequest: Sendable {
    /// The pod with its UID and its node.
    package var pod: NamespacedName
    package var uid: String
    package var node: String
    package var container: String
    /// The command line; nil to be attached to the container itself.
    package var command: [String]?
    package var streams: CommandStreamOptions
}

/// Which streams are wanted.
package struct CommandStreamOptions: Hashable, Sendable {
    package var stdin = false
    package var stdout = false
    package var stderr = false
    /// Whether they are a terminal, which has one output only.
    package var tty = false
}

/// How a command ended.
package enum CommandOutcome: Hashable, Sendable {
    /// With a code of 0…255.
    case exited(Int)
    /// It could not begin.
    case refused(String)
    /// The kubelet did not take it on: a connection to it would not have been upgraded.
    case rejected(String)
}

/// A command in a container, for the one client that asked for it.
///
/// Nothing here waits; a client that does not take what is written makes the command wait.
package protocol ContainerCommand: AnyObject, Sendable {
    /// A piece of output; `isError` tells standard error from standard output.
    typealias Output = (isError: Bool, bytes: [UInt8])

    /// Called once before everything else; `wake` says that there is output, the end, or room again.
    func start(wake: @escaping @Sendable () -> Void)
    /// Whether more input is taken.
    var hasRoom: Bool { get }
    func write(_ bytes: [UInt8])
    func closeInput()
    func resize(columns: Int, rows: Int)
    /// What was written, and how it ended once everything has been taken.
    func take(limit: Int) -> (output: [Output], outcome: CommandOutcome?, hasMore: Bool)
    /// The client has gone.
    func hangUp()
}

/// Runs commands in containers.
package protocol ContainerCommandSource: Sendable {
    /// Begins; what comes of it is told by what is returned.
    func run(_ request: ContainerCommandRequest) -> any ContainerCommand
}
