// SPDX-License-Identifier: Apache-2.0
// What kubectl get pods shows of a pod, state by state.

import PodiumAPIServer
import PodiumCodec
import PodiumKinds
import PodiumMachinery
import PodiumRegistry
import Testing

struct TablePodTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let name: String
        /// The pod, abbreviated: members of spec and status.
        var spec = "{\"containers\":[{\"name\":\"c\"}]}"
        let status: String
        var isDeleted = false
        let ready: String
        let reason: String
        var restarts = "0"
        var testDescription: String { name }
    }

    private static let now = Timestamp(rfc3339: "2026-01-01T00:10:00Z") ?? Timestamp(seconds: 0)
    private static let two = "{\"containers\":[{\"name\":\"a\"},{\"name\":\"b\"}]}"
    private static let initial =
        "{\"containers\":[{\"name\":\"c\"}],\"initContainers\":[{\"name\":\"i\"},{\"name\":\"j\"}]}"
    private static let sidecar = """
        {"containers":[{"name":"c"}],"initContainers":[{"name":"s","restartPolicy":"Always"},{"name":"i"}]}
        """

    private static func running(_ name: String, ready: Bool = true, restarts: Int = 0) -> String {
        """
        {"name":"\(name)","ready":\(ready),"started":true,"restartCount":\(restarts),"state":{"running":{}}}
        """
    }

    private static func ended(_ name: String, _ terminated: String) -> String {
        "{\"name\":\"\(name)\",\"ready\":false,\"restartCount\":0,\"state\":{\"terminated\":\(terminated)}}"
    }

    private static func waiting(_ name: String, _ reason: String) -> String {
        "{\"name\":\"\(name)\",\"ready\":false,\"restartCount\":0,\"state\":{\"waiting\":{\"reason\":\"\(reason)\"}}}"
    }

    private static let done = "{\"exitCode\":0,\"reason\":\"Completed\"}"
    private static let failed = "{\"exitCode\":3,\"reason\":\"Error\"}"

    static let rows: [Row] = [
        Row(name: "new", status: "{\"phase\":\"Pending\"}", ready: "0/1", reason: "Pending"),
        Row(name: "no status", status: "{}", ready: "0/1", reason: ""),
        Row(
            name: "running",
            status: "{\"phase\":\"Running\",\"containerStatuses\":[\(running("c"))]}",
            ready: "1/1",
            reason: "Running"
        ),
        Row(
            name: "restarted",
            status: """
                {"phase":"Running","containerStatuses":[{"name":"c","ready":true,"restartCount":3,
                "state":{"running":{}},"lastState":{"terminated":{"exitCode":1,"finishedAt":"2026-01-01T00:09:55Z"}}}]}
                """,
            ready: "1/1",
            reason: "Running",
            restarts: "3 (5s ago)"
        ),
        Row(
            name: "crash loop",
            status: """
                {"phase":"Running","containerStatuses":[{"name":"c","ready":false,"restartCount":5,
                "state":{"waiting":{"reason":"CrashLoopBackOff"}},
                "lastState":{"terminated":{"exitCode":1,"finishedAt":"2026-01-01T00:05:00Z"}}}]}
                """,
            ready: "0/1",
            reason: "CrashLoopBackOff",
            restarts: "5 (5m ago)"
        ),
        Row(
            name: "done",
            status: "{\"phase\":\"Succeeded\",\"containerStatuses\":[\(ended("c", done))]}",
            ready: "0/1",
            reason: "Completed"
        ),
        Row(
            name: "killed by a signal",
            status: "{\"phase\":\"Failed\",\"containerStatuses\":[\(ended("c", "{\"exitCode\":137,\"signal\":9}"))]}",
            ready: "0/1",
            reason: "Signal:9"
        ),
        Row(
            name: "ended without a reason",
            status: "{\"phase\":\"Failed\",\"containerStatuses\":[\(ended("c", "{\"exitCode\":4}"))]}",
            ready: "0/1",
            reason: "ExitCode:4"
        ),
        Row(
            name: "one done, one running",
            spec: two,
            status: "{\"phase\":\"Running\",\"containerStatuses\":[\(ended("a", done)),\(running("b"))]}",
            ready: "1/2",
            reason: "NotReady"
        ),
        Row(
            name: "one done, one running, ready",
            spec: two,
            status: """
                {"phase":"Running","conditions":[{"type":"Ready","status":"True"}],
                "containerStatuses":[\(ended("a", done)),\(running("b"))]}
                """,
            ready: "1/2",
            reason: "Running"
        ),
        Row(
            name: "a failure is not hidden by a success",
            spec: two,
            status: "{\"phase\":\"Failed\",\"containerStatuses\":[\(ended("a", done)),\(ended("b", failed))]}",
            ready: "0/2",
            reason: "Error"
        ),
        Row(
            name: "the first container speaks",
            spec: two,
            status:
                "{\"phase\":\"Running\",\"containerStatuses\":[\(waiting("a", "ErrImagePull")),\(ended("b", failed))]}",
            ready: "0/2",
            reason: "ErrImagePull"
        ),
        Row(
            name: "evicted",
            status: "{\"phase\":\"Failed\",\"reason\":\"Evicted\"}",
            ready: "0/1",
            reason: "Evicted"
        ),
        Row(
            name: "gated",
            status:
                "{\"phase\":\"Pending\",\"conditions\":[{\"type\":\"PodScheduled\",\"reason\":\"SchedulingGated\"}]}",
            ready: "0/1",
            reason: "SchedulingGated"
        ),
        Row(
            name: "second init container runs",
            spec: initial,
            status: """
                {"phase":"Pending","initContainerStatuses":[\(ended("i", done)),\(running("j", ready: false))],
                "containerStatuses":[\(waiting("c", "PodInitializing"))]}
                """,
            ready: "0/1",
            reason: "Init:1/2"
        ),
        Row(
            name: "init container fails",
            spec: initial,
            status:
                """
                {"phase":"Pending","initContainerStatuses":[\(ended("i", failed)),\(waiting("j", "PodInitializing"))]}
                """,
            ready: "0/1",
            reason: "Init:Error"
        ),
        Row(
            name: "init container loops",
            spec: initial,
            status: "{\"phase\":\"Pending\",\"initContainerStatuses\":[\(waiting("i", "CrashLoopBackOff"))]}",
            ready: "0/1",
            reason: "Init:CrashLoopBackOff"
        ),
        Row(
            name: "init containers done",
            spec: initial,
            status: """
                {"phase":"Pending","initContainerStatuses":[\(ended("i", done)),\(ended("j", done))],
                "containerStatuses":[\(waiting("c", "PodInitializing"))]}
                """,
            ready: "0/1",
            reason: "PodInitializing"
        ),
        Row(
            name: "sidecar counts",
            spec: sidecar,
            status: """
                {"phase":"Running","initContainerStatuses":[\(running("s", restarts: 2)),\(ended("i", done))],
                "containerStatuses":[\(running("c", restarts: 1))]}
                """,
            ready: "2/2",
            reason: "Running",
            restarts: "3"
        ),
        Row(
            name: "deleted",
            status: "{\"phase\":\"Running\",\"containerStatuses\":[\(running("c"))]}",
            isDeleted: true,
            ready: "1/1",
            reason: "Terminating"
        ),
        Row(
            name: "deleted after its end",
            status: "{\"phase\":\"Succeeded\",\"containerStatuses\":[\(ended("c", done))]}",
            isDeleted: true,
            ready: "0/1",
            reason: "Completed"
        ),
        Row(
            name: "deleted on a lost node",
            status: "{\"phase\":\"Running\",\"reason\":\"NodeLost\"}",
            isDeleted: true,
            ready: "0/1",
            reason: "Unknown"
        ),
    ]

    private static func pod(_ row: Row) throws -> JSONValue {
        var metadata: JSONValue = ["name": "p", "creationTimestamp": "2026-01-01T00:00:00Z", "resourceVersion": "7"]
        if row.isDeleted { metadata["deletionTimestamp"] = "2026-01-01T00:09:00Z" }
        return [
            "metadata": metadata, "spec": try JSONValue(json: row.spec), "status": try JSONValue(json: row.status),
        ]
    }

    private func printer() throws -> TablePrinter {
        TablePrinter(try #require(ResourceRegistry.builtIn().resource(.pods)))
    }

    @Test(arguments: rows)
    func showsTheState(row: Row) throws {
        let cells = try printer().row(try Self.pod(row), now: Self.now)["cells"]?.elements ?? []
        #expect(cells.count == 9)
        #expect(cells[1] == .string(row.ready))
        #expect(cells[2] == .string(row.reason))
        #expect(cells[3] == .string(row.restarts))
        #expect(cells[4] == "10m")
        #expect(Array(cells[5...]) == ["<none>", "<none>", "<none>", "<none>"])
    }

    @Test func showsWhereThePodIs() throws {
        let pod: JSONValue = [
            "metadata": ["name": "p"],
            "spec": [
                "nodeName": "n1", "containers": [],
                "readinessGates": [["conditionType": "a"], ["conditionType": "b"], ["conditionType": "c"]],
            ],
            "status": [
                "podIPs": [["ip": "10.0.0.9"], ["ip": "fd00::9"]], "nominatedNodeName": "n2",
                "conditions": [["type": "a", "status": "True"], ["type": "b", "status": "False"]],
            ],
        ]
        let cells = try printer().row(pod, now: Self.now)["cells"]?.elements ?? []
        #expect(cells == ["p", "0/0", "", "0", "<unknown>", "10.0.0.9", "n1", "n2", "1/3"])
    }

    @Test func aPodThatEndedHasACondition() throws {
        let failed = try printer().row(["status": ["phase": "Failed"]], now: Self.now)
        #expect(
            failed["conditions"] == [
                ["type": "Completed", "status": "True", "reason": "Failed", "message": "The pod failed."]
            ]
        )
        #expect(try printer().row(["status": ["phase": "Running"]], now: Self.now)["conditions"] == nil)
    }
}
