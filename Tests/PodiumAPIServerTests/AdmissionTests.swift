// SPDX-License-Identifier: Apache-2.0
// Admission: what plugins add to pods, and what they refuse.

import PodiumAPIServer
import PodiumCodec
import PodiumKindTesting
import PodiumMachinery
import PodiumRegistry
import PodiumStorage
import Testing

@Suite struct AdmissionTests {
    private func pod(_ container: JSONValue = [:], _ spec: JSONValue = [:]) -> JSONValue {
        var whole = spec
        var only: JSONValue = ["name": "c", "image": "i"]
        for (key, value) in container.object ?? [:] { only[key] = value }
        whole["containers"] = [only]
        return ["metadata": ["name": "p"], "spec": whole]
    }

    @Test func pluginsRunInOrderAndCanBeSwitchedOff() {
        #expect(AdmissionChain().names.first == "NamespaceLifecycle")
        #expect(AdmissionChain().names.last == "ResourceQuota")
        #expect(!AdmissionChain(disabling: ["PodSecurity"]).names.contains("PodSecurity"))
    }

    @Test func dyingNamespacesTakeNothingIn() throws {
        let cluster = try KindFixture()
        try cluster.delete("namespaces", "ns")
        #expect(
            KindFixture.problems { try cluster.create("configmaps", [:]) } == [
                "metadata.namespace: namespace ns is being terminated"
            ]
        )
    }

    @Test func everyClusterKeepsItsFirstNamespaces() throws {
        let cluster = try KindFixture()
        let problems = KindFixture.problems {
            try cluster.delete("namespaces", "default")
            return .null
        }
        #expect(problems == ["namespaces \"default\" is forbidden: this namespace may not be deleted"])
    }

    @Test func podsBearAnIllNodeForAWhile() throws {
        let cluster = try KindFixture()
        let tolerations = try cluster.create("pods", pod())[path: "spec", "tolerations"]?.elements ?? []
        #expect(
            tolerations.map { $0["key"] } == ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]
        )
        #expect(tolerations.allSatisfy { $0["tolerationSeconds"] == 300 && $0["effect"] == "NoExecute" })
    }

    @Test func prioritiesHaveNames() throws {
        let cluster = try KindFixture()
        try cluster.create("priorityclasses", in: "scheduling.k8s.io", ["metadata": ["name": "high"], "value": 100])
        #expect(try cluster.create("pods", pod())[path: "spec", "priority"] == 0)
        var named = pod([:], ["priorityClassName": "high"])
        named[path: "metadata", "name"] = "q"
        #expect(try cluster.create("pods", named)[path: "spec", "priority"] == 100)
        #expect(
            cluster.problems("pods", pod([:], ["priorityClassName": "none"])) == [
                "pods \"p\" is forbidden: no PriorityClass with name none was found"
            ]
        )
    }

    @Test func podsGetTheirAccountAndItsToken() throws {
        let cluster = try KindFixture(disabling: [])
        let spec = try cluster.create("pods", pod())["spec"]
        #expect(spec?["serviceAccountName"] == "default")
        let volume = try #require(spec?["volumes"]?.elements.first)
        let name = try #require(volume["name"]?.string)
        #expect(name.hasPrefix("kube-api-access-") && name.utf8.count == 21)
        #expect(volume["projected"]?["sources"]?.elements.count == 3)
        #expect(
            spec?["containers"]?.elements.first?["volumeMounts"] == [
                [
                    "name": .string(name), "readOnly": true,
                    "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
                ]
            ]
        )
        #expect(
            cluster.problems("pods", pod([:], ["serviceAccountName": "robot"])) == [
                "pods \"p\" is forbidden: error looking up service account ns/robot: serviceaccount \"robot\" not found"
            ]
        )
    }

    @Test func accountsMayRefuseTheToken() throws {
        let cluster = try KindFixture(disabling: [])
        try cluster.create(
            "serviceaccounts",
            [
                "metadata": ["name": "default"], "automountServiceAccountToken": false,
                "imagePullSecrets": [["name": "s"]],
            ]
        )
        let spec = try cluster.create("pods", pod())["spec"]
        #expect(spec?["volumes"] == nil)
        #expect(spec?["imagePullSecrets"] == [["name": "s"]])
    }

    @Test func limitRangesFillAndRefuse() throws {
        let cluster = try KindFixture()
        try cluster.create(
            "limitranges",
            [
                "spec": [
                    "limits": [
                        ["type": "Container", "default": ["cpu": "1"], "max": ["cpu": "2"], "min": ["cpu": "100m"]]
                    ]
                ]
            ]
        )
        let filled = try cluster.create("pods", pod())
        #expect(
            filled[path: "spec", "containers"]?.elements.first?["resources"] == [
                "limits": ["cpu": "1"], "requests": ["cpu": "1"],
            ]
        )
        #expect(
            filled[path: "metadata", "annotations", "kubernetes.io/limit-ranger"]
                == "LimitRanger plugin set: cpu request for container c; cpu limit for container c"
        )
        #expect(
            cluster.problems("pods", pod(["resources": ["limits": ["cpu": "3"]]])) == [
                "pods \"p\" is forbidden: maximum cpu usage per Container is 2, but limit is 3"
            ]
        )
        #expect(
            cluster.problems("pods", pod(["resources": ["requests": ["cpu": "1m"], "limits": ["cpu": "1"]]])) == [
                "pods \"p\" is forbidden: minimum cpu usage per Container is 100m, but request is 1m"
            ]
        )
    }

    private func quota(_ cluster: KindFixture, hard: JSONValue, used: JSONValue) throws {
        try cluster.create("resourcequotas", ["spec": ["hard": hard]])
        try cluster.update(
            "resourcequotas",
            subresource: "status",
            [
                "spec": ["hard": hard], "status": ["hard": hard, "used": used],
            ]
        )
    }

    @Test func quotasAreChargedAndExhausted() throws {
        let cluster = try KindFixture()
        try quota(cluster, hard: ["pods": "1"], used: ["pods": "0"])
        try cluster.create("pods", pod())
        let key = GroupResource(group: "", resource: "resourcequotas")
        let snapshot = try cluster.storage.list(key, scope: .all, from: nil, limit: nil, at: nil)
        #expect(snapshot.objects.first?.value()[path: "status", "used"] == ["pods": "1"])
        var second = pod()
        second[path: "metadata", "name"] = "q"
        #expect(
            cluster.problems("pods", second) == [
                "pods \"q\" is forbidden: exceeded quota: x, requested: pods=1, used: pods=1, limited: pods=1"
            ]
        )
    }

    @Test func quotasOfComputeDemandThatContainersSpeak() throws {
        let cluster = try KindFixture()
        try quota(
            cluster,
            hard: ["limits.cpu": "1", "limits.memory": "1Gi"],
            used: ["limits.cpu": "0", "limits.memory": "0"]
        )
        #expect(
            cluster.problems("pods", pod()) == [
                "pods \"p\" is forbidden: failed quota: x: must specify limits.cpu for: c; limits.memory for: c"
            ]
        )
    }

    @Test(
        arguments: [
            (
                "baseline", ["securityContext": ["privileged": true]], [:],
                "privileged (container \"c\" must not set securityContext.privileged=true)"
            ),
            (
                "baseline", [:], ["hostNetwork": true, "hostPID": true],
                "host namespaces (hostNetwork=true, hostPID=true)"
            ),
            (
                "baseline", [:], ["volumes": [["name": "v", "hostPath": ["path": "/x", "type": ""]]]],
                "hostPath volumes (volume \"v\")"
            ),
            (
                "baseline", ["ports": [["containerPort": 80, "hostPort": 80, "protocol": "TCP"]]], [:],
                "hostPort (container \"c\" uses hostPort 80)"
            ),
            (
                "baseline", ["securityContext": ["capabilities": ["add": ["SYS_TIME", "NET_ADMIN"]]]], [:],
                "non-default capabilities (container \"c\" must not include \"NET_ADMIN\", \"SYS_TIME\" in "
                    + "securityContext.capabilities.add)"
            ),
            (
                "baseline", [:], ["securityContext": ["seccompProfile": ["type": "Unconfined"]]],
                "seccompProfile (pod must not set securityContext.seccompProfile.type to \"Unconfined\")"
            ),
            (
                "restricted",
                [
                    "securityContext": [
                        "allowPrivilegeEscalation": false, "capabilities": ["drop": ["ALL"]], "runAsUser": 0,
                        "seccompProfile": ["type": "RuntimeDefault"],
                    ]
                ],
                ["securityContext": ["runAsNonRoot": true]],
                "runAsUser=0 (container \"c\" must not set runAsUser=0)"
            ),
        ] as [(String, JSONValue, JSONValue, String)]
    )
    func standardsAreEnforced(level: String, container: JSONValue, spec: JSONValue, finding: String) throws {
        let cluster = try KindFixture(namespaceLabels: ["pod-security.kubernetes.io/enforce": .string(level)])
        #expect(
            cluster.problems("pods", pod(container, spec)) == [
                "pods \"p\" is forbidden: violates PodSecurity \"\(level):latest\": \(finding)"
            ]
        )
    }

    @Test func templatesAreOnlyWarnedOf() throws {
        let cluster = try KindFixture(namespaceLabels: [
            "pod-security.kubernetes.io/enforce": "restricted", "pod-security.kubernetes.io/warn": "baseline",
            "pod-security.kubernetes.io/warn-version": "v1.30",
        ])
        let template: JSONValue = [
            "metadata": ["labels": ["a": "b"]],
            "spec": ["hostIPC": true, "containers": [["name": "c", "image": "i"]]],
        ]
        let deployment: JSONValue = ["spec": ["selector": ["matchLabels": ["a": "b"]], "template": template]]
        #expect(
            try cluster.createWarning("deployments", in: "apps", deployment).warnings == [
                "would violate PodSecurity \"baseline:v1.30\": host namespaces (hostIPC=true)"
            ]
        )
    }

    @Test func levelsAreKnown() throws {
        let cluster = try KindFixture()
        let labels: JSONValue = [
            "pod-security.kubernetes.io/enforce": "bogus", "pod-security.kubernetes.io/enforce-version": "x",
        ]
        #expect(
            cluster.problems("namespaces", ["metadata": ["name": "a", "labels": labels]]) == [
                "metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: \"bogus\": "
                    + "must be one of privileged, baseline, restricted",
                "metadata.labels[pod-security.kubernetes.io/enforce-version]: Invalid value: \"x\": "
                    + "must be \"latest\" or \"v1.x\"",
            ]
        )
    }

    @Test func claimsAreProtectedAndGetTheDefaultClass() throws {
        let cluster = try KindFixture()
        try cluster.create(
            "storageclasses",
            in: "storage.k8s.io",
            [
                "metadata": ["name": "fast", "annotations": ["storageclass.kubernetes.io/is-default-class": "true"]],
                "provisioner": "x.y/z",
            ]
        )
        let claim = try cluster.create(
            "persistentvolumeclaims",
            [
                "spec": ["accessModes": ["ReadWriteOnce"], "resources": ["requests": ["storage": "1Gi"]]]
            ]
        )
        #expect(claim[path: "metadata", "finalizers"] == ["kubernetes.io/pvc-protection"])
        #expect(claim[path: "spec", "storageClassName"] == "fast")
    }

    @Test func runtimeClassesHaveOverhead() throws {
        let cluster = try KindFixture()
        try cluster.create(
            "runtimeclasses",
            in: "node.k8s.io",
            [
                "metadata": ["name": "vm"], "handler": "h", "overhead": ["podFixed": ["cpu": "1"]],
            ]
        )
        #expect(
            try cluster.create("pods", pod([:], ["runtimeClassName": "vm"]))[path: "spec", "overhead"] == ["cpu": "1"]
        )
        #expect(
            cluster.problems("pods", pod([:], ["runtimeClassName": "none"])) == [
                "pods \"p\" is forbidden: pod rejected: RuntimeClass \"none\" not found"
            ]
        )
    }
}
