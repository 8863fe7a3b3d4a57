// SPDX-License-Identifier: Apache-2.0
// CronJobs make Jobs in time, and no more than they may.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage
import PodiumTestKit
import Testing

@Suite struct CronJobControllerTests {
    let cluster: TestCluster

    init() throws { cluster = try TestCluster("cronjob-controller") }

    private func create(_ members: JSONObject = [:]) throws {
        var spec: JSONObject = ["schedule": "* * * * *", "jobTemplate": ["spec": JobFixture.spec()]]
        spec.merge(members) { $1 }
        try cluster.client.create(
            .cronJobs,
            [
                "kind": "CronJob", "apiVersion": "batch/v1", "metadata": ["name": "tick", "namespace": "ns"],
                "spec": .object(spec),
            ]
        )
        cluster.clock.settle()
    }

    private func edit(_ change: (inout JSONValue) -> Void) throws {
        try cluster.client.update(cluster.key(.cronJobs, "tick")) { value in
            change(&value)
            return true
        }
        cluster.clock.settle()
    }

    private var jobs: [APIObject] { get throws { try cluster.client.list(.jobs) } }

    private var status: JSONValue { get throws { try #require(cluster.get(.cronJobs, "tick")).status } }

    private func finish(_ job: APIObject, _ type: String = "Complete") throws {
        let now = JSONValue.string(cluster.clock.now.rfc3339)
        try cluster.edit(.jobs, job.name) { value in
            value["status"] = [
                "conditions": [["type": .string(type), "status": "True", "lastTransitionTime": now]],
                "startTime": now, "completionTime": now,
            ]
        }
    }

    private func minute(_ time: Timestamp) -> String { "tick-\(time.seconds / 60)" }

    @Test func jobsAreMadeRightAfterTheMinute() throws {
        try create()
        try cluster.advance(.seconds(60))
        #expect(try jobs.isEmpty)
        try cluster.advance(.milliseconds(100))
        let job = try #require(try jobs.first)
        let scheduled = Timestamp(seconds: cluster.clock.now.seconds)
        #expect(job.name == minute(scheduled))
        #expect(job.annotations == ["batch.kubernetes.io/cronjob-scheduled-timestamp": scheduled.rfc3339])
        #expect(try status["active"]?.elements.map { $0["uid"] } == [.string(job.uid)])
        #expect(try status["lastScheduleTime"] == .string(scheduled.rfc3339))
        try finish(job)
        #expect(try status["active"] == nil)
        #expect(try status["lastSuccessfulTime"] != nil)
        #expect(
            try cluster.events(about: "tick") == [
                "SuccessfulCreate: Created job \(job.name)",
                "SawCompletedJob: Saw completed job: \(job.name), condition: Complete",
            ]
        )
    }

    @Test func concurrencyIsAllowedForbiddenOrEndsTheOlderJob() throws {
        for (policy, expected) in [("Allow", 3), ("Forbid", 1), ("Replace", 1)] {
            let tests = try CronJobControllerTests()
            try tests.create(["concurrencyPolicy": .string(policy)])
            try tests.cluster.advance(.seconds(185))
            #expect(try tests.jobs.count == expected)
            let isLast = try tests.jobs.last?.name == tests.minute(tests.cluster.clock.now)
            #expect(isLast == (policy != "Forbid"))
        }
    }

    @Test func whatWasMissedWhileSuspendedIsMadeUpForOnce() throws {
        try create(["suspend": true])
        try cluster.advance(.seconds(600))
        #expect(try jobs.isEmpty)
        try edit { $0[path: "spec", "suspend"] = false }
        #expect(try jobs.map(\.name) == [minute(cluster.clock.now)])
    }

    @Test func nothingIsMadeAfterTheStartingDeadline() throws {
        try create(["suspend": true, "startingDeadlineSeconds": 10])
        try cluster.advance(.seconds(630))
        try edit { $0[path: "spec", "suspend"] = false }
        #expect(try jobs.isEmpty)
        try cluster.advance(.seconds(31))
        #expect(try jobs.count == 1)
    }

    @Test func oldJobsAreForgotten() throws {
        try create(["successfulJobsHistoryLimit": 2, "failedJobsHistoryLimit": 1])
        var names: [String] = []
        for number in 0..<6 {
            try cluster.advance(.seconds(61))
            let job = try #require(try jobs.last)
            names.append(job.name)
            try finish(job, number % 2 == 0 ? "Complete" : "Failed")
        }
        #expect(try jobs.map(\.name) == [names[2], names[4], names[5]])
    }

    @Test func manyMissedRunsAreTold() throws {
        try create(["suspend": true])
        try cluster.advance(.seconds(3 * 3600))
        try edit { $0[path: "spec", "suspend"] = false }
        #expect(try cluster.events(about: "tick").first?.hasPrefix("TooManyMissedTimes: too many missed") == true)
        #expect(try jobs.count == 1)
    }

    @Test func aScheduleThatNamesNoMomentIsTold() throws {
        try create(["schedule": "0 0 30 2 *"])
        let text = "invalid schedule: 0 0 30 2 * : time difference between two schedules is less than 1 second"
        #expect(try cluster.events(about: "tick") == ["InvalidSchedule: \(text)"])
    }

    @Test func aJobThatVanishesIsMissed() throws {
        try create()
        try cluster.advance(.seconds(61))
        let name = try #require(try jobs.first).name
        try cluster.bare.remove(cluster.key(.jobs, name))
        cluster.clock.settle()
        #expect(try cluster.events(about: "tick").last == "MissingJob: Active job went missing: \(name)")
        #expect(try status["active"] == nil)
    }

    @Test func aMonthHasAllItsRuns() throws {
        try create(["schedule": "0 * * * *", "successfulJobsHistoryLimit": 1])
        let start = cluster.clock.now
        var names: Set<String> = []
        for hour in 1...(30 * 24) {
            try cluster.advance(start + .seconds(hour * 3600 + 1) - cluster.clock.now)
            let job = try #require(try jobs.last)
            names.insert(job.name)
            try finish(job)
        }
        #expect(names.count == 30 * 24)
        #expect(try jobs.count == 1)
    }
}
