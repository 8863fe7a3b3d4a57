// SPDX-License-Identifier: Apache-2.0
// Which log a client gets that asks for one of a container's, and what it is told when there is none.

import PodiumMachinery
package import PodiumRuntime

/// A run of a container whose log can be read.
package struct PublishedLog: Sendable {
    package var log: ContainerLog
    /// Which run it is; changes when the container is started again.
    package var containerID: String
    /// Whether more may come.
    package var isRunning: Bool
}

/// What can be read of a container.
struct ContainerLogs: Sendable {
    /// The runs that the runtime still has, oldest first.
    var runs: [PublishedLog] = []
    /// The run that is meant by the log of the container; nil when there is none because of `problem`.
    var current: String?
    /// The run that is meant by its previous log.
    var previous: String?
    var problem = ""

    /// The run with this ID.
    func run(_ id: String) -> PublishedLog? { runs.first { $0.containerID == id } }
}

// Kubernetes: pkg/kubelet/kubelet_pods.go validateContainerLogStatus
extension PodWorker {
    /// Whether there is something new about logs since this was last asked.
    package mutating func takeLogChange() -> Bool {
        defer { hasNewLogs = false }
        return hasNewLogs
    }

    /// What can be read of each container.
    var containerLogs: [String: ContainerLogs] {
        var all: [String: ContainerLogs] = [:]
        for container in pod.spec.allContainers { all[container.name] = logs(of: container.name) }
        return all
    }

    private func logs(of name: String) -> ContainerLogs {
        var logs = ContainerLogs()
        for record in runtime.containers where record.name == name {
            guard let handle = record.handle, let sandbox else { continue }
            let isRunning = record.state == .running
            logs.runs.append(
                PublishedLog(log: sandbox.log(of: handle), containerID: record.id, isRunning: isRunning)
            )
        }
        let subject = "container \"\(name)\" in pod \"\(pod.name.name)\""
        guard let container = status?.container(name) else {
            logs.problem = "\(subject) is not available"
            return logs
        }
        let last = container.lastTermination?.containerID
        logs.previous = last
        switch container.state {
        case .running: logs.current = container.containerID
        case .terminated(let end): logs.current = end.containerID ?? last
        case .waiting: logs.current = last
        }
        if logs.current == nil { logs.problem = "\(subject) is \(Self.absence(of: container))" }
        return logs
    }

    /// Why a container has no log.
    private static func absence(of container: ContainerStatus) -> String {
        guard case .waiting(let reason, _) = container.state, container.lastTermination == nil else {
            return "terminated"
        }
        switch reason {
        case "ErrImagePull": return "waiting to start: image can't be pulled"
        case "ImagePullBackOff": return "waiting to start: trying and failing to pull image"
        default: return "waiting to start: \(reason)"
        }
    }
}
