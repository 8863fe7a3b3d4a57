// SPDX-License-Identifier: Apache-2.0
// Which DaemonSets a change of a node concerns.

import OrderedCollections
import PodiumClient
import PodiumCodec
import PodiumMachinery

/// What the nodes of the cluster mean to all DaemonSets, by which a change of one finds those whom it concerns.
struct DaemonPlacements {
    /// A DaemonSet, and what each node means to it.
    private struct Entry {
        let template: JSONValue
        let placement: DaemonPlacement
        var fits: OrderedDictionary<String, DaemonPlacement.Fit>
    }

    private var nodes: OrderedDictionary<String, DaemonNode> = [:]
    private var entries: OrderedDictionary<NamespacedName, Entry> = [:]

    /// Notes the template of the DaemonSet called `name`; nil forgets it.
    mutating func set(_ template: JSONValue?, of name: NamespacedName) {
        guard let template else {
            entries[name] = nil
            return
        }
        if let known = entries[name]?.template, known.isIdentical(to: template) || known == template { return }
        let placement = DaemonPlacement(template)
        entries[name] = Entry(template: template, placement: placement, fits: nodes.mapValues { placement.fit($0) })
    }

    /// What each node means to the DaemonSet called `name`.
    func fits(of name: NamespacedName) -> OrderedDictionary<String, DaemonPlacement.Fit> { entries[name]?.fits ?? [:] }

    /// Takes a change of a node.
    /// - Returns: the DaemonSets to which it means something else now, and what.
    mutating func take(_ event: InformerEvent) -> [(name: NamespacedName, fit: DaemonPlacement.Fit)] {
        let name = event.object.name
        if case .deleted = event {
            // What was there is removed by others, which tells of it.
            nodes[name] = nil
            for key in entries.keys { entries[key]?.fits[name] = nil }
            return []
        }
        let node = DaemonNode(event.object)
        if nodes.updateValue(node, forKey: name) == node { return [] }
        var changes: [(name: NamespacedName, fit: DaemonPlacement.Fit)] = []
        for key in entries.keys {
            guard let fit = entries[key]?.placement.fit(node) else { continue }
            if entries[key]?.fits.updateValue(fit, forKey: name) != fit { changes.append((key, fit)) }
        }
        return changes
    }
}
