// SPDX-License-Identifier: Apache-2.0
// The scheduler's shell: brings it the changes, and lets it decide pod after pod on one queue.

package import PodiumClient
import PodiumHost
import PodiumMachinery
import PodiumStorage

/// Gives pods without a node a node, as kube-scheduler does.
// State | guarded by | why separate
// state, informers, timer, flags | queue | decisions and the events they follow from have one order
package final class Scheduler: Sendable {
    /// The limits of a scheduler.
    package enum Limits {
        /// How many pods are scheduled before waiting events get their turn.
        package static let maximumPodsPerTurn = 16
        /// The length to which the text of an Event is cut, in bytes.
        package static let maximumMessageLength = 1024
    }

    struct Shell: Sendable {
        var state: SchedulerState
        var informers: [Informer] = []
        var timer: (deadline: Timestamp, handle: any Cancellable)?
        var isTurnScheduled = false
        var stopped = false
    }

    let client: ResourceClient
    let shell: Confined<Shell>
    let recorder: EventSeriesRecorder
    let schedulerName: String

    /// Makes a scheduler; nothing happens before `start`.
    /// - Parameter schedulerName: whose pods it schedules, and how it calls itself.
    package init(client: ResourceClient, schedulerName: String = "default-scheduler") {
        self.client = client
        self.schedulerName = schedulerName
        let queue = client.host.scheduling.makeQueue(label: "scheduler")
        shell = Confined(Shell(state: SchedulerState(schedulerName: schedulerName)), on: queue)
        recorder = EventSeriesRecorder(
            client: client,
            component: schedulerName,
            instance: "\(schedulerName)-podium",
            queue: queue
        )
    }

    /// Begins to schedule.
    package func start() { shell.queue.async { self.begin() } }

    /// Ends scheduling: what is queued stays as it is.
    package func stop() {
        shell.async { shell in
            shell.stopped = true
            shell.timer?.handle.cancel()
            shell.timer = nil
            for informer in shell.informers { informer.stop() }
            shell.informers = []
        }
    }

    private func begin() {
        if shell.withState({ $0.stopped || !$0.informers.isEmpty }) { return }
        // Pods come last, so that the first of them finds all there is.
        let owners = OwnerKind.allCases.map { kind in
            informer(kind.resource) { state, event, _ in state.ownerChanged(kind, event) }
        }
        let informers =
            owners + [
                informer(.nodes) { $0.nodeChanged($1, now: $2) },
                informer(.namespaces) { $0.namespaceChanged($1, now: $2) },
                informer(.services) { state, event, _ in state.serviceChanged(event) },
                informer(.disruptionBudgets) { state, event, _ in state.budgetChanged(event) },
                informer(.storageClasses) { $0.storageChanged($1, now: $2) },
                informer(.persistentVolumes) { $0.storageChanged($1, now: $2) },
                informer(.persistentVolumeClaims) { $0.storageChanged($1, now: $2) },
                informer(.pods) { $0.podChanged($1, now: $2) },
            ]
        for informer in informers { informer.start() }
        shell.withState { $0.informers = informers }
    }

    private func informer(
        _ resource: GroupResource,
        _ apply: @escaping @Sendable (inout SchedulerState, InformerEvent, Timestamp) -> Void
    ) -> Informer {
        // What the scheduler needs of an object it keeps itself.
        Informer(client: client, resource: resource, keeps: .bytes, queue: shell.queue) { [weak self] event in
            guard let self else { return }
            let now = self.client.host.clock.now
            self.shell.withState { apply(&$0.state, event, now) }
            self.scheduleTurn()
        }
    }

    // MARK: The loop

    private func scheduleTurn() {
        let isNew = shell.withState { shell in
            if shell.isTurnScheduled || shell.stopped { return false }
            shell.isTurnScheduled = true
            return true
        }
        if isNew { shell.queue.async { [weak self] in self?.takeTurn() } }
    }

    private func takeTurn() {
        shell.withState { $0.isTurnScheduled = false }
        for _ in 0..<Limits.maximumPodsPerTurn {
            let now = client.host.clock.now
            let random = client.host.random
            let decision = shell.withState { shell -> SchedulingDecision? in
                if shell.stopped { return nil }
                shell.state.queue.passTime(now: now)
                return shell.state.decideOnVolumes(now: now) ?? shell.state.decide(now: now, random: random)
            }
            guard let decision else { return armTimer() }
            carryOut(decision)
        }
        scheduleTurn()
    }

    /// Sets the timer to the time at which a waiting pod is to be tried again, if it is not set to that already.
    private func armTimer() {
        let deadline = shell.withState { shell -> Timestamp? in
            let deadlines = [shell.state.queue.nextDeadline, shell.state.volumeDeadline]
            guard !shell.stopped, let deadline = deadlines.compactMap({ $0 }).min() else { return nil }
            if let timer = shell.timer, timer.deadline <= deadline { return nil }
            shell.timer?.handle.cancel()
            shell.timer = nil
            return deadline
        }
        guard let deadline else { return }
        let handle = shell.queue.schedule(at: deadline) { [weak self] in
            self?.shell.withState { $0.timer = nil }
            self?.scheduleTurn()
        }
        shell.withState { $0.timer = (deadline, handle) }
    }
}
