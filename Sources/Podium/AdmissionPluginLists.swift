// SPDX-License-Identifier: Apache-2.0
// What a caller may say of admission plugins.

import PodiumAPIServer
import PodiumRegistry

/// Checks lists of admission plugins before a server is made.
public enum AdmissionPluginLists {
    /// What is wrong with them, in kube-apiserver's words; nil when nothing is.
    public static func problem(enabled: [String], disabled: [String]) -> String? {
        AdmissionPluginNames.problem(enabled: enabled, disabled: disabled)
    }

    /// The names that mean something to Kubernetes and nothing to Podium.
    public static func idle(_ names: [String]) -> [String] {
        names.filter { !AdmissionChain.builtInNames.contains($0) }
    }
}
