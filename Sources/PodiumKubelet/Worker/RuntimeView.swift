// SPDX-License-Identifier: Apache-2.0
// The containers of a pod as the container runtime reports them.

package import PodiumMachinery
package import PodiumRuntime

/// One run of a container.
package struct ContainerRecord: Hashable, Sendable {
    /// What a container is doing, as the runtime says it.
    package enum State: Hashable, Sendable {
        case running
        case exited
    }

    /// `containerd://` and 64 hexadecimal digits.
    package let id: String
    package let name: String
    package let role: ContainerRole
    /// How often the container had been started before.
    package let attempt: Int
    package var state: State = .running
    /// nil when it never came to run.
    package var startedAt: Timestamp?
    package var finishedAt: Timestamp?
    package var exitCode = 0
    package var reason = ""
    package var message: String?
    /// The complete name of the image and its digest.
    package let image: String
    package let imageID: String
    /// The image as the manifest had it, to notice that it changed.
    package let writtenImage: String
    package var resources: ResourceRequirements
    package let user: ContainerUser
    /// nil when it never came to run, or ran in a sandbox that is gone.
    package internal(set) var handle: ContainerHandle?
}

/// All containers of a pod, oldest first, and its sandbox.
package struct RuntimeView: Hashable, Sendable {
    /// What is known of the pod's sandbox.
    package enum Sandbox: Hashable, Sendable {
        case none
        case ready
        case stopped
    }

    package var containers: [ContainerRecord] = []
    package var sandbox: Sandbox = .none
    package var podIP: String?

    /// The newest run of a container.
    package func latest(_ name: String) -> ContainerRecord? { containers.last { $0.name == name } }

    /// The run before the newest one.
    package func previous(_ name: String) -> ContainerRecord? {
        containers.filter { $0.name == name }.dropLast().last
    }

    /// The runs that go on.
    package var running: [ContainerRecord] { containers.filter { $0.state == .running } }
}
