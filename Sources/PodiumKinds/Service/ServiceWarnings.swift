// SPDX-License-Identifier: Apache-2.0
// What users of services are warned about.

import PodiumCodec
import PodiumMachinery

/// The warnings about services.
// Kubernetes: pkg/api/service/warnings.go GetWarningsForService
enum ServiceWarnings {
    static func texts(_ object: JSONValue, old: JSONValue?) -> [String] {
        let spec = PodField("spec", of: object)
        let type = spec["type"].text
        let isHeadless = type == "ClusterIP" && spec["clusterIP"].text == "None"
        let hasExternalAddresses = spec["externalIPs"].count > 0
        var warnings: [String] = []
        if object[path: "metadata", "annotations", "service.kubernetes.io/topology-aware-hints"] != nil {
            warnings.append(
                "annotation service.kubernetes.io/topology-aware-hints is deprecated, please use "
                    + "service.kubernetes.io/topology-mode instead"
            )
        }
        warnings += addressWarnings(spec["clusterIPs"])
        if isHeadless { warnings += headlessWarnings(spec) }
        warnings += addressWarnings(spec["externalIPs"])
        if hasExternalAddresses, !isHeadless, type != "ExternalName" {
            warnings.append("spec.externalIPs is deprecated and may no longer be implemented in some clusters")
        }
        if !spec["loadBalancerIP"].text.isEmpty {
            warnings += NameValidation.ipWarnings(spec["loadBalancerIP"].path, spec["loadBalancerIP"].text)
        }
        if type == "ExternalName", hasExternalAddresses {
            warnings.append("spec.externalIPs is ignored when spec.type is \"ExternalName\"")
        }
        if type != "ExternalName", !spec["externalName"].text.isEmpty {
            warnings.append("spec.externalName is ignored when spec.type is not \"ExternalName\"")
        }
        if spec["trafficDistribution"].text == "PreferClose" {
            warnings.append("spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\"")
        }
        return warnings
    }

    private static func addressWarnings(_ list: PodField) -> [String] {
        list.elements.filter { $0.text != "None" }.flatMap { NameValidation.ipWarnings($0.path, $0.text) }
    }

    private static func headlessWarnings(_ spec: PodField) -> [String] {
        var fields: [String] = []
        if !spec["loadBalancerIP"].text.isEmpty { fields.append("loadBalancerIP") }
        if spec["externalIPs"].count > 0 { fields.append("externalIPs") }
        if spec["sessionAffinity"].text != "None" { fields.append("SessionAffinity") }
        return fields.map { "spec.\($0) is ignored for headless services" }
    }
}
