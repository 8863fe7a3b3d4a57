// SPDX-License-Identifier: Apache-2.0
// What pods use, as the kubelets know it, for autoscalers.

import PodiumClient
import PodiumControllers
import PodiumKubelet
import PodiumMachinery
import PodiumStorage

/// The kubelets' knowledge of what pods use, with the delay that measuring has.
struct KubeletMetrics: PodMetricsSource {
    let usages: PodUsages

    func metrics(
        of resource: String,
        container: String?,
        _ pods: [APIObject],
        at now: Timestamp
    ) throws(MetricsError) -> [String: PodMetric] {
        var metrics: [String: PodMetric] = [:]
        for pod in pods {
            let amounts = usages.containers(of: pod.key.name, uid: pod.uid)
                .filter { $0.isMeasured(at: now) && (container == nil || container == $0.name) }
                .compactMap { $0.amount(of: resource, at: now) }
            if amounts.isEmpty { continue }
            let sum = amounts.reduce(Quantity.zero) { $0 + $1 }
            metrics[pod.name] = PodMetric(milliValue: sum.milliValue, time: now, window: ContainerUsage.window)
        }
        return metrics
    }
}
