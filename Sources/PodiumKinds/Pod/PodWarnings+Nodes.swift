// SPDX-License-Identifier: Apache-2.0
// Warnings about labels of nodes that have newer names.

import PodiumCodec
import PodiumMachinery

// Kubernetes: pkg/api/node/util.go
extension PodWarnings {
    static func nodeLabelWarnings(_ spec: PodField) -> [String] {
        var warnings = spec["nodeSelector"].entries.compactMap { key, field in
            deprecation(of: key).map { "\(field.path): \($0)" }
        }
        for term in nodeSelectorTerms(spec["affinity"]["nodeAffinity"]) {
            for key in term["matchExpressions"].elements.map({ $0["key"] }) {
                guard let problem = deprecation(of: key.text) else { continue }
                warnings.append("\(key.path): \(key.text) is \(problem)")
            }
        }
        for constraint in spec["topologySpreadConstraints"].elements {
            let key = constraint["topologyKey"]
            if let problem = deprecation(of: key.text) { warnings.append("\(key.path): \(key.text) is \(problem)") }
            if !constraint["labelSelector"].isSet {
                let path = constraint["labelSelector"].path
                warnings.append("\(path): a null labelSelector results in matching no pod")
            }
        }
        return warnings
    }

    private static func nodeSelectorTerms(_ affinity: PodField) -> [PodField] {
        guard affinity.isSet else { return [] }
        return affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"].elements
            + affinity["preferredDuringSchedulingIgnoredDuringExecution"].elements.map { $0["preference"] }
    }

    private static func deprecation(of label: String) -> String? {
        guard let (version, replacement) = deprecatedLabels[label] else { return nil }
        return #"deprecated since v\#(version); use "\#(replacement)" instead"#
    }

    private static let deprecatedLabels = [
        "beta.kubernetes.io/arch": ("1.14", "kubernetes.io/arch"),
        "beta.kubernetes.io/os": ("1.14", "kubernetes.io/os"),
        "failure-domain.beta.kubernetes.io/region": ("1.17", "topology.kubernetes.io/region"),
        "failure-domain.beta.kubernetes.io/zone": ("1.17", "topology.kubernetes.io/zone"),
        "beta.kubernetes.io/instance-type": ("1.17", "node.kubernetes.io/instance-type"),
    ]
}
