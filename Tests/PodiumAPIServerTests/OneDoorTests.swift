// SPDX-License-Identifier: Apache-2.0
// Whoever writes in this process writes what a client of the API would have written.

import PodiumAPIServer
import PodiumClient
import PodiumCodec
import PodiumExchange
import PodiumMachinery
import PodiumRegistry
import PodiumStorage
import PodiumTestKit
import Testing

@Suite struct OneDoorTests {
    private let cluster: BareCluster
    private let server: APIServer
    private let controller: ResourceClient

    init() throws {
        cluster = BareCluster(disabling: [])
        server = APIServer(APIServerComponents(api: cluster.api))
        controller = cluster.client.acting(as: .controller("replicaset-controller"), fieldManager: "controller")
        try controller.create(.namespaces, ["metadata": ["name": "ns"]])
        try controller.create(.serviceAccounts, ["metadata": ["name": "default", "namespace": "ns"]])
        try controller.create(
            .priorityClasses,
            ["metadata": ["name": "high"], "value": 1_000, "globalDefault": true]
        )
        try controller.create(
            GroupResource(group: "", resource: "limitranges"),
            [
                "metadata": ["name": "limits", "namespace": "ns"],
                "spec": [
                    "limits": [["type": "Container", "default": ["cpu": "0.5"], "defaultRequest": ["cpu": "250m"]]]
                ],
            ]
        )
    }

    /// A template as users write it, with little in it.
    private static let template: JSONValue = [
        "metadata": ["labels": ["app": "web"]],
        "spec": [
            "containers": [
                [
                    "image": "nginx:1.27", "name": "web", "ports": [["containerPort": 80]],
                    "readinessProbe": ["httpGet": ["path": "/", "port": 80]],
                    "resources": ["limits": ["memory": "1Gi"]],
                ]
            ],
            "volumes": [["name": "data", "emptyDir": [:]], ["name": "map", "configMap": ["name": "m"]]],
        ],
    ]

    private static func pod(_ name: String) -> JSONValue {
        var pod = template
        pod["kind"] = "Pod"
        pod["apiVersion"] = "v1"
        pod[path: "metadata", "name"] = .string(name)
        pod[path: "metadata", "namespace"] = "ns"
        return pod
    }

    /// The object without what no two objects share.
    private static func common(_ object: JSONValue) -> JSONValue {
        var object = object
        for member in ["name", "uid", "creationTimestamp", "resourceVersion"] {
            object[path: "metadata", member] = nil
        }
        let text = object.jsonText.replacing(#/kube-api-access-[a-z0-9]{5}/#, with: "kube-api-access-x")
            .replacing(#/"manager":"[a-z]+"/#, with: #""manager":"m""#)
        return .string(text)
    }

    @Test func aPodOfAControllerIsThatOfAClient() throws {
        let response = server.respond(
            to: HTTPRequest(
                method: "POST",
                rawPath: "/api/v1/namespaces/ns/pods",
                rawQuery: "fieldManager=client",
                headers: HTTPHeaders([("content-type", "application/json")]),
                body: Self.pod("client").encoded()
            )
        )
        #expect(response.status == 201)
        try controller.create(.pods, Self.pod("controller"))
        let objects = try ["client", "controller"].map { name in
            try #require(try controller.get(ObjectKey(.pods, namespace: "ns", name: name))).stored.value()
        }
        #expect(Self.common(objects[0]) == Self.common(objects[1]))
        // What the rules of the cluster have added is there at all.
        let pod = objects[1]
        #expect(pod[path: "spec", "priorityClassName"] == "high")
        #expect(pod[path: "spec", "serviceAccountName"] == "default")
        #expect(pod[path: "spec", "containers"]?.elements.first?[path: "resources", "requests", "cpu"] == "250m")
        #expect(pod[path: "metadata", "managedFields"]?.elements.map { $0["manager"]?.string } == ["controller"])
    }

    @Test func aControllerIsRefusedWhatAClientIsRefused() throws {
        var pod = Self.pod("p")
        pod[path: "spec", "containers"] = []
        let refused = #expect(throws: StatusError.self) { try controller.create(.pods, pod) }
        #expect(refused?.code == 422)
        try controller.delete(ObjectKey(.namespaces, name: "ns"))
        let late = #expect(throws: StatusError.self) { try controller.create(.pods, Self.pod("q")) }
        #expect(late?.code == 403)
    }

    @Test func aStatusIsWrittenByItsSubresourceAlone() throws {
        let key = ObjectKey(.pods, namespace: "ns", name: "p")
        try controller.create(.pods, Self.pod("p"))
        try controller.update(key) { pod in
            pod[path: "status", "phase"] = "Failed"
            return true
        }
        #expect(try controller.get(key)?.status["phase"] == "Pending")
        try controller.acting(as: .kubelet(of: "n"), fieldManager: "kubelet").updateStatus(key) { pod in
            pod[path: "status", "phase"] = "Running"
            pod[path: "spec", "nodeName"] = "n"
            return true
        }
        let pod = try #require(try controller.get(key))
        #expect(pod.status["phase"] == "Running" && pod.spec["nodeName"] == nil)
        let owners = pod.stored.value()[path: "metadata", "managedFields"]?.elements ?? []
        #expect(owners.last?["manager"] == "kubelet" && owners.last?["subresource"] == "status")
        #expect(owners.last?["fieldsV1"] == ["f:status": ["f:phase": [:]]])
    }

    @Test func whoChangesNothingWritesNothing() throws {
        let key = ObjectKey(.pods, namespace: "ns", name: "p")
        let made = try controller.create(.pods, Self.pod("p"))
        try cluster.advance(.seconds(5))
        try controller.update(key) { _ in true }
        try controller.update(key) { pod in
            pod[path: "metadata", "labels", "other"] = "x"
            return false
        }
        #expect(try controller.get(key)?.revision == made.revision)
    }
}
