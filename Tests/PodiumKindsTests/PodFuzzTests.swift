// SPDX-License-Identifier: Apache-2.0
// Pods with a strange value at a random place: the rules may refuse them, and never crash.

import PodiumAPIServer
import PodiumCodec
import PodiumHost
import PodiumKindTesting
import PodiumKinds
import PodiumRegistry
import Testing

struct PodFuzzTests {
    private static let rules =
        PodContainerRulesTests.names + PodContainerRulesTests.ports + PodContainerRulesTests.environment
        + PodContainerRulesTests.probes + PodContainerRulesTests.initContainers + PodContainerRulesTests.resources
        + PodVolumeRulesTests.sources + PodVolumeRulesTests.places + PodSecurityRulesTests.users
        + PodSecurityRulesTests.profiles + PodSecurityRulesTests.systems + PodSchedulingRulesTests.nodes
        + PodSchedulingRulesTests.taints + PodSchedulingRulesTests.names

    private static let strange: [JSONValue] = [
        .null, true, 0, -1, .integer(.max), .integer(.min), "", "/", "..", "-9223372036854775808", "9e999", "1e-999",
        "9223372036854775807Ei", "é\u{0}\u{202E}", .string(String(repeating: "a", count: 70_000)), [], [[:]], [.null],
        ["", 1], [:], ["a": .null], ["cpu": "9223372036854775807", "memory": "-9223372036854775808E"],
    ]

    private static let strategies: [any ResourceStrategy] = [
        PodStrategy(), PodStatusStrategy(), PodEphemeralContainersStrategy(), PodResizeStrategy(),
    ]

    @Test(arguments: 1...2 as ClosedRange<UInt64>)
    func strangeValuesNeverCrash(_ seed: UInt64) throws {
        let random = RandomSource(seed: seed)
        let context = try PodFixture.context()
        for rule in Self.rules {
            let old = try PodFixture.pod(rule.spec, annotations: rule.annotations, status: Self.status)
            for _ in 0..<6 {
                var pod = old
                Self.disturb(&pod, random)
                PodStrategy().applyDefaults(&pod)
                var new = pod
                PodStrategy().prepareForCreate(&new, context: context)
                _ = PodStrategy().validate(new, context: context)
                _ = PodStrategy().warnings(new, old: nil, context: context)
                for strategy in Self.strategies {
                    for (before, after) in [(old, pod), (pod, old), (new, pod)] {
                        var object = after
                        try strategy.prepareForUpdate(&object, old: before, context: context)
                        _ = try strategy.validateUpdate(object, old: before, context: context)
                    }
                }
            }
        }
    }

    private static let status = """
        {"phase":"Running","podIP":"10.0.0.1","hostIPs":[{"ip":"10.0.0.2"}],"observedGeneration":1,
        "conditions":[{"type":"Ready","status":"True"}],
        "containerStatuses":[{"name":"c","restartCount":1,"state":{"terminated":{"exitCode":1}}}]}
        """

    /// Puts a strange value somewhere into `value`.
    private static func disturb(_ value: inout JSONValue, _ random: RandomSource) {
        if random.below(6) == 0 {
            value = strange[random.below(strange.count)]
        } else if let members = value.object, !members.isEmpty {
            let name = members[random.below(members.count)].key
            var member = members[name] ?? .null
            disturb(&member, random)
            value[name] = member
        } else if var elements = value.array, !elements.isEmpty {
            disturb(&elements[random.below(elements.count)], random)
            value = .array(elements)
        } else {
            value = strange[random.below(strange.count)]
        }
    }
}
