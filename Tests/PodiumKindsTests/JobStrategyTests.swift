// SPDX-License-Identifier: Apache-2.0
// Jobs and CronJobs: what their policies may say, and what may change.

import PodiumAPIServer
import PodiumCodec
import PodiumKindTesting
import PodiumKinds
import PodiumMachinery
import Testing

@Suite struct JobStrategyTests {
    let cluster: KindFixture

    init() throws { cluster = try KindFixture() }

    private static func job(_ spec: JSONObject = [:], labels: JSONObject = [:]) -> JSONValue {
        var template: JSONValue = ["spec": ["restartPolicy": "Never", "containers": [["name": "c", "image": "i"]]]]
        if !labels.isEmpty { template["metadata"] = ["labels": .object(labels)] }
        var members: JSONObject = ["template": template]
        members.merge(spec) { $1 }
        return ["spec": .object(members)]
    }

    private static func rule(_ members: JSONObject) -> JSONObject {
        var rule: JSONObject = ["action": "FailJob"]
        rule.merge(members) { $1 }
        return ["podFailurePolicy": ["rules": [.object(rule)]]]
    }

    private static func codes(_ members: JSONObject) -> JSONObject {
        var codes: JSONObject = ["operator": "In", "values": [1]]
        codes.merge(members) { $1 }
        return rule(["onExitCodes": .object(codes)])
    }

    private static func success(_ rule: JSONObject) -> JSONObject {
        ["completionMode": "Indexed", "completions": 5, "successPolicy": ["rules": [.object(rule)]]]
    }

    @Test(
        arguments: [
            (rule([:]), "rules[0]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required"),
            (
                rule(["action": "Stop", "onPodConditions": [["type": "T"]]]),
                "rules[0].action: Unsupported value: \"Stop\": supported values: "
                    + "\"Count\", \"FailIndex\", \"FailJob\", \"Ignore\""
            ),
            (
                rule(["action": "FailIndex", "onPodConditions": [["type": "T"]]]),
                "rules[0].action: Invalid value: \"FailIndex\": requires the backoffLimitPerIndex to be set"
            ),
            (codes(["values": []]), "rules[0].onExitCodes.values: Invalid value: []: at least one value is required"),
            (
                codes(["values": [0]]),
                "rules[0].onExitCodes.values[0]: Invalid value: 0: must not be 0 for the In operator"
            ),
            (codes(["values": [1, 1]]), "rules[0].onExitCodes.values[1]: Duplicate value: 1"),
            (codes(["values": [2, 1]]), "rules[0].onExitCodes.values: Invalid value: [2,1]: must be ordered"),
            (
                codes(["containerName": "d"]),
                "rules[0].onExitCodes.containerName: Invalid value: \"d\": "
                    + "must be one of the container or initContainer names in the pod template"
            ),
        ] as [(JSONObject, String)]
    )
    func failurePoliciesAreChecked(spec: JSONObject, problem: String) {
        let problems = cluster.problems("jobs", in: "batch", Self.job(spec))
        #expect(problems == ["spec.podFailurePolicy.\(problem)"])
    }

    @Test(
        arguments: [
            (success([:]), "Required value: at least one of succeededCount or succeededIndexes must be specified"),
            (
                success(["succeededIndexes": "0-9"]),
                "succeededIndexes: Invalid value: \"0-9\": error parsing succeededIndexes: too large index: \"9\""
            ),
            (
                success(["succeededIndexes": "2,1"]),
                "succeededIndexes: Invalid value: \"2,1\": error parsing succeededIndexes: "
                    + "non-increasing order, previous: 2, current: 1"
            ),
            (
                success(["succeededIndexes": "1-2", "succeededCount": 3]),
                "succeededCount: Invalid value: 3: must be less than or equal to 2 "
                    + "(the number of indexes in the specified succeededIndexes field)"
            ),
        ] as [(JSONObject, String)]
    )
    func successPoliciesAreChecked(spec: JSONObject, problem: String) {
        let problems = cluster.problems("jobs", in: "batch", Self.job(spec))
        let separator = problem.hasPrefix("Required") ? ": " : "."
        #expect(problems == ["spec.successPolicy.rules[0]\(separator)\(problem)"])
    }

    @Test func conditionsOfRulesAreMeantToBeTrue() throws {
        let spec = Self.rule(["onPodConditions": [["type": "DisruptionTarget"]]])
        let job = try cluster.create("jobs", in: "batch", Self.job(spec))
        let rule = job[path: "spec", "podFailurePolicy", "rules"]?.elements.first
        #expect(rule?["onPodConditions"] == [["type": "DisruptionTarget", "status": "True"]])
        #expect(job[path: "spec", "podReplacementPolicy"] == "Failed")
    }

    @Test func aJobWithoutLabelsSharesThoseOfItsPods() throws {
        let job = try cluster.create("jobs", in: "batch", Self.job(labels: ["app": "a"]))
        let labels = job[path: "metadata", "labels"]
        #expect(labels?["app"] == "a")
        #expect(labels?["job-name"] == "x")
        #expect(labels == job[path: "spec", "template", "metadata", "labels"])
    }

    @Test func aJobKeepsLabelsOfItsOwn() throws {
        var object = Self.job(labels: ["app": "a"])
        object["metadata"] = ["name": "x", "labels": ["app": "a"]]
        let job = try cluster.create("jobs", in: "batch", object)
        #expect(job[path: "metadata", "labels"] == ["app": "a"])
    }

    @Test func aJobAtRestMayBeSentElsewhere() throws {
        let job = try cluster.create("jobs", in: "batch", Self.job(["suspend": true]))
        var moved = job
        moved[path: "spec", "template", "spec", "nodeSelector"] = ["disk": "fast"]
        let stored = try cluster.update("jobs", in: "batch", moved)
        #expect(stored[path: "spec", "template", "spec", "nodeSelector"] == ["disk": "fast"])
        var other = stored
        other[path: "spec", "template", "spec", "containers"] = [["name": "c", "image": "other"]]
        let problems = KindFixture.problems { try cluster.update("jobs", in: "batch", other) }
        #expect(problems.count == 1)
        #expect(problems.first?.hasSuffix("field is immutable") == true)
    }

    @Test(
        arguments: [
            ("UTC", nil), ("Etc/UTC", nil), ("Mars/Olympus", "\"Mars/Olympus\": unknown time zone Mars/Olympus"),
            ("../UTC", "\"../UTC\": unknown time zone ../UTC"),
            (
                "Local",
                "\"Local\": timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"
            ),
        ] as [(String, String?)]
    )
    func zonesThatAreNotKnownAreRefused(zone: String, problem: String?) {
        let problems = cluster.problems(
            "cronjobs",
            in: "batch",
            ["spec": ["schedule": "* * * * *", "timeZone": .string(zone), "jobTemplate": Self.job()]]
        )
        #expect(problems == problem.map { ["spec.timeZone: Invalid value: \($0)"] } ?? [])
    }
}
