// SPDX-License-Identifier: Apache-2.0
// What all kinds have in common when nothing special is known: status apart, generations counted.

package import PodiumCodec
package import PodiumMachinery
package import PodiumRegistry

/// The strategy of a kind without rules of its own, such as a custom resource or a plain collection of data.
package struct PlainStrategy: ResourceStrategy {
    /// Whether there is a `status` that only the subresource changes.
    private let hasStatus: Bool
    /// Whether `metadata.generation` counts the changes of the spec.
    private let countsGenerations: Bool
    package let allowsUnconditionalUpdate: Bool
    private let defaults: @Sendable (inout JSONValue) -> Void

    /// - Parameter defaults: fills in what is left out.
    package init(
        hasStatus: Bool = false,
        countsGenerations: Bool = false,
        allowsUnconditionalUpdate: Bool = true,
        defaults: @escaping @Sendable (inout JSONValue) -> Void = { _ in }
    ) {
        self.hasStatus = hasStatus
        self.countsGenerations = countsGenerations
        self.allowsUnconditionalUpdate = allowsUnconditionalUpdate
        self.defaults = defaults
    }

    package var status: (any ResourceStrategy)? { hasStatus ? StatusStrategy(of: self) : nil }

    package func nameErrors(_ name: String, isPrefix: Bool) -> [String] {
        NameValidation.dns1123Subdomain(name, isPrefix: isPrefix)
    }

    package func applyDefaults(_ object: inout JSONValue) { defaults(&object) }

    package func prepareForCreate(_ object: inout JSONValue, context: StrategyContext) {
        if hasStatus { object.dropStatus() }
        if countsGenerations { object.setGeneration(1) }
    }

    package func prepareForUpdate(_ object: inout JSONValue, old: JSONValue, context: StrategyContext) {
        if hasStatus { object.keepStatus(of: old) }
        if countsGenerations { object.raiseGeneration(over: old) }
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
