// SPDX-License-Identifier: Apache-2.0
// Why a pod fits nowhere: the verdicts on the nodes, and the sentence that is made of them.

/// The verdicts on the nodes of a cluster.
// Kubernetes: pkg/scheduler/framework/types.go Diagnosis, FitError
package struct Diagnosis: Sendable {
    /// The number of nodes in the cluster.
    package let nodeCount: Int
    /// The verdict on each node that was looked at.
    package var statuses: [String: PluginStatus] = [:]
    /// The verdict on all other nodes.
    package var absentStatus: PluginStatus?
    /// Why the pod was refused before single nodes were looked at.
    package var preFilterStatus: PluginStatus?
    /// What was said of the attempt to make room.
    package var postFilterMessage = ""

    package init(nodeCount: Int) { self.nodeCount = nodeCount }

    /// The verdict on the node `name`.
    package func status(of name: String) -> PluginStatus? { statuses[name] ?? absentStatus ?? preFilterStatus }

    /// The plugins that refused.
    package var rejectors: Set<String> {
        if let preFilterStatus { return [preFilterStatus.plugin] }
        var names = Set(statuses.values.map(\.plugin))
        if let absentStatus { names.insert(absentStatus.plugin) }
        return names
    }

    /// `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable. …`
    package var message: String {
        var text = "0/\(nodeCount) nodes are available:"
        if let preFilterStatus {
            text += " \(preFilterStatus.reasons.joined(separator: ", "))."
        } else {
            let reasons = sortedReasons
            if !reasons.isEmpty { text += " \(reasons.joined(separator: ", "))." }
        }
        if !postFilterMessage.isEmpty { text += " \(postFilterMessage)" }
        return text
    }

    /// Each reason behind its number of nodes, sorted as texts.
    private var sortedReasons: [String] {
        var counts: [String: Int] = [:]
        for status in statuses.values {
            for reason in status.reasons { counts[reason, default: 0] += 1 }
        }
        if let absentStatus, nodeCount > statuses.count {
            for reason in absentStatus.reasons { counts[reason, default: 0] += nodeCount - statuses.count }
        }
        return counts.map { "\($0.value) \($0.key)" }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}
