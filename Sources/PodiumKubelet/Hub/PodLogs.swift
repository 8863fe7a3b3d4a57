// SPDX-License-Identifier: Apache-2.0
// The logs of all pods, for whoever asks from outside of the kubelets' queue.

package import PodiumMachinery
package import PodiumRuntime
import Synchronization

/// A container of which a log is wanted.
package struct LogSource: Hashable, Sendable {
    package var pod: NamespacedName
    package var container: String
    /// Whether the run before the present one is meant.
    package var isPrevious: Bool

    package init(pod: NamespacedName, container: String, isPrevious: Bool = false) {
        self.pod = pod
        self.container = container
        self.isPrevious = isPrevious
    }
}

/// The log of one run of a container, as it is now.
package struct PublishedLog: Sendable {
    package var log: ContainerLog
    /// Which run it is; changes when the container is started again.
    package var containerID: String
    /// Whether more may come.
    package var isRunning: Bool
}

/// Published logs, and who wants to know of their growth.
// State | guarded by | why separate
// state | mutex | written on the kubelets' queue, read by request threads; watchers are called outside of it
package final class PodLogs: Sendable {
    /// The limits of this registry.
    package enum Limits {
        /// How many followers there may be; further ones are refused.
        package static let maximumFollowers = 10_000
    }

    private struct Follower {
        let pod: NamespacedName
        let wake: @Sendable () -> Void
    }

    private struct State {
        var logs: [LogSource: PublishedLog] = [:]
        var followers: [Int: Follower] = [:]
        var nextFollower = 0
    }

    private let state = Mutex(State())

    /// An empty registry.
    package init() {}

    /// The log of a run; nil when there is none.
    package func log(_ source: LogSource) -> PublishedLog? { state.withLock { $0.logs[source] } }

    /// Calls `wake`, on any thread, whenever a log of the pod may have grown.
    /// - Returns: what `unfollow` wants; nil when there are too many followers.
    package func follow(_ pod: NamespacedName, wake: @escaping @Sendable () -> Void) -> Int? {
        state.withLock { state in
            guard state.followers.count < Limits.maximumFollowers else { return nil }
            state.nextFollower += 1
            state.followers[state.nextFollower] = Follower(pod: pod, wake: wake)
            return state.nextFollower
        }
    }

    /// Ends what `follow` began.
    package func unfollow(_ follower: Int) { state.withLock { $0.followers[follower] = nil } }

    /// Replaces the logs of a pod.
    func publish(_ pod: NamespacedName, _ logs: [LogSource: PublishedLog]) {
        let wakes = state.withLock { state in
            for (source, log) in logs { state.logs[source] = log }
            return state.followers.values.filter { $0.pod == pod }.map(\.wake)
        }
        for wake in wakes { wake() }
    }

    /// Forgets the logs of a pod.
    func remove(_ pod: NamespacedName, containers: [String]) {
        let wakes = state.withLock { state in
            for name in containers {
                state.logs[LogSource(pod: pod, container: name)] = nil
                state.logs[LogSource(pod: pod, container: name, isPrevious: true)] = nil
            }
            return state.followers.values.filter { $0.pod == pod }.map(\.wake)
        }
        for wake in wakes { wake() }
    }
}
