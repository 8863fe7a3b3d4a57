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
            let command: ExecHandle?
            switch wish {
            case .exec(let line, let options):
                let now = environment.now
                command = try sandbox?.exec(line, in: handle, options: options, now: now, world: environment.world)
            case .attach(let options): command = try sandbox?.attach(to: handle, options: options)
            }
            if let command { streamed[command] = streams }
        } catch {
            // Without the code of the way between kubelet and runtime.
            let text = error.execMessage(id: environment.hexID()).replacing("rpc error: code = Unknown desc = ", with: "")
            streams.finish(.refused("error executing command in container: \(text)"))
        }
        takeSandboxEvents(in: environment)
    }

    /// Moves what goes between clients and their commands, as far as there is something and room for it.
    mutating func serveCommands(in environment: any WorkerEnvironment) {
        if streamed.isEmpty { return }
        for (command, streams) in streamed {
            serve(command, streams, in: environment)
            takeSandboxEvents(in: environment)
        }
    }

    private mutating func serve(
        _ command: ExecHandle,
        _ streams: CommandStreams,
        in environment: any WorkerEnvironment
    ) {
        let now = environment.now
        let wishes = streams.wishes
        let isAttached = sandbox?.isAttachment(command) == true
        if wishes.isClientGone {
            streamed[command] = nil
            inSandbox(environment) {
                if isAttached {
                    $0.detach(command, endsInput: true, now: now, world: environment.world)
                } else {
                    $0.kill(command, now: now, world: environment.world)
                }
            }
            return
        }
        if let size = wishes.size {
            inSandbox(environment) { $0.resize(command, to: size, now: now, world: environment.world) }
        }
        if !wishes.input.isEmpty {
            var isTaken = false
            inSandbox(environment) {
                isTaken = $0.write(wishes.input, to: command, now: now, world: environment.world)
            }
            if isTaken { streams.consume(wishes.input.count) }
            if isTaken, wishes.isInputEnded { endInput(of: command, isAttached: isAttached, in: environment) }
        } else if wishes.isInputEnded {
            endInput(of: command, isAttached: isAttached, in: environment)
        }
        moveOutput(of: command, to: streams, in: environment)
    }

    private mutating func endInput(
        of command: ExecHandle,
        isAttached: Bool,
        in environment: any WorkerEnvironment
    ) {
        // Who is attached may go on looking; the container's input stays open for the next one.
        if isAttached { return }
        inSandbox(environment) { $0.closeInput(of: command, now: environment.now, world: environment.world) }
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
        guard let streams = streamed.removeValue(forKey: command) else { return false }
        let rest = [(OutputStream.stdout, result.output), (.stderr, result.errors)].filter { !$0.1.isEmpty }
        streams.offer(rest.map { (stream: $0.0, bytes: $0.1) })
        streams.finish(.exited(result.exitCode))
        return true
    }

    /// The pod is gone, and its commands with it.
    mutating func abandonCommands() {
        for streams in streamed.values { streams.finish(.exited(128 + Signal.kill.number)) }
        streamed = [:]
    }
}
