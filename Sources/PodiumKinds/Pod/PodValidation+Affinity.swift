// SPDX-License-Identifier: Apache-2.0
// Rules of which nodes a pod wants, and which other pods near it.

import PodiumCodec
import PodiumMachinery

extension PodValidation {
    func affinityErrors(_ affinity: PodField) -> [FieldError] {
        guard affinity.isSet else { return [] }
        return nodeAffinityErrors(affinity["nodeAffinity"])
            + podAffinityErrors(affinity["podAffinity"])
            + podAffinityErrors(affinity["podAntiAffinity"])
    }

    private func nodeAffinityErrors(_ affinity: PodField) -> [FieldError] {
        var errors: [FieldError] = []
        let required = affinity["requiredDuringSchedulingIgnoredDuringExecution"]
        if required.isSet { errors += nodeSelectorErrors(required) }
        for term in affinity["preferredDuringSchedulingIgnoredDuringExecution"].elements {
            errors += weightErrors(term["weight"])
            // Wrong values match nothing, which does no harm to a preference.
            errors += nodeTermErrors(term["preference"], allowingInvalidValues: true)
        }
        return errors
    }

    private func weightErrors(_ weight: PodField) -> [FieldError] {
        (1...100).contains(weight.integer) ? [] : [weight.invalidNumber("must be in the range 1-100")]
    }

    func nodeSelectorErrors(_ selector: PodField) -> [FieldError] {
        let terms = selector["nodeSelectorTerms"]
        if terms.count == 0 { return [terms.required("must have at least one node selector term")] }
        return terms.elements.flatMap { nodeTermErrors($0, allowingInvalidValues: false) }
    }

    private func nodeTermErrors(_ term: PodField, allowingInvalidValues: Bool) -> [FieldError] {
        term["matchExpressions"].elements.flatMap { requirement in
            nodeOperatorErrors(requirement)
                + requirement["key"].qualifiedNameErrors
                + (allowingInvalidValues ? [] : requirement["values"].elements.flatMap(\.labelValueErrors))
        } + term["matchFields"].elements.flatMap { nodeFieldErrors($0) }
    }

    private func nodeOperatorErrors(_ requirement: PodField) -> [FieldError] {
        let values = requirement["values"]
        switch requirement["operator"].text {
        case "In", "NotIn":
            return values.count == 0
                ? [values.required("must be specified when `operator` is 'In' or 'NotIn'")] : []
        case "Exists", "DoesNotExist":
            return values.count > 0
                ? [values.forbidden("may not be specified when `operator` is 'Exists' or 'DoesNotExist'")] : []
        case "Gt", "Lt":
            return values.count != 1
                ? [values.required("must be specified single value when `operator` is 'Lt' or 'Gt'")] : []
        default: return [requirement["operator"].invalid("not a valid selector operator")]
        }
    }

    private func nodeFieldErrors(_ requirement: PodField) -> [FieldError] {
        let values = requirement["values"]
        var errors: [FieldError] = []
        if ["In", "NotIn"].contains(requirement["operator"].text) {
            if values.count != 1 {
                let text = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
                errors.append(values.required(text))
            }
        } else {
            errors.append(requirement["operator"].invalid("not a valid selector operator"))
        }
        guard requirement["key"].text == "metadata.name" else {
            return errors + [requirement["key"].invalid("not a valid field selector key")]
        }
        return errors + values.elements.flatMap(\.dnsSubdomainErrors)
    }

    private func podAffinityErrors(_ affinity: PodField) -> [FieldError] {
        affinity["requiredDuringSchedulingIgnoredDuringExecution"].elements.flatMap { podTermErrors($0) }
            + affinity["preferredDuringSchedulingIgnoredDuringExecution"].elements.flatMap { term in
                weightErrors(term["weight"]) + podTermErrors(term["podAffinityTerm"])
            }
    }

    private func podTermErrors(_ term: PodField) -> [FieldError] {
        var errors = term["labelSelector"].labelSelectorErrors
        errors += term["namespaceSelector"].labelSelectorErrors
        errors += term["namespaces"].elements.flatMap { $0.placed(at: term.path.child("namespace")).dnsLabelErrors }
        errors += labelKeyErrors(term)
        let key = term["topologyKey"]
        if key.text.isEmpty { errors.append(key.required("can not be empty")) }
        return errors + key.qualifiedNameErrors
    }

    /// Keys whose values are taken from the pod itself.
    func labelKeyErrors(_ term: PodField) -> [FieldError] {
        let selector = term["labelSelector"]
        var errors: [FieldError] = []
        for list in [term["matchLabelKeys"], term["mismatchLabelKeys"]] where list.count > 0 {
            errors +=
                selector.isSet
                ? list.elements.flatMap(\.qualifiedNameErrors)
                : [list.forbidden("must not be specified when labelSelector is not set")]
        }
        let keys = Dictionary(
            term["matchLabelKeys"].texts.enumerated().map { ($1, $0) },
            uniquingKeysWith: { _, last in last }
        )
        // The server has merged the keys into the selector, so that one that stands there twice was written there too.
        var seen = Set(selector["matchLabels"].entries.map(\.key))
        for expression in selector["matchExpressions"].elements {
            let key = expression["key"].text
            if let index = keys[key], seen.contains(key) {
                let text = "exists in both matchLabelKeys and labelSelector"
                errors.append(.invalid(term.path.index(index), .string(key), text))
            }
            seen.insert(key)
        }
        let excluded = Set(term["mismatchLabelKeys"].texts)
        for key in term["matchLabelKeys"].elements where excluded.contains(key.text) {
            errors.append(key.invalid("exists in both matchLabelKeys and mismatchLabelKeys"))
        }
        return errors
    }
}
