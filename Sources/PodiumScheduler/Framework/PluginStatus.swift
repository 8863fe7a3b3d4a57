// SPDX-License-Identifier: Apache-2.0
// What a plugin says of a pod and a node.

/// The verdict of a plugin. Not fitting is not failing: nothing here is thrown.
// Kubernetes: k8s.io/kube-scheduler/framework/interface.go Status
package struct PluginStatus: Hashable, Sendable {
    /// The kinds of verdicts.
    package enum Code: Hashable, Sendable {
        case success
        /// The pod does not fit, but might if other pods went.
        case unschedulable
        /// The pod does not fit, whatever other pods do.
        case unschedulableAndUnresolvable
    }

    package let code: Code
    /// Why not, each in the words that users read.
    package let reasons: [String]
    /// The plugin that refused; empty on success.
    package let plugin: String

    private init(_ code: Code, _ reasons: [String], _ plugin: String) {
        self.code = code
        self.reasons = reasons
        self.plugin = plugin
    }

    /// The pod fits.
    package static let success = PluginStatus(.success, [], "")

    /// The pod does not fit now.
    package static func unschedulable(_ reasons: String..., by plugin: String) -> PluginStatus {
        PluginStatus(.unschedulable, reasons, plugin)
    }

    /// The pod will not fit by the removal of others.
    package static func unresolvable(_ reasons: String..., by plugin: String) -> PluginStatus {
        PluginStatus(.unschedulableAndUnresolvable, reasons, plugin)
    }

    /// Several reasons at once.
    package static func rejected(_ reasons: [String], isResolvable: Bool, by plugin: String) -> PluginStatus {
        PluginStatus(isResolvable ? .unschedulable : .unschedulableAndUnresolvable, reasons, plugin)
    }

    package var isSuccess: Bool { code == .success }
}
