// SPDX-License-Identifier: Apache-2.0
// What is known of Ingresses, NetworkPolicies and ServiceCIDRs.

import PodiumCodec
import PodiumRegistry

extension BuiltInKind {
    static let ingresses = BuiltInKind("ingresses", in: "networking.k8s.io", IngressStrategy()) { kind in
        kind.cells = { $0.ingress }
        kind.rechecksMetadata = false
        kind.registryPrefix = "ingress"
    }

    static let ingressClasses = BuiltInKind("ingressclasses", in: "networking.k8s.io", IngressClassStrategy()) { kind in
        kind.cells = { $0.ingressClass }
        kind.rechecksMetadata = false
    }

    static let networkPolicies = BuiltInKind("networkpolicies", in: "networking.k8s.io", NetworkPolicyStrategy()) {
        kind in
        kind.cells = {
            let selector = $0.object.selector("spec", "podSelector")
            return [$0.name, .string(selector.isEmpty ? "<none>" : selector), $0.age]
        }
        kind.rechecksMetadata = false
    }

    static let serviceCIDRs = BuiltInKind("servicecidrs", in: "networking.k8s.io", PlainStrategy(hasStatus: true)) {
        kind in
        kind.cells = {
            [$0.name, .string($0.object.texts("spec", "cidrs").joined(separator: ",")), $0.age]
        }
    }
    static let ipAddresses = BuiltInKind("ipaddresses", in: "networking.k8s.io", PlainStrategy()) { kind in
        kind.cells = { [$0.name, .string($0.parentReference)] }
    }
}
