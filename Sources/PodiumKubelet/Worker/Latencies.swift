// SPDX-License-Identifier: Apache-2.0
// How long the steps of a kubelet take and how often it looks, each with where the figure comes from.

/// How long the steps of a kubelet take, and the periods in which it looks at things.
///
/// Figures of upstream's sources name the file. The others are measured on a real v1.36 kubelet with a runtime whose
/// containers cost next to nothing; where they are shorter than such a recording resolves, which is a tenth of a
/// second, they are said to be *below resolution*, and only their order is a fact.
package struct Latencies: Hashable, Sendable {
    // Periods

    /// Between two listings of all containers.
    // Kubernetes: pkg/kubelet/kubelet.go genericPlegRelistPeriod
    package var relistPeriod: Duration = .seconds(1)
    /// Between two looks at the queue of pods that are due.
    // Kubernetes: pkg/kubelet/kubelet.go syncLoop
    package var tickPeriod: Duration = .seconds(1)
    /// How long after a listing the queue is looked at. Upstream's listings drift against its ticks, because a period
    /// begins when the last listing has ended, so that all differences are equally true; this is one of them.
    // Kubernetes: pkg/kubelet/pleg/generic.go Start
    package var tickOffset: Duration = .milliseconds(370)
    /// Between two comparisons of all statuses with those in the API.
    // Kubernetes: pkg/kubelet/status/status_manager.go syncPeriod
    package var reconciliationPeriod: Duration = .seconds(10)
    /// Between two looks for pods that use too much.
    // Kubernetes: pkg/kubelet/kubelet.go evictionMonitoringPeriod
    package var evictionPeriod: Duration = .seconds(10)
    /// Between two measurements of a pod's volumes, at least; at most twice as long.
    // Kubernetes: pkg/kubelet/apis/config/v1beta1/defaults.go VolumeStatsAggPeriod
    package var volumeScanPeriod: Duration = .seconds(60)
    /// Pods are looked at once in this time even when nothing happens; that is when their volumes follow.
    // Kubernetes: pkg/kubelet/apis/config/v1beta1/defaults.go SyncFrequency
    package var syncPeriod: Duration = .seconds(60)
    /// Between two renewals of a node's lease.
    // Kubernetes: pkg/kubelet/kubelet.go nodeLeaseRenewIntervalFraction, of 40 seconds
    package var leasePeriod: Duration = .seconds(10)
    /// Between two reports of a node's status when nothing changed.
    // Kubernetes: pkg/kubelet/apis/config/v1beta1/defaults.go NodeStatusReportFrequency
    package var reportPeriod: Duration = .seconds(300)

    // Back-off

    /// The first wait before a container is started again.
    // Kubernetes: pkg/kubelet/kubelet.go backOffPeriod
    package var restartBackoff: Duration = .seconds(10)
    // Kubernetes: pkg/kubelet/kubelet.go MaxCrashLoopBackOff
    package var longestRestartBackoff: Duration = .seconds(300)
    /// The first wait before an image is pulled again.
    // Kubernetes: pkg/kubelet/kubelet.go imageBackOffPeriod
    package var pullBackoff: Duration = .seconds(10)
    // Kubernetes: pkg/kubelet/kubelet.go MaxImageBackOff
    package var longestPullBackoff: Duration = .seconds(300)
    /// The wait after a look at a pod that failed without saying until when.
    // Kubernetes: pkg/kubelet/pod_workers.go completeWork
    package var retryDelay: Duration = .seconds(10)

    // Volumes

    /// From the first look at a pod to the first attempt to mount: one round of the list of what is wanted, and one of
    /// what is done about it. Measured to the first failure: 0.2 to 0.3 s.
    // Kubernetes: pkg/kubelet/volumemanager/volume_manager.go reconcilerLoopSleepPeriod,
    // desiredStateOfWorldPopulatorLoopSleepPeriod
    package var firstMount: Duration = .milliseconds(200)
    /// The first wait after a failed attempt; it doubles from then on.
    // Kubernetes: pkg/util/goroutinemap/exponentialbackoff/exponential_backoff.go
    package var mountRetry: Duration = .milliseconds(500)
    // Kubernetes: pkg/util/goroutinemap/exponentialbackoff/exponential_backoff.go
    package var longestMountRetry: Duration = .seconds(122)
    /// Between two looks whether all volumes are mounted.
    // Kubernetes: pkg/kubelet/volumemanager/volume_manager.go podAttachAndMountRetryInterval
    package var volumePoll: Duration = .milliseconds(300)

    // Steps

    /// The making of a sandbox. Below resolution.
    package var sandbox: Duration = .milliseconds(20)
    /// From the image's presence to the container's start. Measured: 0 to 0.1 s.
    package var containerStart: Duration = .milliseconds(15)
    /// The pull of an image. Measured on a registry beside the node, as its Events print it.
    package var pull: Duration = .milliseconds(5)
    /// The pull of an image that the registry refuses, or whose registry there is none of. Measured: 0.1 to 0.3 s.
    package var failedPull: Duration = .milliseconds(200)
    /// From the wish for a hook to its beginning. Below resolution.
    package var hook: Duration = .milliseconds(10)
    /// From a successful change of a pod's containers to the look at what came of it. Below resolution.
    package var inspection: Duration = .milliseconds(20)
    /// A resize in place. Measured: 0 to 0.1 s.
    package var resize: Duration = .milliseconds(30)

    // A kubelet that was silent, or whose status others changed

    /// From a foreign write into a status to the earliest tick at which it is overruled. Measured from the write to the
    /// overruling: 1.1 s.
    package var foreignWrite: Duration = .milliseconds(200)
    /// From the end of a silence to the first look at what changed meanwhile; statuses are overruled before. Measured:
    /// 0.1 to 0.6 s.
    package var resumption: Duration = .milliseconds(500)

    /// The figures of a real kubelet.
    package init() {}
}
