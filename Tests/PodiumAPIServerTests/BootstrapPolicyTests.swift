// SPDX-License-Identifier: Apache-2.0
// Facts about the roles and bindings that a cluster with RBAC begins with.

import PodiumAPIServer
import PodiumCodec
import PodiumMachinery
import Testing

@Suite struct BootstrapPolicyTests {
    private static let all = BootstrapPolicy.objects(aggregates: true)

    private static func rules(_ name: String, aggregates: Bool = true) -> [PolicyRule]? {
        let role = BootstrapPolicy.objects(aggregates: aggregates).first {
            $0.resource == .clusterRoles && $0.object[path: "metadata", "name"]?.string == name
        }
        return role?.object["rules"]?.array?.map(PolicyRule.init)
    }

    @Test(arguments: [("clusterroles", 70), ("clusterrolebindings", 51), ("roles", 7), ("rolebindings", 7)])
    func thereAreAsManyAsUpstreamMakes(resource: String, count: Int) {
        #expect(Self.all.count { $0.resource.resource == resource } == count)
    }

    @Test func allSayWhereTheyComeFromAndMayBeUpdated() {
        for (_, object) in Self.all {
            let metadata = object["metadata"]
            #expect(metadata?["labels"]?["kubernetes.io/bootstrapping"] == "rbac-defaults")
            #expect(metadata?["annotations"]?["rbac.authorization.kubernetes.io/autoupdate"] == "true")
        }
    }

    @Test func everyBindingIsOfARoleThatExists() {
        func place(_ object: JSONValue) -> String { object[path: "metadata", "namespace"]?.string ?? "" }
        let roles = Set(
            Self.all.filter { $0.object["roleRef"] == nil }.map {
                "\(place($0.object))/\($0.object[path: "metadata", "name"]?.string ?? "")"
            }
        )
        for (_, object) in Self.all where object["roleRef"] != nil {
            #expect(roles.contains("\(place(object))/\(object[path: "roleRef", "name"]?.string ?? "")"))
        }
    }

    @Test func everyControllerIsBoundToItsServiceAccount() {
        let bindings = Self.all.filter {
            $0.resource == .clusterRoleBindings
                && $0.object[path: "metadata", "name"]?.string?.hasPrefix("system:controller:") == true
        }
        #expect(bindings.count == 39)
        for (_, object) in bindings {
            let account = object[path: "metadata", "name"]?.string?.dropFirst("system:controller:".count)
            #expect(
                object["subjects"]
                    == [
                        [
                            "kind": "ServiceAccount", "name": .string(String(account ?? "")),
                            "namespace": "kube-system",
                        ]
                    ]
            )
        }
    }

    @Test func aggregatedRolesAreEmptyUntilAControllerFillsThem() throws {
        for name in ["admin", "edit", "view"] { #expect(Self.rules(name, aggregates: false) == nil) }
        let admin = try #require(Self.rules("admin"))
        let edit = try #require(Self.rules("edit"))
        let view = try #require(Self.rules("view"))
        #expect(edit.allSatisfy(admin.contains))
        #expect(view.allSatisfy(edit.contains))
        #expect(Set(admin).count == admin.count)
    }

    @Test(
        arguments: [
            ("Nope", false), ("NamespaceLifecycle", true), ("NodeRestriction", true), ("nodeRestriction", false),
        ]
    )
    func namesOfAdmissionPluginsAreKnownOrNot(name: String, isKnown: Bool) {
        #expect(AdmissionPluginNames.isKnown(name) == isKnown)
    }

    @Test(
        arguments: [
            ([], [], nil), (["NodeRestriction"], ["ServiceAccount"], nil),
            (["Nope"], [], "enable-admission-plugins plugin \"Nope\" is unknown"),
            ([], ["ServiceAccount", ""], "disable-admission-plugins plugin \"\" is unknown"),
            (
                ["Priority", "LimitRanger"], ["LimitRanger", "Priority"],
                "[LimitRanger Priority] in enable-admission-plugins and disable-admission-plugins overlapped",
            ),
        ] as [([String], [String], String?)]
    )
    func listsOfAdmissionPluginsAreChecked(enabled: [String], disabled: [String], problem: String?) {
        #expect(AdmissionPluginNames.problem(enabled: enabled, disabled: disabled) == problem)
    }
}
