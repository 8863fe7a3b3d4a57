// SPDX-License-Identifier: Apache-2.0
// Rules of when a single container is started again, and of resizing it.

import PodiumCodec
import PodiumMachinery

extension PodValidation {
    private static let maximumRestartRules = 20
    private static let maximumExitCodes = 255

    func restartPolicyErrors(_ container: PodField) -> [FieldError] {
        let policy = container["restartPolicy"]
        let rules = container["restartPolicyRules"]
        var errors: [FieldError] = []
        if policy.isSet {
            errors += policy.oneOf(["Always", "Never", "OnFailure"])
        } else if rules.count > 0 {
            errors.append(policy.required("must specify restartPolicy when restart rules are used"))
        }
        if rules.count > Self.maximumRestartRules {
            errors.append(.tooMany(rules.path, actual: rules.count, maximum: Self.maximumRestartRules))
        }
        return errors + rules.elements.flatMap { restartRuleErrors($0) }
    }

    private func restartRuleErrors(_ rule: PodField) -> [FieldError] {
        var errors: [FieldError] = []
        let action = rule["action"]
        if !["Restart", "RestartAllContainers"].contains(action.text) {
            errors.append(action.notSupported(["Restart"]))
        }
        let codes = rule["exitCodes"]
        guard codes.isSet else { return errors + [codes.required("must be specified")] }
        errors += codes["operator"].oneOf(["In", "NotIn"])
        let count = codes["values"].count
        if count > Self.maximumExitCodes {
            errors.append(.tooMany(codes["values"].path, actual: count, maximum: Self.maximumExitCodes))
        }
        return errors
    }

    func resizePolicyErrors(_ policies: PodField, podPolicy: String) -> [FieldError] {
        var resources: Set<String> = []
        var errors: [FieldError] = []
        for policy in policies.elements {
            let resource = policy["resourceName"].placed(at: policies.path)
            let restart = policy["restartPolicy"].placed(at: policies.path)
            if !resources.insert(resource.text).inserted {
                errors.append(.duplicate(policy.path, .string(resource.text)))
            }
            errors += choiceErrors(resource, ["cpu", "memory"])
            errors += choiceErrors(restart, ["NotRequired", "RestartContainer"])
            if podPolicy == "Never", restart.text != "NotRequired" {
                errors.append(restart.invalid("must be 'NotRequired' when pod `restartPolicy` is 'Never'"))
            }
        }
        return errors
    }
}
