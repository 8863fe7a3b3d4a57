// SPDX-License-Identifier: Apache-2.0
// The status of one container, as it stands in a pod's status.

import OrderedCollections
package import PodiumCodec
package import PodiumMachinery
package import PodiumPodModel

/// What a container is doing.
package enum ContainerState: Hashable, Sendable {
    case waiting(reason: String, message: String?)
    case running(startedAt: Timestamp)
    case terminated(Termination)

    /// The end of the run, if it ended.
    package var termination: Termination? { if case .terminated(let end) = self { end } else { nil } }
    /// When the run began, while it lasts.
    package var startedAt: Timestamp? { if case .running(let time) = self { time } else { nil } }
    package var isRunning: Bool { startedAt != nil }
    package var isWaiting: Bool { if case .waiting = self { true } else { false } }
}

/// How a run of a container ended.
package struct Termination: Hashable, Sendable {
    package var exitCode: Int
    package var reason: String
    package var message: String?
    /// nil prints as `null`: the run was never seen.
    package var startedAt: Timestamp?
    package var finishedAt: Timestamp?
    package var containerID: String?
    /// Whether the container was removed because all of its pod start over, whatever its restart policy.
    package private(set) var startsOver = false

    /// A run whose container is not to be found.
    package static func unknown(_ message: String) -> Termination {
        Termination(exitCode: 137, reason: "ContainerStatusUnknown", message: message)
    }

    /// A run that was ended so that all containers of the pod start over.
    package static func startingOver(_ message: String) -> Termination {
        var end = Termination(exitCode: 137, reason: startingOverReason, message: message)
        end.startsOver = true
        return end
    }

    // Kubernetes: pkg/kubelet/kuberuntime/kuberuntime_manager.go
    package static let startingOverReason = "RestartingAllContainers"

    package init(
        exitCode: Int,
        reason: String,
        message: String? = nil,
        startedAt: Timestamp? = nil,
        finishedAt: Timestamp? = nil,
        containerID: String? = nil
    ) {
        self.exitCode = exitCode
        self.reason = reason
        self.message = message
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.containerID = containerID
    }
}

/// Who a container's first process runs as.
package struct ContainerUser: Hashable, Sendable {
    package var user: Int
    package var group: Int
    package var supplementalGroups: [Int]
}

/// An element of `containerStatuses` and its siblings.
package struct ContainerStatus: Hashable, Sendable {
    package var name: String
    package var state: ContainerState
    package var lastTermination: Termination?
    package var isReady = false
    package var restartCount = 0
    package var image: String
    package var imageID = ""
    package var containerID: String?
    /// nil for ephemeral containers, which do not show it.
    package var isStarted: Bool?
    package var allocatedResources: ResourceList = [:]
    package var resources: ResourceRequirements?
    package var mounts: [VolumeMount] = []
    package var user: ContainerUser?

    /// A container of which nothing exists yet.
    package init(name: String, image: String, state: ContainerState) {
        self.name = name
        self.image = image
        self.state = state
    }
}

extension ContainerStatus {
    /// As it stands in JSON, members in the order of Kubernetes.
    package var value: JSONValue {
        var value: JSONObject = ["name": .string(name), "state": state.value]
        value["lastState"] = lastTermination.map { ["terminated": $0.value] } ?? .emptyObject
        value["ready"] = .bool(isReady)
        value["restartCount"] = .integer(Int64(restartCount))
        value["image"] = .string(image)
        value["imageID"] = .string(imageID)
        if let containerID { value["containerID"] = .string(containerID) }
        if let isStarted { value["started"] = .bool(isStarted) }
        if !allocatedResources.isEmpty { value["allocatedResources"] = allocatedResources.value }
        if let resources { value["resources"] = resources.value }
        if !mounts.isEmpty { value["volumeMounts"] = .array(mounts.map(\.statusValue)) }
        if let user { value["user"] = user.value }
        return .object(value)
    }
}

extension ContainerState {
    var value: JSONValue {
        switch self {
        case .waiting(let reason, let message):
            var waiting: JSONObject = [:]
            if !reason.isEmpty { waiting["reason"] = .string(reason) }
            if let message, !message.isEmpty { waiting["message"] = .string(message) }
            return ["waiting": .object(waiting)]
        case .running(let startedAt): return ["running": ["startedAt": .string(startedAt.rfc3339)]]
        case .terminated(let termination): return ["terminated": termination.value]
        }
    }
}

extension Termination {
    var value: JSONValue {
        var value: JSONObject = ["exitCode": .integer(Int64(exitCode))]
        if !reason.isEmpty { value["reason"] = .string(reason) }
        if let message, !message.isEmpty { value["message"] = .string(message) }
        value["startedAt"] = startedAt.map { .string($0.rfc3339) } ?? .null
        value["finishedAt"] = finishedAt.map { .string($0.rfc3339) } ?? .null
        if let containerID { value["containerID"] = .string(containerID) }
        return .object(value)
    }
}

extension ContainerUser {
    var value: JSONValue {
        [
            "linux": [
                "uid": .integer(Int64(user)), "gid": .integer(Int64(group)),
                "supplementalGroups": .array(supplementalGroups.map { .integer(Int64($0)) }),
            ]
        ]
    }
}

extension VolumeMount {
    var statusValue: JSONValue {
        var value: JSONObject = ["name": .string(name), "mountPath": .string(path)]
        if isReadOnly {
            value["readOnly"] = true
            value["recursiveReadOnly"] = .string(recursiveReadOnly == "Enabled" ? "Enabled" : "Disabled")
        }
        return .object(value)
    }
}
