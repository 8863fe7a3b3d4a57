// SPDX-License-Identifier: Apache-2.0
// Each filter by itself: a pod, a cluster, and which nodes it takes.

import PodiumClient
import PodiumCodec
import PodiumKinds
import PodiumMachinery
import PodiumRegistry
import PodiumScheduler
import PodiumStorage
import Testing

/// A pod, a cluster, and what a filter says.
struct FilterCase: CustomTestStringConvertible, Sendable {
    let name: String
    var nodes: [JSONValue] = [.node("a"), .node("b")]
    /// Pods that have their node.
    var pods: [JSONValue] = []
    let pod: JSONValue
    /// The nodes that are taken.
    let fits: [String]
    /// Why the others are not.
    var reason = ""

    var testDescription: String { name }

    var cluster: SchedulerCache { .of(nodes: nodes, pods: pods) }

    /// The nodes that `filter` takes, and why it does not take the others.
    func run<Plugin: Filter>(_ filter: Plugin) -> (fits: [String], reasons: Set<String>) {
        let cluster = cluster
        let pod = SchedulingPod(.of(self.pod, .pods))
        var state = CycleState()
        if let status = state.prepare(filter, pod, cluster) { return ([], Set(status.reasons)) }
        var fits: [String] = []
        var reasons: Set<String> = []
        for node in cluster.nodes where state.restriction?.nodes.contains(node.name) ?? true {
            let status = state.filter(pod, node)
            if status.isSuccess { fits.append(node.name) } else { reasons.formUnion(status.reasons) }
        }
        return (fits, reasons)
    }

    func check<Plugin: Filter>(_ filter: Plugin, sourceLocation: SourceLocation = #_sourceLocation) {
        let result = run(filter)
        #expect(result.fits == fits, sourceLocation: sourceLocation)
        if !reason.isEmpty { #expect(result.reasons == [reason], sourceLocation: sourceLocation) }
    }
}

extension APIObject {
    /// An object as if it had been read from storage.
    static func of(_ value: JSONValue, _ resource: GroupResource) -> APIObject {
        var value = value
        if value["metadata"]?["uid"] == nil {
            value[path: "metadata", "uid"] = .string("uid-\(value["metadata"]?["name"]?.string ?? "")")
        }
        let storage = WatchCache()
        let key = ObjectKey(
            resource,
            namespace: value["metadata"]?["namespace"]?.string ?? "",
            name: value["metadata"]?["name"]?.string ?? ""
        )
        let fields = BuiltInKinds.definition(of: resource).selectableFields
        let draft = ObjectDraft(value, facts: ObjectFacts(of: value, fields: fields))
        guard let object = try? storage.create(key, draft) else {
            preconditionFailure("an empty store refused an object")
        }
        return APIObject(object)
    }
}

extension SchedulerCache {
    /// A cluster of these nodes with these pods, each of which names its node.
    static func of(nodes: [JSONValue], pods: [JSONValue] = []) -> SchedulerCache {
        var cache = SchedulerCache()
        cache.namespaceLabels = ["ns": ["team": "blue"], "other": ["team": "red"]]
        for node in nodes { cache.set(SchedulingNode(.of(node, .nodes))) }
        for pod in pods {
            let pod = SchedulingPod(.of(pod, .pods))
            cache.place(pod, on: pod.nodeName)
        }
        return cache
    }
}

@Suite struct PluginTests {
    @Test(arguments: [
        FilterCase(name: "any node without a name", pod: .pod("p"), fits: ["a", "b"]),
        FilterCase(
            name: "only the node named",
            pod: .pod("p", ["nodeName": "b"]),
            fits: ["b"],
            reason: "node(s) didn't match the requested node name"
        ),
    ])
    func nodeName(test: FilterCase) { test.check(NodeName()) }

    @Test(arguments: [
        FilterCase(
            name: "not the cordoned one",
            nodes: [.node("a", isUnschedulable: true), .node("b")],
            pod: .pod("p"),
            fits: ["b"],
            reason: "node(s) were unschedulable"
        ),
        FilterCase(
            name: "the cordoned one as well if its taint is tolerated",
            nodes: [.node("a", isUnschedulable: true), .node("b")],
            pod: .pod("p", ["tolerations": [["key": "node.kubernetes.io/unschedulable", "operator": "Exists"]]]),
            fits: ["a", "b"]
        ),
    ])
    func nodeUnschedulable(test: FilterCase) { test.check(NodeUnschedulable()) }

    private static func tolerating(_ toleration: JSONObject) -> JSONValue {
        .pod("p", ["tolerations": [.object(toleration)]])
    }

    private static let tainted: [JSONValue] = [.node("a", taints: [.taint("k")]), .node("b")]

    @Test(arguments: [
        FilterCase(
            name: "not the tainted one",
            nodes: tainted,
            pod: .pod("p"),
            fits: ["b"],
            reason: "node(s) had untolerated taint(s)"
        ),
        FilterCase(
            name: "equal value",
            nodes: tainted,
            pod: tolerating(["key": "k", "value": "x", "effect": "NoSchedule"]),
            fits: ["a", "b"]
        ),
        FilterCase(name: "other value", nodes: tainted, pod: tolerating(["key": "k", "value": "y"]), fits: ["b"]),
        FilterCase(
            name: "other key",
            nodes: tainted,
            pod: tolerating(["key": "l", "operator": "Exists"]),
            fits: ["b"]
        ),
        FilterCase(
            name: "other effect",
            nodes: tainted,
            pod: tolerating(["key": "k", "operator": "Exists", "effect": "NoExecute"]),
            fits: ["b"]
        ),
        FilterCase(name: "everything", nodes: tainted, pod: tolerating(["operator": "Exists"]), fits: ["a", "b"]),
        FilterCase(
            name: "NoExecute counts as well",
            nodes: [.node("a", taints: [.taint("k", "NoExecute")]), .node("b")],
            pod: .pod("p"),
            fits: ["b"]
        ),
        FilterCase(
            name: "a preference does not",
            nodes: [.node("a", taints: [.taint("k", "PreferNoSchedule")]), .node("b")],
            pod: .pod("p"),
            fits: ["a", "b"]
        ),
    ])
    func taintToleration(test: FilterCase) { test.check(TaintToleration()) }

    private static let labelled: [JSONValue] = [
        .node("a", labels: ["disk": "ssd", "size": "10"]), .node("b", labels: ["disk": "hdd", "size": "20"]),
        .node("c"),
    ]

    private static func requiring(_ terms: JSONValue...) -> JSONValue {
        let required: JSONValue = ["nodeSelectorTerms": .array(terms)]
        return .pod("p", ["affinity": ["nodeAffinity": ["requiredDuringSchedulingIgnoredDuringExecution": required]]])
    }

    private static func expression(_ key: String, _ operation: String, _ values: JSONValue...) -> JSONValue {
        ["matchExpressions": [["key": .string(key), "operator": .string(operation), "values": .array(values)]]]
    }

    @Test(arguments: [
        FilterCase(
            name: "selector",
            nodes: labelled,
            pod: .pod("p", ["nodeSelector": ["disk": "ssd"]]),
            fits: ["a"],
            reason: "node(s) didn't match Pod's node affinity/selector"
        ),
        FilterCase(
            name: "In",
            nodes: labelled,
            pod: requiring(expression("disk", "In", "ssd", "hdd")),
            fits: ["a", "b"]
        ),
        FilterCase(
            name: "NotIn",
            nodes: labelled,
            pod: requiring(expression("disk", "NotIn", "ssd")),
            fits: ["b", "c"]
        ),
        FilterCase(name: "Exists", nodes: labelled, pod: requiring(expression("disk", "Exists")), fits: ["a", "b"]),
        FilterCase(
            name: "DoesNotExist",
            nodes: labelled,
            pod: requiring(expression("disk", "DoesNotExist")),
            fits: ["c"]
        ),
        FilterCase(name: "Gt", nodes: labelled, pod: requiring(expression("size", "Gt", "15")), fits: ["b"]),
        FilterCase(name: "Lt", nodes: labelled, pod: requiring(expression("size", "Lt", "15")), fits: ["a"]),
        FilterCase(
            name: "one term is enough",
            nodes: labelled,
            pod: requiring(expression("disk", "In", "ssd"), expression("disk", "DoesNotExist")),
            fits: ["a", "c"]
        ),
        FilterCase(name: "an empty term takes nothing", nodes: labelled, pod: requiring([:]), fits: []),
        FilterCase(
            name: "by name",
            nodes: labelled,
            pod: requiring(["matchFields": [["key": "metadata.name", "operator": "In", "values": ["b"]]]]),
            fits: ["b"]
        ),
        FilterCase(
            name: "by two names at once",
            nodes: labelled,
            pod: requiring([
                "matchFields": [
                    ["key": "metadata.name", "operator": "In", "values": ["b"]],
                    ["key": "metadata.name", "operator": "In", "values": ["a"]],
                ]
            ]),
            fits: [],
            reason: "pod affinity terms conflict"
        ),
    ])
    func nodeAffinity(test: FilterCase) { test.check(NodeAffinity()) }

    private static func port(_ number: Int64, _ address: String? = nil, _ transport: String? = nil) -> JSONObject {
        var port: JSONObject = ["containerPort": 80, "hostPort": .integer(number)]
        if let address { port["hostIP"] = .string(address) }
        if let transport { port["protocol"] = .string(transport) }
        return ["containers": [["name": "main", "ports": [.object(port)]]]]
    }

    private static func taking(_ spec: JSONObject) -> JSONValue {
        .pod("x", spec.merging(["nodeName": "a"]) { $1 })
    }

    @Test(arguments: [
        FilterCase(
            name: "taken",
            pods: [taking(port(90))],
            pod: .pod("p", port(90)),
            fits: ["b"],
            reason: "node(s) didn't have free ports for the requested pod ports"
        ),
        FilterCase(name: "another port", pods: [taking(port(90))], pod: .pod("p", port(91)), fits: ["a", "b"]),
        FilterCase(
            name: "another transport",
            pods: [taking(port(90))],
            pod: .pod("p", port(90, nil, "UDP")),
            fits: ["a", "b"]
        ),
        FilterCase(
            name: "another address",
            pods: [taking(port(90, "10.0.0.1"))],
            pod: .pod("p", port(90, "10.0.0.2")),
            fits: ["a", "b"]
        ),
        FilterCase(
            name: "all addresses",
            pods: [taking(port(90, "10.0.0.1"))],
            pod: .pod("p", port(90, "0.0.0.0")),
            fits: ["b"]
        ),
    ])
    func nodePorts(test: FilterCase) { test.check(NodePorts()) }

    private static func occupying(_ requests: [String: String]) -> [JSONValue] {
        [.pod("x", requests: requests, ["nodeName": "a"])]
    }

    @Test(arguments: [
        FilterCase(
            name: "CPU",
            pods: occupying(["cpu": "3"]),
            pod: .pod("p", requests: ["cpu": "1001m"]),
            fits: ["b"],
            reason: "Insufficient cpu"
        ),
        FilterCase(
            name: "exactly enough",
            pods: occupying(["cpu": "3"]),
            pod: .pod("p", requests: ["cpu": "1000m"]),
            fits: ["a", "b"]
        ),
        FilterCase(
            name: "memory",
            pods: occupying(["memory": "7Gi"]),
            pod: .pod("p", requests: ["memory": "2Gi"]),
            fits: ["b"],
            reason: "Insufficient memory"
        ),
        FilterCase(
            name: "storage",
            pods: occupying(["ephemeral-storage": "60Gi"]),
            pod: .pod("p", requests: ["ephemeral-storage": "60Gi"]),
            fits: ["b"],
            reason: "Insufficient ephemeral-storage"
        ),
        FilterCase(
            name: "what no node has",
            pod: .pod("p", requests: ["example.com/gpu": "1"]),
            fits: [],
            reason: "Insufficient example.com/gpu"
        ),
        FilterCase(
            name: "pods",
            nodes: [.node("a", allocatable: ["pods": "1"]), .node("b")],
            pods: occupying([:]),
            pod: .pod("p"),
            fits: ["b"],
            reason: "Too many pods"
        ),
        FilterCase(name: "nothing needs nothing", pods: occupying(["cpu": "4"]), pod: .pod("p"), fits: ["a", "b"]),
    ])
    func nodeResourcesFit(test: FilterCase) { test.check(NodeResourcesFit()) }

    @Test func resourcesLargerThanTheNodeAreBeyondHelp() {
        let pod = SchedulingPod(.of(.pod("p", requests: ["cpu": "5"]), .pods))
        let cluster = SchedulerCache.of(nodes: [.node("a")])
        #expect(NodeResourcesFit().filter(pod, cluster.nodes[0], ()).code == .unschedulableAndUnresolvable)
        let smaller = SchedulingPod(.of(.pod("p", requests: ["cpu": "2"]), .pods))
        let full = SchedulerCache.of(nodes: [.node("a")], pods: Self.occupying(["cpu": "3"]))
        #expect(NodeResourcesFit().filter(smaller, full.nodes[0], ()).code == .unschedulable)
    }
}
