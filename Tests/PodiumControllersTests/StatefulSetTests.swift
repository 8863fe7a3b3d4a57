// SPDX-License-Identifier: Apache-2.0
// StatefulSets: names, claims and revisions of their pods.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage
import PodiumTestKit
import Testing

@testable import PodiumControllers

@Suite struct StatefulSetTests {
    private let cluster: TestCluster

    init() throws {
        cluster = try TestCluster("statefulset-controller", "persistentvolumeclaim-protection-controller")
    }

    private func set(_ replicas: Int64, _ more: JSONObject = [:]) -> JSONValue {
        var spec: JSONObject = [
            "replicas": .integer(replicas), "serviceName": "svc", "selector": ["matchLabels": ["app": "web"]],
            "template": [
                "metadata": ["labels": ["app": "web"]], "spec": ["containers": [["name": "c", "image": "nginx:1"]]],
            ],
        ]
        spec.merge(more) { $1 }
        return [
            "kind": "StatefulSet", "apiVersion": "apps/v1", "metadata": ["name": "web", "namespace": "ns"],
            "spec": .object(spec),
        ]
    }

    private static let claims: JSONValue = [
        [
            "metadata": ["name": "data", "labels": ["tier": "db"]],
            "spec": ["accessModes": ["ReadWriteOnce"], "resources": ["requests": ["storage": "1Gi"]]],
        ]
    ]

    private func make(_ object: JSONValue) throws {
        try cluster.client.create(.statefulSets, object)
        cluster.clock.settle()
    }

    private func change(_ edit: (inout JSONValue) -> Void) throws {
        try cluster.client.update(cluster.key(.statefulSets, "web")) { set in
            edit(&set)
            return true
        }
        cluster.clock.settle()
    }

    private func setImage(_ image: String) throws {
        try change { $0[path: "spec", "template", "spec", "containers"] = [["name": "c", "image": .string(image)]] }
    }

    private func run(_ pods: String...) throws {
        for pod in pods {
            try cluster.edit(.pods, pod) { value in
                value["status"] = JSONValue.pod("x")["status"]
            }
        }
    }

    private func podNames() throws -> [String] {
        try cluster.client.list(.pods, scope: .namespace("ns")).map(\.name).sorted()
    }

    private func status() throws -> JSONValue { try #require(cluster.get(.statefulSets, "web")).status }

    private func revisions() throws -> [ControllerRevision] {
        try cluster.client.list(.controllerRevisions, scope: .namespace("ns")).map { ControllerRevision($0) }
            .sorted(by: ControllerRevision.precedes)
    }

    @Test func aPodComesWhenTheOneBeforeIsReady() throws {
        try make(set(2))
        #expect(try podNames() == ["web-0"])
        try run("web-0")
        #expect(try podNames() == ["web-0", "web-1"])
        try run("web-1")
        let revision = try #require(try revisions().first)
        let pod = try cluster.pod("web-1")
        #expect(
            pod.labels == [
                "app": "web", "apps.kubernetes.io/pod-index": "1", "statefulset.kubernetes.io/pod-name": "web-1",
                "controller-revision-hash": revision.name,
            ]
        )
        #expect(pod.spec["hostname"] == "web-1")
        #expect(pod.spec["subdomain"] == "svc")
        #expect(revision.labels["controller.kubernetes.io/hash"].map { "web-\($0)" } == revision.name)
        let expected: JSONValue = [
            "observedGeneration": 1, "replicas": 2, "readyReplicas": 2, "currentReplicas": 2, "updatedReplicas": 2,
            "currentRevision": .string(revision.name), "updateRevision": .string(revision.name), "collisionCount": 0,
            "availableReplicas": 2,
        ]
        #expect(try status() == expected)
    }

    @Test func claimsComeBeforePodsAndStay() throws {
        try make(set(1, ["volumeClaimTemplates": Self.claims]))
        let claim = try #require(cluster.get(.persistentVolumeClaims, "data-web-0"))
        #expect(claim.labels == ["app": "web", "tier": "db"])
        #expect(claim.controller == nil)
        let volume: JSONValue = ["name": "data", "persistentVolumeClaim": ["claimName": "data-web-0"]]
        #expect(try cluster.pod("web-0").spec["volumes"]?.elements.first == volume)
        #expect(
            try cluster.events(about: "web") == [
                "SuccessfulCreate: Create Claim data-web-0 Pod web-0 in StatefulSet web success",
                "SuccessfulCreate: Create Pod web-0 in StatefulSet web successful",
            ]
        )
        try change { $0[path: "spec", "replicas"] = 0 }
        #expect(try podNames() == [])
        #expect(cluster.get(.persistentVolumeClaims, "data-web-0") != nil)
    }

    @Test func claimsOfPodsThatGoMayGoWithThem() throws {
        let policy: JSONValue = ["whenScaled": "Delete", "whenDeleted": "Delete"]
        try make(
            set(
                2,
                [
                    "volumeClaimTemplates": Self.claims, "podManagementPolicy": "Parallel",
                    "persistentVolumeClaimRetentionPolicy": policy,
                ]
            )
        )
        let owner = try #require(cluster.get(.statefulSets, "web"))
        #expect(cluster.get(.persistentVolumeClaims, "data-web-1")?.controller?.uid == owner.uid)
        let pod = try cluster.pod("web-1")
        try change { $0[path: "spec", "replicas"] = 1 }
        #expect(try podNames() == ["web-0"])
        #expect(cluster.get(.persistentVolumeClaims, "data-web-1")?.controller?.uid == pod.uid)
        // The next pod of this name waits until the claim is gone, and gets a new one.
        try change { $0[path: "spec", "replicas"] = 2 }
        #expect(try podNames() == ["web-0"])
        try cluster.delete(.persistentVolumeClaims, "data-web-1")
        #expect(try podNames() == ["web-0", "web-1"])
        #expect(cluster.get(.persistentVolumeClaims, "data-web-1")?.controller?.uid == owner.uid)
        try change { $0[path: "spec", "persistentVolumeClaimRetentionPolicy"] = nil }
        #expect(cluster.get(.persistentVolumeClaims, "data-web-1")?.controller == nil)
    }

    @Test func anUpdateGoesFromTheEndToThePartition() throws {
        let strategy: JSONValue = ["type": "RollingUpdate", "rollingUpdate": ["partition": 1]]
        try make(set(3, ["updateStrategy": strategy, "podManagementPolicy": "Parallel"]))
        try run("web-0", "web-1", "web-2")
        try setImage("nginx:2")
        func images() throws -> [String?] {
            try podNames().map { try cluster.pod($0).spec["containers"]?.elements.first?["image"]?.string }
        }
        #expect(try images() == ["nginx:1", "nginx:1", "nginx:2"])
        try run("web-2")
        #expect(try images() == ["nginx:1", "nginx:2", "nginx:2"])
        try run("web-1")
        try cluster.delete(.pods, "web-0")
        #expect(try images() == ["nginx:1", "nginx:2", "nginx:2"])
        try run("web-0")
        let (old, new) = (try revisions()[0].name, try revisions()[1].name)
        #expect(try status()["currentRevision"]?.string == old)
        #expect(try status()["updatedReplicas"] == 2)
        try change { $0[path: "spec", "updateStrategy", "rollingUpdate", "partition"] = 0 }
        try run("web-0")
        #expect(try status()["currentRevision"]?.string == new)
        #expect(try status()["currentReplicas"] == 3)
    }

    @Test func theHistoryIsShortAndOldTemplatesComeBackInIt() throws {
        try make(set(1, ["revisionHistoryLimit": 1]))
        try run("web-0")
        let first = try #require(try revisions().first)
        for image in ["nginx:2", "nginx:1"] {
            try setImage(image)
            try run("web-0")
        }
        #expect(try revisions().map(\.number) == [2, 3])
        #expect(try revisions().last?.name == first.name)
        for image in ["nginx:3", "nginx:4"] {
            try setImage(image)
            try run("web-0")
        }
        #expect(try revisions().map(\.number) == [4, 5])
    }

    @Test func onlyPodsOfItsNamesAreAdopted() throws {
        for name in ["web-0", "web-x"] {
            var pod = try #require(set(1)[path: "spec", "template"])
            pod[path: "metadata", "name"] = .string(name)
            pod[path: "metadata", "namespace"] = "ns"
            try cluster.client.create(.pods, pod)
        }
        try make(set(1, ["updateStrategy": ["type": "OnDelete"], "podManagementPolicy": "Parallel"]))
        let owner = try #require(cluster.get(.statefulSets, "web"))
        #expect(try cluster.pod("web-0").controller?.uid == owner.uid)
        #expect(try cluster.pod("web-0").labels["statefulset.kubernetes.io/pod-name"] == "web-0")
        #expect(try cluster.pod("web-x").controller == nil)
        #expect(
            try cluster.events(about: "web") == ["SuccessfulUpdate: Update Pod web-0 in StatefulSet web successful"]
        )
    }

    @Test func aPodOfSomebodyElseIsWaitedFor() throws {
        try cluster.create(.pod("web-0", on: "", labels: ["app": "other"]))
        try make(set(1))
        #expect(try status()["replicas"] == 0)
        #expect(try cluster.events(about: "web") == [])
        try cluster.delete(.pods, "web-0")
        try cluster.advance(.seconds(30))
        #expect(try cluster.pod("web-0").controller != nil)
    }

    @Test func aPodThatEndsIsReplaced() throws {
        try make(set(1))
        let first = try cluster.pod("web-0")
        try cluster.edit(.pods, "web-0") { $0[path: "status", "phase"] = "Succeeded" }
        #expect(try cluster.pod("web-0").uid != first.uid)
    }

    @Test func aNameThatIsTakenIsPassedOver() throws {
        let data = ControllerRevision.data(of: [:])
        try make(set(1))
        let taken = try #require(try revisions().first)
        try cluster.delete(.statefulSets, "web")
        try cluster.bare.remove(taken.object.key)
        try cluster.client.create(
            .controllerRevisions,
            [
                "kind": "ControllerRevision", "apiVersion": "apps/v1",
                "metadata": ["name": .string(taken.name), "namespace": "ns"], "data": data, "revision": 1,
            ]
        )
        try cluster.bare.remove(cluster.key(.pods, "web-0"))
        try make(set(1))
        #expect(try status()["collisionCount"] == 1)
        #expect(try status()["updateRevision"]?.string != taken.name)
        #expect(try podNames() == ["web-0"])
    }
}

@Suite struct ClaimOwnersTests {
    enum Reference: String, Sendable {
        case set = #"{"apiVersion":"apps/v1","kind":"StatefulSet","name":"web","uid":"S","controller":true}"#
        case formerSet = #"{"apiVersion":"apps/v1","kind":"StatefulSet","name":"web","uid":"R","controller":true}"#
        case pod = #"{"apiVersion":"v1","kind":"Pod","name":"web-0","uid":"P","controller":true}"#
        case formerPod = #"{"apiVersion":"v1","kind":"Pod","name":"web-0","uid":"O","controller":true}"#
        case idlePod = #"{"apiVersion":"v1","kind":"Pod","name":"web-0","uid":"P"}"#
        case other = #"{"apiVersion":"v1","kind":"ConfigMap","name":"x","uid":"X","controller":true}"#
        case user = #"{"apiVersion":"v1","kind":"ConfigMap","name":"y","uid":"Y"}"#
    }

    private func owners(_ policy: JSONValue, isCondemned: Bool) throws -> ClaimOwners {
        let set: JSONValue = ["metadata": ["name": "web", "namespace": "ns", "uid": "S"]]
        let key = ObjectKey(.statefulSets, namespace: "ns", name: "web")
        let stored = try WatchCache().create(key, ObjectDraft(set, facts: ObjectFacts(of: set)))
        return ClaimOwners(
            of: APIObject(stored),
            ClaimRetention(policy),
            pod: ("web-0", "P"),
            isCondemned: isCondemned
        )
    }

    private func claim(_ references: [Reference]) throws -> JSONValue {
        let list = try references.map { try JSONValue(json: $0.rawValue) }
        return ["metadata": ["ownerReferences": .array(list)]]
    }

    @Test(
        arguments: [
            ("Retain", "Retain", false, [], []), ("Retain", "Retain", false, [.set], []),
            ("Retain", "Retain", true, [.pod, .user], [.user]), ("Delete", "Retain", false, [], [.set]),
            ("Delete", "Retain", true, [.pod], [.set]), ("Retain", "Delete", false, [.pod], []),
            ("Retain", "Delete", true, [], [.pod]), ("Delete", "Delete", false, [], [.set]),
            ("Delete", "Delete", true, [.set], [.pod]), ("Delete", "Delete", true, [.idlePod], [.pod]),
            ("Delete", "Retain", false, [.other], [.other]), ("Delete", "Retain", false, [.other, .set], [.other]),
            ("Delete", "Retain", false, [.formerSet], [.formerSet]),
            ("Retain", "Delete", true, [.formerPod], [.formerPod]),
        ] as [(String, String, Bool, [Reference], [Reference])]
    )
    func areThoseThatThePolicyWants(
        _ whenDeleted: String,
        _ whenScaled: String,
        _ isCondemned: Bool,
        _ before: [Reference],
        _ after: [Reference]
    ) throws {
        let policy: JSONValue = ["whenDeleted": .string(whenDeleted), "whenScaled": .string(whenScaled)]
        let owners = try owners(policy, isCondemned: isCondemned)
        var value = try claim(before)
        #expect(owners.areUpToDate(on: value) == (before == after))
        if before == after { return }
        owners.apply(to: &value)
        #expect(OwnerReference.list(of: value).map(\.uid) == OwnerReference.list(of: try claim(after)).map(\.uid))
        #expect(owners.areUpToDate(on: value))
    }

    @Test func aClaimOfAFormerPodIsNotUsed() throws {
        let policy: JSONValue = ["whenDeleted": "Retain", "whenScaled": "Delete"]
        #expect(try owners(policy, isCondemned: false).isLeftover(try claim([.formerPod])))
        #expect(try !owners(policy, isCondemned: false).isLeftover(try claim([.pod, .set])))
        #expect(try !owners([:], isCondemned: false).isLeftover(try claim([.formerPod])))
    }
}
