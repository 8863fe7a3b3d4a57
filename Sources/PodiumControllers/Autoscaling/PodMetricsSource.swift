// SPDX-License-Identifier: Apache-2.0
// Where autoscalers learn what pods use.

package import PodiumClient
package import PodiumMachinery

/// What a pod used, in thousandths, averaged over a window that ended at a time.
package struct PodMetric: Hashable, Sendable {
    package var milliValue: Int64
    package var time: Timestamp
    package var window: Duration

    package init(milliValue: Int64, time: Timestamp, window: Duration) {
        self.milliValue = milliValue
        self.time = time
        self.window = window
    }
}

/// Why nothing can be said of what pods use.
package struct MetricsError: Error, Hashable {
    package let message: String

    package init(message: String) { self.message = message }
}

/// Measures what pods use of resources.
// Kubernetes: pkg/controller/podautoscaler/metrics/interfaces.go
package protocol PodMetricsSource: Sendable {
    /// What each of `pods`, of one namespace, uses of a resource, by the names of the pods. Those of which nothing is
    /// known are missing.
    /// - Parameter container: the container that is meant; nil for the sum of all.
    /// - Throws: when nothing can be known of any.
    func metrics(
        of resource: String,
        container: String?,
        _ pods: [APIObject],
        at now: Timestamp
    ) throws(MetricsError) -> [String: PodMetric]
}

/// What autoscalers are told in a cluster whose API has no metrics of resources.
package struct NoPodMetrics: PodMetricsSource {
    package init() {}

    package func metrics(
        of resource: String,
        container: String?,
        _ pods: [APIObject],
        at now: Timestamp
    ) throws(MetricsError) -> [String: PodMetric] {
        throw MetricsError(
            message: "unable to fetch metrics from resource metrics API: the server could not find the requested "
                + "resource (get pods.metrics.k8s.io)"
        )
    }
}
