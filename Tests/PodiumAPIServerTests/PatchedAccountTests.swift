// SPDX-License-Identifier: Apache-2.0
// What patches make of the account of who owns fields, and objects of one template of theirs.

import PodiumCodec
import Testing

@Suite struct PatchedAccountTests {
    private static let path = "/api/v1/namespaces/ns/pods"
    private let server = ServerFixture()

    private static func pod(_ name: String, image: String = "i") -> String {
        #"{"metadata":{"name":"\#(name)"},"spec":{"containers":[{"name":"c","image":"\#(image)"}]}}"#
    }

    private func account(_ answer: ServerFixture.Answer) -> [JSONValue] {
        answer.body[path: "metadata", "managedFields"]?.elements ?? []
    }

    @Test func objectsOfATemplateBelongToWhoMakesThem() {
        let first = server.send("POST", "\(Self.path)?fieldManager=one", Self.pod("a"))
        let second = server.send("POST", "\(Self.path)?fieldManager=two", Self.pod("b"))
        let third = server.send("POST", "\(Self.path)?fieldManager=two", Self.pod("c", image: "j"))
        let alone = ServerFixture().send("POST", "\(Self.path)?fieldManager=two", Self.pod("b"))
        #expect(account(first).map { $0["manager"] } == ["one"])
        #expect(account(second).map { $0["manager"] } == ["two"])
        #expect(account(first).map { $0["fieldsV1"] } == account(second).map { $0["fieldsV1"] })
        #expect(account(third) == account(second))
        #expect(account(alone) == account(second))
    }

    @Test(arguments: [
        "application/merge-patch+json", "application/strategic-merge-patch+json", "application/json-patch+json",
    ])
    func patchesOfAllKindsKeepTheAccount(type: String) {
        server.send("POST", "\(Self.path)?fieldManager=one", Self.pod("a"))
        let body =
            type.contains("json-patch")
            ? #"[{"op":"add","path":"/metadata/labels","value":{"a":"b"}}]"# : #"{"metadata":{"labels":{"a":"b"}}}"#
        let patched = server.send("PATCH", "\(Self.path)/a?fieldManager=two", body, contentType: type)
        #expect(account(patched).map { $0["manager"] } == ["one", "two"])
        #expect(account(patched).last?["fieldsV1"]?["f:metadata"]?["f:labels"]?["f:a"] == [:])
    }

    @Test(arguments: [
        #"{"metadata":{"managedFields":[{}]}}"#, #"{"metadata":{"\u006danagedFields":[]}}"#,
    ])
    func patchesCanForgetTheAccount(body: String) {
        server.send("POST", "\(Self.path)?fieldManager=one", Self.pod("a"))
        let type = "application/merge-patch+json"
        let patched = server.send("PATCH", "\(Self.path)/a?fieldManager=two", body, contentType: type)
        #expect(patched.code == 200)
        #expect(account(patched).isEmpty)
    }

    @Test func aFailingPatchIsShownWithAllOfTheObject() {
        server.send("POST", Self.path, Self.pod("a"))
        let answer = server.send(
            "PATCH",
            "\(Self.path)/a",
            #"{"spec":{"containers":7}}"#,
            contentType: "application/merge-patch+json"
        )
        #expect(answer.code == 422)
        #expect(answer.message.contains("managedFields"))
    }
}
