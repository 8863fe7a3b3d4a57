// SPDX-License-Identifier: Apache-2.0
// Commands that clients run in containers, and looks at the containers themselves.

import OrderedCollections
import PodiumMachinery
package import PodiumRuntime

/// What a client wants of a container.
package enum CommandWish: Hashable, Sendable {
    /// To run a command beside what runs there.
    case exec([String], ExecOptions)
    /// To see what it writes, and to give it input.
    case attach(ExecOptions)
}

/// A command that a client runs, or its look at a container.
struct StreamedCommand: Sendable {
    let streams: CommandStreams
    /// Whether the command's input ends with the client's: that of a container only where it says so.
    let endsInput: Bool
    let isAttachment: Bool
}

// Kubernetes: pkg/kubelet/server/server.go getExec, getAttach; containerd: internal/cri/server/container_execsync.go
extension PodWorker {
    /// Begins with what a client wants; how it ends is told to `streams` in any case.
    mutating func begin(
        _ wish: CommandWish,
        in container: String,
        _ streams: CommandStreams,
        environment: any WorkerEnvironment
    ) {
        guard let record = runtime.containers.last(where: { $0.name == container }), let handle = record.handle else {
            return streams.finish(.unknown("container not found (\(FieldError.quoted(container)))"))
        }
        guard record.state == .running, sandbox != nil else {
            let state = "container is in CONTAINER_EXITED state"
            return streams.finish(.refused("error executing command in container: \(state)"))
        }
        do throws(StartError) {
            switch wish {
            case .exec(let line, let options):
                let now = environment.now
                let command = try sandbox?.exec(line, in: handle, options: options, now: now, world: environment.world)
                if let command {
                    streamed[command] = StreamedCommand(streams: streams, endsInput: true, isAttachment: false)
                }
            case .attach(let options):
                let endsInput = options.stdin && pod.spec.container(container)?.takesInputOnce == true
                if let command = try sandbox?.attach(to: handle, options: options) {
                    streamed[command] = StreamedCommand(streams: streams, endsInput: endsInput, isAttachment: true)
                }
            }
        } catch {
            // Without the code of the way between kubelet and runtime.
            let text = error.execMessage(id: environment.hexID())
            let reason = text.replacing("rpc error: code = Unknown desc = ", with: "")
            streams.finish(.refused("error executing command in container: \(reason)"))
        }
        takeSandboxEvents(in: environment)
    }

    /// Moves what goes between clients and their commands, as far as there is something and room for it.
    mutating func serveCommands(in environment: any WorkerEnvironment) {
        if streamed.isEmpty { return }
        for (handle, command) in streamed {
            serve(handle, command, in: environment)
            takeSandboxEvents(in: environment)
        }
    }

    private mutating func serve(
        _ handle: ExecHandle,
        _ command: StreamedCommand,
        in environment: any WorkerEnvironment
    ) {
        let (now, streams) = (environment.now, command.streams)
        let wishes = streams.wishes
        if wishes.isClientGone { return leave(handle, command, in: environment) }
        if let size = wishes.size {
            inSandbox(environment) { $0.resize(handle, to: size, now: now, world: environment.world) }
        }
        var isTaken = true
        if !wishes.input.isEmpty {
            inSandbox(environment) {
                isTaken = $0.write(wishes.input, to: handle, now: now, world: environment.world)
            }
            if isTaken { streams.consume(wishes.input.count) }
        }
        if wishes.isInputEnded, isTaken, command.endsInput {
            inSandbox(environment) { $0.closeInput(of: handle, now: now, world: environment.world) }
        }
        moveOutput(of: handle, to: streams, in: environment)
    }

    private mutating func leave(
        _ handle: ExecHandle,
        _ command: StreamedCommand,
        in environment: any WorkerEnvironment
    ) {
        streamed[handle] = nil
        let now = environment.now
        inSandbox(environment) {
            if command.isAttachment {
                $0.detach(handle, endsInput: command.endsInput, now: now, world: environment.world)
            } else {
                $0.kill(handle, now: now, world: environment.world)
            }
        }
    }

    private mutating func moveOutput(
        of command: ExecHandle,
        to streams: CommandStreams,
        in environment: any WorkerEnvironment
    ) {
        while true {
            let room = streams.room
            if room <= 0 { return }
            var output: [CommandStreams.Output] = []
            inSandbox(environment) {
                output = $0.takeOutput(of: command, limit: room, now: environment.now, world: environment.world)
            }
            if output.isEmpty { return }
            streams.offer(output)
        }
    }

    /// Tells a client how its command ended; false when it was none of a client.
    mutating func finishStreamed(_ command: ExecHandle, _ result: ExecResult) -> Bool {
        guard let streams = streamed.removeValue(forKey: command)?.streams else { return false }
        let rest = [(OutputStream.stdout, result.output), (.stderr, result.errors)].filter { !$0.1.isEmpty }
        streams.offer(rest.map { (stream: $0.0, bytes: $0.1) })
        streams.finish(.exited(result.exitCode))
        return true
    }

    /// The pod is gone, and its commands with it.
    mutating func abandonCommands() {
        for command in streamed.values { command.streams.finish(.exited(128 + Signal.kill.number)) }
        streamed = [:]
    }
}
