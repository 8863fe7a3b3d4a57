// SPDX-License-Identifier: Apache-2.0
// New nodes are tainted until somebody found them ready; pods bear an ill node for five minutes.

package import PodiumCodec
package import PodiumMachinery
package import PodiumRegistry

/// Taints new nodes as not ready.
// Kubernetes: plugin/pkg/admission/nodetaint/admission.go
package struct TaintNodesByCondition: AdmissionPlugin {
    package let name = "TaintNodesByCondition"

    package init() {}

    package func mutate(
        _ object: inout JSONValue,
        _ attributes: AdmissionAttributes,
        _ context: StrategyContext,
        _ warnings: inout [String]
    ) throws(StatusError) {
        // A node whose status its client writes is nobody's to taint.
        guard attributes.isOn(.nodes, .create),
            object[path: "metadata", "annotations", "podium.dev/kubelet"]?.string != "none"
        else { return }
        let taints = object[path: "spec", "taints"]?.elements ?? []
        let key: JSONValue = "node.kubernetes.io/not-ready"
        let hasTaint = taints.contains { $0["key"] == key && $0["effect"]?.string == "NoSchedule" }
        guard !hasTaint else { return }
        object[path: "spec", "taints"] = .array(taints + [["key": key, "effect": "NoSchedule"]])
    }
}

/// Lets pods stay five minutes on a node that is not ready or cannot be reached.
// Kubernetes: plugin/pkg/admission/defaulttolerationseconds/admission.go
package struct DefaultTolerationSeconds: AdmissionPlugin {
    package let name = "DefaultTolerationSeconds"

    private static let seconds: Int64 = 300
    private static let keys = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]

    package init() {}

    package func mutate(
        _ object: inout JSONValue,
        _ attributes: AdmissionAttributes,
        _ context: StrategyContext,
        _ warnings: inout [String]
    ) throws(StatusError) {
        guard attributes.isOn(.pods, .create, .update), object["spec"]?.object != nil else { return }
        let given = object[path: "spec", "tolerations"]?.elements ?? []
        let missing = Self.keys.filter { key in
            !given.contains { toleration in
                let ownKey = toleration["key"]?.string ?? ""
                let effect = toleration["effect"]?.string ?? ""
                return (ownKey == key || ownKey.isEmpty) && (effect == "NoExecute" || effect.isEmpty)
            }
        }
        guard !missing.isEmpty else { return }
        let added = missing.map { key -> JSONValue in
            [
                "key": .string(key), "operator": "Exists", "effect": "NoExecute",
                "tolerationSeconds": .integer(Self.seconds),
            ]
        }
        object[path: "spec", "tolerations"] = .array(given + added)
    }
}
