// SPDX-License-Identifier: Apache-2.0
// What tells two states of an object apart, as sets of fields.

package import PodiumCodec

/// The parts in which a document differs from another one of its type.
// Kubernetes: structured-merge-diff/typed/comparison.go
package struct Comparison: Sendable {
    /// What only the new document has.
    package var added = FieldSet()
    /// What only the old document has.
    package var removed = FieldSet()
    /// What both have, but not the same.
    package var modified = FieldSet()

    /// What the new document has and the old one has not, or not the same.
    package var changed: FieldSet { added.union(modified) }

    /// Whether there is no difference.
    package var isEmpty: Bool { added.isEmpty && removed.isEmpty && modified.isEmpty }
}

extension MergeType {
    /// What tells `new` apart from `old`.
    /// - Parameter isSeen: whether a member at the top is looked at.
    /// - Throws: when a list has elements that cannot be told apart by its keys.
    // Kubernetes: structured-merge-diff/typed/compare.go
    @_specialize(where Document == JSONValue)
    package func compare<Document: DocumentReader>(
        _ old: Document,
        _ new: Document,
        where isSeen: (PathElement) -> Bool = { _ in true }
    ) throws(MergeTypeError) -> Comparison {
        var differences = Comparison()
        if let map, !map.isAtomic, scalar == nil, list == nil {
            try compareMembers(old, new, map, &differences, where: isSeen)
        } else {
            _ = try compareParts(old, new, &differences)
        }
        return differences
    }

    /// What became of a part as such, whatever became of what is below it.
    private enum Change {
        case none
        case added
        case removed
        case modified

        static func ofWhole<Document: DocumentReader>(_ old: Document, _ new: Document) -> Change {
            old.isEqual(to: new) ? .none : .modified
        }
    }

    /// Adds what differs below a part, and says what became of the part itself. One of both is not nil.
    private func compareParts<Document: DocumentReader>(
        _ old: Document?,
        _ new: Document?,
        _ differences: inout Comparison
    ) throws(MergeTypeError) -> Change {
        guard let new else {
            if let old { try collectParts(of: old, into: &differences.removed) }
            return .removed
        }
        guard let old else {
            try collectParts(of: new, into: &differences.added)
            return .added
        }
        if old.isIdentical(to: new) { return .none }
        let (before, after) = (sort(of: old), sort(of: new))
        var change = try compare(old, new, as: before, &differences)
        // What it was and what it is may be of different sorts, each of which the type allows.
        if after != before { change = try compare(old, new, as: after, &differences) ?? change }
        return change ?? .none
    }

    /// - Returns: what became of the part, when it is one value; nil when it falls into parts.
    private func compare<Document: DocumentReader>(
        _ old: Document,
        _ new: Document,
        as sort: Sort,
        _ differences: inout Comparison
    ) throws(MergeTypeError) -> Change? {
        switch sort {
        case .scalar: return .ofWhole(old, new)
        case .map(let map):
            if map.isAtomic || (Self.isNothing(old, .object) && Self.isNothing(new, .object)) {
                return .ofWhole(old, new)
            }
            try compareMembers(old, new, map, &differences)
        case .list(let list):
            if list.isAtomic || (Self.isNothing(old, .array) && Self.isNothing(new, .array)) {
                return .ofWhole(old, new)
            }
            try compareElements(old, new, list, &differences)
        }
        return nil
    }

    /// Adds all parts below `document`, of which there is no other state.
    private func collectParts<Document: DocumentReader>(
        of document: Document,
        into set: inout FieldSet
    ) throws(MergeTypeError) {
        switch sort(of: document) {
        case .scalar: return
        case .map(let map):
            if map.isAtomic || document.kind != .object { return }
            var next = 0
            for index in 0..<document.count {
                let name = document.name(at: index)
                let step = PathElement.field(name)
                guard let type = map.type(of: name, from: &next) else {
                    throw MergeTypeError("field not declared in schema").below(step)
                }
                set.append(step)
                set.append(try type.parts(of: document.element(at: index), below: step), below: step)
            }
        case .list(let list):
            if list.isAtomic || document.kind != .array { return }
            let elements = try ListElements(document, list)
            for (index, step) in elements.steps.enumerated() {
                let places = elements.places(of: step)
                guard places.first == index, let element = elements.element(at: index) else { continue }
                set.append(step)
                // Several that the keys do not tell apart count as one value.
                if places.count == 1 { set.append(try list.element.type.parts(of: element, below: step), below: step) }
            }
        }
        set.sort()
    }

    /// All parts below `document`, which is what `step` leads to.
    private func parts<Document: DocumentReader>(
        of document: Document,
        below step: PathElement
    ) throws(MergeTypeError) -> FieldSet {
        var set = FieldSet()
        do throws(MergeTypeError) {
            try collectParts(of: document, into: &set)
        } catch {
            throw error.below(step)
        }
        return set
    }

    /// Whether there are no parts: to be told apart from each other, such things count as one value.
    static func isNothing<Document: DocumentReader>(_ document: Document?, _ kind: DocumentKind) -> Bool {
        guard let document, document.kind == kind else { return true }
        return document.count == 0
    }

    private func compareMembers<Document: DocumentReader>(
        _ old: Document,
        _ new: Document,
        _ map: Map,
        _ differences: inout Comparison,
        where isSeen: (PathElement) -> Bool = { _ in true }
    ) throws(MergeTypeError) {
        let before = old.kind == .object ? old : nil
        let after = new.kind == .object ? new : nil
        var common = 0
        var next = 0
        for index in 0..<(after?.count ?? 0) {
            guard let after else { break }
            let name = after.name(at: index)
            let value = after.element(at: index)
            let previous = before?.member(name, near: index)
            if let previous {
                common += 1
                if previous.isIdentical(to: value) { continue }
            }
            if !isSeen(.field(name)) { continue }
            try compareStep(.field(name), previous, value, map.type(of: name, from: &next), &differences)
        }
        if let before, before.count > common {
            for index in 0..<before.count {
                let name = before.name(at: index)
                if after?.member(name, near: index) != nil || !isSeen(.field(name)) { continue }
                try compareStep(.field(name), before.element(at: index), nil, map.type(of: name), &differences)
            }
        }
        differences.sort()
    }

    private func compareElements<Document: DocumentReader>(
        _ old: Document,
        _ new: Document,
        _ list: List,
        _ differences: inout Comparison
    ) throws(MergeTypeError) {
        let before = try ListElements(old, list)
        let after = try ListElements(new, list)
        var seen: Set<PathElement> = []
        for step in before.steps + after.steps where seen.insert(step).inserted {
            let (first, second) = (before.places(of: step), after.places(of: step))
            if first.count <= 1, second.count <= 1 {
                let (old, new) = (first.first.flatMap(before.element), second.first.flatMap(after.element))
                try compareStep(step, old, new, list.element.type, &differences)
                continue
            }
            // Several that the keys do not tell apart count as one value.
            if first.isEmpty {
                differences.added.append(step)
            } else if second.isEmpty {
                differences.removed.append(step)
            } else if first.count != second.count
                || zip(first, second).contains(where: { old, new in
                    guard let old = before.element(at: old), let new = after.element(at: new) else { return true }
                    return !old.isEqual(to: new)
                })
            {
                differences.modified.append(step)
            }
        }
        differences.sort()
    }

    private func compareStep<Document: DocumentReader>(
        _ step: PathElement,
        _ old: Document?,
        _ new: Document?,
        _ type: MergeType?,
        _ differences: inout Comparison
    ) throws(MergeTypeError) {
        guard let type else { throw MergeTypeError("field not declared in schema").below(step) }
        // What there was not before is new with all its parts.
        if old == nil, let new {
            differences.added.append(try type.parts(of: new, below: step), below: step)
            differences.added.append(step)
            return
        }
        var below = Comparison()
        let change: Change
        do throws(MergeTypeError) {
            change = try type.compareParts(old, new, &below)
        } catch {
            throw error.below(step)
        }
        differences.added.append(below.added, below: step)
        differences.removed.append(below.removed, below: step)
        differences.modified.append(below.modified, below: step)
        switch change {
        case .none: break
        case .added: differences.added.append(step)
        case .removed: differences.removed.append(step)
        case .modified: differences.modified.append(step)
        }
    }
}

extension Comparison {
    /// Puts what was appended in order.
    fileprivate mutating func sort() {
        added.sort()
        removed.sort()
        modified.sort()
    }
}
