// SPDX-License-Identifier: Apache-2.0
// How conditions are set on pods.

import PodiumCodec
import PodiumMachinery
import PodiumPodModel
import Testing

@Suite struct PodConditionTests {
    private static let start = Timestamp(seconds: 1_700_000_000)

    @Test func theTimeMovesOnlyWithTheStatus() throws {
        var pod: JSONValue = ["status": ["conditions": [["type": "Other", "status": "True"]]]]
        let condition = PodCondition(PodConditionType.ready, false, reason: "Because", observedGeneration: 2)
        #expect(condition.set(on: &pod, now: Self.start))
        #expect(!condition.set(on: &pod, now: Self.start + .seconds(5)))
        let first = try #require(pod["status"]?["conditions"]?.elements.last)
        #expect(
            first == [
                "type": "Ready", "observedGeneration": 2, "status": "False", "lastProbeTime": .null,
                "lastTransitionTime": .string(Self.start.rfc3339), "reason": "Because",
            ]
        )
        var other = condition
        other.message = "words"
        #expect(other.set(on: &pod, now: Self.start + .seconds(5)))
        #expect(pod["status"]?["conditions"]?.elements.last?["lastTransitionTime"] == first["lastTransitionTime"])
        other.isTrue = true
        #expect(other.set(on: &pod, now: Self.start + .seconds(5)))
        let time = pod["status"]?["conditions"]?.elements.last?["lastTransitionTime"]?.string
        #expect(time == (Self.start + .seconds(5)).rfc3339)
        #expect(pod["status"]?["conditions"]?.elements.count == 2)
    }

    @Test func nothingIsSaidOfAGenerationThatIsNotCounted() {
        #expect(PodCondition("T", true, observedGeneration: 0).value["observedGeneration"] == nil)
        #expect(PodCondition("T", true).value["observedGeneration"] == nil)
    }
}
