// SPDX-License-Identifier: Apache-2.0
// Pods that hold so much of this machine's memory that little is left.

import PodiumCodec
import PodiumKubelet
import Testing

@Suite struct HeldMemoryTests {
    private func pod(_ script: String) -> JSONValue {
        [
            "restartPolicy": "Always", "terminationGracePeriodSeconds": 1,
            "containers": [
                ["name": "main", "image": "busybox:1.36", "command": ["sh", "-c", .string(script)]]
            ],
        ]
    }

    /// Fills a megabyte, of which the zeros are kept because something follows them.
    private static let megabyte = "{ head -c 999999 /dev/zero && echo; }"

    private static func write(_ count: Int) -> String {
        "i=0; while [ $i -lt \(count) ] && \(megabyte) > /f$i; do i=$((i + 1)); done"
    }

    @Test func thePodThatHoldsMostIsEvictedAndTheOthersGoOn() throws {
        let cluster = try KubeletTestCluster(nodes: ["node-1", "node-2"], heldBytes: 5 << 20)
        try cluster.bind("large", to: "node-1", pod("\(Self.write(3)); sleep 9999"))
        try cluster.bind("small", to: "node-2", pod("sleep 1; \(Self.write(1)); sleep 9999"))
        try cluster.advance(30)
        #expect(cluster.pod("large")?.phase == "Running")
        // Now less than a tenth is left.
        try cluster.bind("last", to: "node-2", pod("\(Self.write(9)); sleep 30; \(Self.write(2)); sleep 9999"))
        try cluster.advance(25)
        let large = try #require(cluster.pod("large"))
        #expect(large.phase == "Failed")
        #expect(large.status["reason"] == "Evicted")
        let message = large.status["message"]?.string ?? ""
        #expect(
            message.hasPrefix("The node was low on resource: ephemeral-storage. Threshold quantity: 512Ki, available: ")
        )
        #expect(message.contains("Container main was using 2929Ki, request is 0, has larger consumption of"))
        #expect(large.conditions.contains("DisruptionTarget=True:TerminationByKubelet"))
        #expect(
            try cluster.events("large").contains { $0.hasPrefix("Warning Evicted x1: The node was low on resource") }
        )
        try cluster.advance(60)
        for name in ["small", "last"] { #expect(cluster.pod(name)?.phase == "Running", "\(name)") }
    }

    @Test func whoHoldsLittleStaysWhileOthersAreTheReason() throws {
        let cluster = try KubeletTestCluster(heldBytes: 4 << 20)
        try cluster.bind("small", pod("\(Self.write(1)); sleep 9999"))
        try cluster.bind("large", pod("while :; do \(Self.write(9)); sleep 1; done"))
        try cluster.advance(60)
        #expect(cluster.pod("small")?.phase == "Running")
        #expect(cluster.pod("large")?.status["reason"] == "Evicted")
    }

    /// What was written and removed again counts until the kubelet looks.
    @Test func whoHasRemovedWhatItWroteIsNotEvicted() throws {
        let cluster = try KubeletTestCluster(heldBytes: 4 << 20)
        try cluster.bind("tidy", pod("while :; do \(Self.megabyte) > /f; rm /f; sleep 1; done"))
        try cluster.bind("small", pod("\(Self.write(1)); sleep 9999"))
        try cluster.advance(300)
        for name in ["tidy", "small"] { #expect(cluster.pod(name)?.phase == "Running", "\(name)") }
    }

    /// Pods that have long been still are looked at when others make memory short.
    @Test func aLargePodThatHasLongBeenStillIsEvicted() throws {
        let cluster = try KubeletTestCluster(nodes: ["node-1", "node-2"], heldBytes: 5 << 20)
        try cluster.bind("still", to: "node-1", pod("\(Self.write(3)); sleep 99999"))
        try cluster.advance(600)
        try cluster.bind("busy", to: "node-2", pod("\(Self.write(2)); sleep 99999"))
        try cluster.advance(30)
        #expect(cluster.pod("still")?.status["reason"] == "Evicted")
        #expect(cluster.pod("busy")?.phase == "Running")
    }
}
