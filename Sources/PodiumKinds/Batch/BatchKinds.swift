// SPDX-License-Identifier: Apache-2.0
// What is known of Jobs and CronJobs.

import PodiumCodec
import PodiumRegistry
import PodiumStorage

extension BuiltInKind {
    static let jobs = BuiltInKind("jobs", in: "batch", JobStrategy()) { kind in
        kind.cells = { $0.job }
        kind.selectableFields = [
            SelectableField("status.successful", path: ["status", "succeeded"], fallback: "0")
        ]
        // Kubernetes: the DefaultGarbageCollectionPolicy functions that return OrphanDependents
        kind.dependents = .orphan
        // Kubernetes: pkg/registry/batch/job/storage/storage.go deleteOptionWarnings
        kind.unstatedPropagationWarning =
            "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove "
            + "them or set propagationPolicy=Orphan to suppress this warning"
        kind.rechecksMetadata = false
    }

    static let cronJobs = BuiltInKind("cronjobs", in: "batch", CronJobStrategy()) { kind in
        kind.cells = { $0.cronJob }
        kind.rechecksMetadata = false
    }
}
