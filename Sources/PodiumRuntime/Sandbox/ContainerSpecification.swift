// SPDX-License-Identifier: Apache-2.0
// What a container is told to be: image, command, environment, mounts, plan.

/// Everything the runtime needs to know of one container before it runs.
package struct ContainerSpecification: Sendable {
    /// The name in the pod; used in texts only.
    package var name: String
    /// The image as the manifest writes it, `busybox:1.36`.
    package var image: String
    /// `command` of the manifest, `$(VAR)` already expanded; empty means the image's entry point.
    package var command: [String]
    /// `args` of the manifest, `$(VAR)` already expanded; empty means the image's default, unless `command` is given.
    package var arguments: [String]
    /// The environment in the order in which it is set; later entries win.
    package var environment: [EnvironmentVariable]
    /// `workingDir`, or nil for the image's own.
    package var workingDirectory: String?
    /// Whether standard input stays open. Without it a shell that reads commands ends at once with 0.
    package var stdin: Bool
    /// Whether standard streams are a terminal.
    package var tty: Bool
    /// What the plan annotation says of this start; wins over command and image.
    package var attempt: PlanAttempt?
    /// Volumes in the order of the manifest. Longer paths are mounted over shorter ones whatever the order.
    package var mounts: [ContainerMount]
    /// The ports that are expected of it: declared, probed, or aimed at by a Service. Programs that are not interpreted
    /// answer on each.
    package var ports: [Int]
    /// Whether nothing speaks for a program that runs for ever: one of which nothing is known ends then.
    package var isMeantToEnd: Bool
    /// The memory limit in bytes; programs known to use more are killed for it.
    package var memoryLimit: Int?
    /// What is known of the image; nil asks the standard table.
    package var profile: ImageProfile?
    /// What the image's rule says of this start, for a program of which nothing else is known.
    package var imageAttempt: PlanAttempt?
    /// The numeric user that `id` prints and that owns new files.
    package var user: Int
    /// The numeric group that `id` prints.
    package var group: Int
    /// Where the container leaves its last words; the file exists and is empty at the start.
    package var terminationMessagePath: String
    /// Whether only volumes and `/dev` can be written.
    package var readOnlyRootFileSystem: Bool
    /// The memory limit, CPU and so on do not matter to the simulation; the signal that asks the process to stop does.
    package var stopSignal: Signal?

    /// A container with nothing but a name and an image.
    package init(name: String, image: String) {
        self.name = name
        self.image = image
        command = []
        arguments = []
        environment = []
        stdin = false
        tty = false
        mounts = []
        ports = []
        isMeantToEnd = false
        user = 0
        group = 0
        terminationMessagePath = "/dev/termination-log"
        readOnlyRootFileSystem = false
    }
}

/// One variable of an environment.
package struct EnvironmentVariable: Hashable, Sendable {
    /// The name; any text without `=`.
    package var name: String
    /// The value.
    package var value: String

    /// A variable.
    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// A volume of the sandbox at a place in a container.
package struct ContainerMount: Hashable, Sendable {
    /// The absolute path in the container.
    package var path: String
    /// The name of the volume, as given to `PodSandbox.setVolume`.
    package var volume: String
    /// The path inside of the volume, `""` for its root. Made as a directory when it is missing.
    package var subPath: String
    /// Whether writes fail with `Read-only file system`.
    package var readOnly: Bool

    /// A mount.
    package init(path: String, volume: String, subPath: String = "", readOnly: Bool = false) {
        self.path = path
        self.volume = volume
        self.subPath = subPath
        self.readOnly = readOnly
    }
}
