// SPDX-License-Identifier: Apache-2.0
// What processes and files hold of the memory of this machine, and what becomes of those that hold too much.

import OrderedCollections
extension Kernel {
    /// The bytes that the processes of a pod hold together; a container that has them go beyond it is killed for its
    /// memory.
    static let maximumProcessBytes = 64 << 20
    /// What a pod's processes may hold however little is left for it, so that it does not die of what others do.
    static let freeProcessBytes = 1 << 20
    /// A process with less is not looked at; with as many of them as there can be this comes to 16 MiB.
    static let unnoticedBytes = 64 << 10

    /// The bytes that processes hold, on their way through pipes too.
    var processBytes: Int {
        processes.values.reduce(0) { $0 + $1.ownBytes } + pipes.values.reduce(0) { $0 + $1.count }
    }

    /// All that the pod holds: files, processes, logs.
    var heldBytes: Int {
        storedBytes + processBytes + containers.values.reduce(0) { $0 + $1.log.byteCount }
    }
}

extension Machine {
    /// Kills the container of the running process when that process has come to hold more memory than its container or
    /// its pod may have.
    ///
    /// All processes of the container go, as in a group of control groups that are killed as one.
    // Kubernetes: pkg/kubelet/kuberuntime/kuberuntime_container_linux.go memory.oom.group
    mutating func checkMemory() {
        process.ownBytes = max(0, process.program.heldBytes - process.inheritedBytes)
        guard process.ownBytes > Kernel.unnoticedBytes, let container else { return }
        let mates = kernel.processes.values.filter { $0.container == process.container }
        let inContainer = mates.reduce(process.ownBytes) { $0 + $1.ownBytes }
        let inPod = kernel.processBytes + process.ownBytes
        let left = max(kernel.allowance - kernel.storedBytes, Kernel.freeProcessBytes)
        guard inContainer > container.specification.memoryLimit ?? .max || inPod > min(left, Kernel.maximumProcessBytes)
        else { return }
        kernel.containers[process.container]?.endReason = "OOMKilled"
        if let main = kernel.processes[container.mainProcess] {
            finish(main, code: 128 + Signal.kill.number)
        } else {
            process.fatalSignal = .kill
        }
    }
}
