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
    let network: ClusterNetwork
    let memory: HeldMemory

    init(client: ResourceClient, configuration: KubeletConfiguration, logs: PodLogs) {
        self.client = client
        self.configuration = configuration
        self.logs = logs
        memory = HeldMemory(limit: configuration.heldBytes)
        network = ClusterNetwork(configuration.networks, services: configuration.serviceNetwork)
    }

    var now: Timestamp { client.host.clock.now }

    /// Writes to the API. That an object is gone or exists already is what a kubelet lives with: its next change comes
    /// through the informers; anything else is worth a line in the log.
    @discardableResult
    func attempt<Result>(_ what: String, _ write: () throws(StatusError) -> Result) -> Result? {
        do throws(StatusError) {
            return try write()
        } catch {
            if error.reason == .notFound || error.reason == .alreadyExists { return nil }
            client.host.logger.warning("a kubelet could not \(what): \(error)")
            return nil
        }
    }
}
