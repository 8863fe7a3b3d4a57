// SPDX-License-Identifier: Apache-2.0
// Which admission plugins there are, and in which order they run.

package import PodiumCodec
package import PodiumMachinery

/// The admission plugins of a cluster, in upstream's order.
// Kubernetes: pkg/kubeapiserver/options/plugins.go AllOrderedPlugins
package struct AdmissionChain: Sendable {
    private let plugins: [any AdmissionPlugin]

    /// A chain of just these plugins.
    package init(plugins: [any AdmissionPlugin]) { self.plugins = plugins }

    /// The names of the plugins in the order in which they run.
    package var names: [String] { plugins.map(\.name) }

    /// Lets every plugin change the object.
    package func mutate(
        _ object: inout JSONValue,
        _ attributes: AdmissionAttributes,
        _ context: StrategyContext,
        _ warnings: inout [String]
    ) throws(StatusError) {
        for plugin in plugins { try plugin.mutate(&object, attributes, context, &warnings) }
    }

    /// Asks every plugin; the first refusal stands.
    package func validate(
        _ object: JSONValue,
        _ attributes: AdmissionAttributes,
        _ context: StrategyContext,
        _ warnings: inout [String]
    ) throws(StatusError) {
        for plugin in plugins { try plugin.validate(object, attributes, context, &warnings) }
    }
}
