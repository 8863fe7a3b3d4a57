// SPDX-License-Identifier: Apache-2.0
// What all kinds have in common when nothing special is known: status apart, generations counted.

package import PodiumCodec
package import PodiumMachinery
package import PodiumRegistry

/// The strategy of a kind without rules of its own, such as a custom resource or a plain collection of data.
package struct PlainStrategy: ResourceStrategy {
    /// What distinguishes plain kinds from each other.
    package struct Traits: Sendable {
        /// Whether there is a `status` that only the subresource changes.
        package var hasStatus = false
        /// Whether `metadata.generation` counts the changes of the spec.
        package var countsGenerations = false
        package var allowsUnconditionalUpdate = true
        /// What names it takes.
        package var nameErrors: @Sendable (String, Bool) -> [String] = {
            NameValidation.dns1123Subdomain($0, isPrefix: $1)
        }

        /// Fills in what is left out.
        package var applyDefaults: @Sendable (inout JSONValue) -> Void = { _ in }

        package init() {}
    }

    package let traits: Traits

    package init(_ traits: Traits = Traits()) { self.traits = traits }

    package var allowsUnconditionalUpdate: Bool { traits.allowsUnconditionalUpdate }
    package var status: (any ResourceStrategy)? { traits.hasStatus ? StatusStrategy(of: self) : nil }

    package func nameErrors(_ name: String, isPrefix: Bool) -> [String] { traits.nameErrors(name, isPrefix) }

    package func applyDefaults(_ object: inout JSONValue) { traits.applyDefaults(&object) }

    package func prepareForCreate(_ object: inout JSONValue, context: StrategyContext) {
        if traits.hasStatus { object.dropStatus() }
        if traits.countsGenerations { object.setGeneration(1) }
    }

    package func prepareForUpdate(_ object: inout JSONValue, old: JSONValue, context: StrategyContext) {
        if traits.hasStatus { object.keepStatus(of: old) }
        if traits.countsGenerations { object.raiseGeneration(over: old) }
    }
}

/// The strategy of `…/status`: the status is the client's, all else stays.
package struct StatusStrategy: ResourceStrategy {
    private let main: any ResourceStrategy
    private let errors: @Sendable (_ object: JSONValue, _ old: JSONValue) -> [FieldError]

    /// The status of the kind that `main` is about; `validate` says what is wrong with a new status.
    package init(
        of main: any ResourceStrategy,
        validate: @escaping @Sendable (_ object: JSONValue, _ old: JSONValue) -> [FieldError] = { _, _ in [] }
    ) {
        self.main = main
        errors = validate
    }

    package var allowsCreateOnUpdate: Bool { main.allowsCreateOnUpdate }
    package var allowsUnconditionalUpdate: Bool { main.allowsUnconditionalUpdate }

    package func nameErrors(_ name: String, isPrefix: Bool) -> [String] { main.nameErrors(name, isPrefix: isPrefix) }

    package func applyDefaults(_ object: inout JSONValue) { main.applyDefaults(&object) }

    package func prepareForUpdate(_ object: inout JSONValue, old: JSONValue, context: StrategyContext) {
        var result = old
        result["metadata"] = object["metadata"]
        result["status"] = object["status"]
        object = result
    }

    package func validateUpdate(_ object: JSONValue, old: JSONValue, context: StrategyContext) -> [FieldError] {
        errors(object, old)
    }
}

extension JSONValue {
    /// Empties the status as on create; the schema decides what an empty one looks like.
    mutating func dropStatus() { self["status"] = .emptyObject }

    /// Takes the status of `old`.
    mutating func keepStatus(of old: JSONValue) { self["status"] = old["status"] }

    /// Sets `metadata.generation`.
    mutating func setGeneration(_ generation: Int64) { self[path: "metadata", "generation"] = .integer(generation) }

    /// Counts the generation up when anything but metadata and status differs from `old`.
    mutating func raiseGeneration(over old: JSONValue) {
        let before = old[path: "metadata", "generation"]?.integer ?? 0
        setGeneration(hasSameContent(as: old) ? before : before + 1)
    }

    /// Whether everything but metadata and status is the same.
    func hasSameContent(as other: JSONValue) -> Bool {
        func content(_ value: JSONValue) -> JSONObject {
            (value.object ?? [:]).filter { $0.key != "metadata" && $0.key != "status" }
        }
        return JSONValue.object(content(self)) == .object(content(other))
    }
}
