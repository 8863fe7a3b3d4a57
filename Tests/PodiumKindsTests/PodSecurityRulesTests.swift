// SPDX-License-Identifier: Apache-2.0
// What pods may say about users, privileges and profiles.

import PodiumAPIServer
import PodiumKindTesting
import Testing

struct PodSecurityRulesTests {
    private static func context(_ members: String) -> String {
        PodFixture.container(#""securityContext":{\#(members)}"#)
    }

    static let users: [PodRule] = [
        PodRule(
            #"{"securityContext":{"runAsUser":-1,"supplementalGroups":[-1]}}"#,
            "spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive",
            "spec.securityContext.supplementalGroups[0]: Invalid value: -1: "
                + "must be between 0 and 2147483647, inclusive"
        ),
        PodRule(
            context(#""runAsUser":-1"#),
            "spec.containers[0].securityContext.runAsUser: Invalid value: -1: "
                + "must be between 0 and 2147483647, inclusive"
        ),
        PodRule(
            #"{"securityContext":{"sysctls":[{"name":"kernel.shm_rmid_forced","value":"1"},{"name":"","value":""}]}}"#,
            "spec.securityContext.sysctls[1].name: Required value"
        ),
        PodRule(
            #"{"hostPID":true,"shareProcessNamespace":true}"#,
            "spec.securityContext.shareProcessNamespace: Invalid value: true: "
                + "ShareProcessNamespace and HostPID cannot both be enabled"
        ),
        PodRule(
            #"{"hostUsers":false,"hostNetwork":true,"hostIPC":true}"#,
            "spec.hostNetwork: Forbidden: when `hostUsers` is false",
            "spec.HostIPC: Forbidden: when `hostUsers` is false"
        ),
    ]

    static let profiles: [PodRule] = [
        PodRule(
            #"{"securityContext":{"seccompProfile":{"type":"Localhost"}}}"#,
            "spec.securityContext.seccompProfile.localhostProfile: Required value: "
                + "must be set when seccomp type is Localhost"
        ),
        PodRule(
            context(#""seccompProfile":{"type":"RuntimeDefault","localhostProfile":"a"}"#),
            "spec.containers[0].securityContext.seccompProfile.localhostProfile: Invalid value: "
                + #"{"Type":"RuntimeDefault","LocalhostProfile":"a"}: "#
                + "can only be set when seccomp type is Localhost"
        ),
        PodRule(
            context(#""appArmorProfile":{"type":"Bogus"}"#),
            #"spec.containers[0].securityContext.appArmorProfile.type: Unsupported value: "Bogus": "#
                + #"supported values: "Localhost", "RuntimeDefault", "Unconfined""#
        ),
        PodRule(
            #"{"securityContext":{"seccompProfile":{"type":"Unconfined"}}}"#,
            annotations: #"{"seccomp.security.alpha.kubernetes.io/pod":"runtime/default"}"#,
            "spec.securityContext.seccompProfile.type: Forbidden: seccomp type in annotation and field must match"
        ),
        PodRule(
            "{}",
            annotations: #"{"container.apparmor.security.beta.kubernetes.io/x":"runtime/default"}"#,
            #"metadata.annotations[container.apparmor.security.beta.kubernetes.io/x]: Invalid value: "x": "#
                + "container not found"
        ),
        PodRule(
            "{}",
            annotations: #"{"controller.kubernetes.io/pod-deletion-cost":"+1"}"#,
            #"metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "+1": "#
                + "must be a 32bit integer"
        ),
    ]

    static let systems: [PodRule] = [
        PodRule(#"{"os":{"name":""}}"#, "spec.os.name: Required value: cannot be empty"),
        PodRule(
            #"{"os":{"name":"plan9"}}"#,
            #"spec.os: Unsupported value: "plan9": supported values: "linux", "windows""#
        ),
        PodRule(
            #"{"os":{"name":"windows"},"hostPID":true,"securityContext":{"runAsUser":1}}"#,
            "spec.hostPID: Forbidden: cannot be set for a windows pod",
            "spec.securityContext.runAsUser: Forbidden: cannot be set for a windows pod"
        ),
        PodRule(
            #"{"os":{"name":"linux"},"securityContext":{"windowsOptions":{}}}"#,
            "spec.securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod"
        ),
        PodRule(
            #"{"securityContext":{"windowsOptions":{"runAsUserName":"a\\b\\c"}}}"#,
            #"spec.securityContext.windowsOptions.runAsUserName: Invalid value: "a\\b\\c": "#
                + "runAsUserName cannot contain more than one backslash"
        ),
        PodRule(
            #"{"securityContext":{"windowsOptions":{"hostProcess":true}}}"#,
            "spec.hostNetwork: Invalid value: false: "
                + "hostNetwork must be true if pod contains any hostProcess containers"
        ),
    ]

    @Test(arguments: users + profiles + systems)
    func securityFollowsItsRules(_ rule: PodRule) throws {
        let problems = try PodFixture.problems(rule.spec, annotations: rule.annotations)
        #expect(problems == rule.problems)
    }
}
