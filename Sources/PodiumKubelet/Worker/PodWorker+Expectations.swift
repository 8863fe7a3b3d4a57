// SPDX-License-Identifier: Apache-2.0
// What a manifest and the Services let expect of a program of which nothing is known: its ports, and whether it ends.

import PodiumClient
import PodiumCodec
import PodiumMachinery
import PodiumRuntime

extension PodWorker {
    /// Whether a Service selects the pod.
    func selects(_ service: APIObject) -> Bool {
        let selector = service.spec["selector"]?.stringMap ?? [:]
        return !selector.isEmpty && selector.allSatisfy { pod.labels[$0.key] == $0.value }
    }

    /// The ports that somebody counts on: declared by the container, named by its probes and hooks, or aimed at by the
    /// Services that select its pod. `containerPort` is information only, so that the others count as much.
    func expectedPorts(of container: ContainerSpec, _ services: [APIObject]) -> [Int] {
        var ports = container.ports.map(\.number)
        let probes = [container.liveness, container.readiness, container.startup].compactMap { $0?.handler }
        for handler in probes + [container.postStart, container.preStop].compactMap({ $0 }) {
            if let port = handler.port, let number = container.portNumber(port) { ports.append(number) }
        }
        if container.role == .regular { ports += services.flatMap { targetPorts(of: $0, for: container) } }
        return Set(ports).sorted()
    }

    /// The numbers at which a Service aims in the container. One that another container declares is that one's.
    private func targetPorts(of service: APIObject, for container: ContainerSpec) -> [Int] {
        (service.spec["ports"]?.elements ?? []).compactMap { entry -> Int? in
            let target = IntOrString(entry["targetPort"]) ?? entry["port"]?.int.map { .int($0) }
            guard let target, let number = container.portNumber(target) else { return nil }
            let owner = pod.spec.containers.first { $0.ports.contains { $0.number == number } }
            return owner == nil || owner?.name == container.name ? number : nil
        }
    }

    /// Whether a program that never ends would keep the pod from what it is for.
    ///
    /// Nothing else lets a pod start than the end of its init containers. Where the policy says that containers end,
    /// they do unless something shows a server or somebody who types.
    func isMeantToEnd(_ container: ContainerSpec, isSelected: Bool) -> Bool {
        switch container.role {
        case .ephemeral: return false
        case .initial: return !container.isSidecar
        case .regular:
            let policy = container.restartPolicy ?? pod.spec.restartPolicy
            let hasProbes = ProbeKind.allCases.contains { container.probe($0) != nil }
            let hasHooks = container.postStart != nil || container.preStop != nil
            return policy != .always && container.ports.isEmpty && !hasProbes && !hasHooks && !container.tty
                && !isSelected
        }
    }

    /// Services have changed: containers that run already are expected to serve them as well.
    mutating func noteServices(in environment: any WorkerEnvironment) {
        let running = runtime.containers.filter { $0.state == .running }
        guard !running.isEmpty else { return }
        let services = environment.services(in: pod.name.namespace).filter(selects)
        for record in running {
            guard let handle = record.handle, let container = pod.spec.container(record.name) else { continue }
            let mayEnd = isMeantToEnd(container, isSelected: !services.isEmpty)
            let ports = expectedPorts(of: container, services)
            sandbox?.expect(ports: ports, mayEnd: mayEnd, of: handle)
        }
    }
}

extension HandlerSpec {
    /// The port of the container that it talks to; nil when it talks to none, or to another host.
    fileprivate var port: IntOrString? {
        switch self {
        case .http(let request): request.port
        case .tcp(_, let port): port
        case .grpc(let port, _): .int(port)
        case .exec, .sleep: nil
        }
    }
}
