// SPDX-License-Identifier: Apache-2.0
// How the printers of tables read objects: leniently, a missing field is an empty one.

package import PodiumCodec
import PodiumMachinery

extension JSONValue {
    /// The value at the end of a chain of members; nil where one is missing or null.
    package func at(_ path: [String]) -> JSONValue? {
        var value: JSONValue? = self
        for key in path { value = value?[key] }
        return value.flatMap { $0.isNull ? nil : $0 }
    }

    /// The text at `path`; empty when there is none.
    package func text(_ path: String...) -> String { at(path)?.string ?? "" }

    /// The text at `path`; `fallback` when there is none or an empty one.
    package func text(_ path: String..., or fallback: String) -> String {
        guard let text = at(path)?.string, !text.isEmpty else { return fallback }
        return text
    }

    /// The whole number at `path`; 0 when there is none.
    package func number(_ path: String...) -> Int64 { at(path)?.integer ?? 0 }

    /// The elements at `path`; none when there is no list.
    package func list(_ path: String...) -> [JSONValue] { at(path)?.elements ?? [] }

    /// The texts at `path`; none when there is no list.
    package func texts(_ path: String...) -> [String] { at(path)?.elements.compactMap(\.string) ?? [] }

    /// The truth at `path`; `fallback` when there is none.
    package func flag(_ path: String..., or fallback: Bool = false) -> Bool { at(path)?.bool ?? fallback }

    /// How many members or elements there are at `path`.
    package func count(_ path: String...) -> Int {
        switch at(path) {
        case .array(let elements): elements.count
        case .object(let members): members.count
        default: 0
        }
    }

    /// A quantity, a percentage or a number at `path` as text; `fallback` when there is none.
    package func amount(_ path: String..., or fallback: String) -> String { at(path)?.amount ?? fallback }

    private var amount: String? {
        switch self {
        case .string(let text): text
        case .integer(let number): String(number)
        case .number(let number): number.text
        default: nil
        }
    }

    /// The labels at `path` as `a=b,c=d`, sorted; `<none>` when there are none.
    // Kubernetes: apimachinery/pkg/labels/labels.go FormatLabels
    package func labels(_ path: String...) -> String {
        let labels = at(path)?.stringMap ?? [:]
        if labels.isEmpty { return "<none>" }
        return labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
    }

    /// The label selector at `path` as text; empty when it selects everything or is missing.
    // Kubernetes: apimachinery/pkg/apis/meta/v1/helpers.go LabelSelectorAsSelector
    package func selector(_ path: String...) -> String {
        guard let selector = at(path) else { return "" }
        var requirements = (selector["matchLabels"]?.stringMap ?? [:]).map {
            (key: $0.key, text: "\($0.key)=\($0.value)")
        }
        for expression in selector.list("matchExpressions") {
            let key = expression.text("key")
            let values = expression.texts("values").sorted().joined(separator: ",")
            switch expression.text("operator") {
            case "In": requirements.append((key, "\(key) in (\(values))"))
            case "NotIn": requirements.append((key, "\(key) notin (\(values))"))
            case "Exists": requirements.append((key, key))
            case "DoesNotExist": requirements.append((key, "!\(key)"))
            default: return "<error>"
            }
        }
        return requirements.sorted { ($0.key, $0.text) < ($1.key, $1.text) }.map(\.text).joined(separator: ",")
    }

    /// The names and images of the containers of the pod at `path`.
    package func containers(_ path: String...) -> (names: JSONValue, images: JSONValue) {
        let containers = at(path)?.list("spec", "containers") ?? []
        return (
            .string(containers.map { $0.text("name") }.joined(separator: ",")),
            .string(containers.map { $0.text("image") }.joined(separator: ","))
        )
    }
}

/// A list of which the first `maximum` entries are shown: `a,b,c + 2 more...`; `fallback` when it is empty.
package func shortened(_ list: [String], maximum: Int = 3, separator: String = ",", or fallback: String) -> String {
    if list.isEmpty { return fallback }
    let shown = list.prefix(maximum).joined(separator: separator)
    return list.count > maximum ? "\(shown) + \(list.count - maximum) more..." : shown
}
