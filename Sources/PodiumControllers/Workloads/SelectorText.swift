// SPDX-License-Identifier: Apache-2.0
// Label selectors as Go prints them, which is how some messages of controllers have them.

import PodiumCodec

/// The texts of selectors in messages.
enum SelectorText {
    /// A `LabelSelector` object as Go prints one behind a pointer.
    // Kubernetes: apimachinery/pkg/apis/meta/v1/generated.pb.go LabelSelector.String
    static func go(_ selector: JSONValue?) -> String {
        guard let selector = selector?.object else { return "nil" }
        let labels = (selector["matchLabels"]?.stringMap ?? [:]).sorted { $0.key < $1.key }
        let expressions = selector["matchExpressions"]?.elements ?? []
        let list = expressions.map { expression in
            let values = (expression["values"]?.elements ?? []).compactMap(\.string).joined(separator: " ")
            let parts = ["Key:\(expression["key"]?.string ?? "")", "Operator:\(expression["operator"]?.string ?? "")"]
            return "LabelSelectorRequirement{\(parts.joined(separator: ",")),Values:[\(values)],},"
        }
        return "&LabelSelector{MatchLabels:map[string]string{\(labels.map { "\($0): \($1)," }.joined())},"
            + "MatchExpressions:[]LabelSelectorRequirement{\(list.joined())},}"
    }
}
