// SPDX-License-Identifier: Apache-2.0
// A field of a pod together with its place: what every pod validator reads and blames.

import PodiumCodec
package import PodiumMachinery

/// A value, perhaps missing, and where it stands.
///
/// Reading is lenient, as Go's structs are: a missing text is empty, a missing number 0, a missing list has no
/// elements, and `null` counts as missing. Nearly every field of nearly every pod is right, so the path of a plain
/// value is put together only when an error needs it; that of a list or an object once, since what it holds is read
/// as well.
package struct PodField {
    fileprivate enum Step {
        case whole
        case member(String)
        /// Of an object that is missing itself.
        case memberOfMember(String, String)
        case element(Int)
        case entry(String)
    }

    /// The value; nil when it is missing or `null`.
    let value: JSONValue?
    private let base: FieldPath
    private let step: Step

    private init(_ value: JSONValue?, _ base: FieldPath, _ step: Step) {
        if case .null? = value { self.value = nil } else { self.value = value }
        switch value {
        case .object?, .array?:
            self.base = base.appending(step)
            self.step = .whole
        default:
            self.base = base
            self.step = step
        }
    }

    /// The value that stands at `path`.
    init(_ value: JSONValue?, at path: FieldPath) { self.init(value, path, .whole) }

    /// Where the value stands, or would.
    package var path: FieldPath { base.appending(step) }

    /// The field `name` of an object.
    package subscript(name: String) -> PodField {
        if value == nil, case .member(let own) = step { return PodField(nil, base, .memberOfMember(own, name)) }
        return PodField(value?[name], path, .member(name))
    }

    /// The elements of a list.
    package var elements: [PodField] {
        guard case .array(let values)? = value, !values.isEmpty else { return [] }
        let path = path
        return values.enumerated().map { PodField($1, path, .element($0)) }
    }

    /// The entries of a map in the order of their keys, each placed as `map[key]`.
    package var entries: [(key: String, field: PodField)] {
        guard case .object(let members)? = value, !members.isEmpty else { return [] }
        let path = path
        return members.keys.sorted().map { ($0, PodField(members[$0], path, .entry($0))) }
    }

    /// The same value, blamed elsewhere.
    func placed(at path: FieldPath) -> PodField { PodField(value, path, .whole) }

    /// Whether the value is there.
    package var isSet: Bool { value != nil }
    /// The text, or an empty one.
    package var text: String { value?.string ?? "" }
    /// The whole number, or 0.
    package var integer: Int64 { value?.integer ?? 0 }
    /// The truth value, or false.
    var flag: Bool { value?.bool ?? false }
    /// How many elements or entries the value has.
    var count: Int {
        switch value {
        case .array(let values)?: values.count
        case .object(let members)?: members.count
        default: 0
        }
    }
    /// The texts in a list of texts.
    var texts: [String] { value?.elements.map { $0.string ?? "" } ?? [] }
    /// The amount, when this is one.
    var quantity: Quantity? { Quantity(json: value) }
}

extension FieldPath {
    fileprivate func appending(_ step: PodField.Step) -> FieldPath {
        switch step {
        case .whole: self
        case .member(let name): child(name)
        case .memberOfMember(let parent, let name): child(parent, name)
        case .element(let index): self.index(index)
        case .entry(let key): self.key(key)
        }
    }
}

extension PodField {
    func required(_ detail: String = "") -> FieldError { .required(path, detail) }
    func forbidden(_ detail: String) -> FieldError { .forbidden(path, detail) }
    func duplicate() -> FieldError { .duplicate(path, .string(text)) }
    func notFound() -> FieldError { .notFound(path, .string(text)) }
    func tooLong(maximum: Int) -> FieldError { .tooLong(path, maximum: maximum) }

    /// The value, a text when it is missing, is invalid.
    func invalid(_ detail: String) -> FieldError { .invalid(path, value ?? "", detail) }

    /// The number is invalid.
    func invalidNumber(_ detail: String) -> FieldError { .invalid(path, .integer(integer), detail) }

    /// The text is none of those supported, which are printed in the order given.
    func notSupported(_ supported: [String]) -> FieldError { .notSupported(path, .string(text), supported) }

    /// One error for each detail about the text.
    func invalid(each details: [String]) -> [FieldError] {
        details.isEmpty ? [] : details.map { .invalid(path, .string(text), $0) }
    }

    /// Nothing when the text is one of those supported.
    func oneOf(_ supported: [String]) -> [FieldError] {
        supported.contains(text) ? [] : [notSupported(supported)]
    }
}
