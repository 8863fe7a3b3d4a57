// SPDX-License-Identifier: Apache-2.0
// Which admission plugins there are, and in which order they run.

package import PodiumRegistry

// Kubernetes: pkg/kubeapiserver/options/plugins.go AllOrderedPlugins
extension AdmissionChain {
    /// All plugins but those in `disabled`, and `more` behind them; names that no plugin has are without effect.
    package init(disabling disabled: Set<String> = [], adding more: [any AdmissionPlugin] = []) {
        self.init(plugins: (Self.all + more).filter { !disabled.contains($0.name) })
    }

    /// The names of the plugins that every cluster has unless somebody switches them off.
    package static var builtInNames: [String] { all.map(\.name) }

    private static let all: [any AdmissionPlugin] = [
        NamespaceLifecycle(),
        LimitRanger(),
        ServiceAccountAdmission(),
        TaintNodesByCondition(),
        PodSecurity(),
        PriorityAdmission(),
        DefaultTolerationSeconds(),
        DefaultStorageClass(),
        StorageObjectInUseProtection(),
        RuntimeClassAdmission(),
        DefaultIngressClass(),
        PodResizeValidator(),
        ResourceQuotaAdmission(),
    ]
}
