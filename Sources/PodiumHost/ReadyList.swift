// SPDX-License-Identifier: Apache-2.0
// The blocks of a virtual clock that are ready to run.

import DequeModule

/// A first-in, first-out list.
struct ReadyList<Element: Sendable>: Sendable {
    private var elements: Deque<Element> = []

    var isEmpty: Bool { elements.isEmpty }

    mutating func append(_ element: Element) { elements.append(element) }

    mutating func popFirst() -> Element? { elements.popFirst() }

    mutating func removeAll() -> [Element] {
        // An array made of an empty deque writes into the storage that all empty arrays share.
        if elements.isEmpty { return [] }
        let all = Array(elements)
        elements = []
        return all
    }
}
