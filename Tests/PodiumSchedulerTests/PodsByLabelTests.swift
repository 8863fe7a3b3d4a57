// SPDX-License-Identifier: Apache-2.0
// The pods that a selector takes are counted by their labels exactly as by a look at all of them.

import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumScheduler
import PodiumTestKit
import Testing

@Suite struct PodsByLabelTests {
    private static let selectors: [LabelSelector] = [
        LabelSelector(matching: ["app": "a"]),
        LabelSelector(matching: ["app": "a", "tier": "1"]),
        LabelSelector([LabelSelector.Requirement("app", .in, ["a", "b", "a"])]),
        LabelSelector([LabelSelector.Requirement("app", .in, ["a", "b"]), LabelSelector.Requirement("tier", .exists)]),
        LabelSelector([LabelSelector.Requirement("tier", .notIn, ["1"])]),
        LabelSelector([LabelSelector.Requirement("app", .equals, ["nobody"])]),
        LabelSelector.nothing,
    ]

    /// A pod in namespace `ns` or `other`, labelled at random.
    private func pod(_ number: Int, _ random: RandomSource) -> SchedulingPod {
        var labels = ["app": ["a", "b", "c"][random.below(3)]]
        if random.below(2) == 0 { labels["tier"] = "\(random.below(2))" }
        var pod = JSONValue.pod("p-\(number)", labels: labels)
        if random.below(4) == 0 { pod[path: "metadata", "namespace"] = "other" }
        if random.below(5) == 0 { pod[path: "metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z" }
        return SchedulingPod(.of(pod, .pods))
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>) func countsAreThoseOfALookAtAll(seed: UInt64) {
        let random = RandomSource(seed: seed)
        var cluster = SchedulerCache.of(nodes: (0..<4).map { .node("n-\($0)") })
        for _ in 0..<300 {
            let pod = pod(random.below(40), random)
            // The last node is not known.
            if random.below(3) == 0 { cluster.remove(pod.name) } else { cluster.place(pod, on: "n-\(random.below(5))") }
        }
        for selector in Self.selectors {
            var expected: [String: Int] = [:]
            for node in cluster.nodes {
                let count = node.pods.count {
                    $0.name.namespace == "ns" && !$0.isTerminating && selector.matches($0.labels)
                }
                if count > 0 { expected[node.name] = count }
            }
            var counts = cluster.podCounts(in: "ns", matching: selector)
            counts["n-4"] = nil
            #expect(counts == expected, "\(selector)")
        }
    }
}
