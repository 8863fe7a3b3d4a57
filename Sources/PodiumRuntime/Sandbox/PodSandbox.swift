// SPDX-License-Identifier: Apache-2.0
// The simulated containers of one pod: a value that events drive and that says what follows and when to look again.

import OrderedCollections
package import PodiumMachinery

/// All containers of one pod with the files and the network they share.
///
/// It has no clock: every call says what time it is, times must not go back. After each call the owner takes the events
/// with `takeEvents()` and arms one timer for `nextWake`, at which it calls `advance`. Equal calls give equal results.
///
///     var sandbox = PodSandbox(
///         SandboxConfiguration(hostname: "web", namespace: "default", podIP: "10.0.0.1", programs: programs)
///     )
///     let handle = try sandbox.start(specification, now: now, world: world)
///     for event in sandbox.takeEvents() { … }
///     // at sandbox.nextWake:
///     sandbox.advance(to: now, world: world)
package struct PodSandbox: Sendable {
    /// The bytes kept of each stream of a command in a container; more are dropped.
    package static let maximumCapturedBytes = 1 << 20
    /// The bytes of the end of a termination message file that are its message.
    package static let maximumMessageBytes = 4096

    /// The bytes of files and volumes that a pod can keep.
    package static let maximumStoredBytes = Kernel.maximumStoredBytes

    var kernel: Kernel

    /// A pod without containers.
    package init(_ configuration: SandboxConfiguration) { kernel = Kernel(configuration) }

    /// What all containers share.
    package var configuration: SandboxConfiguration { kernel.configuration }

    /// When something happens by itself; nil when everything waits for ever or for a call.
    package var nextWake: Timestamp? { kernel.nextWake }

    /// The events since the last call, in order.
    package mutating func takeEvents() -> [SandboxEvent] {
        let events = kernel.events
        kernel.events = []
        return events
    }

    /// Runs everything that is due at `now`.
    package mutating func advance(to now: Timestamp, world: some PodWorld) {
        Machine.use(&kernel, now: now, world: world) { $0.runAll() }
    }

    // Containers

    /// Starts a container. Its process has its first turn with the next `advance`, which is due at once: whoever starts
    /// it can show that it runs before it does anything.
    package mutating func start(
        _ specification: ContainerSpecification,
        now: Timestamp,
        world: some PodWorld
    ) throws(StartError) -> ContainerHandle {
        let result = Machine.use(&kernel, now: now, world: world) { machine in
            machine.create(specification)
        }
        return ContainerHandle(number: try result.get())
    }

    /// Sends a signal to the container's process. Nothing happens when it has ended.
    package mutating func signal(_ signal: Signal, _ container: ContainerHandle, now: Timestamp, world: some PodWorld) {
        guard let owner = kernel.containers[container.number], owner.exit == nil else { return }
        Machine.use(&kernel, now: now, world: world) { machine in
            machine.send(signal, to: owner.mainProcess, outside: true)
            machine.runAll()
        }
    }

    /// The signal with which the container is asked to stop: its own, its image's, or TERM.
    package func stopSignal(of container: ContainerHandle) -> Signal {
        guard let owner = kernel.containers[container.number] else { return .terminate }
        return owner.stopSignal
    }

    /// Forgets an ended container with its log and its files; kills it without an event when it runs.
    package mutating func remove(_ container: ContainerHandle) {
        guard let owner = kernel.containers[container.number] else { return }
        if owner.exit == nil {
            let moment = kernel.processes[owner.mainProcess]?.waitsSince ?? owner.startedAt
            let events = kernel.events
            signal(.kill, container, now: moment, world: EmptyWorld())
            kernel.events = events
        }
        kernel.forgetContainer(container.number)
        kernel.budgets[container.number] = nil
    }

    /// Whether the container's process runs.
    package func isRunning(_ container: ContainerHandle) -> Bool {
        kernel.containers[container.number].map { $0.exit == nil } ?? false
    }

    /// The moment from which a planned container answers its probes, all of them; nil for a container without a plan.
    package func readyTime(of container: ContainerHandle) -> Timestamp? {
        kernel.containers[container.number]?.readyTime
    }

    // Network

    /// The answer of the pod's containers to a request; nil when the connection is refused.
    package func answer(_ request: HTTPProbe, port: Int, now: Timestamp) -> HTTPAnswer? {
        kernel.answer(request, port: port, now: now)
    }

    /// Whether one of the containers accepts connections.
    package func accepts(port: Int, now: Timestamp) -> Bool { kernel.listener(on: port) != nil }

    /// Whether what accepts connections on a port understands TLS as well.
    package func acceptsTLS(port: Int) -> Bool { kernel.listener(on: port)?.service == .anything }

    /// Takes over what the cluster now lets expect of a running container. One that runs on is not made to end.
    package mutating func expect(ports: [Int], mayEnd: Bool, of container: ContainerHandle) {
        kernel.containers[container.number]?.specification.ports = ports
        if !mayEnd { kernel.containers[container.number]?.specification.isMeantToEnd = false }
    }

    // Files and logs

    /// What the container printed.
    package func log(of container: ContainerHandle) -> ContainerLog {
        kernel.containers[container.number]?.log ?? ContainerLog()
    }

    /// The plan by which the container runs, its own or its image's; nil when it has none.
    package func plan(of container: ContainerHandle) -> PlanAttempt? {
        let specification = kernel.containers[container.number]?.specification
        return specification?.attempt ?? specification?.imageAttempt
    }

    /// The content of the container's termination message file, its last 4096 bytes; `""` when there is none.
    package func terminationMessage(of container: ContainerHandle) -> String {
        guard let owner = kernel.containers[container.number],
            let location = try? kernel.locate(owner.specification.terminationMessagePath, in: container.number),
            let node = kernel.node(at: location)
        else { return "" }
        let size = node.content.size
        let start = max(0, size - Self.maximumMessageBytes)
        return String(decoding: node.content.read(at: start, count: Self.maximumMessageBytes), as: UTF8.self)
    }

    /// Sets the content of a volume; containers see it at once. An `emptyDir` is an empty tree.
    package mutating func setVolume(_ tree: FileTree, named name: String) {
        kernel.volumes[name] = tree
        kernel.fileChanges += 1
    }

    /// Counts changes of files and volumes.
    package var fileChanges: Int { kernel.fileChanges }

    /// The present content of a volume.
    package func volume(named name: String) -> FileTree? { kernel.volumes[name].map { kernel.sharedFiles.settled($0) } }

    // Memory

    /// The bytes of this machine's memory that the pod holds: files, processes, logs. Of files it is an upper bound.
    package var heldBytes: Int { kernel.heldBytes }

    /// The part of it that processes hold.
    package var processBytes: Int { kernel.processBytes }

    /// What the processes of a container hold.
    package func memory(of container: ContainerHandle) -> Int {
        kernel.processes.values.reduce(0) { $0 + ($1.container == container.number ? $1.ownBytes : 0) }
    }

    /// What a container works.
    package func work(of container: ContainerHandle) -> ContainerWork {
        let main = kernel.containers[container.number]?.mainProcess
        var work = ContainerWork(
            own: main.flatMap { kernel.budgets[$0]?.processorTime },
            commands: kernel.budgets[container.number]?.processorTime
        )
        for command in kernel.commands.values
        where command.container == container.number && command.options.streaming && !command.isAttachment {
            if let time = kernel.budgets[command.process]?.processorTime { work.clients.append(time) }
        }
        return work
    }

    /// Sets how many bytes the pod may hold for now. Writing beyond it finds no space left, and a container whose
    /// processes go far beyond it is killed.
    package mutating func allow(_ bytes: Int) { kernel.allowance = bytes }

    /// Counts anew what files take.
    package mutating func recountFiles() { kernel.recount() }

    /// Takes the files and volumes of a pod that is over away; its logs stay.
    package mutating func discardFiles() {
        kernel.volumes = [:]
        for number in kernel.containers.keys where kernel.containers[number]?.exit != nil {
            kernel.containers[number]?.root = FileTree()
        }
        kernel.recount()
    }

    /// The bytes that a container wrote beside its volumes, its log included.
    package func writtenBytes(of container: ContainerHandle) -> Int {
        guard let owner = kernel.containers[container.number] else { return 0 }
        return max(0, owner.root.totalBytes - owner.image.root.totalBytes) + owner.log.byteCount
    }
}

/// How a command in a container is run.
package struct ExecOptions: Hashable, Sendable {
    /// Whether input will be given with `write` and ended with `closeInput`.
    package var stdin = false
    /// Whether output is taken with `takeOutput` as it is written; the command waits when nobody takes it.
    package var streaming = false
    /// Whether its streams are a terminal, which needs `streaming`.
    package var tty = false
    /// The size that the terminal begins with.
    package var terminalSize: TerminalSize?

    /// No input, output in the result.
    package init() {}
}
