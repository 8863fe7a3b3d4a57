// SPDX-License-Identifier: Apache-2.0
// A set of parts of a document: what somebody owns of it, or what a change touched.

/// A set of paths into a document, as a tree.
///
/// A path may be a member together with paths below it: an element of a list is owned, and some of its members are.
// Kubernetes: structured-merge-diff/fieldpath/set.go
package struct FieldSet: Hashable, Sendable {
    /// The paths below one step.
    package struct Child: Hashable, Sendable {
        package let element: PathElement
        package fileprivate(set) var set: FieldSet
    }

    /// The steps that are paths of this set themselves, sorted.
    package private(set) var members: [PathElement] = []
    /// The steps below which paths of this set go on, sorted; none of the sets in them is empty.
    package private(set) var children: [Child] = []

    /// The empty set.
    package init() {}

    /// A set of its parts, in which no step stands twice among the members, nor among the children.
    init(members: [PathElement], children: [Child]) {
        self.members = members
        self.children = children
        sort()
    }

    /// The set of these paths.
    package init(paths: [[PathElement]]) { for path in paths { insert(path[...]) } }

    package var isEmpty: Bool { members.isEmpty && children.isEmpty }

    /// How many paths there are.
    package var count: Int { children.reduce(members.count) { $0 + $1.set.count } }

    /// Whether `element` is a path of this set.
    package func contains(_ element: PathElement) -> Bool { Self.place(of: element, in: members).isFound }

    /// Whether `path`, which has a step at least, is in this set.
    package func contains(_ path: ArraySlice<PathElement>) -> Bool {
        guard let first = path.first else { return false }
        return path.count == 1 ? contains(first) : child(first)?.contains(path.dropFirst()) ?? false
    }

    /// The paths below `element`; nil when there are none.
    package func child(_ element: PathElement) -> FieldSet? {
        let (index, isFound) = place(of: element)
        return isFound ? children[index].set : nil
    }

    /// Adds a path; the empty one is none.
    package mutating func insert(_ path: ArraySlice<PathElement>) {
        guard let first = path.first else { return }
        if path.count == 1 {
            let (index, isFound) = Self.place(of: first, in: members)
            if !isFound { members.insert(first, at: index) }
            return
        }
        let (index, isFound) = place(of: first)
        if !isFound { children.insert(Child(element: first, set: FieldSet()), at: index) }
        children[index].set.insert(path.dropFirst())
    }

    /// Calls `body` with each path, in order.
    package func forEachPath(_ body: ([PathElement]) -> Void) { forEachPath(after: [], body) }

    private func forEachPath(after prefix: [PathElement], _ body: ([PathElement]) -> Void) {
        for member in members { body(prefix + [member]) }
        for child in children { child.set.forEachPath(after: prefix + [child.element], body) }
    }

    // MARK: Building

    /// Adds a step that is not there yet at the end, sorted or not; `sort` must follow.
    mutating func append(_ element: PathElement) { members.append(element) }

    /// Adds the paths of `set` below a step that has none yet at the end, sorted or not; `sort` must follow.
    mutating func append(_ set: consuming FieldSet, below element: PathElement) {
        if !set.isEmpty { children.append(Child(element: element, set: set)) }
    }

    /// Puts what was appended in order.
    mutating func sort() {
        if !Self.isSorted(members, { $0 }) { members.sort() }
        if !Self.isSorted(children, \.element) { children.sort { $0.element < $1.element } }
    }

    private static func isSorted<Item>(_ items: [Item], _ element: (Item) -> PathElement) -> Bool {
        items.indices.dropFirst().allSatisfy { element(items[$0 - 1]) < element(items[$0]) }
    }

    private func place(of element: PathElement) -> (index: Int, isFound: Bool) {
        Self.place(count: children.count, of: element) { children[$0].element }
    }

    private static func place(of element: PathElement, in members: [PathElement]) -> (index: Int, isFound: Bool) {
        place(count: members.count, of: element) { members[$0] }
    }

    /// Where `element` is, or belongs, among `count` sorted ones.
    private static func place(
        count: Int,
        of element: PathElement,
        _ at: (Int) -> PathElement
    ) -> (index: Int, isFound: Bool) {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if at(middle) < element { low = middle + 1 } else { high = middle }
        }
        return (low, low < count && at(low) == element)
    }
}

// MARK: - Sets of two

extension FieldSet {
    /// The paths that are in either.
    package func union(_ other: FieldSet) -> FieldSet {
        if isEmpty { return other }
        if other.isEmpty { return self }
        if contains(allOf: other) { return self }
        return combine(other, members: [.left, .right, .both]) { left, right in
            guard let left else { return right }
            return right.map(left.union) ?? left
        }
    }

    /// The paths that are in both.
    package func intersection(_ other: FieldSet) -> FieldSet {
        combine(other, members: .both) { left, right in
            guard let left, let right else { return nil }
            return left.intersection(right)
        }
    }

    /// The paths that are not in `other`.
    package func subtracting(_ other: FieldSet) -> FieldSet {
        if !intersects(other) { return self }
        return combine(other, members: .left) { left, right in
            guard let left else { return nil }
            return right.map(left.subtracting) ?? left
        }
    }

    /// Whether all paths of `other` are in this set.
    func contains(allOf other: FieldSet) -> Bool {
        other.members.allSatisfy(contains)
            && other.children.allSatisfy { theirs in child(theirs.element)?.contains(allOf: theirs.set) ?? false }
    }

    /// Whether any path is in both.
    func intersects(_ other: FieldSet) -> Bool {
        let members = other.members.count < members.count ? (other, self) : (self, other)
        if members.0.members.contains(where: members.1.contains) { return true }
        let children = other.children.count < children.count ? (other, self) : (self, other)
        return children.0.children.contains { child in
            children.1.child(child.element)?.intersects(child.set) ?? false
        }
    }

    /// The paths that neither are in `other` nor go on from one that is.
    package func subtractingWhole(_ other: FieldSet) -> FieldSet {
        if other.isEmpty { return self }
        var result = FieldSet()
        result.members = members.filter { !other.contains($0) }
        for child in children where !other.contains(child.element) {
            result.append(
                other.child(child.element).map(child.set.subtractingWhole) ?? child.set,
                below: child.element
            )
        }
        return result
    }

    /// In which of two sets a step is.
    private struct Sides: OptionSet {
        let rawValue: Int
        static let left = Sides(rawValue: 1)
        static let right = Sides(rawValue: 2)
        static let both = Sides(rawValue: 4)
    }

    /// Goes through both sets at once: keeps the members that stand on one of `sides`, and of the children what
    /// `merge` makes of them.
    private func combine(
        _ other: FieldSet,
        members sides: Sides,
        _ merge: (FieldSet?, FieldSet?) -> FieldSet?
    ) -> FieldSet {
        var result = FieldSet()
        Self.walk(members, other.members, { $0 }) { left, right in
            let side: Sides = left == nil ? .right : right == nil ? .left : .both
            if sides.contains(side), let element = left ?? right { result.members.append(element) }
        }
        Self.walk(children, other.children, \.element) { left, right in
            guard let element = left?.element ?? right?.element else { return }
            if let set = merge(left?.set, right?.set) { result.append(set, below: element) }
        }
        return result
    }

    /// Calls `body` with the items of two sorted lists in order; those of the same element together.
    private static func walk<Item>(
        _ left: [Item],
        _ right: [Item],
        _ element: (Item) -> PathElement,
        _ body: (Item?, Item?) -> Void
    ) {
        var (i, j) = (0, 0)
        while i < left.count || j < right.count {
            if j == right.count || (i < left.count && element(left[i]) < element(right[j])) {
                body(left[i], nil)
                i += 1
            } else if i == left.count || element(right[j]) < element(left[i]) {
                body(nil, right[j])
                j += 1
            } else {
                body(left[i], right[j])
                i += 1
                j += 1
            }
        }
    }
}
