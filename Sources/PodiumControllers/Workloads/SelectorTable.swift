// SPDX-License-Identifier: Apache-2.0
// Who selects an object, without reading the selectors of all who might.

import OrderedCollections
import PodiumMachinery

/// The selectors of the objects of a kind, by namespace.
struct SelectorTable: Sendable {
    private var selectors: [String: OrderedDictionary<String, LabelSelector>] = [:]

    /// Notes the selector of the object called `name`; nil forgets it.
    mutating func set(_ selector: LabelSelector?, of name: NamespacedName) {
        selectors[name.namespace, default: [:]][name.name] = selector
        if selectors[name.namespace]?.isEmpty == true { selectors[name.namespace] = nil }
    }

    /// The selector of the object called `name`.
    subscript(name: NamespacedName) -> LabelSelector? { selectors[name.namespace]?[name.name] }

    /// The objects of a namespace that select what has these labels. Whoever selects everything selects nothing here:
    /// no kind of workload means that.
    func names(selecting labels: [String: String], in namespace: String) -> [NamespacedName] {
        (selectors[namespace] ?? [:]).compactMap { name, selector in
            !selector.isEverything && selector.matches(labels)
                ? NamespacedName(namespace: namespace, name: name) : nil
        }
    }
}
