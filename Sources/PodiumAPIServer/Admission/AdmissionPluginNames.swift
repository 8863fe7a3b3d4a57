// SPDX-License-Identifier: Apache-2.0
// Which names of admission plugins mean something, so that a typo in an option is not taken for a choice.

import PodiumRegistry

/// The names of upstream's admission plugins, in the order in which they run.
// Kubernetes: pkg/kubeapiserver/options/plugins.go AllOrderedPlugins
package enum AdmissionPluginNames {
    /// All of them, whether Podium has them or not.
    package static let upstream = [
        "NamespaceAutoProvision", "NamespaceLifecycle", "NamespaceExists", "LimitPodHardAntiAffinityTopology",
        "LimitRanger", "ServiceAccount", "NodeRestriction", "TaintNodesByCondition", "AlwaysPullImages",
        "ImagePolicyWebhook", "PodSecurity", "PodNodeSelector", "Priority", "DefaultTolerationSeconds",
        "PodTolerationRestriction", "EventRateLimit", "ExtendedResourceToleration", "DefaultStorageClass",
        "PersistentVolumeClaimResize", "StorageObjectInUseProtection", "OwnerReferencesPermissionEnforcement",
        "RuntimeClass", "CertificateApproval", "CertificateSigning", "ClusterTrustBundleAttest",
        "CertificateSubjectRestriction", "DefaultIngressClass", "DenyServiceExternalIPs", "PodTopologyLabels",
        "NodeDeclaredFeatureValidator", "MutatingAdmissionPolicy", "MutatingAdmissionWebhook",
        "ValidatingAdmissionPolicy", "ValidatingAdmissionWebhook", "ResourceQuota", "AlwaysAdmit", "AlwaysDeny",
    ]

    /// Whether upstream or this server has a plugin of that name.
    package static func isKnown(_ name: String) -> Bool {
        upstream.contains(name) || AdmissionChain.builtInNames.contains(name)
    }

    /// What is wrong with two lists of names, in upstream's words; nil when nothing is.
    // Kubernetes: apiserver/pkg/server/options/admission.go AdmissionOptions.Validate
    package static func problem(enabled: [String], disabled: [String]) -> String? {
        if let name = enabled.first(where: { !isKnown($0) }) {
            return "enable-admission-plugins plugin \"\(name)\" is unknown"
        }
        if let name = disabled.first(where: { !isKnown($0) }) {
            return "disable-admission-plugins plugin \"\(name)\" is unknown"
        }
        let both = Set(enabled).intersection(disabled).sorted()
        return both.isEmpty
            ? nil
            : "[\(both.joined(separator: " "))] in enable-admission-plugins and disable-admission-plugins overlapped"
    }
}
