// SPDX-License-Identifier: Apache-2.0
// Classes of service, sums of resources and the parts of image names.

import OrderedCollections
import PodiumAPIServer
import PodiumCodec
import PodiumKindTesting
import PodiumKinds
import PodiumMachinery
import Testing

struct PodQOSTests {
    private static func containers(_ resources: String...) -> String {
        let list = resources.enumerated().map { #"{"name":"c\#($0)","image":"i","resources":\#($1)}"# }
        return #"{"containers":[\#(list.joined(separator: ","))]}"#
    }

    private static let whole = #"{"limits":{"cpu":"1","memory":"1Gi"}}"#

    @Test(
        arguments: [
            (containers("{}"), PodQOS.bestEffort),
            (containers(whole), .guaranteed),
            (containers(whole, whole), .guaranteed),
            (containers(whole, "{}"), .burstable),
            (containers(#"{"limits":{"cpu":"1"}}"#), .burstable),
            (containers(#"{"limits":{"cpu":"1","memory":"1Gi"},"requests":{"cpu":"500m"}}"#), .burstable),
            (containers(#"{"limits":{"cpu":"1","memory":"1Gi"},"requests":{"cpu":"1000m"}}"#), .guaranteed),
            (containers(#"{"requests":{"ephemeral-storage":"1Gi"}}"#), .bestEffort),
            (containers(#"{"requests":{"cpu":"0"}}"#), .bestEffort),
            (#"{"resources":{"limits":{"cpu":"1","memory":"1Gi"}}}"#, .guaranteed),
            (#"{"resources":{"requests":{"cpu":"1"}}}"#, .burstable),
        ]
    )
    func theClassFollowsFromTheResources(_ spec: String, _ expected: PodQOS) throws {
        let pod = try PodFixture.pod(spec)
        #expect(PodQOS.compute(pod["spec"] ?? .emptyObject) == expected)
    }

    /// The largest init container counts, sidecars beside everything that starts after them.
    @Test func aPodAsksForWhatItsHungriestMomentNeeds() throws {
        let pod = try PodFixture.pod(
            """
            {"containers":[{"name":"c","image":"i","resources":{"requests":{"cpu":"1"}}}],"overhead":{"cpu":"100m"},
            "initContainers":[
            {"name":"s","image":"i","restartPolicy":"Always","resources":{"requests":{"cpu":"2"}}},
            {"name":"i","image":"i","resources":{"requests":{"cpu":"3","memory":"1Gi"}}}]}
            """
        )
        let amounts = PodResources.aggregate("requests", of: pod["spec"] ?? .emptyObject)
        #expect(amounts["cpu"]?.description == "5")
        #expect(amounts["memory"]?.description == "1Gi")
    }
}
