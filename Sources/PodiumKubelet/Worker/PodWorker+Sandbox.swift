// SPDX-License-Identifier: Apache-2.0
// The pod's sandbox: its making, and what its containers tell.

import PodiumMachinery
import PodiumRuntime

extension PodWorker {
    /// Gives the pod an address and its containers a place to run.
    mutating func createSandbox(
        _ operation: inout PodOperation,
        ready: Timestamp?,
        in environment: any WorkerEnvironment
    ) -> StepResult {
        let now = environment.now
        guard let ready else {
            operation = .createSandbox(ready: now + node.latencies.sandbox)
            return .progressed
        }
        if now < ready { return .waiting(until: ready) }
        releaseAddress(in: environment)
        guard let address = pod.spec.isOnHostNetwork ? node.hostIP : environment.allocateAddress() else {
            return failSandbox(in: environment)
        }
        runtime.podIP = address
        runtime.sandbox = .ready
        let old = sandbox
        sandbox = PodSandbox(sandboxConfiguration(address, in: environment))
        // A new sandbox counts its containers from the beginning.
        for index in runtime.containers.indices { runtime.containers[index].handle = nil }
        for volume in pod.spec.volumes {
            // What containers wrote outlives the sandbox.
            let kept = volume.isLive ? nil : old?.volume(named: volume.name)
            if let tree = kept ?? volumes.trees[volume.name] { sandbox?.setVolume(tree, named: volume.name) }
        }
        volumes.seenVersions = [:]
        work?.hasChanged = true
        work?.successes.append(Self.sandboxStep)
        markRuntimeChanged(at: now)
        showSandboxReady(in: environment)
        return .done
    }

    /// Gives back the address that the pod has to itself.
    mutating func releaseAddress(in environment: any WorkerEnvironment) {
        if let address = runtime.podIP, !pod.spec.isOnHostNetwork { environment.releaseAddress(address) }
        runtime.podIP = nil
    }

    /// The network has no address left: the look at the pod ends here, and the next one tries again.
    // Kubernetes: pkg/kubelet/kuberuntime/kuberuntime_manager.go SyncPod; containernetworking/plugins host-local
    private mutating func failSandbox(in environment: any WorkerEnvironment) -> StepResult {
        let text =
            "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "
            + "\"\(environment.hexID())\": failed to allocate for range 0: no IP addresses available in range set"
        emit("", warning: true, "FailedCreatePodSandBox", text)
        // The present step is taken away by whoever carries the steps out.
        if let present = work?.operations.first { work?.operations = [present] }
        work?.failures[Self.sandboxStep] = StartFailure("CreatePodSandboxError", text)
        return .done
    }

    /// What stands for the sandbox among the containers whose start failed or succeeded; no container has this name.
    private static let sandboxStep = ""

    private func sandboxConfiguration(
        _ address: String,
        in environment: any WorkerEnvironment
    ) -> SandboxConfiguration {
        let hostname = pod.spec.isOnHostNetwork ? node.name : String((pod.spec.hostname ?? pod.name.name).prefix(63))
        let seed = UInt64(environment.chance() * 0x1p53)
        var configuration = SandboxConfiguration(
            hostname: hostname,
            namespace: pod.name.namespace,
            podIP: address,
            programs: environment.registry.programs,
            seed: seed
        )
        configuration.nameserver = environment.serviceNetwork.dnsAddress
        configuration.sharesProcesses = pod.spec.sharesProcesses
        configuration.node = node.facts
        if let subdomain = pod.spec.subdomain, !pod.spec.isOnHostNetwork {
            configuration.domain = "\(subdomain).\(pod.name.namespace).svc.cluster.local"
        }
        return configuration
    }

    /// Takes over what happened in the sandbox.
    mutating func takeSandboxEvents(in environment: any WorkerEnvironment) {
        guard let events = sandbox?.takeEvents(), !events.isEmpty else { return }
        for event in events {
            switch event {
            case .exited(let handle, let exit):
                noteExit(handle, exit, now: environment.now)
                accountClaimedVolumes(in: environment)
            case .execEnded(let handle, let result):
                if !finishStreamed(handle, result) { commands[handle] = result }
            case .note(let handle, let text): noteLimit(handle, text)
            case .output: hasNewLogs = true
            }
        }
        forgetUnclaimedCommands()
    }

    private mutating func noteExit(_ handle: ContainerHandle, _ exit: ContainerExit, now: Timestamp) {
        guard let index = runtime.containers.firstIndex(where: { $0.handle == handle }) else { return }
        runtime.containers[index].state = .exited
        runtime.containers[index].finishedAt = exit.at
        runtime.containers[index].exitCode = exit.code
        runtime.containers[index].reason = exit.reason ?? (exit.code == 0 ? "Completed" : "Error")
        runtime.containers[index].message = lastWords(of: runtime.containers[index], handle)
        markRuntimeChanged(at: now)
        hasNewLogs = true
    }

    /// The termination message: the file's content, or the end of the log where the manifest wants it.
    // Kubernetes: pkg/kubelet/kuberuntime/kuberuntime_container.go getTerminationMessage
    private func lastWords(of record: ContainerRecord, _ handle: ContainerHandle) -> String? {
        guard let sandbox else { return nil }
        let text = sandbox.terminationMessage(of: handle)
        if !text.isEmpty { return text }
        guard record.exitCode != 0, pod.spec.container(record.name)?.usesLogAsMessage == true else { return nil }
        var selection = LogSelection()
        selection.tailLines = 80
        let bytes = sandbox.log(of: handle).read(selection)
        return bytes.isEmpty ? nil : String(decoding: bytes.suffix(2048), as: UTF8.self)
    }

    private mutating func noteLimit(_ handle: ContainerHandle, _ text: String) {
        guard let record = runtime.containers.first(where: { $0.handle == handle }),
            saidLimits.count < Limits.maximumSaidLimits, saidLimits.insert("\(record.name) \(text)").inserted
        else { return }
        emit(pod.spec.container(record.name)?.fieldPath ?? "", warning: true, "NotSimulated", text)
    }

    /// Drops the ends of commands that nobody waits for.
    private mutating func forgetUnclaimedCommands() {
        guard !commands.isEmpty else { return }
        let awaited = Set(hooks.compactMap(\.command) + probes.compactMap { $0.command?.handle })
        commands = commands.filter { awaited.contains($0.key) }
    }
}
