// SPDX-License-Identifier: Apache-2.0
// Which taints a toleration bears.

import PodiumCodec
import PodiumPodModel
import Testing

@Suite struct TolerationTests {
    private static let taint = Taint(key: "team", value: "a", effect: .noExecute)

    // Kubernetes: k8s.io/api/core/v1/toleration.go ToleratesTaint
    @Test(
        arguments: [
            (["key": "team", "operator": "Equal", "value": "a", "effect": "NoExecute"], true),
            (["key": "team", "value": "a"], true),
            (["key": "team", "value": "b"], false),
            (["key": "team", "operator": "Exists"], true),
            (["key": "other", "operator": "Exists"], false),
            (["key": "team", "operator": "Exists", "effect": "NoSchedule"], false),
            (["operator": "Exists"], true),
            // Without a key every key will do; what is asked of the value still holds.
            (["operator": "Equal", "value": "a"], true),
            (["value": "b"], false),
            (["key": "team", "operator": "Like", "value": "a"], false),
        ] as [(JSONValue, Bool)]
    )
    func bearsWhatItSays(toleration: JSONValue, bears: Bool) {
        #expect(Toleration(toleration).tolerates(Self.taint) == bears)
    }

    @Test func theFirstTaintThatNobodyBearsIsFound() {
        let taints = [Taint(key: "a", effect: .preferNoSchedule), Taint(key: "b", effect: .noSchedule), Self.taint]
        let tolerations = [Toleration(["key": "b", "operator": "Exists"])]
        #expect(taints.firstUntolerated(by: tolerations, effects: [.noSchedule]) == nil)
        #expect(taints.firstUntolerated(by: tolerations, effects: [.noSchedule, .noExecute]) == Self.taint)
    }

    @Test func taintsComeBackAsTheyWere() {
        let json: JSONValue = [
            "key": "k", "value": "v", "effect": "NoExecute", "timeAdded": "2026-01-02T03:04:05Z",
        ]
        #expect(Taint(json)?.jsonValue == json)
        #expect(Taint(["key": "k", "effect": "Unheard"]) == nil)
    }
}
