// SPDX-License-Identifier: Apache-2.0
// Rules of what containers and whole pods may ask for.

import PodiumCodec
import PodiumMachinery

extension PodValidation {
    /// Which rules names of resources follow.
    enum ResourceOwner {
        case container
        case pod
    }

    // Kubernetes: pkg/apis/core/validation/validation.go validateResourceRequirements
    func resourceErrors(
        _ resources: PodField,
        of owner: ResourceOwner = .container,
        claimNames: Set<String>
    ) -> [FieldError] {
        var errors = resources["limits"].entries.flatMap { amountErrors($0.key, $0.field, owner) }
        for (name, request) in resources["requests"].entries {
            errors += amountErrors(name, request, owner, requestIn: resources)
        }
        let names = Set((resources["limits"].entries + resources["requests"].entries).map(\.key))
        if names.isDisjoint(with: ["cpu", "memory"]), names.contains(where: { ResourceNames.isHugePages($0) }) {
            errors.append(resources.forbidden("HugePages require cpu or memory"))
        }
        return errors + claimReferenceErrors(resources["claims"], claimNames)
    }

    /// The name and the amount, a request with its limit.
    private func amountErrors(
        _ name: String,
        _ amount: PodField,
        _ owner: ResourceOwner,
        requestIn resources: PodField? = nil
    ) -> [FieldError] {
        guard let quantity = amount.quantity else { return [] }
        var errors = resourceNameErrors(name, amount, owner) + amountValueErrors(name, amount, quantity)
        if let resources { errors += requestErrors(name, quantity, resources) }
        if ResourceNames.isHugePages(name), !isWholePages(name, quantity) {
            let text = "\(quantity) is not positive integer multiple of \(name)"
            errors.append(.invalid(amount.path, quantity.jsonValue, text))
        }
        return errors
    }

    private func amountValueErrors(_ name: String, _ amount: PodField, _ quantity: Quantity) -> [FieldError] {
        var errors: [FieldError] = []
        if quantity.sign < 0 {
            errors.append(.invalid(amount.path, quantity.jsonValue, "must be greater than or equal to 0"))
        }
        if ResourceNames.isInteger(name), quantity.milliValue % 1000 != 0 {
            errors.append(.invalid(amount.path, quantity.jsonValue, "must be an integer"))
        }
        return errors
    }

    private func requestErrors(_ name: String, _ quantity: Quantity, _ resources: PodField) -> [FieldError] {
        let limits = resources["limits"]
        let isFlexible = ResourceNames.isOvercommitAllowed(name)
        guard let limit = Quantity(json: limits.value?[name]) else {
            return isFlexible ? [] : [limits.required("Limit must be set for non overcommitable resources")]
        }
        let relation: String? =
            if quantity != limit, !isFlexible {
                "must be equal to"
            } else {
                quantity > limit ? "must be less than or equal to" : nil
            }
        guard let relation else { return [] }
        return [.invalid(resources["requests"].path, quantity.jsonValue, "\(relation) \(name) limit of \(limit)")]
    }

    private func isWholePages(_ name: String, _ quantity: Quantity) -> Bool {
        guard let size = try? Quantity(String(name.dropFirst(ResourceNames.hugePagesPrefix.count))), size.value > 0
        else {
            return false
        }
        return quantity.value % size.value == 0
    }

    private func resourceNameErrors(_ name: String, _ amount: PodField, _ owner: ResourceOwner) -> [FieldError] {
        let field = PodField(.string(name), at: amount.path)
        var errors = field.qualifiedNameErrors
        if errors.isEmpty, !name.utf8.contains(UInt8(ascii: "/")), !ResourceNames.isStandard(name) {
            errors.append(field.invalid("must be a standard resource type or fully qualified"))
        }
        if owner == .pod {
            guard errors.isEmpty, !ResourceNames.isSupportedAtPodLevel(name) else { return errors }
            return [field.notSupported(["cpu", "hugepages-", "memory"])]
        }
        if !name.utf8.contains(UInt8(ascii: "/")) {
            if !ResourceNames.isStandardForContainers(name) {
                errors.append(field.invalid("must be a standard resource for containers"))
            }
        } else if !ResourceNames.isNative(name), !ResourceNames.isExtended(name) {
            errors.append(field.invalid("doesn't follow extended resource name standard"))
        }
        return errors
    }

    private func claimReferenceErrors(_ claims: PodField, _ claimNames: Set<String>) -> [FieldError] {
        var seen = SeenClaims()
        lazy var known = claimNames.isEmpty ? " which is empty" : ": \(claimNames.sorted().joined(separator: ", "))"
        var errors: [FieldError] = []
        for claim in claims.elements {
            let name = claim["name"].text
            guard !name.isEmpty else {
                errors.append(claim.required())
                continue
            }
            errors += duplicateClaimErrors(claim, &seen)
            if !claimNames.contains(name) {
                let detail = "must be one of the names in pod.spec.resourceClaims\(known)"
                errors.append(.notFound(claim.path, .string(name), detail))
            }
        }
        return errors
    }

    /// The claims that a container has named: with their requests, and how many requests of each.
    private struct SeenClaims {
        var keys: Set<String> = []
        var requests: [String: Int] = [:]
    }

    /// A claim may be named once as a whole, or once for each of its requests.
    private func duplicateClaimErrors(_ claim: PodField, _ seen: inout SeenClaims) -> [FieldError] {
        let name = claim["name"].text
        if seen.keys.contains(name) { return [.duplicate(claim.path, .string(name))] }
        let request = claim["request"]
        let key = request.text.isEmpty ? name : "\(name)/\(request.text)"
        var errors = request.text.isEmpty ? [] : request.dnsLabelErrors
        if seen.keys.contains(key) {
            errors.append(.duplicate(claim.path, .string(key)))
        } else if request.text.isEmpty {
            let count = seen.requests[name] ?? 0
            errors += Array(repeating: .duplicate(claim.path, .string(name)), count: count)
        }
        if seen.keys.insert(key).inserted, !request.text.isEmpty { seen.requests[name, default: 0] += 1 }
        return errors
    }

    /// The pod's own claims.
    func resourceClaimErrors(_ claims: PodField, _ podMetadata: PodField?) -> [FieldError] {
        var names: Set<String> = []
        return claims.elements.flatMap { claim -> [FieldError] in
            if podMetadata?["annotations"].value?["kubernetes.io/config.mirror"] != nil {
                return [.forbidden(.root, "static pods do not support resource claims")]
            }
            var errors: [FieldError] = []
            let name = claim["name"]
            if name.text.isEmpty {
                errors.append(name.required())
            } else if names.contains(name.text) {
                errors.append(name.duplicate())
            } else {
                errors += name.dnsLabelErrors
                names.insert(name.text)
            }
            return errors + claimSourceErrors(claim)
        }
    }

    private func claimSourceErrors(_ claim: PodField) -> [FieldError] {
        let sources = [claim["resourceClaimName"], claim["resourceClaimTemplateName"]]
        // The whole claim is printed as upstream's internal type.
        let printed: JSONValue = [
            "Name": .string(claim["name"].text),
            "ResourceClaimName": sources[0].value ?? .null,
            "ResourceClaimTemplateName": sources[1].value ?? .null,
        ]
        var errors: [FieldError] = []
        switch sources.count(where: \.isSet) {
        case 2:
            let text = "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"
            errors.append(.invalid(claim.path, printed, text))
        case 0:
            let text = "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"
            errors.append(.invalid(claim.path, printed, text))
        default: break
        }
        return errors + sources.filter(\.isSet).flatMap(\.dnsSubdomainErrors)
    }

    func overheadErrors(_ overhead: PodField) -> [FieldError] {
        let limits = overhead.placed(at: overhead.path.child("limits"))
        var errors = limits.entries.flatMap { amountErrors($0.key, $0.field, .container) }
        let names = overhead.entries.map(\.key)
        if !names.contains("cpu"), !names.contains("memory"), names.contains(where: { ResourceNames.isHugePages($0) }) {
            errors.append(overhead.forbidden("HugePages require cpu or memory"))
        }
        return errors
    }
}
