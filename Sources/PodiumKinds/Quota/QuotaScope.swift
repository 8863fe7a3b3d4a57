// SPDX-License-Identifier: Apache-2.0
// Which objects a quota is about.

import PodiumCodec
import PodiumMachinery

/// One of the conditions under which an object is the business of a quota.
struct QuotaScope: Hashable, Sendable {
    enum Operator: String, Sendable {
        case isIn = "In"
        case isNotIn = "NotIn"
        case exists = "Exists"
        case doesNotExist = "DoesNotExist"
    }

    let name: String
    let `operator`: Operator
    let values: [String]

    /// The scopes in the specification of a quota, those with an operator behind those without.
    // Kubernetes: apiserver/pkg/quota/v1/generic/evaluator.go getScopeSelectorsFromQuota
    static func list(of spec: JSONValue?) -> [QuotaScope] {
        let plain = (spec?["scopes"]?.elements ?? []).compactMap(\.string)
        let selected = spec?[path: "scopeSelector", "matchExpressions"]?.elements ?? []
        return plain.map { QuotaScope(name: $0, operator: .exists, values: []) }
            + selected.map { selector in
                QuotaScope(
                    name: selector["scopeName"]?.string ?? "",
                    operator: Operator(rawValue: selector["operator"]?.string ?? "") ?? .exists,
                    values: (selector["values"]?.elements ?? []).compactMap(\.string)
                )
            }
    }

    /// Whether the operator takes a thing of which there may be none, or several.
    func takes(_ things: [String]) -> Bool {
        switch `operator` {
        case .isIn: things.contains { values.contains($0) }
        case .isNotIn: !things.contains { values.contains($0) }
        case .exists: !things.isEmpty
        case .doesNotExist: things.isEmpty
        }
    }
}
