// SPDX-License-Identifier: Apache-2.0
// What becomes of a Job when one of its pods fails in a certain way.

import PodiumCodec
import PodiumMachinery
import PodiumStorage

/// The rules of `podFailurePolicy`, of which the first that fits a failed pod decides.
// Kubernetes: pkg/controller/job/pod_failure_policy.go
struct PodFailurePolicy: Hashable, Sendable {
    enum Action: String, Hashable, Sendable {
        case failJob = "FailJob"
        case failIndex = "FailIndex"
        case ignore = "Ignore"
        case count = "Count"
    }

    /// What the rules say of a pod.
    struct Verdict: Hashable, Sendable {
        /// Why the whole Job fails; nil when it does not.
        var failure: String?
        /// Whether the pod counts towards the back-off limit.
        var counts = true
        /// Nil when no rule fits.
        var action: Action?
    }

    private enum Requirement: Hashable, Sendable {
        case exitCodes(Set<Int64>, isIn: Bool, container: String?)
        /// Types and statuses of conditions, of which the pod must have one.
        case conditions([[String]])
    }

    private struct Rule: Hashable, Sendable {
        let action: Action
        let requirement: Requirement
    }

    /// Places count, so that a rule that is not understood, which never fits, stays.
    private let rules: [Rule?]

    init(_ policy: JSONValue) { rules = (policy["rules"]?.elements ?? []).map(Self.rule) }

    private static func rule(_ rule: JSONValue) -> Rule? {
        guard let action = rule["action"]?.string.flatMap(Action.init) else { return nil }
        if let codes = rule["onExitCodes"]?.object {
            let requirement = Requirement.exitCodes(
                Set(codes["values"]?.elements.compactMap(\.integer) ?? []),
                isIn: codes["operator"]?.string == "In",
                container: codes["containerName"]?.string
            )
            return Rule(action: action, requirement: requirement)
        }
        let patterns = rule["onPodConditions"]?.elements.map { pattern in
            [pattern["type"]?.string ?? "", pattern["status"]?.string ?? "True"]
        }
        return patterns.map { Rule(action: action, requirement: .conditions($0)) }
    }

    /// What the rules say of `pod`, which has failed.
    func verdict(on pod: JobPod) -> Verdict {
        let status = pod.status
        for (index, rule) in rules.enumerated() {
            guard let rule, let cause = Self.cause(rule.requirement, status, pod) else { continue }
            var verdict = Verdict(action: rule.action)
            switch rule.action {
            case .ignore: verdict.counts = false
            case .failJob: verdict.failure = "\(cause) matching FailJob rule at index \(index)"
            case .failIndex, .count: break
            }
            return verdict
        }
        return Verdict()
    }

    /// How the pod fits; nil when it does not.
    private static func cause(_ requirement: Requirement, _ status: JSONValue, _ pod: JobPod) -> String? {
        let name = "\(pod.pod.key.name.namespace)/\(pod.pod.name)"
        switch requirement {
        case .exitCodes(let codes, let isIn, let container):
            let lists = ["containerStatuses", "initContainerStatuses"]
            for entry in lists.flatMap({ status[$0]?.elements ?? [] }) {
                // One that ended well is no reason for the failure.
                guard let code = entry[path: "state", "terminated", "exitCode"]?.integer, code != 0,
                    container == nil || entry["name"]?.string == container, codes.contains(code) == isIn
                else { continue }
                return "Container \(entry["name"]?.string ?? "") for pod \(name) failed with exit code \(code)"
            }
            return nil
        case .conditions(let patterns):
            let conditions = (status["conditions"]?.elements ?? []).map {
                [$0["type"]?.string ?? "", $0["status"]?.string ?? ""]
            }
            return patterns.first(where: conditions.contains).map { "Pod \(name) has condition \($0[0])" }
        }
    }
}

/// The rules of `successPolicy`, of which one suffices.
// Kubernetes: pkg/controller/job/success_policy.go
struct SuccessPolicy: Hashable, Sendable {
    private struct Rule: Hashable, Sendable {
        let indexes: String?
        let count: Int?
    }

    private let rules: [Rule]

    init(_ policy: JSONValue) {
        rules = (policy["rules"]?.elements ?? []).map { rule in
            Rule(indexes: rule["succeededIndexes"]?.string, count: rule["succeededCount"]?.int)
        }
    }

    /// Which rule is met when `succeeded` have succeeded; nil when none is.
    func rule(metBy succeeded: CompletionIndexes, completions: Int) -> Int? {
        if succeeded.isEmpty { return nil }
        return rules.firstIndex { rule in
            guard let text = rule.indexes else { return rule.count.map { succeeded.count >= $0 } ?? false }
            let required = CompletionIndexes(text, completions: completions)
            return succeeded.countInCommon(with: required) >= rule.count ?? required.count
        }
    }
}
