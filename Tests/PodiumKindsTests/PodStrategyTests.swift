// SPDX-License-Identifier: Apache-2.0
// What becomes of a pod when it is made and when its spec is written.

import PodiumAPIServer
import PodiumCodec
import PodiumKindTesting
import PodiumKinds
import PodiumMachinery
import Testing

struct PodStrategyTests {
    private func prepared(_ spec: String, annotations: String = "{}", status: String = "{}") throws -> JSONValue {
        var pod = try PodFixture.pod(spec, annotations: annotations, status: status)
        PodStrategy().prepareForCreate(&pod, context: try PodFixture.context())
        return pod
    }

    // MARK: Making

    @Test func aNewPodIsPendingWhateverItsClientSays() throws {
        let pod = try prepared("{}", status: #"{"phase":"Running","podIP":"10.0.0.1"}"#)
        #expect(pod["status"] == ["phase": "Pending", "qosClass": "BestEffort"])
        #expect(pod[place: "metadata/generation"] == 1)
    }

    @Test func gatedPodsSayThatTheyWait() throws {
        let pod = try prepared(#"{"schedulingGates":[{"name":"a"}]}"#)
        let condition = pod[place: "status/conditions/0"]
        #expect(condition?["type"] == "PodScheduled")
        #expect(condition?["status"] == "False")
        #expect(condition?["reason"] == "SchedulingGated")
        #expect(condition?["message"] == "Scheduling is blocked due to non-empty scheduling gates")
    }

    @Test func labelsOfMatchLabelKeysGoIntoTheSelector() throws {
        var pod = try PodFixture.pod(
            """
            {"affinity":{"podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"k",
            "labelSelector":{},"matchLabelKeys":["app"],"mismatchLabelKeys":["tenant"]}]}}}
            """
        )
        pod[path: "metadata", "labels"] = ["app": "web", "tenant": "a"]
        PodStrategy().prepareForCreate(&pod, context: try PodFixture.context())
        let terms = "spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution"
        #expect(
            pod[place: "\(terms)/0/labelSelector/matchExpressions"] == [
                ["key": "app", "operator": "In", "values": ["web"]],
                ["key": "tenant", "operator": "NotIn", "values": ["a"]],
            ]
        )
    }

    @Test func appArmorAnnotationsBecomeFields() throws {
        let pod = try prepared(
            "{}",
            annotations: #"{"container.apparmor.security.beta.kubernetes.io/c":"localhost/mine"}"#
        )
        #expect(
            pod[place: "spec/containers/0/securityContext/appArmorProfile"]
                == ["type": "Localhost", "localhostProfile": "mine"]
        )
    }

    @Test(
        arguments: [
            ("p", true), ("p.q", true), ("", false), ("P", false), ("p_q", false),
            (String(repeating: "p", count: 254), false),
        ]
    )
    func podsAreNamedAsSubdomains(_ name: String, _ isGood: Bool) {
        #expect(PodStrategy().nameErrors(name, isPrefix: false).isEmpty == isGood)
    }

    // MARK: Updates

    private static let immutable =
        "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
        + "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
        + "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"

    /// A place in the spec, a new value, and how the first problem begins; empty when there is none.
    static let changes: [(place: [String], value: JSONValue, problem: String)] = [
        (["activeDeadlineSeconds"], 10, ""),
        (["activeDeadlineSeconds"], 20, "spec.activeDeadlineSeconds: Invalid value: 20: must be less than or equal to"),
        (["tolerations"], [["key": "a", "operator": "Exists"], ["key": "b", "operator": "Exists"]], ""),
        (
            ["tolerations"], [],
            "spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds"
        ),
        (["schedulingGates"], [], ""),
        (
            ["schedulingGates"], [["name": "a"], ["name": "b"]],
            "spec.schedulingGates[1].name: Forbidden: only deletion is allowed, but found new scheduling gate 'b'"
        ),
        (["nodeSelector"], ["a": "b"], ""),
        (["hostname"], "h", "spec: Forbidden: \(immutable)"),
        (["terminationGracePeriodSeconds"], 1, "spec: Forbidden: \(immutable)"),
        (["containers"], [], "spec.containers: Required value"),
        (["restartPolicy"], "Never", "spec: Forbidden: \(immutable)"),
    ]

    private static let gated = """
        {"activeDeadlineSeconds":15,"tolerations":[{"key":"a","operator":"Exists"}],"schedulingGates":[{"name":"a"}]}
        """

    @Test(arguments: changes)
    func nearlyNothingOfASpecMayChange(
        _ change: (place: [String], value: JSONValue, problem: String)
    ) throws {
        let old = try prepared(Self.gated)
        let (_, problems) = try PodFixture.update(old) { pod in
            pod.updateSpec { $0[change.place[0]] = change.value }
        }
        let first = problems.first ?? ""
        #expect(change.problem.isEmpty ? problems.isEmpty : first.hasPrefix(change.problem), "\(problems)")
    }

    @Test func imagesMayChangeAndRaiseTheGeneration() throws {
        let old = try prepared("{}")
        let (pod, problems) = try PodFixture.update(old) { pod in
            pod.updateSpec { $0["containers"] = [["name": "c", "image": "img:2"]] }
        }
        #expect(problems.isEmpty)
        #expect(pod[place: "metadata/generation"] == 2)
    }

    @Test func theStatusStaysAsItWas() throws {
        let old = try prepared("{}")
        let (pod, problems) = try PodFixture.update(old) { $0["status"] = ["phase": "Running"] }
        #expect(problems.isEmpty)
        #expect(pod["status"] == old["status"])
        #expect(pod[place: "metadata/generation"] == 1)
    }

    @Test func nodeSelectorsOfPodsWithoutGatesMayNotChange() throws {
        let old = try prepared("{}")
        let (_, problems) = try PodFixture.update(old) { pod in pod.updateSpec { $0["nodeSelector"] = ["a": "b"] } }
        #expect(problems.count == 1)
    }

    /// Gated pods may only be wanted by fewer nodes than before.
    @Test func nodeSelectorsOfGatedPodsOnlyGrow() throws {
        let old = try prepared(#"{"schedulingGates":[{"name":"a"}],"nodeSelector":{"a":"b"}}"#)
        let (_, added) = try PodFixture.update(old) { pod in
            pod.updateSpec { $0["nodeSelector"] = ["a": "b", "c": "d"] }
        }
        #expect(added.isEmpty)
        let (_, changed) = try PodFixture.update(old) { pod in pod.updateSpec { $0["nodeSelector"] = ["a": "c"] } }
        #expect(changed.count == 1)
        #expect(changed.first?.hasPrefix("spec.nodeSelector: Invalid value: ") == true)
    }

    @Test func mirrorAnnotationsStay() throws {
        let old = try prepared("{}")
        let (_, problems) = try PodFixture.update(old) {
            $0[path: "metadata", "annotations"] = ["kubernetes.io/config.mirror": "x"]
        }
        #expect(
            problems.contains(
                "metadata.annotations[kubernetes.io/config.mirror]: Forbidden: may not add mirror pod annotation"
            )
        )
    }

    // MARK: Templates

    @Test func templatesAreToldAtTheirOwnPlace() throws {
        let template = try JSONValue(
            json: #"{"metadata":{"labels":{"a":"b c"}},"spec":{"containers":[{"name":"c"}],"hostname":"A"}}"#
        )
        var filled = template
        filled.updateSpec { _ in }
        var spec = template["spec"] ?? .emptyObject
        PodSpecDefaults.apply(to: &spec)
        filled["spec"] = spec
        let path = FieldPath("spec", "template")
        let problems = PodValidation(options: .template).templateErrors(filled, at: path)
        #expect(
            problems.map(\.path.description) == [
                "spec.template.labels", "spec.template.spec.containers[0].image", "spec.template.spec.hostname",
            ]
        )
    }
}

extension JSONValue {
    /// Changes the member `spec`.
    mutating func updateSpec(_ change: (inout JSONValue) -> Void) {
        guard var spec = self["spec"] else { return }
        change(&spec)
        self["spec"] = spec
    }
}
