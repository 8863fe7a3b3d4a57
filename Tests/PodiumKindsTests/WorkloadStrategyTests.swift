// SPDX-License-Identifier: Apache-2.0
// Deployments, sets, jobs and what they demand of templates and schedules.

import PodiumAPIServer
import PodiumCodec
import PodiumKindTesting
import PodiumKinds
import PodiumMachinery
import Testing

@Suite struct WorkloadStrategyTests {
    let cluster: KindFixture

    init() throws { cluster = try KindFixture() }

    static let template: JSONValue = [
        "metadata": ["labels": ["a": "b"]], "spec": ["containers": [["name": "c", "image": "i"]]],
    ]

    static func deployment(_ change: (inout JSONValue) -> Void = { _ in }) -> JSONValue {
        var object: JSONValue = ["spec": ["selector": ["matchLabels": ["a": "b"]], "template": template]]
        change(&object)
        return object
    }

    @Test func deploymentsRollByDefault() throws {
        let deployment = try cluster.create("deployments", in: "apps", Self.deployment())
        #expect(deployment[path: "spec", "replicas"] == 1)
        #expect(
            deployment[path: "spec", "strategy"] == [
                "type": "RollingUpdate", "rollingUpdate": ["maxSurge": "25%", "maxUnavailable": "25%"],
            ]
        )
        #expect(deployment[path: "metadata", "generation"] == 1)
        #expect(deployment["status"] == [:])
    }

    @Test func generationsCountChangesOfTheSpecification() throws {
        try cluster.create("deployments", in: "apps", Self.deployment())
        let same = try cluster.update("deployments", in: "apps", Self.deployment())
        #expect(same[path: "metadata", "generation"] == 1)
        let scaled = try cluster.update("deployments", in: "apps", Self.deployment { $0[path: "spec", "replicas"] = 3 })
        #expect(scaled[path: "metadata", "generation"] == 2)
        let reported = try cluster.update(
            "deployments",
            in: "apps",
            subresource: "status",
            Self.deployment { $0["status"] = ["replicas": 3] }
        )
        #expect(reported[path: "metadata", "generation"] == 2)
        #expect(reported[path: "spec", "replicas"] == 3)
        #expect(reported[path: "status", "replicas"] == 3)
    }

    @Test func selectorsStay() throws {
        try cluster.create("deployments", in: "apps", Self.deployment())
        let problems = KindFixture.problems {
            try cluster.update(
                "deployments",
                in: "apps",
                Self.deployment {
                    $0[path: "spec", "selector", "matchLabels", "c"] = "d"
                    $0[path: "spec", "template", "metadata", "labels", "c"] = "d"
                }
            )
        }
        #expect(
            problems == [
                "spec.selector: Invalid value: {\"matchLabels\":{\"a\":\"b\",\"c\":\"d\"}}: field is immutable"
            ]
        )
    }

    @Test(
        arguments: [
            (
                ["strategy": ["type": "Recreate", "rollingUpdate": ["maxSurge": 1]]],
                "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"
            ),
            (
                ["strategy": ["rollingUpdate": ["maxSurge": 0, "maxUnavailable": 0]]],
                "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0"
            ),
            (
                ["strategy": ["rollingUpdate": ["maxUnavailable": "101%"]]],
                "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: \"101%\": must not be greater than 100%"
            ),
            (
                ["strategy": ["type": "x"]],
                "spec.strategy: Unsupported value: {\"Type\":\"x\",\"RollingUpdate\":null}: "
                    + "supported values: \"Recreate\", \"RollingUpdate\""
            ),
            (["minReadySeconds": -1], "spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0"),
        ] as [(JSONValue, String)]
    )
    func deploymentsAreRefused(spec: JSONValue, problem: String) {
        let object = Self.deployment { object in
            for (key, value) in spec.object ?? [:] { object[path: "spec", key] = value }
        }
        #expect(cluster.problems("deployments", in: "apps", object) == [problem])
    }

    @Test func jobsMakeTheirSelector() throws {
        let job = try cluster.create(
            "jobs",
            in: "batch",
            [
                "spec": [
                    "template": ["spec": ["restartPolicy": "Never", "containers": [["name": "c", "image": "i"]]]]
                ]
            ]
        )
        let uid = try #require(job[path: "metadata", "uid"])
        #expect(job[path: "spec", "selector"] == ["matchLabels": ["batch.kubernetes.io/controller-uid": uid]])
        #expect(
            job[path: "metadata", "labels"] == [
                "batch.kubernetes.io/controller-uid": uid, "batch.kubernetes.io/job-name": "x", "controller-uid": uid,
                "job-name": "x",
            ]
        )
        #expect(job[path: "spec", "completions"] == 1)
    }

    @Test func jobsNeedAPolicyOfRestart() {
        let problems = cluster.problems("jobs", in: "batch", ["spec": ["template": Self.template]])
        #expect(
            problems == ["spec.template.spec.restartPolicy: Required value: valid values: \"OnFailure\", \"Never\""]
        )
    }

    @Test func statefulSetsHardlyChange() throws {
        let object = Self.deployment { $0[path: "spec", "serviceName"] = "s" }
        try cluster.create("statefulsets", in: "apps", object)
        let problems = KindFixture.problems {
            try cluster.update("statefulsets", in: "apps", Self.deployment { $0[path: "spec", "serviceName"] = "t" })
        }
        #expect(
            problems == [
                "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', "
                    + "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and "
                    + "'minReadySeconds' are forbidden"
            ]
        )
    }

    @Test(
        arguments: [
            ("*/15 8-18 * * mon-fri", 0b1000000000000001000000000000001000000000000001),
            ("0 0 1 1 *", 1), ("@hourly", 1), ("59 * ? * *", 1 << 59), ("1,2,3 * * * 0", 0b1110),
            ("5/20 * * * *", 0x200002000020),
        ] as [(String, UInt64)]
    )
    func schedulesNameMinutes(text: String, minutes: UInt64) throws {
        #expect(try CronSchedule(text).minutes == minutes)
    }

    @Test(arguments: [
        ("", "empty spec string"), ("* * * *", "expected exactly 5 fields, found 4: [* * * *]"),
        ("60 * * * *", "end of range (60) above maximum (59): 60"),
        ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
        ("5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1"),
        ("*/0 * * * *", "step of range should be a positive number: */0"),
        ("1-2-3 * * * *", "too many hyphens: 1-2-3"), ("1/2/3 * * * *", "too many slashes: 1/2/3"),
        ("x * * * *", "failed to parse int from x: strconv.Atoi: parsing \"x\": invalid syntax"),
        ("@never", "unrecognized descriptor: @never"),
        ("/ * * * *", "failed to parse int from : strconv.Atoi: parsing \"\": invalid syntax"),
    ])
    func otherTextsAreNoSchedules(text: String, message: String) {
        let error = #expect(throws: CronScheduleError.self) { try CronSchedule(text) }
        #expect(error?.message == message)
    }
}
