// SPDX-License-Identifier: Apache-2.0
// What the status of a CronJob says.

import PodiumClient
import PodiumCodec
import PodiumMachinery
import PodiumStorage

/// The status of a CronJob.
struct CronJobStatus: Hashable, Sendable {
    /// References to the Jobs that run.
    private(set) var active: [JSONValue]
    var lastScheduleTime: Timestamp?
    var lastSuccessfulTime: Timestamp?

    init(_ status: JSONValue) {
        func time(_ name: String) -> Timestamp? { status[name]?.string.flatMap { Timestamp(rfc3339: $0) } }
        active = status["active"]?.elements ?? []
        lastScheduleTime = time("lastScheduleTime")
        lastSuccessfulTime = time("lastSuccessfulTime")
    }

    /// The status as it is stored.
    var value: JSONValue {
        var status: JSONObject = [:]
        if !active.isEmpty { status["active"] = .array(active) }
        if let lastScheduleTime { status["lastScheduleTime"] = .string(lastScheduleTime.rfc3339) }
        if let lastSuccessfulTime { status["lastSuccessfulTime"] = .string(lastSuccessfulTime.rfc3339) }
        return .object(status)
    }

    /// The names and UIDs of the Jobs that run.
    var running: [(name: String, uid: String)] {
        active.map { ($0["name"]?.string ?? "", $0["uid"]?.string ?? "") }
    }

    func contains(_ uid: String) -> Bool { running.contains { $0.uid == uid } }

    mutating func remove(_ uid: String) { active.removeAll { $0["uid"]?.string == uid } }

    mutating func add(_ job: APIObject) {
        active.append([
            "kind": "Job", "namespace": .string(job.namespace), "name": .string(job.name), "uid": .string(job.uid),
            "apiVersion": "batch/v1", "resourceVersion": .string(job.revision.description),
        ])
    }
}
