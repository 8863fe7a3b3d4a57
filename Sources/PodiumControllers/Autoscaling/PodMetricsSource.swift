// SPDX-License-Identifier: Apache-2.0
// Where autoscalers learn what pods use.

import PodiumMachinery

/// What a pod used, in thousandths, averaged over a window that ended at a time.
struct PodMetric: Hashable, Sendable {
    var milliValue: Int64
    var time: Timestamp
    var window: Duration
}

/// Why nothing can be said of what pods use.
struct MetricsError: Error, Hashable {
    let message: String
}

/// Measures what pods use of resources.
// Kubernetes: pkg/controller/podautoscaler/metrics/interfaces.go
protocol PodMetricsSource: Sendable {
    /// What the pods of a namespace that `selector` takes use of a resource, by the names of the pods. Of which nothing
    /// is known are missing.
    /// - Parameter container: the container that is meant; nil for the sum of all.
    /// - Throws: when nothing is known of any.
    func metrics(
        of resource: String,
        container: String?,
        in namespace: String,
        _ selector: LabelSelector
    ) throws(MetricsError) -> [String: PodMetric]
}

/// What autoscalers are told in a cluster whose API has no metrics of resources.
struct NoPodMetrics: PodMetricsSource {
    func metrics(
        of resource: String,
        container: String?,
        in namespace: String,
        _ selector: LabelSelector
    ) throws(MetricsError) -> [String: PodMetric] {
        throw MetricsError(
            message: "unable to fetch metrics from resource metrics API: the server could not find the requested "
                + "resource (get pods.metrics.k8s.io)"
        )
    }
}
