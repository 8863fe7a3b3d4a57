// SPDX-License-Identifier: Apache-2.0
// Service accounts: references to secrets by name alone.

import PodiumCodec
import PodiumMachinery
import PodiumRegistry

/// What is special about service accounts.
// Kubernetes: pkg/registry/core/serviceaccount/strategy.go
struct ServiceAccountStrategy: KindStrategy {
    func prepareSpec(_ object: inout JSONValue, context: StrategyContext) {
        object.updateElements(of: "secrets") { secret in
            let name = secret["name"]
            secret = .emptyObject
            secret["name"] = name
        }
    }

    func prepareSpec(_ object: inout JSONValue, old: JSONValue, context: StrategyContext) {
        prepareSpec(&object, context: context)
    }

    func warnings(_ object: JSONValue, old: JSONValue?, context: StrategyContext) -> [String] {
        let key = "kubernetes.io/enforce-mountable-secrets"
        let value = object[path: "metadata", "annotations", key]
        guard value != nil, value != old?[path: "metadata", "annotations", key] else { return [] }
        return [
            "metadata.annotations[\(key)]: deprecated in v1.32+; prefer separate namespaces to isolate access to "
                + "mounted secrets"
        ]
    }
}
