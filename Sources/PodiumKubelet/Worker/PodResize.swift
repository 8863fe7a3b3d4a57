// SPDX-License-Identifier: Apache-2.0
// Changes of requests and limits of a running pod: asked for, granted, applied.

import OrderedCollections
import PodiumCodec
import PodiumMachinery
import PodiumPodModel

/// How far the resources of a pod have followed its manifest.
// Kubernetes: pkg/kubelet/allocation/allocation_manager.go
struct PodResize: Hashable, Sendable {
    /// What the node has granted each container.
    private(set) var allocated: [String: ResourceRequirements] = [:]
    private var allocatedPod: ResourceRequirements?
    /// What the pod was granted altogether, and how often that was decided.
    private(set) var granted = ResourceRequirements()
    private(set) var version = 0
    /// The conditions that tell of a resize.
    var conditions: [PodCondition] = []
    /// Containers that must start anew for their new resources.
    var restarts: Set<String> = []
    /// The generation of the manifest that is being applied; nil when there is nothing to apply.
    var generation: Int64?

    var isToApply: Bool { generation != nil }

    /// Grants what `spec` asks for.
    mutating func allocate(_ spec: PodSpec) {
        allocated = [:]
        for container in spec.allContainers { allocated[container.name] = container.resources }
        allocatedPod = spec.resources
        granted = spec.podResources
        version += 1
    }

    /// Whether `spec` asks for something else than was granted.
    func isWanted(by spec: PodSpec) -> Bool {
        if spec.resources != allocatedPod { return true }
        return spec.allContainers.contains { container in
            allocated[container.name].map { $0 != container.resources } ?? false
        }
    }

    /// Grants new containers what they ask for.
    mutating func allocateNewContainers(_ spec: PodSpec) {
        for container in spec.allContainers where allocated[container.name] == nil {
            allocated[container.name] = container.resources
        }
    }

    /// `spec` with the resources that were granted.
    func allocatedSpec(of spec: PodSpec) -> PodSpec {
        func granted(_ container: ContainerSpec) -> ContainerSpec {
            var copy = container
            if let resources = allocated[container.name] { copy.resources = resources }
            return copy
        }
        var copy = spec
        copy.containers = spec.containers.map(granted)
        copy.initContainers = spec.initContainers.map(granted)
        copy.resources = allocatedPod
        return copy
    }
}

extension PodWorker {
    /// Looks whether the manifest asks for other resources, and whether the node has them.
    mutating func updateResize(in environment: any WorkerEnvironment) {
        resize.allocateNewContainers(pod.spec)
        finishResize()
        guard stage == .syncing, resize.isWanted(by: pod.spec) else {
            if !resize.isToApply { resize.conditions = [] }
            return
        }
        let now = Timestamp(seconds: environment.now.seconds)
        if let shortage = environment.shortage(for: pod.spec.totalRequests, of: pod.uid) {
            deferResize(shortage, now: now)
            return
        }
        let before = resize.allocatedSpec(of: pod.spec)
        resize.allocate(pod.spec)
        resize.generation = pod.generation
        var condition = PodCondition(PodConditionType.resizeInProgress, true)
        condition.lastProbe = now
        resize.conditions = [condition]
        resize.restarts = Set(
            zip(before.containers, pod.spec.containers).compactMap { old, new in
                new.mustRestart(from: old.resources) ? new.name : nil
            }
        )
        emit("", "ResizeStarted", "Pod resize started: \(resizeText())")
    }

    /// A resize of a pod that is over is granted, and then nothing happens.
    mutating func noteLateResize(in environment: any WorkerEnvironment) {
        guard resize.isWanted(by: pod.spec),
            environment.shortage(for: pod.spec.totalRequests, of: pod.uid) == nil
        else { return }
        resize.allocate(pod.spec)
        emit("", "ResizeStarted", "Pod resize started: \(resizeText())")
    }

    /// Whether a resize waits for room on the node.
    package var hasDeferredResize: Bool { resize.conditions.first?.type == PodConditionType.resizePending }

    private mutating func deferResize(_ shortage: ResourceShortage, now: Timestamp) {
        var condition = PodCondition(
            PodConditionType.resizePending,
            true,
            reason: "Deferred",
            message: shortage.message
        )
        condition.lastProbe = now
        if hasDeferredResize { condition.lastProbe = resize.conditions[0].lastProbe }
        let isNew = resize.conditions.first?.message != condition.message
        resize.conditions = [condition]
        if isNew {
            let text = "Pod resize \(shortage.reason): \(resizeText(error: shortage.message))"
            emit("", warning: true, "ResizeDeferred", text)
        }
    }

    /// The containers' resources as Events show them.
    private func resizeText(error: String? = nil) -> String {
        var containers: [JSONValue] = []
        for container in pod.spec.initContainers.filter(\.isSidecar) + pod.spec.containers {
            containers.append(["name": .string(container.name), "resources": container.resources.value])
        }
        var value: JSONObject = ["containers": .array(containers), "generation": .integer(pod.generation)]
        if let error { value["error"] = .string(error) }
        var writer = JSONWriter()
        writer.write(.object(value))
        return writer.text
    }

    /// Applies what was granted to the running containers.
    mutating func applyResize(
        _ operation: inout PodOperation,
        at time: Timestamp?,
        in environment: any WorkerEnvironment
    ) -> StepResult {
        let now = environment.now
        guard let time else {
            operation = .resize(apply: now + node.latencies.resize)
            return .progressed
        }
        if now < time { return .waiting(until: time) }
        for index in runtime.containers.indices where runtime.containers[index].state == .running {
            if let resources = resize.allocated[runtime.containers[index].name] {
                runtime.containers[index].resources = resources
            }
        }
        work?.hasChanged = true
        return .done
    }

    /// Notices that everything granted is in force.
    private mutating func finishResize() {
        guard resize.isToApply else { return }
        let isInForce = pod.spec.containers.allSatisfy { container in
            guard let record = view.latest(container.name), record.state == .running else { return true }
            return record.resources == resize.allocated[container.name]
        }
        guard isInForce else { return }
        resize.generation = nil
        resize.restarts = []
        resize.conditions = []
        emit("", "ResizeCompleted", "Pod resize completed: \(resizeText())")
    }
}

extension ContainerSpec {
    /// Whether a change of resources that the manifest wants a restart for has happened.
    func mustRestart(from old: ResourceRequirements) -> Bool {
        resizeRestarts.contains { name in
            old.limits[name] != resources.limits[name] || old.requests[name] != resources.requests[name]
        }
    }
}

/// What a node has too little of.
package struct ResourceShortage: Hashable, Sendable {
    /// `OutOfcpu`
    package var reason: String
    /// `Node didn't have enough resource: cpu, requested: 4000, used: 5000, capacity: 8000`
    package var message: String
}
