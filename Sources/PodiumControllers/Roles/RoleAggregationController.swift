// SPDX-License-Identifier: Apache-2.0
// An aggregated ClusterRole shows the rules of the roles that it selects.

import OrderedCollections
package import PodiumClient
import PodiumCodec
import PodiumMachinery
import PodiumStorage

/// Writes the rules of ClusterRoles with an `aggregationRule`, for whoever reads them: what they allow is decided by
/// the authorizer, which puts them together itself and so does not wait for this.
// Kubernetes: pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go
package final class RoleAggregationController: InformedReconciler {
    package static let name = "clusterrole-aggregation-controller"

    /// A change of any role may concern every aggregated one, so all of them are looked at together.
    package enum Pass: Hashable, Sendable { case all }

    private let informers: SharedInformers
    /// The roles that a cluster begins with are put together already, and are not read for that.
    private let begin: Revision

    package init(informers: SharedInformers) {
        self.informers = informers
        begin = informers.client.storage.revision
    }

    package func watch(_ controller: Controller<Pass>) {
        let begin = begin
        informers.handle(.clusterRoles) { event in
            if case .added(let role) = event, role.revision <= begin { return }
            controller.add(.all)
        }
    }

    package func reconcile(_: Pass) throws -> ReconcileResult {
        // Read here and not by the informer, which would keep the trees of all roles for this one use.
        let roles = informers.objects(.clusterRoles).sorted { $0.name < $1.name }.map { ($0, $0.stored.value()) }
        for (role, value) in roles {
            guard let selectors = value[path: "aggregationRule", "clusterRoleSelectors"]?.elements else { continue }
            let rules = Self.rules(of: roles, selectedBy: selectors.map { LabelSelector(object: $0) }, for: role.name)
            // The next change, be it this one, brings what other aggregated roles get from this one.
            if rules != value["rules"]?.elements ?? [] { try write(rules, to: role) }
        }
        return .done
    }

    private static func rules(
        of roles: [(role: APIObject, value: JSONValue)],
        selectedBy selectors: [LabelSelector],
        for name: String
    ) -> [JSONValue] {
        var rules: OrderedSet<JSONValue> = []
        for selector in selectors {
            for (other, value) in roles where other.name != name && selector.matches(other.labels) {
                rules.append(contentsOf: value["rules"]?.elements ?? [])
            }
        }
        return Array(rules)
    }

    private func write(_ rules: [JSONValue], to role: APIObject) throws(StatusError) {
        try StatusError.ignoringAbsence { () throws(StatusError) in
            try informers.client.update(role.key, uid: role.uid) { object in
                // Where somebody took the aggregation away meanwhile, the rules are theirs.
                guard object["aggregationRule"] != nil else { return false }
                object["rules"] = .array(rules)
                return true
            }
        }
    }
}
