// SPDX-License-Identifier: Apache-2.0
// The filters about other pods: affinity, anti-affinity and spreading.

import PodiumCodec
import PodiumMachinery
import PodiumScheduler
import Testing

@Suite struct TopologyPluginTests {
    /// Two hosts in zone 1 and one in zone 2.
    private static let zones: [JSONValue] = [
        .node("a1", labels: ["zone": "1"]), .node("a2", labels: ["zone": "1"]), .node("b1", labels: ["zone": "2"]),
    ]

    private static func pod(_ name: String, on node: String, app: String = "x", _ spec: JSONObject = [:]) -> JSONValue {
        var spec = spec
        spec["nodeName"] = .string(node)
        return .pod(name, labels: ["app": app], spec)
    }

    private static func term(_ key: String, _ more: JSONObject = [:]) -> JSONValue {
        var term: JSONObject = ["topologyKey": .string(key), "labelSelector": ["matchLabels": ["app": "x"]]]
        term.merge(more) { $1 }
        return .object(term)
    }

    /// A spec that wants to be near, or far from, pods of `app: x`.
    private static func wanting(_ kind: String, _ terms: JSONValue...) -> JSONObject {
        ["affinity": [kind: ["requiredDuringSchedulingIgnoredDuringExecution": .array(terms)]]]
    }

    private static func elsewhere(_ name: String, on node: String) -> JSONValue {
        var pod = pod(name, on: node)
        pod[path: "metadata", "namespace"] = "other"
        return pod
    }

    @Test(arguments: [
        FilterCase(
            name: "near, by zone",
            nodes: zones,
            pods: [pod("x", on: "a1")],
            pod: .pod("p", wanting("podAffinity", term("zone"))),
            fits: ["a1", "a2"],
            reason: "node(s) didn't match pod affinity rules"
        ),
        FilterCase(
            name: "near, by host",
            nodes: zones,
            pods: [pod("x", on: "a1")],
            pod: .pod("p", wanting("podAffinity", term("kubernetes.io/hostname"))),
            fits: ["a1"]
        ),
        FilterCase(name: "near nobody", nodes: zones, pod: .pod("p", wanting("podAffinity", term("zone"))), fits: []),
        FilterCase(
            name: "near itself",
            nodes: zones,
            pod: .pod("p", labels: ["app": "x"], wanting("podAffinity", term("zone"))),
            fits: ["a1", "a2", "b1"]
        ),
        FilterCase(
            name: "near itself where others are",
            nodes: zones,
            pods: [pod("x", on: "b1")],
            pod: .pod("p", labels: ["app": "x"], wanting("podAffinity", term("zone"))),
            fits: ["b1"]
        ),
        FilterCase(
            name: "an unknown topology",
            nodes: zones,
            pods: [pod("x", on: "a1")],
            pod: .pod("p", wanting("podAffinity", term("rack"))),
            fits: []
        ),
        FilterCase(
            name: "far, by zone",
            nodes: zones,
            pods: [pod("x", on: "a1")],
            pod: .pod("p", wanting("podAntiAffinity", term("zone"))),
            fits: ["b1"],
            reason: "node(s) didn't match pod anti-affinity rules"
        ),
        FilterCase(
            name: "others keep far",
            nodes: zones,
            pods: [pod("x", on: "a1", app: "y", wanting("podAntiAffinity", term("zone")))],
            pod: .pod("p", labels: ["app": "x"]),
            fits: ["b1"],
            reason: "node(s) didn't satisfy existing pods anti-affinity rules"
        ),
        FilterCase(
            name: "pods of other namespaces do not count",
            nodes: zones,
            pods: [elsewhere("x", on: "a1")],
            pod: .pod("p", wanting("podAntiAffinity", term("zone"))),
            fits: ["a1", "a2", "b1"]
        ),
        FilterCase(
            name: "unless named",
            nodes: zones,
            pods: [elsewhere("x", on: "a1")],
            pod: .pod("p", wanting("podAntiAffinity", term("zone", ["namespaces": ["other"]]))),
            fits: ["b1"]
        ),
        FilterCase(
            name: "or selected",
            nodes: zones,
            pods: [elsewhere("x", on: "a1")],
            pod: .pod(
                "p",
                wanting("podAntiAffinity", term("zone", ["namespaceSelector": ["matchLabels": ["team": "red"]]]))
            ),
            fits: ["b1"]
        ),
        FilterCase(
            name: "only those of the same version",
            nodes: zones,
            pods: [pod("x", on: "a1")],
            pod: .pod(
                "p",
                labels: ["version": "2"],
                wanting("podAntiAffinity", term("zone", ["matchLabelKeys": ["version"]]))
            ),
            fits: ["a1", "a2", "b1"]
        ),
    ])
    func interPodAffinity(test: FilterCase) { test.check(InterPodAffinity()) }

    private static func spreading(_ key: String, _ more: JSONObject = [:]) -> JSONValue {
        var constraint: JSONObject = [
            "topologyKey": .string(key), "maxSkew": 1, "whenUnsatisfiable": "DoNotSchedule",
            "labelSelector": ["matchLabels": ["app": "x"]],
        ]
        constraint.merge(more) { $1 }
        return .pod("p", labels: ["app": "x"], ["topologySpreadConstraints": [.object(constraint)]])
    }

    @Test(arguments: [
        FilterCase(
            name: "to the emptier zone",
            nodes: zones,
            pods: [pod("x", on: "a1")],
            pod: spreading("zone"),
            fits: ["b1"],
            reason: "node(s) didn't match pod topology spread constraints"
        ),
        FilterCase(
            name: "a difference of two",
            nodes: zones,
            pods: [pod("x", on: "a1")],
            pod: spreading("zone", ["maxSkew": 2]),
            fits: ["a1", "a2", "b1"]
        ),
        FilterCase(
            name: "nodes without the label",
            nodes: zones + [.node("c")],
            pods: [pod("x", on: "a1")],
            pod: spreading("zone"),
            fits: ["b1"]
        ),
        FilterCase(
            name: "too few domains",
            nodes: zones,
            pods: [pod("x", on: "a1"), pod("y", on: "b1")],
            pod: spreading("zone", ["minDomains": 3]),
            fits: []
        ),
        FilterCase(
            name: "a tainted domain counts",
            nodes: zones + [.node("c1", labels: ["zone": "3"], taints: [.taint("k")])],
            pods: [pod("x", on: "a1"), pod("y", on: "b1")],
            pod: spreading("zone"),
            fits: ["c1"]
        ),
        FilterCase(
            name: "unless taints are honoured",
            nodes: zones + [.node("c1", labels: ["zone": "3"], taints: [.taint("k")])],
            pods: [pod("x", on: "a1"), pod("y", on: "b1")],
            pod: spreading("zone", ["nodeTaintsPolicy": "Honor"]),
            fits: ["a1", "a2", "b1", "c1"]
        ),
        FilterCase(
            name: "only a preference",
            nodes: zones,
            pod: spreading("rack", ["whenUnsatisfiable": "ScheduleAnyway"]),
            fits: ["a1", "a2", "b1"]
        ),
    ])
    func podTopologySpread(test: FilterCase) { test.check(PodTopologySpread()) }

    @Test func domainsThatThePodCannotReachDoNotCount() {
        var pod = Self.spreading("zone")
        pod[path: "spec", "nodeSelector"] = ["zone": "1"]
        let test = FilterCase(
            name: "",
            nodes: Self.zones,
            pods: [Self.pod("x", on: "a1")],
            pod: pod,
            fits: ["a1", "a2", "b1"]
        )
        test.check(PodTopologySpread())
    }

    @Test func podsOnTheirWayOutDoNotCount() {
        var going = Self.pod("x", on: "a1")
        going[path: "metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z"
        let test = FilterCase(
            name: "",
            nodes: Self.zones,
            pods: [going],
            pod: Self.spreading("zone"),
            fits: ["a1", "a2", "b1"]
        )
        test.check(PodTopologySpread())
    }
}
