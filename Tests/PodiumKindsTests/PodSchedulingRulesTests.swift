// SPDX-License-Identifier: Apache-2.0
// What pods may say about nodes, other pods, names and their own ends.

import PodiumAPIServer
import PodiumKindTesting
import Testing

struct PodSchedulingRulesTests {
    private static func nodeTerm(_ term: String) -> String {
        """
        {"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[\(term)]}}}}
        """
    }

    private static let nodeTermPath =
        "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"
    private static let podTermPath =
        "spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution"

    static let nodes: [PodRule] = [
        PodRule(
            #"{"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{}}}}"#,
            "\(nodeTermPath): Required value: must have at least one node selector term"
        ),
        PodRule(
            nodeTerm(#"{"matchExpressions":[{"key":"a","operator":"In"},{"key":"a","operator":"Near"}]}"#),
            "\(nodeTermPath)[0].matchExpressions[0].values: Required value: "
                + "must be specified when `operator` is 'In' or 'NotIn'",
            #"\#(nodeTermPath)[0].matchExpressions[1].operator: Invalid value: "Near": not a valid selector operator"#
        ),
        PodRule(
            nodeTerm(#"{"matchFields":[{"key":"metadata.uid","operator":"In","values":["a"]}]}"#),
            #"\#(nodeTermPath)[0].matchFields[0].key: Invalid value: "metadata.uid": not a valid field selector key"#
        ),
        PodRule(
            """
            {"affinity":{"nodeAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[
            {"weight":101,"preference":{}}]}}}
            """,
            "spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: "
                + "Invalid value: 101: must be in the range 1-100"
        ),
        PodRule(
            #"{"affinity":{"podAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"k","#
                + #""matchLabelKeys":["a"]}]}}}"#,
            "\(podTermPath)[0].matchLabelKeys: Forbidden: must not be specified when labelSelector is not set"
        ),
        PodRule(
            #"{"nodeName":"n","schedulingGates":[{"name":"a"}]}"#,
            "spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared"
        ),
        PodRule(
            #"{"schedulingGates":[{"name":"a"},{"name":"a"}]}"#,
            #"spec.schedulingGates[1]: Duplicate value: "a""#
        ),
    ]

    static let taints: [PodRule] = [
        PodRule(
            #"{"tolerations":[{"operator":"Equal"}]}"#,
            #"spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, "#
                + #"which means "match all values and all keys""#
        ),
        PodRule(
            #"{"tolerations":[{"key":"a","operator":"Exists","value":"b","effect":"Bogus"}]}"#,
            #"spec.tolerations[0].operator: Invalid value: "b": value must be empty when `operator` is 'Exists'"#,
            #"spec.tolerations[0].effect: Unsupported value: "Bogus": "#
                + #"supported values: "NoSchedule", "PreferNoSchedule", "NoExecute""#
        ),
        PodRule(
            #"{"tolerations":[{"key":"a","operator":"Exists","effect":"NoSchedule","tolerationSeconds":1}]}"#,
            #"spec.tolerations[0].effect: Invalid value: "NoSchedule": "#
                + "effect must be 'NoExecute' when `tolerationSeconds` is set"
        ),
        PodRule(
            #"{"topologySpreadConstraints":[{"maxSkew":0,"topologyKey":"","whenUnsatisfiable":"Bogus"}]}"#,
            "spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero",
            "spec.topologySpreadConstraints[0].topologyKey: Required value: can not be empty",
            #"spec.topologySpreadConstraints[0].whenUnsatisfiable: Unsupported value: "Bogus": "#
                + #"supported values: "DoNotSchedule", "ScheduleAnyway""#
        ),
        PodRule(
            #"{"topologySpreadConstraints":[{"maxSkew":1,"topologyKey":"a","whenUnsatisfiable":"ScheduleAnyway","#
                + #""minDomains":1}]}"#,
            "spec.topologySpreadConstraints[0].minDomains: Invalid value: 1: "
                + "can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway"
        ),
    ]

    static let names: [PodRule] = [
        PodRule(
            #"{"dnsPolicy":"None"}"#,
            "spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None"
        ),
        PodRule(
            #"{"dnsConfig":{"nameservers":["1","10.0.0.1"],"options":[{"value":"a"}]}}"#,
            #"spec.dnsConfig.nameservers[0]: Invalid value: "1": must be a valid IP address, "#
                + "(e.g. 10.9.8.7 or 2001:db8::ffff)",
            "spec.dnsConfig.options[0]: Required value: must not be empty"
        ),
        PodRule(
            #"{"setHostnameAsFQDN":true,"hostnameOverride":"a"}"#,
            "spec.hostnameOverride: Forbidden: may not be specified when setHostnameAsFQDN is true"
        ),
        PodRule(
            #"{"activeDeadlineSeconds":0}"#,
            "spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive"
        ),
        PodRule(
            #"{"restartPolicy":"Sometimes"}"#,
            #"spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never""#
        ),
        PodRule(
            #"{"preemptionPolicy":"Bogus"}"#,
            #"spec.preemptionPolicy: Unsupported value: "Bogus": supported values: "#
                + #""PreemptLowerPriority", "Never""#
        ),
        PodRule(
            #"{"resourceClaims":[{"name":"a"}]}"#,
            #"spec.resourceClaims[0]: Invalid value: {"Name":"a","ResourceClaimName":null,"#
                + #""ResourceClaimTemplateName":null}: must specify one of: `resourceClaimName`, "#
                + "`resourceClaimTemplateName`"
        ),
    ]

    @Test(arguments: nodes + taints + names)
    func schedulingFollowsItsRules(_ rule: PodRule) throws {
        let problems = try PodFixture.problems(rule.spec)
        #expect(problems == rule.problems)
    }
}
