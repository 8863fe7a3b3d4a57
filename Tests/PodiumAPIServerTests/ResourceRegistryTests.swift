// SPDX-License-Identifier: Apache-2.0
// The registry: what the embedded file says, how collections are found, how custom ones come in.

import PodiumAPIServer
import PodiumMachinery
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

    @Test func customResourcesStandBehindTheBuiltInGroups() throws {
        let extended = registry.adding([
            custom("zeta.example.com", "v1"), custom("alpha.example.com", "v1beta1"), custom("alpha.example.com", "v1"),
            custom("alpha.example.com", "v2"), custom("apps", "v1alpha1"),
        ])
        #expect(extended.groups.suffix(2).map(\.name) == ["alpha.example.com", "zeta.example.com"])
        #expect(extended.group("alpha.example.com")?.versions.map(\.groupVersion.version) == ["v2", "v1", "v1beta1"])
        #expect(extended.group("apps")?.versions.map(\.groupVersion.version) == ["v1", "v1alpha1"])
        #expect(extended.resource(group: "zeta.example.com", version: "v1", plural: "widgets") != nil)
        #expect(registry.group("zeta.example.com") == nil)
    }

    @Test func aBuiltInCollectionIsNotReplaced() {
        let intruder = ResourceDefinition(
            gvr: GroupVersionResource(group: "", version: "v1", resource: "pods"),
            kind: "Intruder",
            isNamespaced: true
        )
        #expect(registry.adding([intruder]).resource(GroupResource.pods)?.kind == "Pod")
    }

    @Test func versionsAreOrderedByStabilityThenNumber() {
        let order = ["v10", "v2", "v1", "v11beta2", "v10beta3", "v3beta1", "v12alpha1", "v11alpha2", "foo1", "foo10"]
        for (index, version) in order.enumerated() {
            for later in order[(index + 1)...] { #expect(VersionPriority(version) > VersionPriority(later)) }
        }
        #expect(VersionPriority("v01") < VersionPriority("v1alpha1"))
        #expect(VersionPriority("v1beta") < VersionPriority("v1alpha1"))
        #expect(VersionPriority("v1gamma1") < VersionPriority("v1alpha1"))
    }

    private func custom(_ group: String, _ version: String) -> ResourceDefinition {
        ResourceDefinition(
            gvr: GroupVersionResource(group: group, version: version, resource: "widgets"),
            kind: "Widget",
            isNamespaced: true,
            isCustom: true
        )
    }
}
