// SPDX-License-Identifier: Apache-2.0
// Which types a document needs for a collection.

import PodiumMachinery
import PodiumRegistry
import PodiumSchema

extension OpenAPISchemas {
    /// Adds the types that every document needs: those of deletions, failures and patches.
    mutating func addCommonTypes() {
        for name in [OpenAPIPaths.deleteOptions, OpenAPIPaths.status, OpenAPIPaths.patch] {
            if let schema = types.schema(named: name) { add(schema) }
        }
    }

    /// Adds the kinds of a collection, of lists of it and of its subresources, and notes what their schemas are called.
    mutating func addKinds(of definition: ResourceDefinition, _ names: inout [GroupVersionKind: String]) {
        var list = definition.gvk
        list.kind = definition.listKind
        for gvk in [definition.gvk, list] + definition.subresources.map(\.gvk) where names[gvk] == nil {
            guard let schema = types.schema(for: gvk) else { continue }
            names[gvk] = schema.name
            add(schema, as: gvk)
        }
    }
}
