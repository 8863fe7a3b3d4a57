// SPDX-License-Identifier: Apache-2.0
// Which labels a selector takes.

/// A conjunction of requirements on labels. Without any it takes everything.
// Kubernetes: apimachinery/pkg/labels/selector.go
package struct LabelSelector: Hashable, Sendable, CustomStringConvertible {
    /// How a requirement relates a label to its values.
    package enum Operator: String, Hashable, Sendable {
        case `in` = "in"
        case notIn = "notin"
        case equals = "="
        case doubleEquals = "=="
        case notEquals = "!="
        case exists = "exists"
        case doesNotExist = "!"
        case greaterThan = "gt"
        case lessThan = "lt"
    }

    /// A requirement on one label.
    package struct Requirement: Hashable, Sendable {
        package let key: String
        package let `operator`: Operator
        package let values: [String]
        /// The value of `gt` and `lt`.
        private let bound: Int64?

        package init(_ key: String, _ operator: Operator, _ values: [String] = []) {
            self.key = key
            self.operator = `operator`
            self.values = values
            bound = values.first.flatMap { Int64($0) }
        }

        /// Whether `labels` meet the requirement.
        package func matches(_ labels: [String: String]) -> Bool {
            let value = labels[key]
            switch `operator` {
            case .in, .equals, .doubleEquals: return value.map(values.contains) ?? false
            case .notIn, .notEquals: return !(value.map(values.contains) ?? false)
            case .exists: return value != nil
            case .doesNotExist: return value == nil
            case .greaterThan, .lessThan:
                guard let bound, let number = value.flatMap({ Int64($0) }) else { return false }
                return `operator` == .greaterThan ? number > bound : number < bound
            }
        }
    }

    /// All of them must be met.
    package let requirements: [Requirement]
    /// Whether no object at all is taken: what an absent selector means in most fields.
    package let isNothing: Bool

    package init(_ requirements: [Requirement]) {
        self.requirements = requirements
        isNothing = false
    }

    private init(nothing: Void) {
        requirements = []
        isNothing = true
    }

    /// Takes everything.
    package static let everything = LabelSelector([])

    /// Takes nothing.
    package static let nothing = LabelSelector(nothing: ())

    /// Takes objects that have all of `labels`, as a Service's or ReplicationController's selector does.
    package init(matching labels: [String: String]) {
        self.init(labels.sorted { $0.key < $1.key }.map { Requirement($0.key, .equals, [$0.value]) })
    }

    /// Whether everything is taken.
    package var isEverything: Bool { requirements.isEmpty && !isNothing }

    /// Whether `labels` meet all requirements.
    package func matches(_ labels: [String: String]) -> Bool {
        if isNothing { return false }
        for requirement in requirements where !requirement.matches(labels) { return false }
        return true
    }

    /// In the syntax of a query.
    package var description: String {
        requirements.map { requirement in
            let key = requirement.key
            let list = requirement.values.sorted().joined(separator: ",")
            return switch requirement.operator {
            case .in: "\(key) in (\(list))"
            case .notIn: "\(key) notin (\(list))"
            case .equals, .doubleEquals, .notEquals: "\(key)\(requirement.operator.rawValue)\(list)"
            case .exists: key
            case .doesNotExist: "!\(key)"
            case .greaterThan: "\(key)>\(list)"
            case .lessThan: "\(key)<\(list)"
            }
        }.joined(separator: ",")
    }
}

/// Why a selector is none, in Kubernetes' words.
package struct SelectorError: Error, Equatable, Sendable, CustomStringConvertible {
    package let message: String

    package init(_ message: String) { self.message = message }

    package var description: String { message }
}
