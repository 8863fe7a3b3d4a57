// SPDX-License-Identifier: Apache-2.0
// Which fields a way to write an object can change at all.

/// The fields that a write can own: a subresource changes a part of its object, and the object itself not its status.
// Kubernetes: the GetResetFields and GetResetFieldsFilter functions of the strategies; structured-merge-diff/fieldpath/
// set.go Filter
package enum FieldFilter: Sendable {
    /// All but these and what is below them.
    case allBut(FieldSet)
    /// These and what is below them.
    case only(FieldSet)

    /// All fields.
    package static let everything = FieldFilter.allBut(FieldSet())

    /// All fields but those at and below `paths`, each a list of names.
    package static func allBut(_ paths: [[String]]) -> FieldFilter { .allBut(FieldSet(names: paths)) }

    /// The fields at and below `paths`, each a list of names.
    package static func only(_ paths: [[String]]) -> FieldFilter { .only(FieldSet(names: paths)) }

    /// Whether anything at or below a member at the top can be owned.
    func concerns(_ element: PathElement) -> Bool {
        switch self {
        case .allBut(let fields): !fields.contains(element)
        case .only(let fields): fields.contains(element) || fields.child(element) != nil
        }
    }

    /// The part of `set` that can be owned.
    func apply(to set: FieldSet) -> FieldSet {
        switch self {
        case .allBut(let fields): set.subtractingWhole(fields)
        case .only(let fields): set.intersectingWhole(fields)
        }
    }

    /// The part of the differences that counts.
    func apply(to differences: Comparison) -> Comparison {
        if case .allBut(let fields) = self, fields.isEmpty { return differences }
        return Comparison(
            added: apply(to: differences.added),
            removed: apply(to: differences.removed),
            modified: apply(to: differences.modified)
        )
    }
}

extension FieldSet {
    /// The set of these paths, each a list of names.
    package init(names: [[String]]) { self.init(paths: names.map { $0.map { PathElement.field($0) } }) }

    /// The paths that are in `other` or go on from one that is.
    func intersectingWhole(_ other: FieldSet) -> FieldSet {
        var result = FieldSet()
        for member in members where other.contains(member) { result.append(member) }
        for child in children {
            if other.contains(child.element) {
                result.append(child.set, below: child.element)
            } else if let below = other.child(child.element) {
                result.append(child.set.intersectingWhole(below), below: child.element)
            }
        }
        return result
    }
}
