// SPDX-License-Identifier: Apache-2.0
// The cells of a pod: what `kubectl get pods` shows of its containers' states.

import PodiumCodec
import PodiumMachinery
import PodiumRegistry

/// What a table shows of the state of a pod.
// Kubernetes: pkg/printers/internalversion/printers.go printPod
struct PodRow {
    private let pod: JSONValue
    private let status: JSONValue

    private var ready = 0
    private var reason: String
    private var restarts: Int64 = 0
    private var lastRestart: Timestamp?

    init(_ pod: JSONValue) {
        self.pod = pod
        status = pod["status"] ?? .emptyObject
        reason = status.text("reason", or: status.text("phase"))
        if status.list("conditions").contains(where: Self.isGated) { reason = "SchedulingGated" }
        let sidecars = Self.sidecars(of: pod)
        let isInitializing = examineInitContainers(sidecars)
        if !isInitializing || hasCondition("Initialized") {
            restartCountOfSidecars(sidecars)
            examineContainers()
        }
        if pod.at(["metadata", "deletionTimestamp"]) != nil {
            if status.text("reason") == "NodeLost" {
                reason = "Unknown"
            } else if !["Succeeded", "Failed"].contains(status.text("phase")) {
                reason = "Terminating"
            }
        }
    }

    func cells(now: Timestamp) -> [JSONValue] {
        let total = pod.list("spec", "containers").count + Self.sidecars(of: pod).count
        let metadata = pod["metadata"] ?? .emptyObject
        return [
            .string(metadata.text("name")),
            "\(ready)/\(total)",
            .string(reason),
            .string(restartText(now: now)),
            .string(HumanDuration.age(metadata["creationTimestamp"]?.string, now: now)),
            .string(status.list("podIPs").first?.text("ip", or: "<none>") ?? "<none>"),
            .string(pod.text("spec", "nodeName", or: "<none>")),
            .string(status.text("nominatedNodeName", or: "<none>")),
            .string(readinessGates),
        ]
    }

    /// The entry of a row's `conditions` for a pod that has ended.
    var conditions: [JSONValue] {
        let phase = status.text("phase")
        switch phase {
        case "Succeeded": return [Self.completed(phase, "The pod has completed successfully.")]
        case "Failed": return [Self.completed(phase, "The pod failed.")]
        default: return []
        }
    }

    private static func completed(_ reason: String, _ message: String) -> JSONValue {
        ["type": "Completed", "status": "True", "reason": .string(reason), "message": .string(message)]
    }

    // MARK: Containers

    /// The names of the init containers that run on beside the containers.
    private static func sidecars(of pod: JSONValue) -> Set<String> {
        Set(pod.list("spec", "initContainers").filter { $0.text("restartPolicy") == "Always" }.map { $0.text("name") })
    }

    /// Looks at the init containers up to the first that has not done its part; returns whether there is one.
    private mutating func examineInitContainers(_ sidecars: Set<String>) -> Bool {
        for (index, container) in status.list("initContainerStatuses").enumerated() {
            addRestarts(of: container)
            let terminated = container.at(["state", "terminated"])
            if let terminated, terminated.number("exitCode") == 0 { continue }
            if sidecars.contains(container.text("name")), container.flag("started") {
                if container.flag("ready") { ready += 1 }
                continue
            }
            let waiting = container.text("state", "waiting", "reason")
            if let terminated {
                reason = "Init:\(Self.ending(terminated))"
            } else if !waiting.isEmpty, waiting != "PodInitializing" {
                reason = "Init:\(waiting)"
            } else {
                reason = "Init:\(index)/\(pod.list("spec", "initContainers").count)"
            }
            return true
        }
        return false
    }

    /// Forgets the restarts of init containers that have done their part: only those of sidecars count on.
    private mutating func restartCountOfSidecars(_ sidecars: Set<String>) {
        restarts = 0
        lastRestart = nil
        for container in status.list("initContainerStatuses") where sidecars.contains(container.text("name")) {
            addRestarts(of: container)
        }
    }

    private mutating func examineContainers() {
        var hasRunning = false
        var showsFailure = false
        for container in status.list("containerStatuses").reversed() {
            addRestarts(of: container)
            let waiting = container.text("state", "waiting", "reason")
            if !waiting.isEmpty {
                reason = waiting
                showsFailure = false
            } else if let terminated = container.at(["state", "terminated"]) {
                // A container that is done does not hide another one's failure.
                let hasFailed = terminated.number("exitCode") != 0
                if hasFailed || !showsFailure { reason = Self.ending(terminated) }
                if hasFailed { showsFailure = true }
            } else if container.flag("ready"), container.at(["state", "running"]) != nil {
                hasRunning = true
                ready += 1
            }
        }
        // One container that is done does not end a pod in which another one runs.
        if reason == "Completed", hasRunning { reason = hasCondition("Ready") ? "Running" : "NotReady" }
    }

    private static func ending(_ terminated: JSONValue) -> String {
        let reason = terminated.text("reason")
        if !reason.isEmpty { return reason }
        let signal = terminated.number("signal")
        return signal != 0 ? "Signal:\(signal)" : "ExitCode:\(terminated.number("exitCode"))"
    }

    private mutating func addRestarts(of container: JSONValue) {
        restarts += container.number("restartCount")
        guard let time = Timestamp(rfc3339: container.text("lastState", "terminated", "finishedAt")) else { return }
        lastRestart = max(lastRestart ?? time, time)
    }

    private func restartText(now: Timestamp) -> String {
        guard restarts != 0, let lastRestart else { return "\(restarts)" }
        return "\(restarts) (\(HumanDuration.text(now - lastRestart)) ago)"
    }

    // MARK: Conditions

    private static func isGated(_ condition: JSONValue) -> Bool {
        condition.text("type") == "PodScheduled" && condition.text("reason") == "SchedulingGated"
    }

    /// Whether the first condition of this type is true.
    private func hasCondition(_ type: String) -> Bool {
        status.list("conditions").first { $0.text("type") == type }?.text("status") == "True"
    }

    private var readinessGates: String {
        let gates = pod.list("spec", "readinessGates")
        if gates.isEmpty { return "<none>" }
        return "\(gates.count { hasCondition($0.text("conditionType")) })/\(gates.count)"
    }
}
