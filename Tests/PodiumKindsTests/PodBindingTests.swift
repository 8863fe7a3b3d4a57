// SPDX-License-Identifier: Apache-2.0
// What binding a pod to a node does to it, and when it is refused.

import PodiumAPIServer
import PodiumCodec
import PodiumKindTesting
import PodiumKinds
import PodiumMachinery
import PodiumPodModel
import Testing

struct PodBindingTests {
    private static let binding: JSONValue = [
        "metadata": ["name": "p", "annotations": ["a": "b"], "labels": ["zone": "z"]],
        "target": ["kind": "Node", "name": "n"],
    ]

    @Test func aBoundPodIsOnItsNode() throws {
        var pod = try PodFixture.pod("{}", annotations: #"{"c":"d"}"#, status: #"{"nominatedNodeName":"m"}"#)
        try PodBinding.assign(pod: &pod, binding: Self.binding, now: PodFixture.now)
        #expect(pod[place: "spec/nodeName"] == "n")
        #expect(pod[place: "metadata/annotations"] == ["c": "d", "a": "b"])
        #expect(pod[place: "metadata/labels"] == ["zone": "z"])
        #expect(pod[place: "status/nominatedNodeName"] == nil)
        #expect(pod[place: "status/conditions/0/type"] == "PodScheduled")
        #expect(pod[place: "status/conditions/0/status"] == "True")
        #expect(pod[place: "status/conditions/0/lastTransitionTime"] == .string(PodFixture.now.rfc3339))
    }

    static let hindrances: [(field: String, value: JSONValue, problem: String)] = [
        ("nodeName", "m", #"pod p is already assigned to node "m""#),
        ("schedulingGates", [["name": "g"]], "pod p has non-empty .spec.schedulingGates"),
    ]

    @Test(arguments: hindrances)
    func podsThatHaveANodeOrMustWaitAreRefused(
        _ row: (field: String, value: JSONValue, problem: String)
    ) throws {
        var pod = try PodFixture.pod("{}")
        pod[path: "spec", row.field] = row.value
        let before = pod
        let error = #expect(throws: StatusError.self) {
            try PodBinding.assign(pod: &pod, binding: Self.binding, now: PodFixture.now)
        }
        #expect(error?.code == 409)
        #expect(error?.message.hasSuffix(row.problem) == true)
        #expect(pod == before)
    }

    @Test func podsOnTheirWayOutAreRefused() throws {
        var pod = try PodFixture.pod("{}")
        pod[path: "metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z"
        let error = #expect(throws: StatusError.self) {
            try PodBinding.assign(pod: &pod, binding: Self.binding, now: PodFixture.now)
        }
        #expect(error?.message.hasSuffix("pod p is being deleted, cannot be assigned to a host") == true)
    }

    @Test(
        arguments: [
            (#"{"kind":"Node","name":"n"}"#, ""), (#"{"name":"n"}"#, ""),
            (#"{"name":""}"#, "target.name: Required value"),
            (
                #"{"kind":"Pod","name":"n"}"#,
                #"target.kind: Unsupported value: "Pod": supported values: "Node", "<empty>""#
            ),
        ]
    )
    func bindingsNameANode(_ target: String, _ problem: String) throws {
        let errors = PodBinding.errors(["target": try JSONValue(json: target)])
        #expect(errors.map(\.message).joined() == problem)
        #expect(PodBinding.refusal(errors)?.code == (problem.isEmpty ? nil : 500))
    }
}
