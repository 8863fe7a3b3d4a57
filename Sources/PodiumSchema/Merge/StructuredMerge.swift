// SPDX-License-Identifier: Apache-2.0
// Merging what somebody applies into an object, and taking fields out of one.

package import PodiumCodec

extension MergeType {
    /// `live` with what `applied` sets: scalars and what counts as one value are replaced, the rest is merged part by
    /// part. Elements of lists stand in the order in which they are applied; those that only `live` has keep their
    /// place among them.
    /// - Throws: when a list has elements that cannot be told apart.
    // Kubernetes: structured-merge-diff/typed/merge.go
    @_specialize(where Document == JSONValue)
    package func merge<Document: DocumentBuilder>(
        _ live: Document,
        _ applied: Document
    ) throws(MergeTypeError) -> Document {
        try mergeParts(live, applied) ?? .object(of: [])
    }

    /// nil when nothing is left.
    private func mergeParts<Document: DocumentBuilder>(
        _ live: Document?,
        _ applied: Document?
    ) throws(MergeTypeError) -> Document? {
        // What only one of them has is taken as it is.
        guard let applied else { return live }
        guard let live else { return applied }
        // Where the sorts differ, that of what is applied comes second and stands.
        switch sort(of: applied) {
        case .scalar: return applied
        case .map(let map):
            if map.isAtomic || (Self.isNothing(live, .object) && Self.isNothing(applied, .object)) { return applied }
            return try mergeMembers(live, applied, map)
        case .list(let list):
            if list.isAtomic || (Self.isNothing(live, .array) && Self.isNothing(applied, .array)) { return applied }
            return try mergeElements(live, applied, list)
        }
    }

    private func mergeMembers<Document: DocumentBuilder>(
        _ live: Document,
        _ applied: Document,
        _ map: Map
    ) throws(MergeTypeError) -> Document? {
        var members: [(name: String, value: Document)] = []
        let liveCount = live.kind == .object ? live.count : 0
        for index in 0..<liveCount {
            let name = live.name(at: index)
            let value = try mergeStep(.field(name), live.element(at: index), applied.member(name), map.type(of: name))
            if let value { members.append((name, value)) }
        }
        let appliedCount = applied.kind == .object ? applied.count : 0
        for index in 0..<appliedCount {
            let name = applied.name(at: index)
            if live.member(name) != nil { continue }
            let value = try mergeStep(.field(name), nil, applied.element(at: index), map.type(of: name))
            if let value { members.append((name, value)) }
        }
        return members.isEmpty ? nil : .object(of: members)
    }

    private func mergeStep<Document: DocumentBuilder>(
        _ step: PathElement,
        _ live: Document?,
        _ applied: Document?,
        _ type: MergeType?
    ) throws(MergeTypeError) -> Document? {
        guard let type else { throw MergeTypeError("field not declared in schema").below(step) }
        do throws(MergeTypeError) {
            return try type.mergeParts(live, applied)
        } catch {
            throw error.below(step)
        }
    }

    private func mergeElements<Document: DocumentBuilder>(
        _ live: Document,
        _ applied: Document,
        _ list: List
    ) throws(MergeTypeError) -> Document? {
        let applied = try ListElements(applied, list)
        var seen: Set<PathElement> = []
        for step in applied.steps where !seen.insert(step).inserted {
            throw MergeTypeError("duplicate entries for key \(step.text)")
        }
        var order = MergeOrder(live: try ListElements(live, list), applied: applied)
        var elements: [Document] = []
        while let next = order.next() {
            if let element = try mergeStep(next.step, next.live, next.applied, list.element.type) {
                elements.append(element)
            }
        }
        return elements.isEmpty ? nil : .array(of: elements)
    }
}

/// The order of a merged list: that of what is applied, and between its elements those that are only live, each as far
/// behind the element before it as it was.
// Kubernetes: structured-merge-diff/typed/merge.go visitListItems
private struct MergeOrder<Document: DocumentReader> {
    let live: ListElements<Document>
    let applied: ListElements<Document>
    /// The steps of elements that both have, in the order of what is applied.
    private let shared: [PathElement]
    private var nextShared = 0
    private var liveIndex = 0
    private var appliedIndex = 0
    private var taken: Set<PathElement> = []

    init(live: ListElements<Document>, applied: ListElements<Document>) {
        self.live = live
        self.applied = applied
        shared = applied.steps.filter(live.contains)
    }

    /// The next element: as it is live, and as it is applied.
    mutating func next() -> (step: PathElement, live: Document?, applied: Document?)? {
        while liveIndex < live.steps.count || appliedIndex < applied.steps.count {
            if liveIndex < live.steps.count, appliedIndex < applied.steps.count {
                let step = live.steps[liveIndex]
                if step == applied.steps[appliedIndex] {
                    liveIndex += 1
                    return takeApplied()
                }
                // An element of both, but not the one whose turn it is.
                if nextShared < shared.count, step != shared[nextShared], applied.contains(step) {
                    liveIndex += 1
                    continue
                }
            }
            if liveIndex < live.steps.count {
                let step = live.steps[liveIndex]
                if !applied.contains(step) {
                    defer { liveIndex += 1 }
                    return (step, live.element(at: liveIndex), nil)
                }
                if taken.contains(step) { liveIndex += 1 }
            }
            if appliedIndex < applied.steps.count { return takeApplied() }
        }
        return nil
    }

    private mutating func takeApplied() -> (step: PathElement, live: Document?, applied: Document?) {
        let step = applied.steps[appliedIndex]
        defer { appliedIndex += 1 }
        taken.insert(step)
        if nextShared < shared.count, shared[nextShared] == step { nextShared += 1 }
        return (step, live.onlyElement(step), applied.element(at: appliedIndex))
    }
}

// MARK: - Taking out

extension MergeType {
    /// `document` without `fields`. What is left empty by this becomes null.
    // Kubernetes: structured-merge-diff/typed/remove.go
    @_specialize(where Document == JSONValue)
    package func removing<Document: DocumentBuilder>(
        _ fields: FieldSet,
        from document: Document
    ) throws(MergeTypeError) -> Document {
        if fields.isEmpty || document.count == 0 { return document }
        switch sort(of: document) {
        case .scalar: return document
        case .list(let list):
            if list.isAtomic { return document }
            let elements = try ListElements(document, list)
            var rest: [Document] = []
            for (index, step) in elements.steps.enumerated() where !fields.contains(step) {
                let element = document.element(at: index)
                guard let below = fields.child(step) else {
                    rest.append(element)
                    continue
                }
                rest.append(try list.element.type.removing(below, from: element))
            }
            return rest.isEmpty ? .null : .array(of: rest)
        case .map(let map):
            if map.isAtomic { return document }
            var rest: [(name: String, value: Document)] = []
            for index in 0..<document.count {
                let name = document.name(at: index)
                let step = PathElement.field(name)
                if fields.contains(step) { continue }
                let value = document.element(at: index)
                guard let below = fields.child(step), let type = map.type(of: name) else {
                    rest.append((name, value))
                    continue
                }
                rest.append((name, try type.removing(below, from: value)))
            }
            return rest.isEmpty ? .null : .object(of: rest)
        }
    }
}

extension FieldSet {
    /// This set, in which every field that the schema names and that leads to a path of it is a path itself.
    // Kubernetes: structured-merge-diff/fieldpath/set.go EnsureNamedFieldsAreMembers
    func withNamedFields(of type: MergeType) -> FieldSet {
        var members = self.members
        var children: [Child] = []
        for child in self.children {
            var below = MergeType.free
            switch child.element {
            case .field(let name):
                if type.map?.declares(name) == true, !contains(child.element) { members.append(child.element) }
                if let member = type.map?.type(of: name) { below = member }
            default:
                if let element = type.list?.element.type { below = element }
            }
            children.append(Child(element: child.element, set: child.set.withNamedFields(of: below)))
        }
        return FieldSet(members: members, children: children)
    }
}
