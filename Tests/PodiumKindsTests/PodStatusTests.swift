// SPDX-License-Identifier: Apache-2.0
// What may be reported about a pod, and what the other sub-resources change.

import PodiumAPIServer
import PodiumCodec
import PodiumKindTesting
import PodiumKinds
import PodiumMachinery
import Testing

struct PodStatusTests {
    private func bound(_ spec: String = "{}", status: String = #"{"phase":"Pending"}"#) throws -> JSONValue {
        var pod = try PodFixture.pod(spec, status: status)
        pod[path: "spec", "nodeName"] = "n"
        return pod
    }

    private func report(_ status: String, on old: JSONValue) throws -> (pod: JSONValue, problems: [String]) {
        let value = try JSONValue(json: status)
        return try PodFixture.update(old, by: PodStatusStrategy()) { $0["status"] = value }
    }

    // MARK: Status

    @Test func aReportLeavesTheSpecAlone() throws {
        let old = try bound()
        let (pod, problems) = try PodFixture.update(old, by: PodStatusStrategy()) { pod in
            pod["spec"] = ["nodeName": "other"]
            pod["status"] = ["phase": "Running"]
        }
        #expect(problems.isEmpty)
        #expect(pod["spec"] == old["spec"])
        #expect(pod[place: "status/phase"] == "Running")
    }

    @Test(
        arguments: [
            (#"{"podIP":"x"}"#, #"status.podIPs[0]: Invalid value: "x": must be a valid IP address, "#),
            (#"{"nominatedNodeName":"N"}"#, #"status.nominatedNodeName: Invalid value: "N": "#),
            (
                #"{"podIPs":[{"ip":"10.0.0.1"},{"ip":"10.0.0.2"}]}"#,
                #"status.podIPs: Invalid value: "#
            ),
            (#"{"hostIPs":[{"ip":"10.0.0.1"}],"hostIP":"10.0.0.2"}"#, "status.hostIPs[0].ip: Invalid value: "),
        ]
    )
    func reportsFollowTheirRules(_ status: String, _ problem: String) throws {
        let (_, problems) = try report(status, on: try bound())
        #expect(problems.first?.hasPrefix(problem) == true, "\(problems)")
    }

    @Test func containersThatEndedForGoodDoNotRunAgain() throws {
        let ended = #"{"containerStatuses":[{"name":"c","state":{"terminated":{"exitCode":0}}}]}"#
        let running = #"{"containerStatuses":[{"name":"c","state":{"running":{}}}]}"#
        let once = try bound(#"{"restartPolicy":"Never"}"#, status: ended)
        let (_, problems) = try report(running, on: once)
        #expect(
            problems == [
                "status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state"
            ]
        )
        let always = try bound("{}", status: ended)
        #expect(try report(running, on: always).problems.isEmpty)
    }

    @Test func conditionsOfOneTypeKeepTheirObservedGenerations() throws {
        let old = try bound(
            status: #"{"observedGeneration":3,"conditions":[{"type":"Ready","status":"True","observedGeneration":2}]}"#
        )
        let (pod, _) = try report(#"{"conditions":[{"type":"Ready","status":"False"}]}"#, on: old)
        #expect(pod[place: "status/observedGeneration"] == 3)
        #expect(pod[place: "status/conditions/0/observedGeneration"] == 2)
    }

    @Test func addressesWithLeadingZerosAreWorthAWarning() throws {
        var pod = try bound()
        pod["status"] = ["podIPs": [["ip": "10.0.0.01"]]]
        let warnings = PodStatusStrategy().warnings(pod, old: pod, context: try PodFixture.context())
        #expect(warnings.count == 1)
    }

    // MARK: Ephemeral containers

    @Test func ephemeralContainersAreAddedAndStay() throws {
        let old = try bound()
        let one: JSONValue = [["name": "e", "image": "i"]]
        let (pod, problems) = try PodFixture.update(old, by: PodEphemeralContainersStrategy()) { pod in
            pod.updateSpec {
                $0["ephemeralContainers"] = one
                $0["hostname"] = "ignored"
            }
        }
        #expect(problems.isEmpty)
        #expect(pod[place: "spec/hostname"] == nil)
        #expect(pod[place: "spec/ephemeralContainers/0/name"] == "e")
        let (_, removed) = try PodFixture.update(pod, by: PodEphemeralContainersStrategy()) { pod in
            pod.updateSpec { $0["ephemeralContainers"] = [] }
        }
        #expect(
            removed == [
                #"spec.ephemeralContainers: Forbidden: existing ephemeral containers "e" may not be removed"# + "\n"
            ]
        )
    }

    // MARK: Resizing

    private static let sized = PodFixture.container(
        #""resources":{"requests":{"cpu":"1"},"limits":{"cpu":"2"}}"#
    )

    private func resize(_ old: JSONValue, _ resources: String) throws -> (pod: JSONValue, problems: [String]) {
        let value = try JSONValue(json: resources)
        return try PodFixture.update(old, by: PodResizeStrategy()) { pod in
            pod.updateSpec { spec in
                var container = spec[place: "containers/0"] ?? .emptyObject
                container["resources"] = value
                spec["containers"] = [container]
                spec["hostname"] = "ignored"
            }
        }
    }

    @Test func runningContainersMayGetMoreAndLess() throws {
        let old = try bound(Self.sized)
        let (pod, problems) = try resize(old, #"{"requests":{"cpu":"1500m"},"limits":{"cpu":"3"}}"#)
        #expect(problems.isEmpty)
        #expect(pod[place: "spec/containers/0/resources/limits/cpu"] == "3")
        #expect(pod[place: "spec/hostname"] == nil)
    }

    @Test(
        arguments: [
            (#"{}"#, "Pod QOS Class may not change as a result of resizing"),
            (
                #"{"requests":{"cpu":"1","ephemeral-storage":"1Gi"},"limits":{"cpu":"2"}}"#,
                "only cpu and memory resources are mutable"
            ),
            (#"{"requests":{"cpu":"1"}}"#, "resource limits cannot be removed"),
        ]
    )
    func someResizesAreRefused(_ resources: String, _ problem: String) throws {
        let (_, problems) = try resize(try bound(Self.sized), resources)
        #expect(problems.contains { $0.hasSuffix(problem) }, "\(problems)")
    }
}
