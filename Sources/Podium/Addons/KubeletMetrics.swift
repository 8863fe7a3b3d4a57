// SPDX-License-Identifier: Apache-2.0
// What pods use, as the kubelets know it, for autoscalers.

import PodiumClient
import PodiumControllers
import PodiumKubelet
import PodiumMachinery
import PodiumStorage

/// The kubelets' knowledge of what pods use, with the delay that measuring has.
struct KubeletMetrics: PodMetricsSource {
    /// How long a container must have run before anything can be said of it, as with metrics-server.
    private static let window: Duration = .seconds(15)

    let usages: PodUsages

    func metrics(
        of resource: String,
        container: String?,
        _ pods: [APIObject],
        at now: Timestamp
    ) throws(MetricsError) -> [String: PodMetric] {
        var metrics: [String: PodMetric] = [:]
        for pod in pods {
            let containers = usages.containers(of: pod.key.name, uid: pod.uid)
                .filter { container == nil || container == $0.key }
                .values.filter { $0.startedAt + Self.window <= now }
            let amounts = containers.compactMap { $0.amount(of: resource, at: now) }
            if amounts.isEmpty { continue }
            let sum = amounts.reduce(Quantity.zero) { $0 + $1 }
            metrics[pod.name] = PodMetric(milliValue: sum.milliValue, time: now, window: Self.window)
        }
        return metrics
    }
}
