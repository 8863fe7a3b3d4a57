// SPDX-License-Identifier: Apache-2.0
// The names of a type's fields, found in the order in which objects mostly have them.

/// Names with their places.
///
/// Objects that Kubernetes has written have their members in the order of their type, so that the next name is mostly
/// found a few steps behind the last one, in a fraction of the steps that hashing it takes.
struct FieldNames: Sendable {
    private enum Limits {
        /// How far one looks before the name is hashed.
        static let maximumSteps = 8
    }

    private let names: [String]
    private let places: [String: Int]

    /// Names of which none stands twice, in their order.
    init(_ names: [String]) {
        self.names = names
        places = Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Where `name` stands; nil when it does not.
    func place(of name: String) -> Int? { places[name] }

    /// The same, next to the place that was found last.
    /// - Parameter next: where to begin to look; the place behind the one that is found.
    func place(of name: String, from next: inout Int) -> Int? {
        let length = name.utf8.count
        let end = min(next + Limits.maximumSteps, names.count)
        var place = next
        while place < end {
            if names[place].utf8.count == length, names[place] == name {
                next = place + 1
                return place
            }
            place += 1
        }
        guard let found = places[name] else { return nil }
        next = found + 1
        return found
    }
}
