// SPDX-License-Identifier: Apache-2.0
// Rules of resources given for a pod as a whole: they must hold what its containers ask for.

import OrderedCollections
import PodiumCodec
import PodiumMachinery

extension PodValidation {
    // Kubernetes: pkg/apis/core/validation/validation.go validatePodResources
    func podResourceErrors(_ spec: PodField) -> [FieldError] {
        let resources = spec["resources"]
        guard resources.isSet else { return [] }
        if spec["os"]["name"].text == "windows" { return [resources.forbidden("may not be set for a windows pod")] }
        var errors: [FieldError] = []
        if resources["claims"].isSet {
            errors.append(resources["claims"].forbidden("claims may not be set for Resources at pod-level"))
        }
        let names = Set(spec["resourceClaims"].elements.map { $0["name"].text }.filter { !$0.isEmpty })
        errors += resourceErrors(resources, of: .pod, claimNames: names)
        return errors + aggregateErrors(spec)
    }

    private func aggregateErrors(_ spec: PodField) -> [FieldError] {
        let value = spec.value ?? .emptyObject
        let resources = spec["resources"]
        let requests = PodResources.amounts("requests", of: value)
        let limits = PodResources.amounts("limits", of: value)
        var errors: [FieldError] = []
        let needed = PodResources.aggregate("requests", of: value)
        for name in needed.keys.sorted() {
            guard let sum = needed[name], let own = requests[name], sum > own else { continue }
            let text = "must be greater than or equal to aggregate container requests of \(sum)"
            errors.append(.invalid(resources["requests"].path.key(name), own.jsonValue, text))
        }
        let pages = PodResources.aggregate("limits", of: value)
        for name in pages.keys.sorted() where ResourceNames.isHugePages(name) {
            guard let sum = pages[name], let own = limits[name], sum > own else { continue }
            let text = "must be greater than or equal to aggregate container limits of \(sum)"
            errors.append(.invalid(resources["limits"].path.key(name), own.jsonValue, text))
        }
        for (index, container) in spec["containers"].elements.enumerated() {
            for (name, field) in container["resources"]["limits"].entries {
                guard let limit = field.quantity, let own = limits[name], limit > own else { continue }
                // The path is upstream's.
                let path = resources.path.child("containers").index(index).key(name).child("limits")
                let text = "must be less than or equal to pod limits of \(own)"
                errors.append(.invalid(path, limit.jsonValue, text))
            }
        }
        return errors
    }
}
