// SPDX-License-Identifier: Apache-2.0
// The simulated containers of one pod: a value that events drive and that says what follows and when to look again.

package import PodiumMachinery

/// All containers of one pod with the files and the network they share.
///
/// It has no clock: every call says what time it is, times must not go back. After each call the owner takes the events
/// with `takeEvents()` and arms one timer for `nextWake`, at which it calls `advance`. Equal calls give equal results.
///
///     var sandbox = PodSandbox(SandboxConfiguration(hostname: "web", namespace: "default", podIP: "10.0.0.1"))
///     let handle = try sandbox.start(specification, now: now, world: world)
///     for event in sandbox.takeEvents() { … }
///     // at sandbox.nextWake:
///     sandbox.advance(to: now, world: world)
package struct PodSandbox: Sendable {
    /// What all containers share.
    package let configuration: SandboxConfiguration
    /// The bytes kept of each stream of a command in a container; more are dropped.
    package static let maximumCapturedBytes = 1 << 20

    /// A pod without containers.
    package init(_ configuration: SandboxConfiguration) { self.configuration = configuration }

    /// When something happens by itself; nil when everything waits for ever or for a call.
    package var nextWake: Timestamp? { nil }

    /// The events since the last call, in order.
    package mutating func takeEvents() -> [SandboxEvent] { [] }

    /// Runs everything that is due at `now`.
    package mutating func advance(to now: Timestamp, world: some PodWorld) {}

    // Containers

    /// Starts a container and runs it as far as it comes without time passing; it may have ended on return.
    package mutating func start(
        _ specification: ContainerSpecification,
        now: Timestamp,
        world: some PodWorld
    ) throws(StartError) -> ContainerHandle {
        ContainerHandle(number: 0)
    }

    /// Sends a signal to the container's process. Nothing happens when it has ended.
    package mutating func signal(_ signal: Signal, _ container: ContainerHandle, now: Timestamp, world: some PodWorld) {}

    /// The signal with which the container is asked to stop: its own, its image's, or TERM.
    package func stopSignal(of container: ContainerHandle) -> Signal { .terminate }

    /// Forgets an ended container with its log and its files; kills it without an event when it runs.
    package mutating func remove(_ container: ContainerHandle) {}

    /// Whether the container's process runs.
    package func isRunning(_ container: ContainerHandle) -> Bool { false }

    /// The moment from which a planned container answers its probes; nil without a plan or without `ready after`.
    package func readyTime(of container: ContainerHandle) -> Timestamp? { nil }

    // Commands in containers

    /// Runs a command in a running container, for probes, hooks and `exec`. Its end is an event, also when it is immediate.
    package mutating func exec(
        _ command: [String],
        in container: ContainerHandle,
        options: ExecOptions = ExecOptions(),
        now: Timestamp,
        world: some PodWorld
    ) throws(StartError) -> ExecHandle {
        ExecHandle(number: 0)
    }

    /// Kills a command and what it started; it ends with 137.
    package mutating func kill(_ command: ExecHandle, now: Timestamp, world: some PodWorld) {}

    /// Gives a command started with `stdin` something to read.
    package mutating func write(_ bytes: [UInt8], to command: ExecHandle, now: Timestamp, world: some PodWorld) {}

    /// Ends the input of a command.
    package mutating func closeInput(of command: ExecHandle, now: Timestamp, world: some PodWorld) {}

    // Network

    /// The answer of the pod's containers to a request; nil when the connection is refused.
    package func answer(_ request: HTTPProbe, port: Int, now: Timestamp) -> HTTPAnswer? { nil }

    /// Whether one of the containers accepts connections.
    package func accepts(port: Int, now: Timestamp) -> Bool { false }

    // Files and logs

    /// What the container printed.
    package func log(of container: ContainerHandle) -> ContainerLog { ContainerLog() }

    /// The content of the container's termination message file, its last 4096 bytes; `""` when there is none.
    package func terminationMessage(of container: ContainerHandle) -> String { "" }

    /// Sets the content of a volume; containers see it at once. An `emptyDir` is an empty tree.
    package mutating func setVolume(_ tree: FileTree, named name: String) {}

    /// The present content of a volume.
    package func volume(named name: String) -> FileTree? { nil }

    /// The bytes that a container wrote beside its volumes, its log included.
    package func writtenBytes(of container: ContainerHandle) -> Int { 0 }
}

/// How a command in a container is run.
package struct ExecOptions: Hashable, Sendable {
    /// Whether input will be given with `write` and ended with `closeInput`.
    package var stdin = false
    /// Whether output comes as events as it is written. It is in the result either way.
    package var streaming = false
    /// Whether its streams are a terminal.
    package var tty = false

    /// No input, output in the result.
    package init() {}
}
