// SPDX-License-Identifier: Apache-2.0
// Which fields a document has, and whether it is of its type at all.

package import PodiumCodec
import PodiumMachinery

extension MergeType {
    /// The fields that `document` sets: its scalars, what counts as one value, and elements and members that no schema
    /// names.
    // Kubernetes: structured-merge-diff/typed/tofieldset.go
    @_specialize(where Document == JSONValue)
    package func fields<Document: DocumentReader>(of document: Document) throws(MergeTypeError) -> FieldSet {
        var set = FieldSet()
        _ = try collectFields(of: document, into: &set)
        return set
    }

    /// - Returns: whether the part as such is a field.
    private func collectFields<Document: DocumentReader>(
        of document: Document,
        into set: inout FieldSet
    ) throws(MergeTypeError) -> Bool {
        switch sort(of: document) {
        case .scalar: return true
        case .list(let list):
            if list.isAtomic { return true }
            let elements = try ListElements(document, list)
            // Of several that the keys do not tell apart, all count as one.
            var parts: [PathElement: FieldSet] = [:]
            for (index, step) in elements.steps.enumerated() {
                guard let element = elements.element(at: index) else { continue }
                var below = FieldSet()
                do throws(MergeTypeError) {
                    _ = try list.element.type.collectFields(of: element, into: &below)
                } catch {
                    throw error.below(step)
                }
                parts[step] = parts[step]?.union(below) ?? below
            }
            for (step, below) in parts {
                set.append(step)
                set.append(below, below: step)
            }
            set.sort()
        case .map(let map):
            if map.isAtomic { return true }
            guard document.kind == .object else { return false }
            var next = 0
            for index in 0..<document.count {
                let name = document.name(at: index)
                let value = document.element(at: index)
                let step = PathElement.field(name)
                guard let type = map.type(of: name, from: &next) else {
                    throw MergeTypeError("field not declared in schema").below(step)
                }
                let isField = try type.collectFields(of: value, below: step, into: &set)
                let isEmpty = value.isNull || (value.kind == .object && value.count == 0)
                if isField || isEmpty || !map.declares(name) { set.append(step) }
            }
            set.sort()
        }
        return false
    }

    private func collectFields<Document: DocumentReader>(
        of document: Document,
        below step: PathElement,
        into set: inout FieldSet
    ) throws(MergeTypeError) -> Bool {
        var below = FieldSet()
        do throws(MergeTypeError) {
            let isField = try collectFields(of: document, into: &below)
            set.append(below, below: step)
            return isField
        } catch {
            throw error.below(step)
        }
    }

    // MARK: Checking

    /// Whether `document` is of this type; all that is wrong with it, in the order of the document.
    // Kubernetes: structured-merge-diff/typed/validate.go
    @_specialize(where Document == JSONValue)
    package func errors<Document: DocumentReader>(in document: Document) -> [MergeTypeError] {
        switch sort(of: document) {
        case .scalar(let scalar): return scalar.error(of: document).map { [$0] } ?? []
        case .list(let list): return errors(in: document, as: list)
        case .map(let map):
            if document.isNull { return [] }
            guard document.kind == .object else {
                return [MergeTypeError("expected map, got &{\(GoPrinter.text(document))}")]
            }
            return (0..<document.count).flatMap { index -> [MergeTypeError] in
                let name = document.name(at: index)
                let step = PathElement.field(name)
                guard let type = map.type(of: name) else {
                    return [MergeTypeError("field not declared in schema").below(step)]
                }
                return type.errors(in: document.element(at: index)).map { $0.below(step) }
            }
        }
    }

    private func errors<Document: DocumentReader>(in document: Document, as list: List) -> [MergeTypeError] {
        if document.isNull { return [] }
        guard document.kind == .array else {
            return [MergeTypeError("expected list, got &{\(GoPrinter.text(document))}")]
        }
        var errors: [MergeTypeError] = []
        var seen: Set<PathElement> = []
        for index in 0..<document.count {
            let element = document.element(at: index)
            var step = PathElement.index(index)
            if !list.isAtomic {
                do throws(MergeTypeError) {
                    step = try list.step(to: element)
                } catch {
                    // What is behind it cannot be named either.
                    return errors + [MergeTypeError("element \(index): \(error.text)")]
                }
                if !seen.insert(step).inserted {
                    errors.append(MergeTypeError("duplicate entries for key \(step.text)"))
                }
            }
            errors += list.element.type.errors(in: element).map { $0.below(step) }
        }
        return errors
    }
}

extension MergeType.Scalar {
    fileprivate func error(of document: some DocumentReader) -> MergeTypeError? {
        let isNumber = document.kind == .integer || document.kind == .number
        switch self {
        case _ where document.isNull: return nil
        case .numeric:
            if isNumber { return nil }
            return MergeTypeError("expected numeric (int or float), got \(GoPrinter.typeName(document))")
        case .string:
            if document.kind == .string { return nil }
            let text = GoPrinter.sourceText(document)
            return MergeTypeError("expected string, got &value.valueUnstructured{Value:\(text)}")
        case .boolean:
            if document.kind == .bool { return nil }
            return MergeTypeError("expected boolean, got &{\(GoPrinter.text(document))}")
        case .any:
            if isNumber || document.kind == .string || document.kind == .bool { return nil }
            return MergeTypeError("expected any scalar, got &{\(GoPrinter.text(document))}")
        }
    }
}

extension Array where Element == MergeTypeError {
    /// All of them as one message.
    // Kubernetes: structured-merge-diff/typed/helpers.go ValidationErrors
    package var message: String {
        count == 1 ? self[0].message : "errors:" + map { "\n  \($0.message)" }.joined()
    }
}
