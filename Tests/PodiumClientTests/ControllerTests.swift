// SPDX-License-Identifier: Apache-2.0
// The controller's shell: turns, retries and timers.

import PodiumClient
import PodiumHost
import PodiumMachinery
import PodiumTestKit
import Synchronization
import Testing

@Suite struct ControllerTests {
    /// Keeps what was reconciled, and answers as told.
    private final class Probe: Reconciler {
        private let log = Mutex<[String]>([])
        private let answer: @Sendable (String, Int) throws -> ReconcileResult

        init(answer: @escaping @Sendable (String, Int) throws -> ReconcileResult) { self.answer = answer }

        var keys: [String] { log.withLock { $0 } }

        func reconcile(_ key: String) throws -> ReconcileResult {
            let count = log.withLock { log in
                log.append(key)
                return log.count { $0 == key }
            }
            return try answer(key, count)
        }
    }

    private struct Trouble: Error {}

    private let cluster: BareCluster
    private let queue: any SerialQueue

    init() throws {
        cluster = BareCluster()
        queue = cluster.clock.makeQueue(label: "test")
    }

    private func makeController(_ probe: Probe) -> Controller<String> {
        Controller(name: "test", host: cluster.host, queue: queue, reconciler: probe)
    }

    private func add(_ keys: String..., to controller: Controller<String>) {
        queue.async { for key in keys { controller.add(key) } }
        cluster.clock.settle()
    }

    @Test func reconcilesEachKeyOnce() {
        let probe = Probe { _, _ in .done }
        add("a", "b", "a", to: makeController(probe))
        #expect(probe.keys == ["a", "b"])
    }

    @Test func failuresComeAgainWithBackoff() throws {
        let probe = Probe { _, count in
            if count < 4 { throw Trouble() }
            return .done
        }
        let controller = makeController(probe)
        defer { withExtendedLifetime(controller) {} }
        add("a", to: controller)
        #expect(probe.keys.count == 1)
        try cluster.advance(.milliseconds(5))
        #expect(probe.keys.count == 2)
        try cluster.advance(.milliseconds(10 + 20))
        #expect(probe.keys.count == 4)
        try cluster.advance(.seconds(60))
        #expect(probe.keys.count == 4)
    }

    @Test func terminalErrorsDoNotComeAgain() throws {
        let probe = Probe { _, _ in throw TerminalError("never") }
        let controller = makeController(probe)
        defer { withExtendedLifetime(controller) {} }
        add("a", to: controller)
        try cluster.advance(.seconds(3600))
        #expect(probe.keys == ["a"])
    }

    @Test func looksAgainWhenAskedTo() throws {
        let probe = Probe { _, count in ReconcileResult(requeueAfter: count < 3 ? .seconds(10) : nil) }
        let controller = makeController(probe)
        defer { withExtendedLifetime(controller) {} }
        add("a", to: controller)
        try cluster.advance(.seconds(10))
        #expect(probe.keys.count == 2)
        try cluster.advance(.seconds(100))
        #expect(probe.keys.count == 3)
        #expect(cluster.clock.status.nextTimer == nil)
    }

    @Test func moreKeysThanATurnHoldsAreAllReconciled() {
        let probe = Probe { _, _ in .done }
        let controller = makeController(probe)
        queue.async { for number in 0..<200 { controller.add("\(number)") } }
        cluster.clock.settle()
        #expect(probe.keys == (0..<200).map(String.init))
    }

    @Test func doesNothingOnceStopped() throws {
        let probe = Probe { _, _ in ReconcileResult(requeueAfter: .seconds(1)) }
        let controller = makeController(probe)
        add("a", to: controller)
        controller.stop()
        cluster.clock.settle()
        add("b", to: controller)
        try cluster.advance(.seconds(10))
        #expect(probe.keys == ["a"])
        #expect(cluster.clock.status.nextTimer == nil)
    }
}
