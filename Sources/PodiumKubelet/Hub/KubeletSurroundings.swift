// SPDX-License-Identifier: Apache-2.0
// What all kubelets of a cluster share, whatever queue they are on.

import Logging
import PodiumClient
import PodiumHost
import PodiumMachinery
import PodiumStorage

/// The surroundings of a cluster's kubelets.
final class KubeletSurroundings: Sendable {
    let client: ResourceClient
    let configuration: KubeletConfiguration
    let logs: PodLogs
    let usages: PodUsages
    let network: ClusterNetwork
    let memory: HeldMemory
    let contents: ClaimContents

    init(client: ResourceClient, configuration: KubeletConfiguration, logs: PodLogs, usages: PodUsages) {
        self.client = client
        self.configuration = configuration
        self.logs = logs
        self.usages = usages
        memory = HeldMemory(limit: configuration.heldBytes)
        contents = ClaimContents(memory: memory)
        network = ClusterNetwork(configuration.networks, services: configuration.serviceNetwork)
    }

    var now: Timestamp { client.host.clock.now }

    /// Reads or writes in the API. That an object is gone or exists already is what a kubelet lives with: its next
    /// change comes through the informers; anything else is worth a line in the log, and another attempt.
    @discardableResult
    func attempt<Result>(_ what: String, _ body: () throws(StatusError) -> Result) -> Attempt<Result> {
        do throws(StatusError) {
            return .done(try body())
        } catch {
            if error.reason == .notFound || error.reason == .alreadyExists { return .needless }
            client.host.logger.warning("a kubelet could not \(what): \(error)")
            return .failed
        }
    }
}

/// What became of an attempt to read or to write.
enum Attempt<Result> {
    case done(Result)
    /// Others have seen to it that there is nothing to do.
    case needless
    /// It is still to be done.
    case failed

    /// What came of it; nil when nothing did.
    var result: Result? { if case .done(let result) = self { result } else { nil } }

    var hasFailed: Bool { if case .failed = self { true } else { false } }
}
