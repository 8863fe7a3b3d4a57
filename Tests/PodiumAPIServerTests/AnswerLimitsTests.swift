// SPDX-License-Identifier: Apache-2.0
// What a client gets to read of very much: warnings, causes, objects.

import PodiumCodec
import PodiumMachinery
import Testing

@Suite struct AnswerLimitsTests {
    private static let maps = "/api/v1/namespaces/ns/configmaps"

    private static func map(_ fields: [String]) -> String {
        let unknown = fields.map { "\"\($0)\":1" }.joined(separator: ",")
        return #"{"metadata":{"generateName":"m"},\#(unknown)}"#
    }

    @Test func warningsAreWholeWhileTheyAreShort() {
        let fields = (0..<20).map { "k\($0)" }
        let answer = ServerFixture().send("POST", Self.maps, Self.map(fields))
        #expect(answer.code == 201)
        #expect(answer.warnings == fields.map { #"299 - "unknown field \"\#($0)\"""# })
    }

    @Test func aLongWarningIsCut() {
        let answer = ServerFixture().send("POST", Self.maps, Self.map([String(repeating: "k", count: 18_000)]))
        #expect(answer.code == 201)
        let text = #"unknown field \""# + String(repeating: "k", count: 256 - 15)
        #expect(answer.warnings == [#"299 - "\#(text)""#])
    }

    @Test func ofManyWarningsTheFirstAreTold() {
        // 60 scalars each: the 69th passes 4,096.
        let fields = (0..<90).map { "\(String(repeating: "f", count: 39))\(10_000 + $0)" }
        let answer = ServerFixture().send("POST", Self.maps, Self.map(fields))
        #expect(answer.warnings.count == 69)
        #expect(answer.warnings.last == #"299 - "unknown field \"\#(fields[68])\"""#)
    }

    @Test func warningsAreCutByScalarsAndNotByBytes() {
        let answer = ServerFixture().send("POST", Self.maps, Self.map([String(repeating: "\u{1F600}", count: 5_000)]))
        #expect(answer.warnings.first?.unicodeScalars.count == 256 + 1 + #"299 - """#.count)
    }

    @Test func ofManyCausesTheFirstAreTold() {
        let labels = (0..<400).map { "\"k \($0)\":\"v\"" }.joined(separator: ",")
        let answer = ServerFixture().send("POST", Self.maps, #"{"metadata":{"name":"m","labels":{\#(labels)}}}"#)
        #expect(answer.code == 422)
        let causes = answer.body[path: "details", "causes"]?.elements ?? []
        #expect(causes.count == 257)
        #expect(causes.last == ["message": "and 144 more"])
        #expect(answer.message.hasSuffix(", and 144 more]"))
    }

    @Test func aLongValueIsCutWhereItIsBlamed() {
        let value = String(repeating: "v", count: 100_000)
        let answer = ServerFixture().send("POST", Self.maps, #"{"metadata":{"name":"m","labels":{"k":"\#(value)"}}}"#)
        #expect(answer.code == 422)
        #expect(answer.message.utf8.count < 10_000)
        #expect(answer.message.contains("bytes more)"))
    }

    @Test func objectsLargerThanEtcdsRequestsAreRefused() {
        let server = ServerFixture()
        func send(_ count: Int) -> ServerFixture.Answer {
            let finalizers = (0..<count).map { "\"a.b/\(100_000 + $0)\"" }.joined(separator: ",")
            return server.send("POST", Self.maps, #"{"metadata":{"generateName":"m","finalizers":[\#(finalizers)]}}"#)
        }
        #expect(send(100_000).code == 201)
        let answer = send(130_000)
        #expect(answer.code == 500)
        #expect(answer.message == "etcdserver: request is too large")
        #expect(answer.body["reason"] == nil)
    }

    @Test(arguments: ["", "?force=true"]) func whoAppliesMustSayWhoItIs(query: String) {
        let server = ServerFixture()
        let answer = server.send("PATCH", "\(Self.maps)/m\(query)", "{}", contentType: "application/apply-patch+yaml")
        #expect(answer.code == 422)
        #expect(answer.message.contains("fieldManager: Required value: is required for apply patch"))
    }

    @Test func anObjectTooLargeForItsAccountGoesWithout() {
        let server = ServerFixture()
        let keys = (0..<60_000).map { "\"k\($0)\":\"0123\"" }.joined(separator: ",")
        let made = server.send("POST", Self.maps, #"{"metadata":{"name":"m"},"data":{\#(keys)}}"#)
        #expect(made.code == 201)
        #expect(made.body[path: "metadata", "managedFields"] == nil)
    }

    @Test func negativeZeroIsTheInteger0() {
        let body = #"{"metadata":{"generateName":"l"},"spec":{"leaseTransitions":-0}}"#
        let answer = ServerFixture().send("POST", "/apis/coordination.k8s.io/v1/namespaces/ns/leases", body)
        #expect(answer.code == 201)
        #expect(answer.body[path: "spec", "leaseTransitions"] == 0)
    }
}
