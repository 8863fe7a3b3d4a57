// SPDX-License-Identifier: Apache-2.0
// What a sandbox tells its kubelet.

package import PodiumMachinery

/// One container of a sandbox, one run of it. Never used again for another run.
package struct ContainerHandle: Hashable, Sendable, Comparable {
    let number: Int

    package static func < (left: ContainerHandle, right: ContainerHandle) -> Bool { left.number < right.number }
}

/// One command run in a container beside its own process.
package struct ExecHandle: Hashable, Sendable, Comparable {
    let number: Int

    package static func < (left: ExecHandle, right: ExecHandle) -> Bool { left.number < right.number }
}

/// What happened in a sandbox, in the order in which it happened.
package enum SandboxEvent: Hashable, Sendable {
    /// The container's log grew; read it from where you stopped.
    case output(ContainerHandle)
    /// The container's process ended, and with it everything else in the container.
    case exited(ContainerHandle, ContainerExit)
    /// A command ended.
    case execEnded(ExecHandle, ExecResult)
    /// Something cannot be simulated and runs for ever instead; worth an Event of the pod.
    case note(ContainerHandle, String)
}

/// Standard output or standard error.
package enum OutputStream: String, Hashable, Sendable {
    case stdout, stderr
}

/// How a container ended.
package struct ContainerExit: Hashable, Sendable {
    /// 0…255; 128 + n for an end by signal n.
    package var code: Int
    /// The moment of the end.
    package var at: Timestamp
    /// The reason that a plan gives, or `OOMKilled`; nil means `Completed` for 0 and `Error` otherwise.
    package var reason: String?

    /// An end.
    package init(code: Int, at: Timestamp, reason: String? = nil) {
        self.code = code
        self.at = at
        self.reason = reason
    }
}

/// What a command came to.
package struct ExecResult: Hashable, Sendable {
    /// 0…255; 128 + n for an end by signal n.
    package var exitCode: Int
    /// What it wrote to standard output, at most `PodSandbox.maximumCapturedBytes`; of a command whose output is
    /// streamed, what was not taken yet.
    package var output: [UInt8]
    /// The same of standard error.
    package var errors: [UInt8]
    /// The moment of the end.
    package var at: Timestamp

    /// Standard output followed by standard error, as probes report it.
    package var text: String { String(decoding: output + errors, as: UTF8.self) }
}

/// Why a container or a command could not be started at all.
package struct StartError: Error, Hashable, Sendable {
    /// The part that names the program: `exec: "nosuch": executable file not found in $PATH`.
    package var cause: String

    /// 128, the exit code that containerd gives such a container.
    package static let exitCode = 128

    /// What the runtime says of a container that could not start, in statuses; events put `Error: ` before it.
    package var containerMessage: String {
        "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: "
            + "unable to start container process: error during container init: \(cause): unknown"
    }

    /// What the runtime says of a command in a running container; `id` is 64 hexadecimal digits.
    package func execMessage(id: String) -> String {
        "rpc error: code = Unknown desc = failed to exec in container: failed to start exec \"\(id)\": "
            + "OCI runtime exec failed: exec failed: unable to start container process: \(cause): unknown"
    }
}
