// SPDX-License-Identifier: Apache-2.0
// Which nodes a pod requires.

import PodiumCodec
import PodiumPodModel
import Testing

@Suite struct RequiredNodeAffinityTests {
    private static func pod(terms: JSONValue?) -> JSONValue {
        let required: JSONValue = terms.map { ["nodeSelectorTerms": $0] } ?? [:]
        return ["spec": ["affinity": ["nodeAffinity": ["requiredDuringSchedulingIgnoredDuringExecution": required]]]]
    }

    private static func expression(_ operation: String, _ values: JSONValue...) -> JSONValue {
        [["matchExpressions": [["key": "size", "operator": .string(operation), "values": .array(values)]]]]
    }

    // Kubernetes: component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go
    @Test(
        arguments: [
            (["spec": [:]], true),
            (["spec": ["nodeSelector": ["size": "10"]]], true),
            (["spec": ["nodeSelector": ["size": "10", "disk": "ssd"]]], false),
            (pod(terms: expression("In", "10", "20")), true),
            (pod(terms: expression("NotIn", "10")), false),
            (pod(terms: expression("Gt", "9")), true),
            (pod(terms: expression("Lt", "9")), false),
            (pod(terms: expression("Exists")), true),
            (pod(terms: expression("DoesNotExist")), false),
            (pod(terms: expression("Like", "10")), false),
            (pod(terms: [["matchFields": [["key": "metadata.name", "operator": "In", "values": ["n"]]]]]), true),
            (pod(terms: [["matchFields": [["key": "metadata.name", "operator": "In", "values": ["m"]]]]]), false),
            // A term without requirements takes no node, and neither does no term at all.
            (pod(terms: [[:]]), false),
            (pod(terms: []), false),
            (pod(terms: nil), false),
        ] as [(JSONValue, Bool)]
    )
    func nodesMatch(pod: JSONValue, matches: Bool) {
        #expect(RequiredNodeAffinity(of: pod).matches(name: "n", labels: ["size": "10"]) == matches)
    }
}
