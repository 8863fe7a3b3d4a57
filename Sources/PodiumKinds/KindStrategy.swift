// SPDX-License-Identifier: Apache-2.0
// The usual division of a kind: metadata, what clients specify, and a status that only its subresource writes.

package import PodiumCodec
import PodiumMachinery
import PodiumRegistry

/// The strategy of a built-in kind: says what differs from the usual, and gets the rest from here.
protocol KindStrategy: ResourceStrategy {
    /// The status of a new object; nil when clients write it together with the rest, or there is none.
    var emptyStatus: JSONValue? { get }

    /// Whether `metadata.generation` counts the changes of the specification.
    var countsGenerations: Bool { get }

    /// Changes the specification of a new object.
    func prepareSpec(_ object: inout JSONValue, context: StrategyContext) throws(StatusError)

    /// Changes the specification of an updated object.
    func prepareSpec(_ object: inout JSONValue, old: JSONValue, context: StrategyContext) throws(StatusError)

    /// What is wrong with a new status.
    func validateStatus(_ object: JSONValue, old: JSONValue) -> [FieldError]
}

extension KindStrategy {
    var emptyStatus: JSONValue? { nil }
    var countsGenerations: Bool { false }

    func prepareSpec(_ object: inout JSONValue, context: StrategyContext) {}
    func prepareSpec(_ object: inout JSONValue, old: JSONValue, context: StrategyContext) {}
    func validateStatus(_ object: JSONValue, old: JSONValue) -> [FieldError] { [] }

    package func nameErrors(_ name: String, isPrefix: Bool) -> [String] {
        NameValidation.dns1123Subdomain(name, isPrefix: isPrefix)
    }

    package func prepareForCreate(_ object: inout JSONValue, context: StrategyContext) throws(StatusError) {
        if let emptyStatus { object["status"] = emptyStatus }
        try prepareSpec(&object, context: context)
        if countsGenerations { object.setGeneration(1) }
    }

    package func prepareForUpdate(
        _ object: inout JSONValue,
        old: JSONValue,
        context: StrategyContext
    ) throws(StatusError) {
        if emptyStatus != nil { object.keepStatus(of: old) }
        try prepareSpec(&object, old: old, context: context)
        if countsGenerations { object.raiseGeneration(over: old) }
    }

    package var status: (any ResourceStrategy)? {
        emptyStatus == nil ? nil : StatusStrategy(of: self, validate: validateStatus)
    }
}

extension PodField {
    /// The member `name` of `object`, at the top.
    package init(_ name: String, of object: JSONValue) { self.init(object[name], at: FieldPath(name)) }

    /// The value must be what `old` was; an absent one counts as null.
    func immutableErrors(old: JSONValue?) -> [FieldError] {
        let before: JSONValue? = old == .null ? nil : old
        return value == before ? [] : [.invalid(path, value ?? .null, "field is immutable")]
    }
}

extension JSONValue {
    /// The same object with its members in the order of their names, as Go prints maps.
    var sortedByKey: JSONValue {
        guard case .object(let members) = self else { return self }
        return .object(JSONObject(uniqueKeysWithValues: members.keys.sorted().map { ($0, members[$0] ?? .null) }))
    }
}
