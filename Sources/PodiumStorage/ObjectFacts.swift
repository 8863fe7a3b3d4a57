// SPDX-License-Identifier: Apache-2.0
// The small facts of an object, read once per write, so that no filter ever parses stored bytes.

package import PodiumCodec

/// The small facts of an object that selectors and printers read without parsing its bytes.
package struct ObjectFacts: Sendable {
    package var uid: String
    package var labels: [String: String]
    /// The selectable fields of its kind (`spec.nodeName`, `status.phase`, …), beside the names that its key has.
    package let fields: FieldValues
}

extension ObjectFacts {
    /// Reads the facts of `object`, whose kind has these selectable fields.
    package init(of object: JSONValue, fields selectable: [SelectableField] = []) {
        let metadata = object["metadata"]
        uid = metadata?["uid"]?.string ?? ""
        labels = metadata?["labels"]?.stringMap ?? [:]
        fields = FieldValues(of: object, selectable)
    }
}

/// The values of an object's selectable fields.
///
/// A kind has a dozen at most, so they are looked through in the order of its fields, whose list all its objects share:
/// of every object and every state of it in the history the values alone are kept.
package struct FieldValues: Sendable {
    private let fields: [SelectableField]
    private let values: [String]

    fileprivate init(of object: JSONValue, _ fields: [SelectableField]) {
        self.fields = fields
        values = fields.map { $0.read(object) }
    }

    /// The value of the field called `name`; nil when the kind has no such field.
    package subscript(name: String) -> String? {
        fields.firstIndex { $0.name == name }.map { values[$0] }
    }
}

/// A field by which a collection can be filtered with a field selector.
package struct SelectableField: Sendable {
    /// The name in the selector, `status.phase`.
    package let name: String
    private let path: [String]
    private let fallback: String

    /// The field at `path`, by default the parts of `name`; an absent one reads as `fallback`.
    package init(_ name: String, path: [String]? = nil, fallback: String = "") {
        self.name = name
        self.path = path ?? name.split(separator: ".").map(String.init)
        self.fallback = fallback
    }

    /// The value in `object`, as text.
    func read(_ object: JSONValue) -> String {
        var value: JSONValue? = object
        for key in path { value = value?[key] }
        switch value {
        case .string(let text)?: return text
        case .bool(let flag)?: return flag ? "true" : "false"
        case .integer(let number)?: return String(number)
        default: return fallback
        }
    }
}
