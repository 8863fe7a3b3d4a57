// SPDX-License-Identifier: Apache-2.0
// The collections that a CustomResourceDefinition adds.

import PodiumAPIServer
import PodiumCodec
import PodiumMachinery
import Testing

struct ResourceRegistryCustomTests {
    private func definition(_ versions: String) throws -> [ResourceDefinition] {
        ResourceDefinition.custom(
            try JSONValue(
                json: """
                    {"spec":{"group":"example.com","scope":"Namespaced","names":{"plural":"widgets","kind":"Widget",
                    "shortNames":["wd"],"categories":["all"]},"versions":\(versions)}}
                    """
            )
        )
    }

    @Test func eachServedVersionIsACollection() throws {
        let definitions = try definition(
            """
            [{"name":"v1","served":true,"storage":false},{"name":"v1beta1","served":false,"storage":false},
            {"name":"v2","served":true,"storage":true}]
            """
        )
        #expect(definitions.map(\.version) == ["v1", "v2"])
        #expect(definitions.allSatisfy { $0.storedAs.version == "v2" && $0.isCustom && $0.isNamespaced })
        #expect(definitions.first?.groupResource.description == "widgets.example.com")
        #expect(definitions.first?.storage == definitions.last?.storage)
    }

    @Test func namesHaveTheirUsualForms() throws {
        let widget = try #require(try definition("[{\"name\":\"v1\",\"served\":true,\"storage\":true}]").first)
        #expect(widget.singular == "widget")
        #expect(widget.listKind == "WidgetList")
        #expect(widget.shortNames == ["wd"])
        #expect(widget.categories == ["all"])
        #expect(widget.verbs == [.delete, .deletecollection, .get, .list, .patch, .create, .update, .watch])
        #expect(widget.subresources.isEmpty)
    }

    @Test func subresourcesColumnsAndSchemaComeAlong() throws {
        let definitions = try definition(
            """
            [{"name":"v1","served":true,"storage":true,"subresources":{"status":{},"scale":{"specReplicasPath":".a"}},
            "additionalPrinterColumns":[{"name":"Size","type":"integer","jsonPath":".spec.size","priority":1}],
            "schema":{"openAPIV3Schema":{"type":"object"}}}]
            """
        )
        let widget = try #require(definitions.first)
        #expect(widget.subresources.map(\.name) == ["status", "scale"])
        #expect(widget.subresource("status")?.gvk == widget.gvk)
        #expect(widget.subresource("scale")?.gvk.description == "autoscaling/v1, Kind=Scale")
        #expect(widget.additionalPrinterColumns.map(\.jsonPath) == [".spec.size"])
        #expect(widget.openAPISchema == ["type": "object"])
    }

    @Test func aDefinitionWithoutContentAddsNothing() {
        #expect(ResourceDefinition.custom(.null).isEmpty)
        #expect(ResourceDefinition.custom([:]).isEmpty)
    }
}
