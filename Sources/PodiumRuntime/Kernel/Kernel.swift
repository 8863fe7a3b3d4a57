// SPDX-License-Identifier: Apache-2.0
// The lasting state of a sandbox: its containers, processes, open files, pipes, volumes and listeners.

package import OrderedCollections
package import PodiumMachinery

/// What a small operating system keeps for the containers of one pod.
package struct Kernel: Sendable {
    /// The processes of a pod at one time; a fork beyond it fails.
    static let maximumProcesses = 256
    /// The open files of a pod at one time; opening beyond it fails.
    static let maximumOpenFiles = 4096
    /// The bytes of a pod's files and volumes together, stored or not; writing beyond it fails.
    package static let maximumFileBytes = 100 << 30
    /// The bytes of files and volumes that are really kept; writing beyond it fails.
    static let maximumStoredBytes = 64 << 20
    /// The files and directories of a pod; making more fails.
    static let maximumNodes = 50_000
    /// The bytes of a path with its end, as Linux counts them; a longer one is `File name too long`. That of a file
    /// below the working directory counts in full.
    static let maximumPathBytes = 4096
    /// The bytes of a name in a directory; a longer one is `File name too long`.
    static let maximumNameBytes = 255
    /// The directories that can stand one in the other in one tree, which is as many as a path can name.
    static let maximumDepth = maximumPathBytes / 2

    /// What all containers share.
    package let configuration: SandboxConfiguration
    /// The runs of containers, by number. There are few, and they are large: a dictionary of another kind would keep
    /// room for as many again.
    package var containers: OrderedDictionary<Int, Container> = [:]
    /// The processes whose turn it is not, by number; few and large, too.
    package var processes: OrderedDictionary<Int, Process> = [:]
    /// Open files by number; descriptors of several processes may be the same one.
    package var openFiles: [Int: OpenFile] = [:]
    var pipes: [Int: Pipe] = [:]
    /// Terminals by number.
    var terminals: [Int: Terminal] = [:]
    /// Pipes whose writers may have to wait.
    var fullPipes: Set<Int> = []
    /// What groups of processes may still do, by the number of their first process; commands by their container's.
    var budgets: [Int: WorkBudget] = [:]
    /// The process that had the last turn.
    var lastTurn = 0
    /// What ended runs of containers left of their budgets, by the containers' names.
    var pastBudgets: [String: WorkBudget] = [:]
    var volumes: [String: FileTree] = [:]
    var sharedFiles = SharedFiles()
    /// Who listens, by port.
    package var listeners: [Int: Listener] = [:]
    /// Open connections; each belongs to an open file.
    var connections: [Int: Connection] = [:]
    /// Commands that were started from outside, by number.
    package var commands: [Int: ExecState] = [:]
    var events: [SandboxEvent] = []
    /// Where the random numbers are.
    package var random: UInt64
    /// Counts changes of files, so that those who follow a file need not compare.
    package var fileChanges = 0
    /// At least the bytes and the nodes that are kept, counted anew when a limit seems to be reached.
    private(set) var storedBytes = 0
    private var storedNodes = 0
    /// The bytes that the pod may hold at the moment, all in all.
    var allowance = Int.max
    /// The last process ID given in a pod whose containers share them; 1 is the pod's pause process.
    var lastSharedPID = 1
    private var lastNumber = 0

    init(_ configuration: SandboxConfiguration) {
        self.configuration = configuration
        random = configuration.seed
    }

    /// A number never given before, for containers, processes, files and pipes alike.
    mutating func nextNumber() -> Int {
        lastNumber += 1
        return lastNumber
    }

    /// Whether so much more can be kept.
    package mutating func reserve(bytes: Int = 0, nodes: Int = 0, _ meter: WorkMeter) -> Bool {
        storedBytes += bytes
        storedNodes += nodes
        let limit = min(allowance, Self.maximumStoredBytes)
        guard storedBytes > limit || storedNodes > Self.maximumNodes else { return true }
        recount()
        meter.charge(components: storedNodes)
        let fits = storedBytes + bytes <= limit && storedNodes + nodes <= Self.maximumNodes
        if fits {
            storedBytes += bytes
            storedNodes += nodes
        }
        return fits
    }

    /// Counts anew what is kept.
    mutating func recount() {
        var count = StoredCount()
        for container in containers.values { count.add(container.root.root) }
        for volume in volumes.values { count.add(volume.root) }
        storedBytes = count.bytes
        storedNodes = count.nodes
    }

    /// The next 64 random bits (SplitMix64).
    package mutating func nextRandom() -> UInt64 {
        random &+= 0x9E37_79B9_7F4A_7C15
        var bits = random
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }
}

/// What trees keep.
private struct StoredCount {
    var bytes = 0
    var nodes = 0

    mutating func add(_ root: FileNode) {
        root.forEach { node in
            nodes += 1
            bytes += node.content.storedCount
        }
    }
}

/// One run of a container.
package struct Container: Sendable {
    /// What it was told to be.
    package var specification: ContainerSpecification
    /// What is known of its image.
    package var image: ImageProfile
    var root: FileTree
    /// Mounts, longest path first.
    package var mounts: [MountPoint]
    /// When this run began.
    package var startedAt: Timestamp
    /// The container's own process, by its number in the sandbox.
    var mainProcess: Int
    /// The pipe that feeds its standard input, as long as somebody may be attached to it.
    var inputPipe: Int?
    /// Its terminal.
    var terminal: Int?
    /// Those who see what it writes, by number among the commands.
    var attached: [Int] = []
    var exit: ContainerExit?
    /// The reason that the end will have: what a plan says, or `OOMKilled`.
    package var endReason: String?
    /// From when on a planned container answers its probes.
    var readyTime: Timestamp?
    var log = ContainerLog()
    /// What was written since the last newline, by stream.
    var unfinishedLines: [OutputStream: [UInt8]] = [:]
    var nextPID = 1
    /// The ports on which it is expected to answer: what the pod counts on, and what its image exposes.
    var expectedPorts: [Int] { specification.ports + image.ports }
    /// The processes that answer on the ports which are expected of the container: those that are not interpreted.
    var answering: [Int] = []
    /// Notes already given, so that a loop does not repeat them.
    var notes: Set<String> = []
    /// Whether it has installed what nothing is known of, so that no program is known to be missing any more.
    package var hasUnknownPackages = false
}

/// A volume at a place in a container.
package struct MountPoint: Sendable {
    /// The components of its path.
    package var path: [String]
    var volume: String
    var subPath: [String]
    var readOnly: Bool
}

/// A command beside the container's own process.
package struct ExecState: Sendable {
    let container: Int
    let process: Int
    /// How it was asked to run.
    package let options: ExecOptions
    var output: [UInt8] = []
    var errors: [UInt8] = []
    /// The pipe that feeds its standard input.
    var inputPipe: Int?
    /// The pipes that take its output when that is streamed, with the open files by which they are read.
    var outputPipes: [(stream: OutputStream, pipe: Int, reader: Int)] = []
    /// Its terminal.
    var terminal: Int?
    /// Whether somebody looks at the container itself: then the process, its input and the terminal are those of it.
    var isAttachment = false
}
