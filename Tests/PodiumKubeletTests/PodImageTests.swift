// SPDX-License-Identifier: Apache-2.0
// Images that are there, are pulled, or can not be had.

import PodiumCodec
import Testing

@Suite struct PodImageTests {
    private static func pod(_ image: String, policy: String = "IfNotPresent") -> JSONValue {
        ["containers": [["name": "main", "image": .string(image), "imagePullPolicy": .string(policy)]]]
    }

    @Test func anImageThatDoesNotExistIsTriedAgainWithBackOff() throws {
        let cluster = try KubeletTestCluster()
        try cluster.bind("p", Self.pod("does-not-exist:1"))
        try cluster.advance(60)
        let events = try cluster.events("p")
        #expect(events.count == 5)
        #expect(events[0] == "Normal Pulling x3: Pulling image \"does-not-exist:1\"")
        #expect(events[1].hasPrefix("Warning Failed x3: Failed to pull image \"does-not-exist:1\": "))
        #expect(events[2] == "Warning Failed x3: Error: ErrImagePull")
        #expect(events[3].hasSuffix(": Back-off pulling image \"does-not-exist:1\""))
        #expect(events[4].hasSuffix(": Error: ImagePullBackOff"))
        #expect(cluster.pod("p")?.phase == "Pending")
        let states = Set(cluster.versions("p").map(\.containers))
        #expect(states.contains("main=waiting:ErrImagePull r0"))
        #expect(states.contains("main=waiting:ImagePullBackOff r0"))
    }

    @Test func aMalformedNameIsNotPulled() throws {
        let cluster = try KubeletTestCluster()
        try cluster.bind("p", Self.pod("Not A Name"))
        try cluster.advance(5)
        #expect(cluster.pod("p")?.containers == "main=waiting:InvalidImageName r0")
        #expect(try cluster.events("p").contains { $0.hasPrefix("Normal Pulling") } == false)
    }

    @Test func neverMeansNever() throws {
        let cluster = try KubeletTestCluster()
        try cluster.bind("p", Self.pod("registry.example/app:1", policy: "Never"))
        try cluster.advance(5)
        #expect(cluster.pod("p")?.containers == "main=waiting:ErrImageNeverPull r0")
    }

    @Test func anImageIsPulledOnceForAllPodsOfANode() throws {
        let cluster = try KubeletTestCluster()
        try cluster.bind("a", Self.pod("registry.example/app:1"))
        try cluster.advance(30)
        try cluster.bind("b", Self.pod("registry.example/app:1"))
        try cluster.advance(5)
        let pulled = "Container image \"registry.example/app:1\" already present on machine"
        #expect(try cluster.events("a").contains { $0.hasPrefix("Normal Pulling x1") })
        #expect(try cluster.events("b").first == "Normal Pulled x1: \(pulled) and can be accessed by the pod")
    }

    @Test func aPodThatWaitsForItsImageIsDeletedSoon() throws {
        let cluster = try KubeletTestCluster()
        try cluster.bind("p", Self.pod("does-not-exist:1"))
        try cluster.advance(5)
        try cluster.delete("p")
        try cluster.advance(3)
        #expect(cluster.pod("p") == nil)
        let last = try #require(cluster.versions("p").last)
        #expect(last.isDeleted)
        #expect(last.phase == "Failed")
    }
}
