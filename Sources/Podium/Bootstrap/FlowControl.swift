// SPDX-License-Identifier: Apache-2.0
// Which requests upstream would keep apart from each other, as data: flow schemas and priority levels.

import PodiumCodec
import PodiumMachinery
import PodiumStorage

/// The FlowSchemas and PriorityLevelConfigurations that an API server makes itself. Podium turns nobody away by them.
// Kubernetes: apiserver/pkg/apis/flowcontrol/bootstrap/default.go
enum FlowControl {
    private static let group = "flowcontrol.apiserver.k8s.io"

    static var objects: [(resource: GroupResource, object: JSONValue)] {
        levels.map { (.priorityLevels, $0.object) } + schemas.map { (.flowSchemas, $0.object) }
    }

    private static func metadata(_ name: String) -> JSONValue {
        [
            "name": .string(name), "generation": 1,
            "annotations": ["apf.kubernetes.io/autoupdate-spec": "true"],
        ]
    }

    // MARK: Priority levels

    private struct Level {
        let name: String
        let shares: Int64
        let lendablePercent: Int64
        /// nil where requests are turned away instead of waiting.
        let queues: (count: Int64, handSize: Int64)?

        var object: JSONValue {
            var response: JSONValue = ["type": "Reject"]
            if let queues {
                response = [
                    "type": "Queue",
                    "queuing": [
                        "queues": .integer(queues.count), "handSize": .integer(queues.handSize),
                        "queueLengthLimit": 50,
                    ],
                ]
            }
            let isExempt = name == "exempt"
            let spec: JSONValue =
                isExempt
                ? ["type": "Exempt", "exempt": ["nominalConcurrencyShares": 0, "lendablePercent": 0]]
                : [
                    "type": "Limited",
                    "limited": [
                        "nominalConcurrencyShares": .integer(shares), "limitResponse": response,
                        "lendablePercent": .integer(lendablePercent),
                    ],
                ]
            return [
                "kind": "PriorityLevelConfiguration", "apiVersion": .string("\(group)/v1"), "metadata": metadata(name),
                "spec": spec, "status": [:],
            ]
        }
    }

    private static let levels = [
        Level(name: "exempt", shares: 0, lendablePercent: 0, queues: nil),
        Level(name: "catch-all", shares: 5, lendablePercent: 0, queues: nil),
        Level(name: "system", shares: 30, lendablePercent: 33, queues: (64, 6)),
        Level(name: "node-high", shares: 40, lendablePercent: 25, queues: (64, 6)),
        Level(name: "leader-election", shares: 10, lendablePercent: 0, queues: (16, 4)),
        Level(name: "workload-high", shares: 40, lendablePercent: 50, queues: (128, 6)),
        Level(name: "workload-low", shares: 100, lendablePercent: 90, queues: (128, 6)),
        Level(name: "global-default", shares: 20, lendablePercent: 50, queues: (128, 6)),
    ]

    // MARK: Flow schemas

    private struct Schema {
        let name: String
        let level: String
        let precedence: Int64
        /// What keeps the flows of a schema apart; nil for one flow.
        let distinguisher: String?
        let rule: JSONValue

        var object: JSONValue {
            var spec: JSONValue = [
                "priorityLevelConfiguration": ["name": .string(level)], "matchingPrecedence": .integer(precedence),
            ]
            if let distinguisher { spec["distinguisherMethod"] = ["type": .string(distinguisher)] }
            spec["rules"] = [rule]
            let message =
                "This FlowSchema references the PriorityLevelConfiguration object named \"\(level)\" and it exists"
            return [
                "kind": "FlowSchema", "apiVersion": .string("\(group)/v1"), "metadata": metadata(name), "spec": spec,
                "status": [
                    "conditions": [
                        [
                            "type": "Dangling", "status": "False",
                            "lastTransitionTime": .string(ObjectTemplate.Mark.time), "reason": "Found",
                            "message": .string(message),
                        ]
                    ]
                ],
            ]
        }
    }

    private static let masters = [groupSubject("system:masters")]
    private static let nodes = [groupSubject("system:nodes")]
    private static let everybody = [groupSubject("system:unauthenticated"), groupSubject("system:authenticated")]
    private static let systemAccounts = [account("*")]
    private static let controllerManager = [user("system:kube-controller-manager")]
    private static let scheduler = [user("system:kube-scheduler")]
    private static let elections = resource("get create update", "coordination.k8s.io", "leases")

    private static let schemas = [
        Schema(name: "exempt", level: "exempt", precedence: 1, distinguisher: nil, rule: all(masters)),
        Schema(
            name: "probes",
            level: "exempt",
            precedence: 2,
            distinguisher: nil,
            rule: [
                "subjects": .array(everybody),
                "nonResourceRules": [["verbs": ["get"], "nonResourceURLs": ["/healthz", "/readyz", "/livez"]]],
            ]
        ),
        Schema(
            name: "system-leader-election",
            level: "leader-election",
            precedence: 100,
            distinguisher: "ByUser",
            rule: some(controllerManager + scheduler + systemAccounts, elections)
        ),
        Schema(
            name: "endpoint-controller",
            level: "workload-high",
            precedence: 150,
            distinguisher: "ByUser",
            rule: some(
                controllerManager + [account("endpoint-controller"), account("endpointslicemirroring-controller")],
                resource("get create update", "", "endpoints")
            )
        ),
        Schema(
            name: "workload-leader-election",
            level: "leader-election",
            precedence: 200,
            distinguisher: "ByUser",
            rule: some(systemAccounts, elections)
        ),
        Schema(
            name: "system-node-high",
            level: "node-high",
            precedence: 400,
            distinguisher: "ByUser",
            rule: some(
                nodes,
                resource("*", "", "nodes nodes/status", isClusterScoped: true),
                resource("*", "coordination.k8s.io", "leases")
            )
        ),
        Schema(name: "system-nodes", level: "system", precedence: 500, distinguisher: "ByUser", rule: all(nodes)),
        Schema(
            name: "kube-controller-manager",
            level: "workload-high",
            precedence: 800,
            distinguisher: "ByNamespace",
            rule: all(controllerManager)
        ),
        Schema(
            name: "kube-scheduler",
            level: "workload-high",
            precedence: 800,
            distinguisher: "ByNamespace",
            rule: all(scheduler)
        ),
        Schema(
            name: "kube-system-service-accounts",
            level: "workload-high",
            precedence: 900,
            distinguisher: "ByNamespace",
            rule: all(systemAccounts)
        ),
        Schema(
            name: "service-accounts",
            level: "workload-low",
            precedence: 9000,
            distinguisher: "ByUser",
            rule: all([groupSubject("system:serviceaccounts")])
        ),
        Schema(
            name: "global-default",
            level: "global-default",
            precedence: 9900,
            distinguisher: "ByUser",
            rule: all(everybody)
        ),
        Schema(
            name: "catch-all",
            level: "catch-all",
            precedence: 10000,
            distinguisher: "ByUser",
            rule: all(everybody)
        ),
    ]

    private static func groupSubject(_ name: String) -> JSONValue {
        ["kind": "Group", "group": ["name": .string(name)]]
    }

    private static func user(_ name: String) -> JSONValue { ["kind": "User", "user": ["name": .string(name)]] }

    private static func account(_ name: String) -> JSONValue {
        ["kind": "ServiceAccount", "serviceAccount": ["namespace": "kube-system", "name": .string(name)]]
    }

    private static func resource(
        _ verbs: String,
        _ group: String,
        _ resources: String,
        isClusterScoped: Bool = false
    ) -> JSONValue {
        func list(_ text: String) -> JSONValue { .array(text.split(separator: " ").map { .string(String($0)) }) }
        var rule: JSONValue = [
            "verbs": list(verbs), "apiGroups": [.string(group)], "resources": list(resources),
        ]
        if isClusterScoped { rule["clusterScope"] = true }
        rule["namespaces"] = ["*"]
        return rule
    }

    private static func some(_ subjects: [JSONValue], _ rules: JSONValue...) -> JSONValue {
        ["subjects": .array(subjects), "resourceRules": .array(rules)]
    }

    private static func all(_ subjects: [JSONValue]) -> JSONValue {
        [
            "subjects": .array(subjects),
            "resourceRules": [resource("*", "*", "*", isClusterScoped: true)],
            "nonResourceRules": [["verbs": ["*"], "nonResourceURLs": ["*"]]],
        ]
    }
}
