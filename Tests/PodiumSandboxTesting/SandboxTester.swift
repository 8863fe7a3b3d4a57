// SPDX-License-Identifier: Apache-2.0
// Runs containers on a clock that jumps from one wake to the next.

package import PodiumMachinery
package import PodiumRuntime
import PodiumShell

/// A cluster around a pod: names, and ports that accept connections or answer.
package struct TestWorld: PodWorld {
    /// Addresses by name.
    package var names: [String: [String]] = [:]
    /// Answers by `address:port`.
    package var answers: [String: HTTPAnswer] = [:]
    /// Ports that accept connections and say nothing, `address:port`.
    package var openPorts: Set<String> = []

    /// A cluster in which there is nothing.
    package init() {}

    package func resolve(_ name: String) -> [String] { names[name] ?? [] }

    package func answer(_ request: HTTPProbe, at address: String, port: Int) -> HTTPAnswer? {
        answers["\(address):\(port)"]
    }

    package func accepts(address: String, port: Int) -> Bool {
        openPorts.contains("\(address):\(port)") || answers["\(address):\(port)"] != nil
    }

    /// Addresses that have a name or a port are there.
    package func presence(of address: String) -> AddressPresence {
        let isNamed = names.values.contains { $0.contains(address) }
        return isNamed || openPorts.union(answers.keys).contains { $0.hasPrefix(address + ":") } ? .host : .none
    }
}

/// One pod, what happened in it, and what time it is.
package struct SandboxTester {
    /// When a test begins.
    package static let begin = Timestamp(seconds: 1_700_000_000)

    /// The pod.
    package var sandbox: PodSandbox
    /// What is around it.
    package var world = TestWorld()
    /// The present moment.
    package var now = Self.begin
    /// What happened so far.
    package private(set) var events: [SandboxEvent] = []
    /// The moments at which something was due so far.
    package private(set) var wakes = 0

    /// A pod without containers.
    package init(_ configure: (inout SandboxConfiguration) -> Void = { _ in }) {
        var configuration = SandboxConfiguration(
            hostname: "web-0",
            namespace: "default",
            podIP: "10.244.0.7",
            programs: Applets.library
        )
        configure(&configuration)
        sandbox = PodSandbox(configuration)
    }

    /// Seconds since the beginning.
    package var seconds: Double { Double((now - Self.begin).nanoseconds) / 1e9 }

    /// Starts a container and gives it its first turn.
    package mutating func start(_ specification: ContainerSpecification) throws -> ContainerHandle {
        let handle = try sandbox.start(specification, now: now, world: world)
        while let wake = sandbox.nextWake, wake <= now { sandbox.advance(to: now, world: world) }
        events += sandbox.takeEvents()
        return handle
    }

    /// Starts busybox with a script.
    package mutating func start(
        sh script: String,
        image: String = "busybox:1.36",
        _ change: (inout ContainerSpecification) -> Void = { _ in }
    ) throws -> ContainerHandle {
        var specification = ContainerSpecification(name: "main", image: image)
        specification.command = ["sh", "-c", script]
        change(&specification)
        return try start(specification)
    }

    /// Lets time pass, from wake to wake.
    package mutating func run(for length: Duration, maximumWakes: Int = 100_000) {
        let end = now + length
        var left = maximumWakes
        while let wake = sandbox.nextWake, wake <= end, left > 0 {
            left -= 1
            if wake > now || wakes == 0 { wakes += 1 }
            now = max(now, wake)
            sandbox.advance(to: now, world: world)
            events += sandbox.takeEvents()
        }
        now = end
    }

    /// Sends a signal to a container.
    package mutating func signal(_ signal: Signal, _ container: ContainerHandle) {
        sandbox.signal(signal, container, now: now, world: world)
        events += sandbox.takeEvents()
    }

    /// Runs a command for at most a minute; nil when it does not end.
    package mutating func exec(_ command: [String], in container: ContainerHandle) throws -> ExecResult? {
        let handle = try sandbox.exec(command, in: container, now: now, world: world)
        events += sandbox.takeEvents()
        func result() -> ExecResult? {
            for case .execEnded(handle, let result) in events { return result }
            return nil
        }
        if let result = result() { return result }
        run(for: .seconds(60))
        return result()
    }

    /// How a container ended; nil while it runs.
    package func exit(of container: ContainerHandle) -> ContainerExit? {
        for case .exited(container, let exit) in events { return exit }
        return nil
    }

    /// The seconds from the beginning to a container's end.
    package func length(of container: ContainerHandle) -> Double? {
        exit(of: container).map { Double(($0.at - Self.begin).nanoseconds) / 1e9 }
    }

    /// What a container printed.
    package func log(of container: ContainerHandle, stream: OutputStream? = nil) -> String {
        var selection = LogSelection()
        selection.stream = stream
        return String(decoding: sandbox.log(of: container).read(selection), as: UTF8.self)
    }

    /// What was said of programs that are not simulated.
    package var notes: [String] {
        events.compactMap { event in
            if case .note(_, let text) = event { text } else { nil }
        }
    }
}

/// What a script came to within a day.
package struct ScriptResult {
    /// Standard output.
    package var output: String
    /// Standard error.
    package var errors: String
    /// The exit code; nil when it still runs.
    package var code: Int?
    /// How long it took; nil when it still runs.
    package var seconds: Double?

    /// Runs a script.
    package init(
        _ script: String,
        image: String = "busybox:1.36",
        shell: String = "sh",
        world: TestWorld = TestWorld()
    ) throws {
        var tester = SandboxTester()
        tester.world = world
        let handle = try tester.start(sh: script, image: image) { $0.command[0] = shell }
        tester.run(for: .seconds(86_400), maximumWakes: 20_000)
        output = tester.log(of: handle, stream: .stdout)
        errors = tester.log(of: handle, stream: .stderr)
        code = tester.exit(of: handle)?.code
        seconds = tester.length(of: handle)
    }
}
