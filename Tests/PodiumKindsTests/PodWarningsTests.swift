// SPDX-License-Identifier: Apache-2.0
// What is allowed in a pod but answered with a warning.

import PodiumAPIServer
import PodiumCodec
import PodiumKindTesting
import PodiumKinds
import PodiumMachinery
import Testing

struct PodWarningsTests {
    static let rows: [PodRule] = [
        PodRule("{}"),
        PodRule(
            #"{"nodeSelector":{"beta.kubernetes.io/os":"linux"}}"#,
            #"spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead"#
        ),
        PodRule(
            #"{"volumes":[{"name":"v","gitRepo":{"repository":"r"}}]}"#,
            "spec.volumes[0].gitRepo: deprecated in v1.11, and disabled by default in v1.33+"
        ),
        PodRule(
            #"{"hostAliases":[{"ip":"10.0.0.1"},{"ip":"10.0.0.1"}]}"#,
            #"spec.hostAliases[1].ip: duplicate ip "10.0.0.1""#
        ),
        PodRule(
            PodFixture.container(#""env":[{"name":"A","value":"1"},{"name":"A","value":"2"}]"#),
            #"spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply"#
        ),
        PodRule(
            PodFixture.container(#""resources":{"requests":{"memory":"100m"}}"#),
            "spec.containers[0].resources.requests[memory]: "
                + #"fractional byte value "100m" is invalid, must be an integer"#
        ),
        PodRule(
            "{}",
            annotations: #"{"scheduler.alpha.kubernetes.io/critical-pod":""}"#,
            "metadata.annotations[scheduler.alpha.kubernetes.io/critical-pod]: non-functional in v1.16+; "
                + #"use the "priorityClassName" field instead"#
        ),
        PodRule(
            #"{"topologySpreadConstraints":[{"maxSkew":1,"topologyKey":"k","whenUnsatisfiable":"DoNotSchedule"}]}"#,
            "spec.topologySpreadConstraints[0].labelSelector: a null labelSelector results in matching no pod"
        ),
        PodRule(
            #"{"volumes":[{"name":"v","secret":{"secretName":"s","items":[{"key":"a","path":"x"},"#
                + #"{"key":"b","path":"x/y"}]}}]}"#,
            #"volume "v" (Secret "s"): overlapping paths: "x/y" with "x""#
        ),
    ]

    @Test(arguments: rows)
    func doubtfulPodsAreWarnedAbout(_ row: PodRule) throws {
        let pod = try PodFixture.pod(row.spec, annotations: row.annotations)
        let context = try PodFixture.context()
        #expect(PodStrategy().warnings(pod, old: nil, context: context) == row.problems)
        #expect(PodStrategy().warnings(pod, old: pod, context: context).isEmpty)
    }

    @Test(arguments: rows)
    func podsOfATemplateAreWarnedAboutAlike(_ row: PodRule) throws {
        let context = try PodFixture.context()
        for name in ["one", "two"] {
            var pod = try PodFixture.pod(row.spec, annotations: row.annotations)
            pod[path: "metadata", "name"] = .string(name)
            #expect(PodStrategy().validate(pod, context: context).isEmpty)
            #expect(PodStrategy().warnings(pod, old: nil, context: context) == row.problems)
        }
    }

    @Test func namesThatAreNoHostNamesAreWarnedAbout() throws {
        var pod = try PodFixture.pod("{}")
        pod[path: "metadata", "name"] = "a.b"
        let warnings = PodStrategy().warnings(pod, old: nil, context: try PodFixture.context())
        #expect(warnings.count == 1)
        #expect(warnings.first?.hasPrefix("metadata.name: this is used in the Pod's hostname") == true)
    }

    @Test func templatesAreWarnedAboutAtTheirPlace() throws {
        let pod = try PodFixture.pod(#"{"nodeSelector":{"beta.kubernetes.io/os":"linux"}}"#)
        let warnings = PodWarnings.forTemplate(["spec": pod["spec"] ?? .emptyObject], at: FieldPath("spec", "template"))
        #expect(warnings.first?.hasPrefix("spec.template.spec.nodeSelector[") == true)
    }
}
