// SPDX-License-Identifier: Apache-2.0
// The place of a field in an object, as error messages name it.

/// A path such as `spec.containers[0].ports[1].name` or `metadata.annotations[example.com/key]`.
// Kubernetes: apimachinery/pkg/util/validation/field/path.go
package struct FieldPath: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    private init(text: String) { description = text }

    /// The path of a top-level field, and of fields below it.
    package init(_ name: String, _ more: String...) {
        description = more.reduce(name) { "\($0).\($1)" }
    }

    /// The path of the object itself, which is empty.
    package static let root = FieldPath(text: "")

    /// The path of a field below this one.
    package func child(_ name: String) -> FieldPath {
        FieldPath(text: description.isEmpty ? name : "\(description).\(name)")
    }

    /// The path of a field below a field below this one.
    package func child(_ name: String, _ next: String) -> FieldPath { child(name).child(next) }

    /// The path of an element of the list at this path.
    package func index(_ index: Int) -> FieldPath { FieldPath(text: "\(description)[\(index)]") }

    /// The path of an entry of the map at this path.
    package func key(_ key: String) -> FieldPath { FieldPath(text: "\(description)[\(key)]") }
}
