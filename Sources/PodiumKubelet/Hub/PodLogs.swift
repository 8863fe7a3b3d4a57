// SPDX-License-Identifier: Apache-2.0
// The logs of all pods, for whoever asks from outside of the kubelets' queues.

package import PodiumMachinery
import Synchronization

/// A container of which a log is wanted.
package struct LogSource: Hashable, Sendable {
    package var pod: NamespacedName
    /// The UID of the pod.
    package var uid: String
    package var container: String
    /// Whether the run before the present one is meant.
    package var isPrevious: Bool

    package init(pod: NamespacedName, uid: String, container: String, isPrevious: Bool = false) {
        self.pod = pod
        self.uid = uid
        self.container = container
        self.isPrevious = isPrevious
    }
}

/// Why there is no log to be read; the API answers 400 with the message.
package struct LogProblem: Error, Hashable {
    package let message: String
}

/// Published logs, and who wants to know of their growth.
// State | guarded by | why separate
// state | mutex | written on the kubelets' queues, read by request threads; watchers are called outside of it
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
        var pods: [NamespacedName: (uid: String, containers: [String: ContainerLogs])] = [:]
        var followers: [Int: Follower] = [:]
        var nextFollower = 0

        func wakes(for pod: NamespacedName) -> [@Sendable () -> Void] {
            if followers.isEmpty { return [] }
            return followers.sorted { $0.key < $1.key }.filter { $0.value.pod == pod }.map(\.value.wake)
        }
    }

    private let state = Mutex(State())

    /// An empty registry.
    package init() {}

    /// The log of a container, as it is now.
    package func log(_ source: LogSource) throws(LogProblem) -> PublishedLog {
        let known = state.withLock { state in state.pods[source.pod].flatMap { $0.uid == source.uid ? $0 : nil } }
        let subject = "container \"\(source.container)\" in pod \"\(source.pod.name)\""
        guard let logs = known?.containers[source.container] else {
            throw LogProblem(message: "\(subject) is not available")
        }
        if source.isPrevious {
            guard let id = logs.previous else { throw LogProblem(message: "previous terminated \(subject) not found") }
            return try Self.run(id, logs)
        }
        guard let id = logs.current else { throw LogProblem(message: logs.problem) }
        return try Self.run(id, logs)
    }

    /// The log of one run, for followers, who stay with the run that they began with; nil when it is gone.
    package func run(_ id: String, of source: LogSource) -> PublishedLog? {
        state.withLock { state in
            guard let known = state.pods[source.pod], known.uid == source.uid else { return nil }
            return known.containers[source.container]?.run(id)
        }
    }

    private static func run(_ id: String, _ logs: ContainerLogs) throws(LogProblem) -> PublishedLog {
        if let run = logs.run(id) { return run }
        throw LogProblem(message: "unable to retrieve container logs for \(id)")
    }

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
    func publish(_ pod: NamespacedName, uid: String, _ containers: [String: ContainerLogs]) {
        let wakes = state.withLock { state in
            state.pods[pod] = (uid, containers)
            return state.wakes(for: pod)
        }
        for wake in wakes { wake() }
    }

    /// Forgets all logs: who follows one learns that it is over.
    func removeAll() {
        let wakes = state.withLock { state in
            state.pods = [:]
            return state.followers.sorted { $0.key < $1.key }.map(\.value.wake)
        }
        for wake in wakes { wake() }
    }

    /// Forgets the logs of a pod.
    func remove(_ pod: NamespacedName, uid: String) {
        let wakes = state.withLock { state in
            if state.pods[pod]?.uid == uid { state.pods[pod] = nil }
            return state.wakes(for: pod)
        }
        for wake in wakes { wake() }
    }
}
