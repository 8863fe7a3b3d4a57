// SPDX-License-Identifier: Apache-2.0
// Certificate signing requests: who asked is the server's to say, and each subresource writes its own part.

import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumRegistry

/// What is special about certificate signing requests.
// Kubernetes: pkg/registry/certificates/certificates/strategy.go
struct CertificateSigningRequestStrategy: ResourceStrategy {
    func nameErrors(_ name: String, isPrefix: Bool) -> [String] {
        NameValidation.pathSegmentName(name, isPrefix: isPrefix)
    }

    var status: (any ResourceStrategy)? { CertificateSigningRequestPart(.status) }

    func prepareForCreate(_ object: inout JSONValue, context: StrategyContext) {
        var spec = object["spec"]?.object ?? [:]
        // Approvers decide by these.
        for key in ["username", "uid", "groups", "extra"] { spec.removeValue(forKey: key) }
        spec.merge(context.user.value.object ?? [:]) { _, own in own }
        object["spec"] = .object(spec)
        object.dropStatus()
    }

    func validate(_ object: JSONValue, context: StrategyContext) -> [FieldError] {
        CertificateSigningRequestValidation(object, old: nil).errors
    }

    func prepareForUpdate(_ object: inout JSONValue, old: JSONValue, context: StrategyContext) {
        object["spec"] = old["spec"]
        object.keepStatus(of: old)
    }

    func validateUpdate(_ object: JSONValue, old: JSONValue, context: StrategyContext) -> [FieldError] {
        let validation = CertificateSigningRequestValidation(object, old: old)
        return validation.errors + validation.updateErrors(old: old, part: nil)
    }
}

/// `…/status`, where signers put certificates, and `…/approval`, where approvers decide.
struct CertificateSigningRequestPart: ResourceStrategy {
    /// Which of the two.
    enum Part: Sendable {
        case status
        case approval
    }

    private let part: Part

    init(_ part: Part) { self.part = part }

    func nameErrors(_ name: String, isPrefix: Bool) -> [String] {
        NameValidation.pathSegmentName(name, isPrefix: isPrefix)
    }

    func prepareForUpdate(_ object: inout JSONValue, old: JSONValue, context: StrategyContext) {
        var result = old
        result["metadata"] = object["metadata"]
        var conditions = object[path: "status", "conditions"]?.elements ?? []
        switch part {
        case .approval: break
        case .status:
            result["status"] = object["status"] ?? .emptyObject
            // What an approver said stays as he said it, unless it is added or taken away, which is refused.
            for type in ["Approved", "Denied"] { Self.keep(type, in: &conditions, of: old) }
        }
        Self.complete(&conditions, old: old, now: .string(context.host.clock.now.rfc3339))
        result[path: "status", "conditions"] = conditions.isEmpty ? nil : .array(conditions)
        object = result
    }

    func validateUpdate(_ object: JSONValue, old: JSONValue, context: StrategyContext) -> [FieldError] {
        let validation = CertificateSigningRequestValidation(object, old: old)
        return validation.errors + validation.updateErrors(old: old, part: part)
    }

    private static func keep(_ type: String, in conditions: inout [JSONValue], of old: JSONValue) {
        let before = old.conditions(type)
        let places = conditions.indices.filter { conditions[$0]["type"]?.string == type }
        guard before.count == places.count else { return }
        for (place, condition) in zip(places, before) { conditions[place] = condition }
    }

    /// Fills in the times that are missing.
    private static func complete(_ conditions: inout [JSONValue], old: JSONValue, now: JSONValue) {
        for index in conditions.indices {
            let condition = conditions[index]
            if (condition["lastUpdateTime"]?.string ?? "").isEmpty { conditions[index]["lastUpdateTime"] = now }
            guard (condition["lastTransitionTime"]?.string ?? "").isEmpty else { continue }
            let known = old.conditions(condition["type"]?.string ?? "").first { $0["status"] == condition["status"] }
            conditions[index]["lastTransitionTime"] = known?["lastTransitionTime"] ?? now
        }
    }
}

extension JSONValue {
    /// The conditions of that type.
    func conditions(_ type: String) -> [JSONValue] {
        (self[path: "status", "conditions"]?.elements ?? []).filter { $0["type"]?.string == type }
    }
}
