// SPDX-License-Identifier: Apache-2.0
// When what changed the endpoints of a Service happened, for who measures how long publishing took.

import PodiumClient
import PodiumMachinery

/// The times at which Services and their pods changed last, as a controller saw them.
///
/// The time of an update is that of the earliest change since the one before; the first one counts from the creation
/// of the Service. A pod that only begins to end has no such time.
// Kubernetes: k8s.io/endpointslice/util/trigger_time_tracker.go
struct TriggerTimes {
    private struct Known {
        let created: Timestamp
        let pods: [String: Timestamp]
    }

    private var known: [NamespacedName: Known] = [:]

    /// The time that explains what is about to be published; nil when nothing new does.
    mutating func next(for service: PublishedService, _ pods: [EndpointPod]) -> Timestamp? {
        let created = service.object.creationTimestamp ?? Timestamp(nanoseconds: 0)
        let old = known[service.name]
        var times: [String: Timestamp] = [:]
        var changes: [Timestamp] = []
        for pod in pods {
            guard let time = pod.readinessChange else { continue }
            times[pod.name.name] = time
            if old?.pods[pod.name.name].map({ $0 < time }) ?? true { changes.append(time) }
        }
        known[service.name] = Known(created: created, pods: times)
        guard let old else { return created }
        if old.created < created { changes.append(created) }
        return changes.min()
    }

    mutating func forget(_ service: NamespacedName) { known[service] = nil }
}

extension Timestamp {
    /// Sets the annotation with the time of the change in `annotations`, or takes it away.
    static func annotate(_ annotations: inout [String: String], with time: Timestamp?) {
        annotations[PublishedService.Mark.triggerTime] = time?.rfc3339
    }
}
