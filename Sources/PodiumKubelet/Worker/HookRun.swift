// SPDX-License-Identifier: Apache-2.0
// Lifecycle hooks: commands, requests and pauses after the start and before the stop of a container.

import PodiumMachinery
import PodiumRuntime

/// A lifecycle hook that runs, or has run and was not yet asked for its outcome.
struct HookRun: Hashable, Sendable {
    enum Role: Hashable, Sendable {
        case postStart
        case preStop
    }

    enum Outcome: Hashable, Sendable {
        case success
        case failure(String)
    }

    let id: Int
    let role: Role
    let container: String
    let handler: HandlerSpec
    let handle: ContainerHandle
    /// When it really begins; nil once it has.
    var begin: Timestamp?
    /// The command in the container.
    var command: ExecHandle?
    /// When a pause is over.
    var end: Timestamp?
    var outcome: Outcome?

    var wake: Timestamp? { outcome == nil ? begin ?? end : nil }
}

// Kubernetes: pkg/kubelet/lifecycle/handlers.go; kuberuntime_container.go executePreStopHook
extension PodWorker {
    /// Starts a hook.
    /// - Returns: its number, under which its outcome is found in `hooks`.
    mutating func startHook(
        _ handler: HandlerSpec,
        of container: String,
        handle: ContainerHandle,
        role: HookRun.Role,
        in environment: any WorkerEnvironment
    ) -> Int {
        let id = (hooks.map(\.id).max() ?? 0) + 1
        var hook = HookRun(id: id, role: role, container: container, handler: handler, handle: handle)
        hook.begin = environment.now + node.latencies.hook
        hooks.append(hook)
        return id
    }

    private mutating func begin(_ index: Int, in environment: any WorkerEnvironment) {
        let now = environment.now
        var hook = hooks[index]
        hook.begin = nil
        switch hook.handler {
        case .exec(let command):
            do throws(StartError) {
                hook.command = try sandbox?.exec(command, in: hook.handle, now: now, world: environment.world)
            } catch {
                hook.outcome = .failure(execFailure(command, hook, error.execMessage(id: environment.hexID()), ""))
            }
        case .sleep(let seconds): hook.end = now + .seconds(seconds)
        case .http(let request): hook.outcome = request.hookOutcome(in: self, hook: hook, now: now)
        case .tcp, .grpc: hook.outcome = .success
        }
        hooks[index] = hook
        takeSandboxEvents(in: environment)
        if hook.outcome != nil { noteOutcome(hook) }
    }

    private mutating func noteOutcome(_ hook: HookRun) {
        guard hook.role == .preStop, case .failure? = hook.outcome else { return }
        emit(
            pod.spec.container(hook.container)?.fieldPath ?? "",
            warning: true,
            "FailedPreStopHook",
            "PreStopHook failed"
        )
    }

    /// Begins hooks, and finds out which have ended.
    /// - Returns: whether anything happened.
    mutating func advanceHooks(in environment: any WorkerEnvironment) -> Bool {
        let now = environment.now
        var hasEnded = false
        for index in hooks.indices where hooks[index].outcome == nil {
            let hook = hooks[index]
            if let time = hook.begin {
                if time > now { continue }
                begin(index, in: environment)
                return true
            }
            if let end = hook.end, end <= now {
                hooks[index].outcome = .success
            } else if let command = hook.command, let result = commands.removeValue(forKey: command) {
                hooks[index].outcome = outcome(of: hook, result)
            } else {
                continue
            }
            hasEnded = true
            noteOutcome(hooks[index])
        }
        return hasEnded
    }

    private func outcome(of hook: HookRun, _ result: ExecResult) -> HookRun.Outcome {
        if result.exitCode == 0 { return .success }
        guard case .exec(let command) = hook.handler else { return .success }
        let line = command.joined(separator: " ")
        return .failure(execFailure(command, hook, "command '\(line)' exited with \(result.exitCode): ", result.text))
    }

    private func execFailure(_ command: [String], _ hook: HookRun, _ problem: String, _ output: String) -> String {
        "Exec lifecycle hook ([\(command.joined(separator: " "))]) for Container \"\(hook.container)\" in Pod "
            + "\"\(pod.description)\" failed - error: \(problem), message: \(FieldError.quoted(output))"
    }
}

extension HTTPHandler {
    /// What a hook's request comes to.
    fileprivate func hookOutcome(in worker: PodWorker, hook: HookRun, now: Timestamp) -> HookRun.Outcome {
        let container = worker.pod.spec.container(hook.container)
        let address = host ?? worker.runtime.podIP ?? ""
        func failure(_ problem: String) -> HookRun.Outcome {
            .failure(
                "HTTP lifecycle hook (\(path)) for Container \"\(hook.container)\" in Pod \"\(worker.pod.description)\" "
                    + "failed - error: \(problem)"
            )
        }
        guard let number = container?.portNumber(port) else {
            return failure("strconv.Atoi: parsing \(FieldError.quoted(port.description)): invalid syntax")
        }
        let headers = headers.sorted { $0.key < $1.key }.map { EnvironmentVariable($0.key, $0.value) }
        let request = HTTPProbe(path: path, headers: headers)
        // The connection counts; what the server answers does not.
        guard worker.sandbox?.answer(request, port: number, now: now) != nil else {
            let url = "\(scheme)://\(address):\(number)\(path)"
            let verb = "Get \(FieldError.quoted(url)): dial tcp \(address):\(number): connect: connection refused"
            return failure(verb)
        }
        return .success
    }
}

extension ContainerSpec {
    /// The number of a port given by number or name; nil when there is no such port.
    func portNumber(_ port: IntOrString) -> Int? {
        switch port {
        case .int(let number): number
        case .string(let name): ports.first { $0.name == name }?.number ?? Int(name)
        }
    }
}
