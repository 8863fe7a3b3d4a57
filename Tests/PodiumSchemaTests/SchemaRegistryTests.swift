// SPDX-License-Identifier: Apache-2.0
// The embedded types: complete, linked, and found by name and kind.

import CPodiumData
import PodiumCodec
import PodiumMachinery
import PodiumSchema
import Testing

@Suite struct SchemaRegistryTests {
    private func file() throws -> JSONValue {
        let data = podium_data_schema()
        return try JSONValue(json: [UInt8](UnsafeRawBufferPointer(start: data.bytes, count: data.count)))
    }

    @Test func theOutlineFindsTheSameTypesAsAReadingOfTheWholeFile() throws {
        let types = try #require(file()["types"]?.object)
        #expect(Set(sharedRegistry.typeNames) == Set(types.keys))
        #expect(types.count > 500)
    }

    @Test func everyTypeCanBeReadAndEveryFieldHasAType() throws {
        let types = try #require(file()["types"]?.object)
        for (name, type) in types {
            let schema = try #require(sharedRegistry.schema(named: name))
            #expect(schema.fields.map(\.name) == type["fields"]?.elements.compactMap { $0["n"]?.string })
            for (field, entry) in zip(schema.fields, type["fields"]?.elements ?? []) {
                if let target = entry["t"]?.string, target.contains(".") {
                    #expect(sharedRegistry.schema(of: field)?.name == target, "\(name).\(field.name)")
                }
                #expect(!field.goType.isEmpty)
            }
        }
    }

    @Test func everyKindHasAType() throws {
        for (version, kinds) in try #require(file()["kinds"]?.object) {
            let groupVersion = try #require(GroupVersion(version))
            for name in (kinds.object ?? [:]).keys {
                let kind = GroupVersionKind(group: groupVersion.group, version: groupVersion.version, kind: name)
                #expect(sharedRegistry.schema(for: kind) != nil, "\(kind)")
            }
            let options = GroupVersionKind(
                group: groupVersion.group,
                version: groupVersion.version,
                kind: "DeleteOptions"
            )
            #expect(sharedRegistry.knows(options))
        }
    }

    @Test func customResourcesHaveNoType() {
        #expect(sharedRegistry.schema(for: .widget) == nil)
        #expect(!sharedRegistry.knows(.widget))
    }

    @Test func topLevelFieldsStandInTheOrderOfKubernetes() throws {
        let pod = try #require(sharedRegistry.schema(for: .pod))
        #expect(pod.fields.map(\.name) == ["kind", "apiVersion", "metadata", "spec", "status"])
        #expect(pod.goName == "v1.Pod")
    }

    @Test func fieldsKnowHowTheyArePatched() throws {
        let spec = try requireSchema("core.v1.PodSpec")
        let containers = try #require(spec.field("containers"))
        #expect(containers.patchStrategy == .merge && containers.mergeKey == "name")
        #expect(containers.goType == "[]v1.Container" && containers.listType == .map && containers.listKeys == ["name"])
        let volumes = try #require(spec.field("volumes"))
        #expect(volumes.patchStrategy == [.merge, .retainKeys])
        #expect(try #require(spec.field("tolerations")).listType == .atomic)
        #expect(spec.schema(of: "containers")?.name == "io.k8s.api.core.v1.Container")
        #expect(spec.schema(of: "nodeName") == nil)
    }

    @Test func fieldsKnowTheirGoTypes() throws {
        #expect(try requireSchema("core.v1.PodStatus").field("phase")?.goType == "v1.PodPhase")
        #expect(try requireSchema("core.v1.ResourceRequirements").field("limits")?.goType == "v1.ResourceList")
        #expect(try requireSchema("meta.v1.ObjectMeta").field("labels")?.goType == "map[string]string")
        #expect(try requireSchema("core.v1.Secret").field("data")?.goType == "map[string][]uint8")
        #expect(try requireSchema("authentication.v1.UserInfo").field("extra")?.goType == "map[string]v1.ExtraValue")
    }
}
