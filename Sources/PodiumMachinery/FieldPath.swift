// SPDX-License-Identifier: Apache-2.0
// The place of a field in an object, as error messages name it.

/// A path such as `spec.containers[0].ports[1].name` or `metadata.annotations[example.com/key]`.
///
/// Its text is put together only when somebody reads it: validators make a path for nearly every field of nearly every
/// object, and nearly all of these are right.
// Kubernetes: apimachinery/pkg/util/validation/field/path.go
package struct FieldPath: Hashable, Sendable, CustomStringConvertible {
    /// The limits of a path.
    package enum Limits {
        /// Of a longer text the end is left out: a name may be as long as a whole request, and stand in the path of
        /// everything below it.
        package static let maximumBytes = 4096
    }

    private enum Step: Sendable {
        case name(String)
        case index(Int)
        case key(String)
    }

    private final class Node: Sendable {
        let parent: Node?
        let step: Step

        init(_ parent: Node?, _ step: Step) {
            self.parent = parent
            self.step = step
        }
    }

    private let node: Node?

    private init(node: Node?) { self.node = node }

    /// The path of a top-level field, and of fields below it.
    package init(_ name: String, _ more: String...) {
        node = more.reduce(Node(nil, .name(name))) { Node($0, .name($1)) }
    }

    /// The path of the object itself, which is empty.
    package static let root = FieldPath(node: nil)

    /// The path of a field below this one.
    package func child(_ name: String) -> FieldPath { FieldPath(node: Node(node, .name(name))) }

    /// The path of a field below a field below this one.
    package func child(_ name: String, _ next: String) -> FieldPath { child(name).child(next) }

    /// The path of an element of the list at this path.
    package func index(_ index: Int) -> FieldPath { FieldPath(node: Node(node, .index(index))) }

    /// The path of an entry of the map at this path.
    package func key(_ key: String) -> FieldPath { FieldPath(node: Node(node, .key(key))) }

    package var description: String {
        var steps: [Step] = []
        var next = node
        while let node = next {
            steps.append(node.step)
            next = node.parent
        }
        var text = ""
        for step in steps.reversed() {
            switch step {
            case .name(let name): text += text.isEmpty ? name : ".\(name)"
            case .index(let index): text += "[\(index)]"
            case .key(let key): text += "[\(key)]"
            }
            if text.utf8.count > Limits.maximumBytes { return text.shortened(to: Limits.maximumBytes) }
        }
        return text
    }

    package static func == (left: FieldPath, right: FieldPath) -> Bool {
        left.node === right.node || left.description == right.description
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(description) }
}
