// SPDX-License-Identifier: Apache-2.0
// Renews the Lease of the API server, where that keeps nothing else from coming to rest.

import Logging
import PodiumClient
import PodiumHost
import PodiumKubelet
import PodiumMachinery
import PodiumStorage
import Synchronization

/// Shows every ten seconds that the API server lives.
///
/// While time passes by itself there is a timer for that. On a virtual clock there is none: the Lease is renewed along
/// with those of the nodes, and a cluster whose nodes have no kubelets, or that has no nodes, comes to rest.
// State     | guarded by | why separate
// state     | queue      | one renewal at a time
// isLooking | atomic     | asked by every renewal of a node's Lease, which must not wait
// Kubernetes: pkg/controlplane/apiserver/server.go
final class ServerLease: Sendable {
    /// How often the Lease is renewed.
    // Kubernetes: pkg/controlplane/apiserver/server.go IdentityLeaseRenewIntervalPeriod
    static let period = Duration.seconds(10)

    private struct State {
        /// When it was last renewed.
        var renewed: Timestamp
        var timer: (any Cancellable)?
        /// Wakes with the Leases of nodes.
        var nodes: (any WatchCursor)?
        var isStopped = false
    }

    private let client: ResourceClient
    private let clock: ClusterClock
    private let state: Confined<State>
    private let isLooking = Atomic<Bool>(false)

    /// A Lease that has just been made.
    init(client: ResourceClient, clock: ClusterClock) {
        self.client = client
        self.clock = clock
        state = Confined(State(renewed: clock.now), on: client.host.scheduling.makeQueue(label: "server lease"))
    }

    /// Begins to renew it.
    func start() {
        state.queue.async {
            self.followNodes()
            self.arm()
        }
    }

    /// From now on time passes by itself, or does so no more.
    func noteClock() { state.queue.async { self.arm() } }

    /// Ends the renewals.
    func stop() {
        state.async { state in
            state.isStopped = true
            state.timer?.cancel()
            state.timer = nil
            state.nodes?.close()
            state.nodes = nil
        }
    }

    private func followNodes() {
        let (storage, scope) = (client.storage, ListScope.namespace(NodeDocument.leaseNamespace))
        do throws(StorageError) {
            let watch = try storage.watch(.leases, scope: scope, after: storage.revision) { [weak self] in
                self?.noteNodes()
            }
            state.withState { $0.nodes = watch }
        } catch {
            // The present revision is neither gone nor to come: the cluster is over.
        }
    }

    /// The Lease of some node was renewed; those of all nodes are at the same moment.
    private func noteNodes() {
        if isLooking.exchange(true, ordering: .acquiringAndReleasing) { return }
        state.queue.async {
            self.isLooking.store(false, ordering: .releasing)
            self.renewIfDue()
        }
    }

    private func renewIfDue() {
        let now = clock.now
        let isDue = state.withState { state in
            // A clock that is set to real time may go back.
            let isFresh = now >= state.renewed && now - state.renewed < Self.period
            if state.isStopped || isFresh { return false }
            state.renewed = now
            return true
        }
        guard isDue else { return }
        do throws(StatusError) {
            try client.renewLease(Bootstrap.serverLeaseKey, at: now) {
                Bootstrap.serverLease(renewedAt: now.rfc3339Micro)
            }
        } catch {
            client.host.logger.warning("the lease of the API server was not renewed: \(error)")
        }
    }

    /// Sets the timer, or takes it away, by how time passes.
    private func arm() {
        let queue = state.queue
        state.withState { state in
            state.timer?.cancel()
            state.timer = nil
            if state.isStopped || clock.mode == .virtual { return }
            state.timer = queue.schedule(at: min(state.renewed, clock.now) + Self.period) { [weak self] in
                self?.beat()
            }
        }
    }

    private func beat() {
        state.withState { $0.timer = nil }
        renewIfDue()
        arm()
    }
}
