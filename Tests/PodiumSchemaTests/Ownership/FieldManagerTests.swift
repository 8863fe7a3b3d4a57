// SPDX-License-Identifier: Apache-2.0
// What writes do to the ownership of fields, on built-in types.

import PodiumCodec
import PodiumMachinery
import Testing

@testable import PodiumSchema

@Suite struct FieldManagerTests {
    private static let registry = SchemaRegistry()

    private func keeper(
        _ kind: String = "ConfigMap",
        subresource: String = "",
        filter: FieldFilter = .everything,
        now: String = "2026-01-01T00:00:00Z"
    ) throws -> FieldManager<JSONValue> {
        let gvk = GroupVersionKind(group: "", version: "v1", kind: kind)
        let schema = try #require(Self.registry.schema(for: gvk))
        let version = ObjectVersion<JSONValue>(apiVersion: "v1", type: schema.mergeType) { _, _ in nil }
        return FieldManager(version: version, subresource: subresource, filter: filter, now: now)
    }

    private func owned(_ managed: ManagedFields, _ owner: FieldOwner) -> String? {
        managed[owner].map { owned in
            var writer = JSONWriter()
            owned.fields.write(to: &writer)
            return String(decoding: writer.bytes, as: UTF8.self)
        }
    }

    @Test func whoCreatesOwnsWhatIsSet() throws {
        let object: JSONValue = ["metadata": ["name": "x", "labels": ["a": "b"]], "data": ["k": "v"]]
        let managed = try keeper().update(live: [:], new: object, isNew: true, managed: ManagedFields(), manager: "m")
        #expect(
            owned(managed, .updater("m", apiVersion: "v1"))
                == #"{"f:data":{".":{},"f:k":{}},"f:metadata":{"f:labels":{".":{},"f:a":{}}}}"#
        )
    }

    @Test func whoChangesAFieldTakesIt() throws {
        let old: JSONValue = ["data": ["a": "1", "b": "1"]]
        var managed = try keeper().update(live: [:], new: old, isNew: true, managed: ManagedFields(), manager: "one")
        let new: JSONValue = ["data": ["a": "2", "c": "3"]]
        managed = try keeper().update(live: old, new: new, isNew: false, managed: managed, manager: "two")
        #expect(owned(managed, .updater("one", apiVersion: "v1")) == #"{"f:data":{}}"#)
        #expect(owned(managed, .updater("two", apiVersion: "v1")) == #"{"f:data":{"f:a":{},"f:c":{}}}"#)
    }

    @Test func elementsOfListsAreTheirKeys() throws {
        let pod: JSONValue = [
            "spec": [
                "containers": [
                    ["name": "c", "ports": [["containerPort": 80], ["containerPort": 80, "protocol": "UDP"]]]
                ]
            ]
        ]
        let managed = try keeper("Pod").update(live: [:], new: pod, isNew: true, managed: ManagedFields(), manager: "m")
        let text = try #require(owned(managed, .updater("m", apiVersion: "v1")))
        #expect(text.contains(#""k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{}}"#))
        #expect(text.contains(#""k:{\"containerPort\":80,\"protocol\":\"UDP\"}""#))
    }

    @Test func whatASubresourceCannotChangeIsNotOwnedByIt() throws {
        let old: JSONValue = ["spec": ["nodeName": "a"], "status": ["phase": "Pending"]]
        let new: JSONValue = ["spec": ["nodeName": "b"], "status": ["phase": "Running"]]
        let first = try keeper("Pod").update(live: [:], new: old, isNew: true, managed: ManagedFields(), manager: "m")
        let status = try keeper("Pod", subresource: "status", filter: .allBut([["spec"]]))
        let managed = status.update(live: old, new: new, isNew: false, managed: first, manager: "kubelet")
        #expect(
            owned(managed, .updater("kubelet", apiVersion: "v1", subresource: "status"))
                == #"{"f:status":{"f:phase":{}}}"#
        )
        let part = FieldFilter.only([["spec", "ephemeralContainers"]])
        let other = try keeper("Pod", subresource: "ephemeralcontainers", filter: part)
        #expect(other.update(live: old, new: new, isNew: false, managed: managed, manager: "x") == managed)
    }

    @Test func noAccountIsBegunOfWhatHasNone() throws {
        let managed = try keeper().update(
            live: ["data": ["a": "1"]],
            new: ["data": ["a": "2"]],
            isNew: false,
            managed: ManagedFields(),
            manager: "m"
        )
        #expect(managed.isEmpty)
    }

    @Test func theOldestUpdatersAreTakenTogether() throws {
        var live: JSONValue = ["data": ["k0": "0"]]
        var managed = try keeper().update(live: [:], new: live, isNew: true, managed: ManagedFields(), manager: "m00")
        for index in 1...14 {
            var new = live
            new[path: "data", "k\(index)"] = "1"
            let digits = (index < 10 ? "0" : "") + String(index)
            managed = try keeper(now: "2026-01-01T00:00:\(digits)Z").update(
                live: live,
                new: new,
                isNew: false,
                managed: managed,
                manager: "m\(digits)"
            )
            live = new
        }
        #expect(managed.entries.count == FieldManagerLimits.maximumUpdaters)
        let ancient = try #require(managed[.updater("ancient-changes", apiVersion: "v1")])
        #expect(ancient.fields.contains([.field("data"), .field("k0")]))
        #expect(ancient.fields.contains([.field("data"), .field("k5")]))
        #expect(managed[.updater("m14", apiVersion: "v1")] != nil)
    }

    @Test func appliersStandFirstAndThenTheOldest() throws {
        var managed = ManagedFields()
        for (owner, time) in [
            (FieldOwner.updater("b", apiVersion: "v1"), "2026-01-02T00:00:00Z"),
            (FieldOwner.updater("a", apiVersion: "v1"), "2026-01-03T00:00:00Z"),
            (.applier("z"), "2026-01-09T00:00:00Z"),
        ] {
            managed.set(
                OwnedFields(owner: owner, apiVersion: "v1", fields: FieldSet(names: [["data", "x"]]), time: time)
            )
        }
        let document = try JSONValue(json: try #require(managed.json()))
        #expect(document.elements.map { $0["manager"]?.string } == ["z", "b", "a"])
        #expect(try ManagedFields(document).isEqualButForTimes(to: managed))
    }

    @Test(arguments: ["[]", "[{}]"]) func anEmptyAccountAsksToForget(text: String) throws {
        #expect(ManagedFields.isReset(try JSONValue(json: text)))
    }

    @Test(arguments: ["null", "[{},{}]", #"[{"manager":"a"}]"#]) func otherAccountsDoNot(text: String) throws {
        #expect(!ManagedFields.isReset(try JSONValue(json: text)))
    }

    @Test func whatHasNotChangedKeepsItsText() throws {
        let old: JSONValue = ["data": ["a": "1"]]
        let before = try keeper().update(live: [:], new: old, isNew: true, managed: ManagedFields(), manager: "one")
        let text = try #require(before.json())
        let known = try EncodedManagedFields(text, fieldSet: FieldSet.init(json:))
        #expect(known.managed == before)
        var after = try keeper().update(
            live: old,
            new: ["data": ["a": "1", "b": "1"]],
            isNew: false,
            managed: before,
            manager: "two"
        )
        #expect(after.json(reusing: known.fields)?.bytes.array == after.json()?.bytes.array)
        after = try keeper().update(live: old, new: ["data": [:]], isNew: false, managed: before, manager: "two")
        #expect(after.json(reusing: known.fields)?.bytes.array == after.json()?.bytes.array)
    }

    @Test(arguments: ["1", "[1,[{}]]", #"{"a":{"b":[1,{"c":[null]}]}}"#])
    func freeJSONIsOneValueHoweverItNests(text: String) throws {
        let document = try JSONValue(json: text)
        #expect(MergeType.atomic.errors(in: document).isEmpty)
        #expect(MergeType.free.errors(in: document).isEmpty)
        let gvk = GroupVersionKind(group: "apps", version: "v1", kind: "ControllerRevision")
        let type = try #require(Self.registry.schema(for: gvk)).mergeType
        #expect(type.errors(in: ["data": document] as JSONValue).isEmpty)
        #expect(try type.fields(of: ["data": document] as JSONValue) == FieldSet(names: [["data"]]))
    }

    @Test func aListKeepsItsOrderAroundWhatIsApplied() throws {
        let gvk = GroupVersionKind(group: "", version: "v1", kind: "Pod")
        let type = try #require(Self.registry.schema(for: gvk)).mergeType
        func pod(_ names: String) -> JSONValue {
            ["spec": ["containers": .array(names.map { ["name": .string(String($0))] })]]
        }
        func order(_ live: String, _ applied: String) throws -> String {
            let merged = try type.merge(pod(live), pod(applied))
            let containers = merged[path: "spec", "containers"]?.elements ?? []
            return containers.compactMap { $0["name"]?.string }.joined()
        }
        #expect(try order("abc", "b") == "abc")
        #expect(try order("abc", "xb") == "axbc")
        #expect(try order("abc", "ca") == "bca")
        #expect(try order("abcd", "dxa") == "bcdxa")
    }
}
