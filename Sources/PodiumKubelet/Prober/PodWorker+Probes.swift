// SPDX-License-Identifier: Apache-2.0
// Runs probes when they are due, and does what their results ask for.

import PodiumMachinery
import PodiumRuntime

// Kubernetes: pkg/kubelet/prober/prober_manager.go, worker.go; pkg/kubelet/kubelet.go syncLoopIteration
extension PodWorker {
    /// Makes the probes of the manifest, once.
    mutating func addProbes(now: Timestamp) {
        guard probes.isEmpty else { return }
        for container in pod.spec.containers + pod.spec.sidecars {
            // At one moment the startup probe comes last: what it finds changes only what the others do next time.
            for kind in [ProbeKind.liveness, .readiness, .startup] {
                if let spec = container.probe(kind) {
                    probes.append(ProbeWorker(container: container.name, kind: kind, spec: spec, now: now))
                }
            }
        }
    }

    /// Wishes an extra run of a readiness probe.
    mutating func triggerReadiness(of container: String) {
        for index in probes.indices where probes[index].container == container && probes[index].kind == .readiness {
            probes[index].isTriggered = true
        }
    }

    /// Liveness and startup probes end when the pod is stopped; readiness goes on.
    mutating func stopLivenessProbes() {
        for index in probes.indices where probes[index].kind != .readiness { probes[index].isStopped = true }
    }

    /// Does one thing about probes that is due.
    /// - Returns: whether there was one.
    mutating func runDueProbe(in environment: any WorkerEnvironment) -> Bool {
        let now = environment.now
        for index in probes.indices {
            if let command = probes[index].command {
                if finishCommand(command, of: index, in: environment) { return true }
            }
            if probes[index].takeTurn(at: now) {
                runProbe(index, in: environment)
                return true
            }
        }
        return false
    }

    private mutating func finishCommand(
        _ command: ProbeCommand,
        of index: Int,
        in environment: any WorkerEnvironment
    ) -> Bool {
        if let result = commands.removeValue(forKey: command.handle) {
            probes[index].command = nil
            let isSuccess = result.exitCode == 0
            finishProbe(index, isSuccess ? .success : .failure, result.text, in: environment)
            return true
        }
        guard environment.now >= command.deadline else { return false }
        probes[index].command = nil
        sandbox?.kill(command.handle, now: environment.now, world: environment.world)
        takeSandboxEvents(in: environment)
        let line = FieldError.quoted(command.line.joined(separator: " "))
        let text = "command timed out: \(line) timed out after \(probes[index].spec.timeoutSeconds)s"
        finishProbe(index, .failure, text, in: environment)
        return true
    }

    /// One turn of a probe: looks whether the container can be probed, and does it.
    private mutating func runProbe(_ index: Int, in environment: any WorkerEnvironment) {
        let probe = probes[index]
        guard let status, !status.phase.isTerminal, let container = status.container(probe.container),
            let id = container.containerID
        else { return }
        if probe.containerID != id { meet(id, index, in: environment) }
        if probes[index].isOnHold { return }
        guard let startedAt = container.state.startedAt else {
            set(.failure, index, in: environment)
            return
        }
        if pod.isTerminating, probe.kind != .readiness {
            probes[index].isStopped = true
            return
        }
        let age = (environment.now - startedAt).nanoseconds / 1_000_000_000
        if age < Int64(probe.spec.initialDelaySeconds) { return }
        // A container that has not started is probed for that alone.
        if (self.status?.container(probe.container)?.isStarted ?? false) == (probe.kind == .startup) { return }
        execute(index, id, in: environment)
    }

    /// A new run of the container: the counts begin anew.
    private mutating func meet(_ id: String, _ index: Int, in environment: any WorkerEnvironment) {
        if let old = probes[index].containerID { results.remove(old, probes[index].kind) }
        probes[index].containerID = id
        probes[index].isOnHold = false
        set(probes[index].initialResult, index, in: environment)
    }

    private mutating func execute(_ index: Int, _ id: String, in environment: any WorkerEnvironment) {
        let probe = probes[index]
        let now = environment.now
        guard let record = runtime.containers.first(where: { $0.id == id }), let handle = record.handle,
            record.state == .running, let sandbox
        else {
            failToProbe(index, "rpc error: code = Unknown desc = container is in CONTAINER_EXITED state")
            return
        }
        if let ready = sandbox.readyTime(of: handle) {
            finishProbe(index, now >= ready ? .success : .failure, "simulated: not ready yet", in: environment)
            return
        }
        switch probe.spec.handler {
        case .exec(let line):
            do throws(StartError) {
                let command = try self.sandbox?.exec(line, in: handle, now: now, world: environment.world)
                let deadline = now + .seconds(probe.spec.timeoutSeconds)
                probes[index].command = command.map { ProbeCommand(handle: $0, line: line, deadline: deadline) }
                takeSandboxEvents(in: environment)
            } catch {
                failToProbe(index, error.execMessage(id: environment.hexID()))
            }
        case .http(let request): probeHTTP(index, request, in: environment)
        case .tcp(_, let port): probeTCP(index, port, in: environment)
        case .grpc(let port, _): probeTCP(index, .int(port), in: environment)
        case .sleep: finishProbe(index, .success, "", in: environment)
        }
    }

    private mutating func probeTCP(_ index: Int, _ port: IntOrString, in environment: any WorkerEnvironment) {
        guard let number = pod.spec.container(probes[index].container)?.portNumber(port) else {
            failToProbe(index, Self.noPort(port))
            return
        }
        if sandbox?.accepts(port: number, now: environment.now) == true {
            finishProbe(index, .success, "", in: environment)
        } else {
            finishProbe(index, .failure, refusal(number), in: environment)
        }
    }

    private mutating func probeHTTP(_ index: Int, _ request: HTTPHandler, in environment: any WorkerEnvironment) {
        guard let number = pod.spec.container(probes[index].container)?.portNumber(request.port) else {
            failToProbe(index, Self.noPort(request.port))
            return
        }
        let (result, text) = answer(to: request, port: number, now: environment.now)
        finishProbe(index, result, text, in: environment)
    }

    /// Sends a request and follows redirections.
    // Kubernetes: pkg/probe/http/http.go DoHTTPProbe
    private func answer(to request: HTTPHandler, port: Int, now: Timestamp) -> (ProbeResult, String) {
        let address = request.host ?? runtime.podIP ?? ""
        let headers = request.headers.sorted { $0.key < $1.key }.map { EnvironmentVariable($0.key, $0.value) }
        var path = request.path
        for _ in 0..<Self.maximumRedirections {
            let url = FieldError.quoted("\(request.scheme)://\(address):\(port)\(path)")
            guard let answer = sandbox?.answer(HTTPProbe(path: path, headers: headers), port: port, now: now) else {
                return (.failure, "Get \(url): \(refusal(port))")
            }
            if request.scheme == "https", sandbox?.acceptsTLS(port: port) != true {
                return (.failure, "Get \(url): http: server gave HTTP response to HTTPS client")
            }
            guard (300..<400).contains(answer.status), let location = answer.location, location.hasPrefix("/") else {
                if (200..<400).contains(answer.status) { return (.success, "") }
                return (.failure, "HTTP probe failed with statuscode: \(answer.status)")
            }
            path = location
        }
        return (.failure, "Get \(FieldError.quoted(path)): stopped after 10 redirects")
    }

    private static let maximumRedirections = 10

    private func refusal(_ port: Int) -> String {
        "dial tcp \(runtime.podIP ?? ""):\(port): connect: connection refused"
    }

    private static func noPort(_ port: IntOrString) -> String {
        "strconv.Atoi: parsing \(FieldError.quoted(port.description)): invalid syntax"
    }

    // Results

    /// The probe could not be made; the count does not change.
    private mutating func failToProbe(_ index: Int, _ problem: String) {
        let probe = probes[index]
        let text = "\(probe.kind.rawValue) probe errored and resulted in unknown state: \(problem)"
        emit(pod.spec.container(probe.container)?.fieldPath ?? "", warning: true, "Unhealthy", text)
    }

    private mutating func finishProbe(
        _ index: Int,
        _ result: ProbeResult,
        _ text: String,
        in environment: any WorkerEnvironment
    ) {
        let probe = probes[index]
        if result == .failure {
            let message = "\(probe.kind.rawValue) probe failed: \(text)"
            emit(pod.spec.container(probe.container)?.fieldPath ?? "", warning: true, "Unhealthy", message)
        }
        guard probes[index].count(result) else { return }
        set(result, index, in: environment)
        if probe.kind != .readiness, result == .failure {
            // The container is to be killed; nothing more is asked of it.
            probes[index].isOnHold = true
            probes[index].resultRun = 0
        }
    }

    /// Remembers a result; a new one is shown at once and brings a look at the pod.
    private mutating func set(_ result: ProbeResult, _ index: Int, in environment: any WorkerEnvironment) {
        let probe = probes[index]
        guard let id = probe.containerID, results[id, probe.kind] != result else { return }
        results[id, probe.kind] = result
        switch probe.kind {
        case .liveness:
            if result == .failure { isPending = true }
        case .readiness:
            setReadiness(id, result == .success, now: environment.now)
            isPending = true
        case .startup:
            setStarted(id, result == .success, now: environment.now)
            isPending = true
        }
    }
}
