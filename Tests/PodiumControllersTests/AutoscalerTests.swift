// SPDX-License-Identifier: Apache-2.0
// Autoscalers: how many replicas it takes, how fast they may come and go, and what is said about it.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage
import PodiumTestKit
import Synchronization
import Testing

@testable import PodiumControllers

/// Metrics as a test wants them.
private final class TestMetrics: PodMetricsSource {
    private let amounts = Mutex<[String: Int64]>([:])

    func set(_ values: [String: Int64]) { amounts.withLock { $0 = values } }

    func metrics(
        of resource: String,
        container: String?,
        _ pods: [APIObject],
        at now: Timestamp
    ) throws(MetricsError) -> [String: PodMetric] {
        let amounts = amounts.withLock { $0 }
        return amounts.mapValues { PodMetric(milliValue: $0, time: now, window: .seconds(15)) }
    }
}

@Suite struct ScalingHistoryTests {
    private let start = Timestamp(nanoseconds: 1_000_000_000_000)

    @Test func aLowerRecommendationWaits() {
        var history = ScalingHistory()
        history.begin(5, now: start)
        let first = history.stabilized(2, now: start + .seconds(15))
        #expect((first.replicas, first.reason) == (5, "ScaleDownStabilized"))
        let later = history.stabilized(2, now: start + .seconds(301))
        #expect((later.replicas, later.reason) == (2, "ReadyForNewScale"))
    }

    @Test(
        arguments: [
            (3, 3, 1...10, 3, "DesiredWithinRange"), (9, 2, 1...10, 4, "ScaleUpLimit"),
            (9, 3, 1...10, 6, "ScaleUpLimit"), (12, 8, 1...10, 10, "TooManyReplicas"),
            (1, 3, 2...10, 2, "TooFewReplicas"),
        ]
    )
    func withoutRulesTheScaleDoublesAtMost(
        desired: Int,
        current: Int,
        bounds: ClosedRange<Int>,
        replicas: Int,
        reason: String
    ) {
        let limited = ScalingHistory.limited(desired, from: current, bounds)
        #expect((limited.replicas, limited.reason) == (replicas, reason))
    }

    private func behavior(_ up: JSONObject, _ down: JSONObject) throws -> ScalingBehavior {
        try #require(ScalingBehavior(["scaleUp": .object(up), "scaleDown": .object(down)]))
    }

    private func policy(_ type: JSONValue, _ value: JSONValue, _ period: JSONValue = 60) -> JSONValue {
        ["type": type, "value": value, "periodSeconds": period]
    }

    @Test func policiesCountWhatWasDoneInTheirPeriod() throws {
        let behavior = try behavior(
            ["policies": [policy("Pods", 2), policy("Percent", 50)], "selectPolicy": "Max"],
            ["policies": [policy("Pods", 1), policy("Percent", 50)], "selectPolicy": "Min"]
        )
        var history = ScalingHistory()
        let first = history.limited(20, from: 2, 1...30, behavior, now: start)
        #expect((first.replicas, first.reason) == (4, "ScaleUpLimit"))
        history.note(from: 2, to: 4, behavior, now: start)
        #expect(history.limited(20, from: 4, 1...30, behavior, now: start + .seconds(59)).replicas == 4)
        #expect(history.limited(20, from: 4, 1...30, behavior, now: start + .seconds(60)).replicas == 6)
        #expect(history.limited(20, from: 10, 1...30, behavior, now: start + .seconds(60)).replicas == 15)
        let down = history.limited(1, from: 10, 1...30, behavior, now: start + .seconds(60))
        #expect((down.replicas, down.reason) == (9, "ScaleDownLimit"))
    }

    @Test func aDirectionCanBeForbidden() throws {
        let policies: JSONValue = [policy("Percent", 100)]
        let behavior = try behavior(
            ["policies": policies, "selectPolicy": "Disabled"],
            ["policies": policies, "selectPolicy": "Disabled"]
        )
        let history = ScalingHistory()
        #expect(history.limited(9, from: 3, 1...30, behavior, now: start).reason == "ScaleUpLimit")
        #expect(history.limited(9, from: 3, 1...30, behavior, now: start).replicas == 3)
        #expect(history.limited(1, from: 3, 1...30, behavior, now: start).replicas == 3)
    }

    @Test func windowsHoldBackBothWays() throws {
        let policies: JSONValue = [policy("Percent", 900)]
        let behavior = try behavior(
            ["policies": policies, "stabilizationWindowSeconds": 60],
            ["policies": policies, "stabilizationWindowSeconds": 120]
        )
        var history = ScalingHistory()
        history.begin(4, now: start)
        let up = history.stabilized(8, from: 4, behavior, now: start + .seconds(30))
        #expect((up.replicas, up.reason) == (4, "ScaleUpStabilized"))
        #expect(history.stabilized(8, from: 4, behavior, now: start + .seconds(61)).replicas == 8)
        let down = history.stabilized(2, from: 8, behavior, now: start + .seconds(90))
        #expect((down.replicas, down.reason) == (8, "ScaleDownStabilized"))
        #expect(history.stabilized(2, from: 8, behavior, now: start + .seconds(182)).replicas == 2)
    }
}

@Suite struct AutoscalerTests {
    private let cluster: BareCluster
    private let metrics = TestMetrics()
    private let controllers: StandardControllers

    init() throws {
        cluster = BareCluster()
        var options = StandardControllers.Options(
            catalog: ResourceCatalog([]),
            enabled: ["horizontal-pod-autoscaler-controller"]
        )
        options.metrics = metrics
        controllers = StandardControllers(client: cluster.client, options: options)
        controllers.start()
        cluster.clock.settle()
        for name in ["default", "ns"] { try cluster.put(.namespace(name)) }
    }

    private func makeTarget(replicas: Int64, request: JSONValue = "100m") throws {
        let target: JSONValue = [
            "kind": "Deployment", "apiVersion": "apps/v1", "metadata": ["name": "web", "namespace": "ns"],
            "spec": [
                "replicas": .integer(replicas), "selector": ["matchLabels": ["app": "web"]],
                "template": [
                    "metadata": ["labels": ["app": "web"]], "spec": ["containers": [["name": "c", "image": "i"]]],
                ],
            ],
        ]
        // Not only put there, so that it has an account of who owns what.
        try cluster.client.create(.deployments, target)
        for index in 0..<replicas {
            var pod = JSONValue.pod(
                "web-\(index)",
                labels: ["app": "web"],
                ["containers": [["name": "c", "image": "i", "resources": ["requests": ["cpu": request]]]]]
            )
            let past = cluster.clock.now - .seconds(3600)
            pod[path: "status", "startTime"] = .string(past.rfc3339)
            pod[path: "status", "conditions"] = [
                ["type": "Ready", "status": "True", "lastTransitionTime": .string(past.rfc3339)]
            ]
            try cluster.put(pod)
        }
    }

    private func makeAutoscaler(_ spec: JSONObject = [:], name: String = "h") throws {
        var all: JSONObject = [
            "scaleTargetRef": ["apiVersion": "apps/v1", "kind": "Deployment", "name": "web"],
            "minReplicas": 1, "maxReplicas": 10,
            "metrics": [
                [
                    "type": "Resource",
                    "resource": ["name": "cpu", "target": ["type": "Utilization", "averageUtilization": 50]],
                ]
            ],
        ]
        all.merge(spec) { $1 }
        try cluster.put([
            "kind": "HorizontalPodAutoscaler", "apiVersion": "autoscaling/v2",
            "metadata": ["name": .string(name), "namespace": "ns"], "spec": .object(all),
        ])
        cluster.clock.settle()
    }

    private var replicas: Int? {
        cluster.object(ObjectKey(.deployments, namespace: "ns", name: "web"))?.spec["replicas"]?.int
    }

    private func autoscaler(_ name: String = "h") throws -> APIObject {
        try #require(cluster.object(ObjectKey(.horizontalPodAutoscalers, namespace: "ns", name: name)))
    }

    private func reasons(_ name: String = "h") throws -> [String: String] {
        let conditions = try autoscaler(name).status["conditions"]?.elements ?? []
        return Dictionary(
            conditions.map { ($0["type"]?.string ?? "", $0["reason"]?.string ?? "") },
            uniquingKeysWith: { $1 }
        )
    }

    private func events(_ name: String = "h") throws -> [String] {
        try cluster.events(about: name).map {
            "\($0.value["reason"]?.string ?? ""): \($0.value["message"]?.string ?? "")"
        }
    }

    @Test func whatIsUsedDecidesAfterFifteenSeconds() throws {
        try makeTarget(replicas: 2)
        metrics.set(["web-0": 100, "web-1": 80])
        try makeAutoscaler()
        try cluster.advance(.seconds(14))
        #expect(replicas == 2)
        try cluster.advance(.seconds(1))
        // 90 % of what is requested, where 50 % is aimed at.
        #expect(replicas == 4)
        let status = try autoscaler().status
        #expect(status["currentReplicas"] == 2)
        #expect(status["desiredReplicas"] == 4)
        let current = status[path: "currentMetrics"]?.elements.first?["resource"]?["current"]
        #expect(current == ["averageValue": "90m", "averageUtilization": 90])
        #expect(
            try events() == [
                "SuccessfulRescale: New size: 4; reason: cpu resource utilization (percentage of request) above target"
            ]
        )
        #expect(
            try reasons() == [
                "AbleToScale": "SucceededRescale", "ScalingActive": "ValidMetricFound",
                "ScalingLimited": "DesiredWithinRange",
            ]
        )
        let owner = cluster.memory.get(ObjectKey(.deployments, namespace: "ns", name: "web"))?.value()
        let entries = owner?[path: "metadata", "managedFields"]?.elements ?? []
        #expect(entries.contains { $0["subresource"] == "scale" && $0["manager"] == "kube-controller-manager" })
    }

    @Test func alittleOffIsLeftAsItIs() throws {
        try makeTarget(replicas: 2)
        metrics.set(["web-0": 55, "web-1": 50])
        try makeAutoscaler()
        try cluster.advance(.seconds(15))
        #expect(replicas == 2)
        #expect(try reasons()["AbleToScale"] == "ReadyForNewScale")
    }

    @Test func shrinkingWaitsForFiveMinutes() throws {
        try makeTarget(replicas: 4)
        metrics.set(["web-0": 10, "web-1": 10, "web-2": 10, "web-3": 10])
        try makeAutoscaler()
        try cluster.advance(.seconds(300))
        #expect(replicas == 4)
        #expect(try reasons()["AbleToScale"] == "ScaleDownStabilized")
        try cluster.advance(.seconds(30))
        #expect(replicas == 1)
        #expect(try events() == ["SuccessfulRescale: New size: 1; reason: All metrics below target"])
    }

    @Test func podsOfWhichNothingIsKnownDoNotTurnTheDirection() throws {
        try makeTarget(replicas: 4)
        metrics.set(["web-0": 100])
        try makeAutoscaler()
        try cluster.advance(.seconds(15))
        // 100 % of one, nothing of three: 25 % on average would be shrinking.
        #expect(replicas == 4)
    }

    @Test(
        arguments: [
            ("2", ["metrics": [average("1")]], 4), ("2", ["metrics": [average("4")], "minReplicas": 2], 2),
        ] as [(JSONValue, JSONObject, Int)]
    )
    func valuesAreAveraged(request: JSONValue, spec: JSONObject, expected: Int) throws {
        try makeTarget(replicas: 2, request: request)
        metrics.set(["web-0": 2000, "web-1": 2000])
        try makeAutoscaler(spec)
        try cluster.advance(.seconds(15))
        #expect(replicas == expected)
    }

    private static func average(_ value: JSONValue) -> JSONValue {
        [
            "type": "Resource",
            "resource": ["name": "cpu", "target": ["type": "AverageValue", "averageValue": value]],
        ]
    }

    @Test func whatCannotBeMeasuredIsSaid() throws {
        try makeTarget(replicas: 2)
        try makeAutoscaler()
        try cluster.advance(.seconds(15))
        let problem =
            "failed to get cpu utilization: unable to get metrics for resource cpu: "
            + "no metrics returned from resource metrics API"
        #expect(
            try events() == [
                "FailedGetResourceMetric: \(problem)",
                "FailedComputeMetricsReplicas: invalid metrics (1 invalid out of 1), first error is: "
                    + "failed to get cpu resource metric value: \(problem)",
            ]
        )
        let active = try #require(try autoscaler().condition("ScalingActive"))
        #expect(active["message"]?.string == "the HPA was unable to compute the replica count: \(problem)")
        #expect(try autoscaler().status["currentMetrics"] == [["type": ""]])
        #expect(try autoscaler().status["currentReplicas"] == 2)
    }

    @Test func podsWithoutRequestsHaveNoUtilization() throws {
        try makeTarget(replicas: 1)
        try cluster.edit(ObjectKey(.pods, namespace: "ns", name: "web-0")) {
            $0[path: "spec", "containers"] = [["name": "c", "image": "i"]]
        }
        metrics.set(["web-0": 10])
        try makeAutoscaler()
        try cluster.advance(.seconds(15))
        let event = try #require(try events().first)
        #expect(event.hasSuffix("failed to get cpu utilization: missing request for cpu in container c of Pod web-0"))
    }

    @Test func aTargetAtZeroIsLeftAlone() throws {
        try makeTarget(replicas: 0)
        try makeAutoscaler()
        try cluster.advance(.seconds(15))
        #expect(replicas == 0)
        #expect(try reasons() == ["AbleToScale": "SucceededGetScale", "ScalingActive": "ScalingDisabled"])
    }

    @Test(
        arguments: [
            (["apiVersion": "apps/v1", "kind": "Deployment", "name": "no"], "deployments.apps \"no\" not found"),
            (
                ["apiVersion": "apps/v1", "kind": "Thing", "name": "no"],
                "no matches for kind \"Thing\" in group \"apps\""
            ),
            (["apiVersion": "a/b/c", "kind": "Thing", "name": "no"], "unexpected GroupVersion string: a/b/c"),
        ] as [(JSONValue, String)]
    )
    func targetsThatAreNoneAreNamed(reference: JSONValue, problem: String) throws {
        try makeAutoscaler(["scaleTargetRef": reference])
        try cluster.advance(.seconds(15))
        #expect(try events() == ["FailedGetScale: \(problem)"])
        #expect(try reasons() == ["AbleToScale": "FailedGetScale"])
    }

    @Test func twoForOneTargetStandInEachOthersWay() throws {
        try makeTarget(replicas: 2)
        metrics.set(["web-0": 50, "web-1": 50])
        try makeAutoscaler()
        try makeAutoscaler(name: "i")
        try cluster.advance(.seconds(30))
        for name in ["h", "i"] { #expect(try reasons(name)["ScalingActive"] == "AmbiguousSelector") }
        let text = "pods by selector app=web are controlled by multiple HPAs: [ns/h ns/i]"
        #expect(try events("h").contains("AmbiguousSelector: \(text)"))
    }

    @Test func rulesOfTheSpecificationAreFollowed() throws {
        try makeTarget(replicas: 2)
        metrics.set(["web-0": 500, "web-1": 500])
        try makeAutoscaler([
            "behavior": ["scaleUp": ["policies": [["type": "Pods", "value": 1, "periodSeconds": 60]]]]
        ])
        try cluster.advance(.seconds(15))
        #expect(replicas == 3)
        #expect(try reasons()["ScalingLimited"] == "ScaleUpLimit")
        try cluster.advance(.seconds(45))
        #expect(replicas == 3)
        try cluster.advance(.seconds(15))
        #expect(replicas == 4)
    }
}
