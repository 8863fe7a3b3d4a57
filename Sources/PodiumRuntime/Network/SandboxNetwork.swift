// SPDX-License-Identifier: Apache-2.0
// What the containers of a pod answer, as a value that others may ask while the pod itself is at work.

import OrderedCollections
package import PodiumMachinery

/// The ports of a pod's containers at one moment.
package struct SandboxPorts: Hashable, Sendable {
    /// Programs that listen, by port.
    let listeners: [Int: Listener]
    /// The ports of containers of whose programs nothing is known, by container.
    let expected: OrderedDictionary<Int, [Int]>
    /// How many changes of files there were, where files are served.
    let fileChanges: Int?
}

/// The answers of a pod's containers at one moment.
package struct SandboxNetwork: Sendable {
    private let kernel: Kernel

    init(_ kernel: Kernel) { self.kernel = kernel }

    /// The answer to a request; nil when the connection is refused.
    package func answer(_ request: HTTPProbe, port: Int, now: Timestamp) -> HTTPAnswer? {
        kernel.answer(request, port: port, now: now)
    }

    /// Whether one of the containers accepts connections.
    package func accepts(port: Int) -> Bool { kernel.listener(on: port) != nil }
}

extension PodSandbox {
    /// What the pod's containers listen on; nil when they do not.
    package var ports: SandboxPorts? {
        let answering = kernel.containers.filter { $0.value.exit == nil && !$0.value.answering.isEmpty }
        if kernel.listeners.isEmpty, answering.isEmpty { return nil }
        return SandboxPorts(
            listeners: kernel.listeners,
            expected: answering.mapValues(\.specification.ports),
            fileChanges: kernel.servesFiles ? kernel.fileChanges : nil
        )
    }

    /// What the pod's containers answer now; nil when they listen on nothing.
    package var network: SandboxNetwork? { ports.map { _ in SandboxNetwork(kernel.networkPart) } }
}

extension Kernel {
    fileprivate var servesFiles: Bool {
        listeners.values.contains { if case .files = $0.service { true } else { false } }
    }

    /// What answers are made of: no processes, no logs, and files only where they are served, so that nothing of the
    /// pod has to be copied when it goes on.
    fileprivate var networkPart: Kernel {
        let servesFiles = servesFiles
        var part = Kernel(configuration)
        part.listeners = listeners
        if servesFiles { (part.volumes, part.sharedFiles) = (volumes, sharedFiles) }
        part.containers = containers.mapValues { container in
            var visible = container
            visible.log = ContainerLog()
            visible.unfinishedLines = [:]
            visible.notes = []
            if !servesFiles { visible.root = FileTree() }
            return visible
        }
        return part
    }
}
