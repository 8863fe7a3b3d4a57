// SPDX-License-Identifier: Apache-2.0
// The elements of a list that falls into parts, by the steps that lead to them.

import PodiumCodec

/// What is wrong with a document in the eyes of its type.
package struct MergeTypeError: Error, Equatable {
    /// Where, as messages name paths; empty for the whole document.
    package var path: String
    package let text: String

    init(_ text: String) {
        path = ""
        self.text = text
    }

    /// The same further up: below `element`.
    func below(_ element: PathElement) -> MergeTypeError {
        var error = self
        error.path = element.text + path
        return error
    }

    /// As messages put it.
    // Kubernetes: structured-merge-diff/typed/helpers.go ValidationError
    package var message: String { path.isEmpty ? text : "\(path): \(text)" }
}

extension MergeType.List {
    /// The step to `element`.
    /// - Throws: what keeps it from being told apart.
    // Kubernetes: structured-merge-diff/typed/helpers.go listItemToPathElement
    func step(to element: some DocumentReader) throws(MergeTypeError) -> PathElement {
        switch relationship {
        case .atomic: throw MergeTypeError("invalid indexing of atomic list")
        case .set:
            guard !element.isNull else {
                throw MergeTypeError("associative list without keys has an element that's an explicit null")
            }
            guard let scalar = PathScalar(element) else {
                throw MergeTypeError(
                    element.kind == .object
                        ? "associative list without keys has an element that's a map type"
                        : "not supported: associative list with lists as elements"
                )
            }
            return .value(scalar)
        case .keyed(let keys): return .key(try values(of: keys, in: element))
        }
    }

    private func values(
        of keys: [MergeType.Key],
        in element: some DocumentReader
    ) throws(MergeTypeError) -> [PathKey] {
        if element.isNull { throw MergeTypeError("associative list with keys may not have a null element") }
        guard element.kind == .object else {
            throw MergeTypeError("associative list with keys may not have non-map elements")
        }
        var values: [PathKey] = []
        values.reserveCapacity(keys.count)
        for key in keys {
            let member = element.member(key.name)
            if let member, let value = PathScalar(member) {
                values.append(PathKey(name: key.name, value: value))
            } else if member != nil {
                throw MergeTypeError("associative list with keys may not have a key that is no scalar")
            } else if let value = key.defaultValue {
                values.append(PathKey(name: key.name, value: value))
            }
        }
        if values.isEmpty {
            let names = keys.map { "\"\($0.name)\"" }.joined(separator: " ")
            throw MergeTypeError(
                "associative list with keys has an element that omits all key fields [\(names)] "
                    + "(and doesn't have default values for any key fields)"
            )
        }
        return values.count == 1 ? values : values.sorted()
    }
}

/// The elements of a list by the steps that lead to them.
struct ListElements<Document: DocumentReader> {
    /// The steps in the order of the elements; of elements that are equal by their keys, each has one.
    let steps: [PathElement]
    /// The places of the elements to which a step leads; nil while the list is so short that a look through `steps` is
    /// faster.
    private let places: [PathElement: [Int]]?
    private let list: Document?

    /// Lists longer than this are looked up in a table.
    private static var longestWithoutTable: Int { 8 }

    /// The elements of `list`, nil or no list for none.
    /// - Throws: what is wrong with an element, with its place.
    init(_ list: Document?, _ type: MergeType.List) throws(MergeTypeError) {
        self.list = list
        guard let list, list.kind == .array else {
            (steps, places) = ([], nil)
            return
        }
        var steps: [PathElement] = []
        steps.reserveCapacity(list.count)
        for index in 0..<list.count {
            do throws(MergeTypeError) {
                steps.append(try type.step(to: list.element(at: index)))
            } catch {
                throw MergeTypeError("element \(index): \(error.text)")
            }
        }
        self.steps = steps
        places =
            steps.count > Self.longestWithoutTable
            ? Dictionary(grouping: steps.indices, by: { steps[$0] }) : nil
    }

    /// The element at a place.
    func element(at index: Int) -> Document? { list?.element(at: index) }

    /// The places of the elements to which `step` leads, in order.
    func places(of step: PathElement) -> [Int] {
        places.map { $0[step] ?? [] } ?? steps.indices.filter { steps[$0] == step }
    }

    /// The element to which `step` leads; nil when there is none, or several.
    func onlyElement(_ step: PathElement) -> Document? {
        let places = places(of: step)
        return places.count == 1 ? element(at: places[0]) : nil
    }

    /// Whether `step` leads to an element.
    func contains(_ step: PathElement) -> Bool { places.map { $0[step] != nil } ?? steps.contains(step) }
}
