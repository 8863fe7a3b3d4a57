// SPDX-License-Identifier: Apache-2.0
// The registry: what the embedded file says, how collections are found.

import PodiumAPIServer
import PodiumKinds
import PodiumMachinery
import PodiumRegistry
import Testing

struct ResourceRegistryTests {
    let registry = ResourceRegistry.builtIn()

    @Test func podsAreFoundByPathAndByKind() throws {
        let pods = try #require(registry.resource(group: "", version: "v1", plural: "pods"))
        #expect(pods === registry.resource(kind: GroupVersionKind(group: "", version: "v1", kind: "Pod")))
        #expect(pods === registry.resource(GroupResource.pods))
        #expect(pods.singular == "pod")
        #expect(pods.listKind == "PodList")
        #expect(pods.apiVersion == "v1")
        #expect(pods.isNamespaced)
        #expect(pods.verbs == APIVerb.allCases)
        #expect(pods.shortNames == ["po"])
        #expect(pods.categories == ["all"])
        #expect(pods.storageVersionHash == "xPOwRZ+Yhw8=")
        #expect(pods.subresources.count == 10)
    }

    @Test func everyCollectionIsFoundAtItsPathAndSharesItsRowWithFew() {
        let definitions = registry.groups.flatMap { $0.versions.flatMap(\.resources) }
        for definition in definitions {
            let gvr = definition.gvr
            #expect(registry.resource(group: gvr.group, version: gvr.version, plural: gvr.resource) === definition)
            #expect(registry.resource(group: gvr.group, version: gvr.version, plural: gvr.resource + "x") == nil)
        }
        let rows = Dictionary(grouping: Set(definitions.map(\.plural)), by: NameRow.of)
        #expect(rows.values.allSatisfy { $0.count <= 3 })
    }

    @Test func aSubresourceMayBeOfAnotherKind() throws {
        let pods = try #require(registry.resource(GroupResource.pods))
        let eviction = try #require(pods.subresource("eviction"))
        #expect(eviction.gvk == GroupVersionKind(group: "policy", version: "v1", kind: "Eviction"))
        #expect(eviction.isForeign)
        #expect(eviction.verbs == [.create])
        let status = try #require(pods.subresource("status"))
        #expect(status.gvk == pods.gvk)
        #expect(!status.isForeign)
        #expect(status.verbs == [.get, .patch, .update])
        #expect(pods.subresource("nosuch") == nil)
    }

    @Test func clusterScopedCollectionsHaveNoNamespace() throws {
        let namespaces = try #require(registry.resource(GroupResource.namespaces))
        #expect(!namespaces.isNamespaced)
        #expect(!namespaces.supports(.deletecollection))
        #expect(namespaces.supports(.watch))
    }

    @Test func groupsStandInTheOrderOfDiscovery() {
        #expect(registry.groups.prefix(4).map(\.name) == ["", "apiregistration.k8s.io", "apps", "events.k8s.io"])
        #expect(registry.group("autoscaling")?.versions.map(\.groupVersion.version) == ["v2", "v1"])
        #expect(registry.contains(GroupVersion(group: "batch", version: "v1")))
        #expect(!registry.contains(GroupVersion(group: "batch", version: "v1beta1")))
    }

    @Test func bothKindsOfEventsAreStoredTogether() throws {
        let events = try #require(registry.resource(group: "events.k8s.io", version: "v1", plural: "events"))
        #expect(events.storage == GroupResource.events)
        #expect(events.storedAs == GroupVersionKind(group: "", version: "v1", kind: "Event"))
        #expect(events.groupResource.description == "events.events.k8s.io")
    }
}
