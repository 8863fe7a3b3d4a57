// SPDX-License-Identifier: Apache-2.0
// A cluster whose API changes while it is asked.

import Dispatch
import PodiumClient
import PodiumCodec
import PodiumExchange
import PodiumKinds
import PodiumMachinery
import PodiumRegistry
import PodiumSchema
import PodiumTestKit
import Synchronization
import Testing

@testable import PodiumAPIServer

@Suite struct APISurfaceTests {
    private static let whole = APISurface(registry: .builtIn(), schemas: SchemaRegistry())

    /// The built-in API without one collection.
    private static func surface(without plural: String) -> APISurface {
        let groups = whole.registry.groups.map { group in
            APIGroup(
                name: group.name,
                versions: group.versions.map { version in
                    APIVersion(
                        groupVersion: version.groupVersion,
                        resources: version.resources.filter { $0.plural != plural }
                    )
                }
            )
        }
        return APISurface(registry: ResourceRegistry(groups: groups), schemas: whole.schemas)
    }

    private struct Fixture {
        let cluster: BareCluster
        let server: APIServer

        init() throws {
            cluster = BareCluster()
            server = APIServer(APIServerComponents(api: cluster.api))
            try cluster.client.create(.namespaces, ["metadata": ["name": "ns"]])
        }

        func get(_ path: String) -> (code: Int, text: String) {
            let response = server.respond(to: HTTPRequest(method: "GET", rawPath: path))
            guard case .bytes(let bytes) = response.body else { return (response.status, "") }
            return (response.status, String(decoding: bytes.buffer, as: UTF8.self))
        }

        /// Whether the API knows ConfigMaps: by routing, by discovery and by OpenAPI.
        var knowsConfigMaps: [Bool] {
            [
                get("/api/v1/namespaces/ns/configmaps").code == 200,
                get("/api/v1").text.contains(#""configmaps""#),
                get("/openapi/v3/api/v1").text.contains("/configmaps"),
                get("/openapi/v2").text.contains("/configmaps"),
            ]
        }
    }

    @Test func routingDiscoveryAndOpenAPIChangeTogether() throws {
        let fixture = try Fixture()
        #expect(fixture.knowsConfigMaps == [true, true, true, true])
        fixture.cluster.api.install(Self.surface(without: "configmaps"))
        #expect(fixture.knowsConfigMaps == [false, false, false, false])
        #expect(fixture.get("/api/v1/namespaces/ns/secrets").code == 200)
        fixture.cluster.api.install(Self.whole)
        #expect(fixture.knowsConfigMaps == [true, true, true, true])
    }

    @Test func writersInTheProcessMeetTheSameAPI() throws {
        let fixture = try Fixture()
        let object: JSONValue = ["metadata": ["name": "one", "namespace": "ns"]]
        fixture.cluster.api.install(Self.surface(without: "configmaps"))
        #expect(throws: StatusError.self) { try fixture.cluster.client.create(.configMaps, object) }
        fixture.cluster.api.install(Self.whole)
        try fixture.cluster.client.create(.configMaps, object)
    }

    @Test func whatHasBegunEndsWithTheSurfaceItRead() throws {
        let fixture = try Fixture()
        let store = try fixture.cluster.api.store(.configMaps, namespace: "ns")
        fixture.cluster.api.install(Self.surface(without: "configmaps"))
        let metadata: JSONValue = ["name": "one"]
        let object: JSONValue = ["kind": "ConfigMap", "apiVersion": "v1", "metadata": metadata, "data": ["a": "b"]]
        _ = try store.create(object, options: WriteOptions())
        let created = try store.definition.value(of: store.get("one"))
        #expect(created[path: "metadata", "managedFields"]?.array?.count == 1)
    }

    @Test func theCountsOfACollectionOutliveIt() throws {
        let fixture = try Fixture()
        _ = fixture.get("/api/v1/namespaces/ns/configmaps")
        fixture.cluster.api.install(Self.surface(without: "configmaps"))
        #expect(fixture.get("/metrics").text.contains(#"resource="configmaps""#))
    }

    @Test func requestsMeetOneOrTheOtherWhileItChanges() throws {
        let fixture = try Fixture()
        let other = Self.surface(without: "configmaps")
        let isOver = Atomic(false)
        DispatchQueue.concurrentPerform(iterations: 4) { thread in
            if thread == 0 {
                for turn in 0..<400 { fixture.cluster.api.install(turn.isMultiple(of: 2) ? other : Self.whole) }
                isOver.store(true, ordering: .releasing)
                return
            }
            var answers = 0
            while !isOver.load(ordering: .acquiring) || answers == 0 {
                let list = fixture.get("/api/v1/namespaces/ns/configmaps")
                #expect(list.code == 200 || list.code == 404, "\(list)")
                #expect(fixture.get("/api/v1").code == 200)
                #expect(fixture.get("/api/v1/namespaces/ns/secrets").code == 200)
                answers += 1
            }
        }
        #expect(fixture.knowsConfigMaps == [true, true, true, true])
    }
}
