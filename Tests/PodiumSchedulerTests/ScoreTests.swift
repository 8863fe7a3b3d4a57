// SPDX-License-Identifier: Apache-2.0
// Which of several nodes is best, plugin by plugin.

import OrderedCollections
import PodiumCodec
import PodiumMachinery
import PodiumScheduler
import Testing

@Suite struct ScoreTests {
    /// The normalized scores of all nodes; nil when the plugin has no preference.
    private func scores<Plugin: Score>(_ plugin: Plugin, _ pod: JSONValue, _ cluster: SchedulerCache) -> [Int64]? {
        let pod = SchedulingPod(.of(pod, .pods))
        guard let state = plugin.preScore(pod, cluster.nodes, cluster) else { return nil }
        var scores = cluster.nodes.map { plugin.score(pod, $0, state) }
        plugin.normalize(&scores, cluster.nodes, state)
        return scores
    }

    @Test func emptierNodesAreBetter() {
        let cluster = SchedulerCache.of(
            nodes: [.node("a"), .node("b")],
            pods: [.pod("x", requests: ["cpu": "2", "memory": "4Gi"], ["nodeName": "a"])]
        )
        // a: (1 of 4 CPUs, 3 of 8Gi left), b: (3 of 4, 7 of 8).
        #expect(scores(NodeResourcesFit(), .pod("p", requests: ["cpu": "1", "memory": "1Gi"]), cluster) == [31, 81])
    }

    @Test func podsWithoutRequestsCountSomething() {
        let cluster = SchedulerCache.of(nodes: [.node("a"), .node("b")], pods: [.pod("x", ["nodeName": "a"])])
        let result = scores(NodeResourcesFit(), .pod("p"), cluster)
        #expect(result == [95, 97])
    }

    @Test func evenUseIsBetter() {
        let cluster = SchedulerCache.of(
            nodes: [.node("a"), .node("b")],
            pods: [.pod("x", requests: ["cpu": "2"], ["nodeName": "a"])]
        )
        let pod = JSONValue.pod("p", requests: ["cpu": "1", "memory": "6Gi"])
        // a: 75 % and 75 %; b: 25 % and 75 %.
        #expect(scores(NodeResourcesBalancedAllocation(), pod, cluster) == [100, 75])
        #expect(scores(NodeResourcesBalancedAllocation(), .pod("p"), cluster) == nil)
    }

    @Test func softTaintsAreAvoided() {
        let cluster = SchedulerCache.of(nodes: [
            .node("a", taints: [.taint("k", "PreferNoSchedule"), .taint("l", "PreferNoSchedule")]),
            .node("b", taints: [.taint("k", "PreferNoSchedule")]), .node("c"),
        ])
        #expect(scores(TaintToleration(), .pod("p"), cluster) == [0, 50, 100])
    }

    @Test func preferredNodesAreBetter() {
        let cluster = SchedulerCache.of(nodes: [
            .node("a", labels: ["disk": "ssd", "zone": "1"]), .node("b", labels: ["disk": "ssd"]), .node("c"),
        ])
        func preference(_ key: String, _ weight: Int64) -> JSONValue {
            [
                "weight": .integer(weight),
                "preference": ["matchExpressions": [["key": .string(key), "operator": "Exists"]]],
            ]
        }
        let terms: JSONValue = [preference("disk", 10), preference("zone", 30)]
        let pod = JSONValue.pod(
            "p",
            ["affinity": ["nodeAffinity": ["preferredDuringSchedulingIgnoredDuringExecution": terms]]]
        )
        #expect(scores(NodeAffinity(), pod, cluster) == [100, 25, 0])
        #expect(scores(NodeAffinity(), .pod("p"), cluster) == nil)
    }

    @Test func likedPodsAttractAndDislikedOnesRepel() {
        func term(_ app: JSONValue) -> JSONValue {
            [
                "weight": 10,
                "podAffinityTerm": [
                    "topologyKey": "kubernetes.io/hostname", "labelSelector": ["matchLabels": ["app": app]],
                ],
            ]
        }
        let affinity: JSONValue = [
            "podAffinity": ["preferredDuringSchedulingIgnoredDuringExecution": [term("x")]],
            "podAntiAffinity": ["preferredDuringSchedulingIgnoredDuringExecution": [term("y")]],
        ]
        let cluster = SchedulerCache.of(
            nodes: [.node("a"), .node("b"), .node("c")],
            pods: [
                .pod("x", labels: ["app": "x"], ["nodeName": "a"]), .pod("y", labels: ["app": "y"], ["nodeName": "b"]),
            ]
        )
        #expect(scores(InterPodAffinity(), .pod("p", ["affinity": affinity]), cluster) == [100, 0, 50])
        #expect(scores(InterPodAffinity(), .pod("p"), cluster) == nil)
    }

    @Test func preferredSpreadingFavoursEmptierDomains() {
        let constraint: JSONValue = [
            "topologyKey": "kubernetes.io/hostname", "maxSkew": 1, "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": ["matchLabels": ["app": "x"]],
        ]
        let pod = JSONValue.pod("p", labels: ["app": "x"], ["topologySpreadConstraints": [constraint]])
        let cluster = SchedulerCache.of(
            nodes: [.node("a"), .node("b")],
            pods: [.pod("x", labels: ["app": "x"], ["nodeName": "a"])]
        )
        #expect(scores(PodTopologySpread(), pod, cluster) == [0, 100])
    }

    @Test func podsBehindAServiceAreSpreadUnasked() {
        var cluster = SchedulerCache.of(
            nodes: [.node("a"), .node("b")],
            pods: [.pod("x", labels: ["app": "x"], ["nodeName": "a"])]
        )
        let pod = JSONValue.pod("p", labels: ["app": "x"])
        #expect(scores(PodTopologySpread(), pod, cluster) == nil)
        cluster.serviceSelectors = ["ns": ["s": ["app": "x"]]]
        #expect(scores(PodTopologySpread(), pod, cluster) == [66, 100])
    }
}
