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

    @Test func updatesNeedARevision() {
        #expect(
            update(["name": "a", "namespace": "n"], ["name": "a", "namespace": "n", "resourceVersion": "1"]).first
                == "metadata.resourceVersion: Invalid value: \"\": must be specified for an update"
        )
    }
}
