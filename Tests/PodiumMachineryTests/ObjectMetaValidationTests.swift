// SPDX-License-Identifier: Apache-2.0
// Metadata: the findings, their order, and how often updates report them.

import PodiumCodec
import PodiumMachinery
import Testing

@Suite struct ObjectMetaValidationTests {
    private func create(_ metadata: JSONValue, namespaced: Bool = true) -> [String] {
        ObjectMetaValidation.validateCreate(
            metadata,
            namespaced: namespaced,
            nameErrors: { NameValidation.dns1123Subdomain($0, isPrefix: $1) }
        ).map(\.message)
    }

    private func update(_ metadata: JSONValue, _ old: JSONValue) -> [String] {
        ObjectMetaValidation.validateUpdate(
            metadata,
            old: old,
            namespaced: true,
            nameErrors: { NameValidation.dns1123Subdomain($0, isPrefix: $1) }
        ).map(\.message)
    }

    @Test func goodMetadataHasNoErrors() {
        #expect(
            create(["name": "a", "namespace": "n", "labels": ["a/b": "c"], "finalizers": ["x/y", "orphan"]]).isEmpty
        )
    }

    @Test(
        arguments: [
            (["namespace": "n"], ["metadata.name: Required value: name or generateName is required"]),
            (["name": "a"], ["metadata.namespace: Required value"]),
            (
                ["name": "a", "namespace": "n", "finalizers": ["foo"]],
                [
                    "metadata.finalizers[0]: Invalid value: \"foo\": "
                        + "name is neither a standard finalizer name nor is it fully qualified"
                ]
            ),
            (
                ["name": "a", "namespace": "n", "finalizers": ["orphan", "foregroundDeletion"]],
                [
                    "metadata.finalizers: Invalid value: [\"orphan\",\"foregroundDeletion\"]: "
                        + "finalizer orphan and foregroundDeletion cannot be both set"
                ]
            ),
            (
                [
                    "name": "a", "namespace": "n",
                    "ownerReferences": [["apiVersion": "a/b/c", "kind": "K", "name": "n"]],
                ],
                [
                    "metadata.ownerReferences.apiVersion: Invalid value: \"a/b/c\": version must not be empty",
                    "metadata.ownerReferences.uid: Invalid value: \"\": must not be empty",
                ]
            ),
        ] as [(JSONValue, [String])]
    )
    func badMetadataIsNamed(metadata: JSONValue, messages: [String]) {
        #expect(create(metadata) == messages)
    }

    @Test func clusterScopedObjectsHaveNoNamespace() {
        #expect(
            create(["name": "a", "namespace": "n"], namespaced: false) == [
                "metadata.namespace: Forbidden: not allowed on this type"
            ]
        )
    }

    @Test func annotationsTogetherHaveALimit() {
        let big: JSONValue = .string(String(repeating: "x", count: 256 * 1024))
        #expect(
            create(["name": "a", "namespace": "n", "annotations": ["k": big]]) == [
                "metadata.annotations: Too long: may not be more than 262144 bytes"
            ]
        )
    }

    @Test func updatesReportChangesTwiceAndContentsFourTimes() {
        let old: JSONValue = ["name": "a", "namespace": "n", "uid": "1", "resourceVersion": "5"]
        var changed = old
        changed["uid"] = "2"
        #expect(update(changed, old).count == 2)
        var labelled = old
        labelled["labels"] = ["a b": ""]
        #expect(update(labelled, old).count == 4)
    }

    @Test func dyingObjectsGetNoFinalizers() {
        let old: JSONValue = [
            "name": "a", "namespace": "n", "resourceVersion": "5", "deletionTimestamp": "2020-01-01T00:00:00Z",
            "finalizers": ["x/a"],
        ]
        var changed = old
        changed["finalizers"] = ["x/a", "x/b"]
        #expect(
            update(changed, old).first
                == "metadata.finalizers: Forbidden: no new finalizers can be added if the object "
                + "is being deleted, found new finalizers []string{\"x/b\"}"
        )
        changed["finalizers"] = []
        #expect(update(changed, old).isEmpty)
    }

    @Test func errorsThatShowALongListShowItsBeginning() {
        func printed(_ count: Int) -> [String] {
            let owners = (0..<count).map { index -> JSONValue in
                let number = JSONValue.string("é\(index)")
                return ["apiVersion": "v1", "kind": "Pod", "name": number, "uid": number, "controller": true]
            }
            return ObjectMetaValidation.ownerReferences(.array(owners), at: FieldPath("metadata", "ownerReferences"))
                .map(\.message)
        }
        #expect(printed(2).first?.hasSuffix("references for Pod/é0 and Pod/é1") == true)
        #expect(printed(2).first?.contains("...") == false)
        let lengths = [100, 200, 400].map { count in printed(count).map(\.utf8.count).max() ?? 0 }
        #expect(lengths.allSatisfy { $0 < FieldError.Limits.maximumValueBytes + 200 })
        #expect(printed(400).allSatisfy { $0.contains("...: Only one reference can") })
    }

    @Test(arguments: [4080, 4090, 4091, 4092, 4093, 4094, 4096, 4100, 5000])
    func whatIsLeftOutOfAValueIsToldByDots(length: Int) {
        for character in ["x", "é", "€", "🙂", "\n"] {
            let text = String(repeating: character, count: length / character.utf8.count)
            for value: JSONValue in [[.string(text)], ["a": .string(text)], [[], "", 1, .string(text), 2]] {
                let whole = value.jsonText
                let body = FieldError.invalid(FieldPath("a"), value, "b").body
                if whole.utf8.count <= FieldError.Limits.maximumValueBytes {
                    #expect(body == "Invalid value: \(whole): b")
                } else {
                    #expect(body.hasSuffix("...: b") && body.utf8.count < FieldError.Limits.maximumValueBytes + 40)
                    #expect(whole.hasPrefix(body.dropFirst("Invalid value: ".count).dropLast("...: b".count)))
                }
            }
        }
    }

    @Test func updatesNeedARevision() {
        #expect(
            update(["name": "a", "namespace": "n"], ["name": "a", "namespace": "n", "resourceVersion": "1"]).first
                == "metadata.resourceVersion: Invalid value: \"\": must be specified for an update"
        )
    }
}
