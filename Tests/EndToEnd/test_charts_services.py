# SPDX-License-Identifier: Apache-2.0
"""Charts that serve: blue-green by labels, a canary, an autoscaler under load, a spread over zones, an agent on every
node, an operator with leader election."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from api import Object
from charts import DEFAULT, Chart, condition, names, nodes
from server import Server

LEASES = "/apis/coordination.k8s.io/v1/namespaces/default/leases"


def web(name: str, replicas: int, text: str, labels: str) -> str:
    return f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{{labels}}}}}
  template:
    metadata: {{labels: {{{labels}}}}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: web
        image: busybox:1.36
        command: [sh, -c, 'mkdir /www; echo {text} > /www/index.html; httpd -f -p 8080 -h /www']
        ports: [{{name: http, containerPort: 8080}}]
        readinessProbe: {{httpGet: {{path: /, port: http}}, periodSeconds: 1}}
---
"""


BLUE_GREEN = (
    web("shop-blue", 2, "blue", "app: shop, colour: blue")
    + web("shop-green", 2, "green", "app: shop, colour: green")
    + """
apiVersion: v1
kind: Service
metadata: {name: shop}
spec: {selector: {app: shop, colour: blue}, ports: [{port: 80, targetPort: http}]}
"""
)

CANARY = (
    web("api-stable", 4, "stable", "app: api, track: stable")
    + web("api-canary", 1, "canary", "app: api, track: canary")
    + """
apiVersion: v1
kind: Service
metadata: {name: api}
spec: {selector: {app: api}, ports: [{port: 80, targetPort: http}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: api}
spec: {minAvailable: 4, selector: {matchLabels: {app: api}}}
"""
)

AUTOSCALED = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: checkout}
spec:
  selector: {matchLabels: {app: checkout}}
  template:
    metadata:
      labels: {app: checkout}
      annotations: {podium.dev/plan.main: "cpu 20m, cpu 180m after 5m, cpu 20m after 20m, run"}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: main
        image: example.com/checkout:1
        resources: {requests: {cpu: 100m}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: checkout}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: checkout}
  minReplicas: 1
  maxReplicas: 5
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 60}}}]
  behavior: {scaleDown: {stabilizationWindowSeconds: 120}}
"""

SPREAD = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: gateway}
spec:
  replicas: 6
  selector: {matchLabels: {app: gateway}}
  template:
    metadata: {labels: {app: gateway}}
    spec:
      terminationGracePeriodSeconds: 1
      topologySpreadConstraints:
      - maxSkew: 1
        topologyKey: topology.kubernetes.io/zone
        whenUnsatisfiable: DoNotSchedule
        labelSelector: {matchLabels: {app: gateway}}
      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
          - {topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: gateway}}}
      containers: [{name: main, image: "nginx:1.27"}]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: gateway}
spec: {minAvailable: 80%, selector: {matchLabels: {app: gateway}}}
"""

AGENT = """
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  updateStrategy: {rollingUpdate: {maxUnavailable: 1}}
  template:
    metadata: {labels: {app: agent}}
    spec:
      terminationGracePeriodSeconds: 1
      hostNetwork: true
      tolerations: [{key: dedicated, operator: Exists}]
      containers:
      - name: main
        image: busybox:1.36
        command: [sh, -c, 'ls /host/log > /dev/null && echo looking at $NODE; sleep 1000000']
        env: [{name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}]
        volumeMounts: [{name: log, mountPath: /host/log, readOnly: true}]
      volumes: [{name: log, hostPath: {path: /var/log}}]
"""

OPERATOR = """
apiVersion: v1
kind: ServiceAccount
metadata: {name: operator}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: operator}
rules: [{apiGroups: [coordination.k8s.io], resources: [leases], verbs: [get, create, update]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: operator}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: operator}
subjects: [{kind: ServiceAccount, name: operator, namespace: default}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: operator}
spec:
  replicas: 2
  selector: {matchLabels: {app: operator}}
  template:
    metadata: {labels: {app: operator}}
    spec:
      serviceAccountName: operator
      terminationGracePeriodSeconds: 1
      containers:
      - name: main
        image: busybox:1.36
        command: [sh, -c, 'test -s $D/token && echo operator of $(cat $D/namespace); sleep 1000000']
        env: [{name: D, value: /var/run/secrets/kubernetes.io/serviceaccount}]
"""


def test_blue_green(chart: Chart) -> None:
    chart.apply(BLUE_GREEN)
    chart.advance("30s")
    assert chart.addresses("shop") == {pod["status"]["podIP"] for pod in chart.ready(colour="blue")}
    assert chart.ask("before", "wget -qO- http://shop") == "blue\n"
    # Green is rolled out while nobody is sent there; then one label moves everybody.
    chart.set_image("deployments", "shop-green", "web", "busybox:1.37")
    chart.advance("30s")
    chart.patch("services", "shop", {"spec": {"selector": {"colour": "green"}}})
    chart.advance("5s")
    assert chart.addresses("shop") == {pod["status"]["podIP"] for pod in chart.ready(colour="green")}
    assert chart.ask("after", "for i in 1 2 3 4; do wget -qO- http://shop; done") == 4 * "green\n"
    chart.kubectl("scale", "deployment/shop-blue", "--replicas=0")
    # An evicted pod leaves the Service at once, the one that replaces it comes when it is ready.
    (first, *_) = chart.ready(colour="green")
    assert chart.evict(first["metadata"]["name"]).status == 201
    chart.advance("30s")
    assert len(chart.addresses("shop")) == 2 and first["status"]["podIP"] not in chart.addresses("shop")
    lost = chart.ready(colour="green")[0]
    chart.power(lost["spec"]["nodeName"], "unreachable")
    chart.advance("1m")
    assert lost["status"]["podIP"] not in chart.addresses("shop")
    chart.advance("5m30s")
    assert len(chart.addresses("shop")) == 2
    assert chart.ask("later", "wget -qO- http://shop") == "green\n"


def test_slices_made_by_hand_are_all_reached(chart: Chart) -> None:
    chart.apply(web("one", 1, "one", "app: one") + web("two", 1, "two", "app: two"))
    chart.api.create(f"{DEFAULT}/services", {"metadata": {"name": "both"}, "spec": {"ports": [{"port": 80}]}})
    chart.advance("30s")
    for name in ("one", "two"):
        (pod,) = chart.ready(app=name)
        part = {
            "metadata": {"name": f"both-{name}", "labels": {"kubernetes.io/service-name": "both"}},
            "addressType": "IPv4",
            "ports": [{"name": "", "port": 8080}],
            "endpoints": [{"addresses": [pod["status"]["podIP"]], "conditions": {"ready": True}}],
        }
        chart.api.create("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices", part)
    chart.advance("1s")
    answers = chart.ask("asker", "for i in 1 2 3 4; do wget -qO- http://both; done")
    assert sorted(answers.split()) == ["one", "one", "two", "two"]


def test_canary(chart: Chart) -> None:
    chart.apply(CANARY)
    chart.advance("30s")
    assert len(chart.addresses("api")) == 5
    answers = Counter(chart.ask("many", "for i in $(seq 40); do wget -qO- http://api; done").split())
    assert answers["canary"] > 0 and answers["stable"] > answers["canary"]
    # A bad canary never becomes ready: the stable ones serve on, and the budget has none to spare.
    chart.patch(
        "deployments", "api-canary",
        {"spec": {"strategy": {"type": "Recreate", "rollingUpdate": None},
                  "template": {"spec": {"containers": [{"name": "web", "image": "registry.invalid/api:2"}]}}}},
    )  # fmt: skip
    chart.advance("1m")
    assert len(chart.addresses("api")) == 4
    stable = names(chart.ready(track="stable"))
    assert chart.evict(stable[0]).status == 429
    (waiting,) = chart.pods(track="canary")
    assert waiting["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] in (
        "ErrImagePull",
        "ImagePullBackOff",
    )
    assert condition(chart.get("deployments", "api-canary"), "Available") == "False"
    # Back to what was; then the new version is promoted.
    chart.kubectl("rollout", "undo", "deployment/api-canary")
    chart.advance("1m")
    assert len(chart.addresses("api")) == 5 and chart.evict(stable[0]).status == 201
    chart.advance("30s")
    chart.kubectl("scale", "deployment/api-canary", "--replicas=5")
    chart.advance("30s")
    chart.kubectl("scale", "deployment/api-stable", "--replicas=0")
    chart.advance("30s")
    assert set(chart.ask("finally", "for i in $(seq 10); do wget -qO- http://api; done").split()) == {"canary"}
    lost = nodes(chart.ready(track="canary")).pop()
    chart.lose_node(lost)
    assert len(chart.addresses("api")) == 5 and lost not in nodes(chart.ready(track="canary"))


def test_autoscaler_under_load(chart: Chart) -> None:
    chart.apply(AUTOSCALED)
    chart.advance("4m")
    scaler = chart.get("horizontalpodautoscalers", "checkout")
    assert condition(scaler, "ScalingActive") == "True" and scaler["status"]["desiredReplicas"] == 1
    assert scaler["status"]["currentMetrics"][0]["resource"]["current"] == {
        "averageUtilization": 20, "averageValue": "20m",
    }  # fmt: skip
    # 180 % of what is asked for, where 60 are wanted: three times as many.
    chart.advance("2m")
    assert len(chart.ready(app="checkout")) >= 3
    assert "SuccessfulRescale" in chart.reasons("checkout")
    # It may go no further than it is allowed to.
    chart.advance("8m")
    assert len(chart.ready(app="checkout")) <= 5
    grown = len(chart.ready(app="checkout"))
    assert grown > 3
    # The loss of a node and an eviction are made up for, under load.
    chart.evict(names(chart.ready(app="checkout"))[0])
    lost = nodes(chart.ready(app="checkout")).pop()
    chart.lose_node(lost)
    assert len(chart.ready(app="checkout")) >= 3 and lost not in nodes(chart.ready(app="checkout"))
    chart.power(lost, "on")
    # When all have become quiet it goes back, and no sooner than the window says.
    chart.advance("40m")
    assert chart.get("horizontalpodautoscalers", "checkout")["status"]["desiredReplicas"] == 1
    assert len(chart.ready(app="checkout")) == 1


def test_spread_over_zones(home: Path) -> None:
    with Server("--clock", "virtual", "--seed", "1", "--nodes", "9") as server:
        chart = Chart(server, home)
        zone = {node["metadata"]["name"]: node["metadata"]["labels"]["topology.kubernetes.io/zone"]
                for node in server.api.items("/api/v1/nodes")}  # fmt: skip

        def spread() -> list[int]:
            return sorted(Counter(zone[pod["spec"]["nodeName"]] for pod in chart.ready(app="gateway")).values())

        chart.apply(SPREAD)
        chart.advance("30s")
        assert spread() == [2, 2, 2] and len(nodes(chart.ready(app="gateway"))) == 6
        assert chart.get("poddisruptionbudgets", "gateway")["status"]["disruptionsAllowed"] == 1
        first, second, *_ = names(chart.ready(app="gateway"))
        assert chart.evict(first).status == 201 and chart.evict(second).status == 429
        chart.advance("30s")
        assert spread() == [2, 2, 2]
        chart.kubectl("rollout", "restart", "deployment/gateway")
        chart.advance("2m")
        assert len(chart.ready(app="gateway")) == 6 and len(nodes(chart.ready(app="gateway"))) == 6
        lost = nodes(chart.ready(app="gateway")).pop()
        chart.lose_node(lost)
        assert len(chart.ready(app="gateway")) == 6 and lost not in nodes(chart.ready(app="gateway"))
        assert max(spread()) - min(spread()) <= 1


def node(name: str, **spec: object) -> Object:
    return {"metadata": {"name": name, "labels": {"kubernetes.io/os": "linux"}}, "spec": spec}


def test_agent_on_every_node(chart: Chart) -> None:
    chart.apply(AGENT)
    chart.advance("20s")
    status = chart.get("daemonsets", "agent")["status"]
    assert (status["desiredNumberScheduled"], status["numberReady"], status["numberAvailable"]) == (3, 3, 3)
    for pod in chart.ready(app="agent"):
        assert chart.logs(pod["metadata"]["name"]) == f"looking at {pod['spec']['nodeName']}\n"
        assert pod["status"]["podIP"] == pod["status"]["hostIP"]
    # A node that comes gets one, even though others must stay away from it.
    taint = {"key": "dedicated", "value": "storage", "effect": "NoSchedule"}
    chart.api.create("/api/v1/nodes", node("node-4", taints=[taint]))
    chart.advance("20s")
    assert nodes(chart.ready(app="agent")) == {"node-1", "node-2", "node-3", "node-4"}
    # One node after the other.
    chart.set_image("daemonsets", "agent", "main", "busybox:1.37")
    for _ in range(60):
        chart.advance("500ms")
        assert len(chart.ready(app="agent")) >= 3
    status = chart.get("daemonsets", "agent")["status"]
    assert status["updatedNumberScheduled"] == status["numberAvailable"] == 4
    # An evicted pod comes back to its node; on a silent node it stays, because it tolerates that.
    (pod,) = [pod for pod in chart.ready(app="agent") if pod["spec"]["nodeName"] == "node-2"]
    assert chart.evict(pod["metadata"]["name"]).status == 201
    chart.advance("20s")
    assert len(chart.ready(app="agent")) == 4
    chart.lose_node("node-3")
    status = chart.get("daemonsets", "agent")["status"]
    # Of the taints of such a node it tolerates one and not the other: it may stay where it would not be put.
    assert (status["desiredNumberScheduled"], status["numberMisscheduled"]) == (3, 1)
    assert len(chart.pods(app="agent")) == 4
    chart.power("node-3", "on")
    chart.advance("1m")
    assert chart.get("daemonsets", "agent")["status"]["numberAvailable"] == 4
    # With the node goes its pod.
    chart.api.delete("/api/v1/nodes/node-4")
    chart.advance("2m")
    assert nodes(chart.pods(app="agent")) == {"node-1", "node-2", "node-3"}


class Elector:
    """The program of an operator's pod: it comes with its account's token and writes the Lease in its pod's name."""

    def __init__(self, chart: Chart, pod: str) -> None:
        self.api, self.pod = chart.api, pod
        tokens = chart.api.create(f"{DEFAULT}/serviceaccounts/operator/token", {"spec": {}})
        self.headers = {"Authorization": f"Bearer {tokens['status']['token']}"}

    def send(self, method: str, path: str, body: Object | None = None) -> tuple[int, Object]:
        answer = self.api.send(method, path, body, headers=self.headers)
        return answer.status, answer.object

    def tries(self, now: str, seconds: float) -> bool:
        """Whether it leads after it has tried to, at `now`, where the Lease has not been renewed for `seconds`."""
        status, lease = self.send("GET", f"{LEASES}/operator")
        wanted = {"holderIdentity": self.pod, "leaseDurationSeconds": 15, "renewTime": now}
        if status == 404:
            body = {"metadata": {"name": "operator"}, "spec": wanted}
            return self.send("POST", LEASES, body)[0] == 201
        if lease["spec"]["holderIdentity"] != self.pod and seconds < lease["spec"]["leaseDurationSeconds"]:
            return False
        lease["spec"].update(wanted)
        return self.send("PUT", f"{LEASES}/operator", lease)[0] == 200


def test_operator_with_leader_election(home: Path, tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.csv"
    tokens.write_text('admin,admin,1,"system:masters"\n')
    access = ("--token-auth-file", str(tokens), "--authorization-mode", "RBAC")
    with Server("--clock", "virtual", "--seed", "1", *access) as server:
        chart = Chart(server, home, token="admin")
        # Without TLS kubectl keeps its token to itself: who brings none may do everything, the operator only its part.
        binding = {
            "metadata": {"name": "everybody"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "system:unauthenticated"}],
        }
        chart.api.create("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", binding)
        chart.apply(OPERATOR)
        chart.advance("20s")
        pods = names(chart.ready(app="operator"))
        assert [chart.logs(pod) for pod in pods] == 2 * ["operator of default\n"]
        first, second = (Elector(chart, pod) for pod in pods)

        def now() -> str:
            return str(chart.api.get("/podium/v1/clock")["now"])

        assert first.tries(now(), 0) and not second.tries(now(), 0)
        chart.advance("10s")
        assert first.tries(now(), 10) and not second.tries(now(), 10)
        # Both read the Lease and only one may write what it read.
        stale = chart.get("leases", "operator")
        chart.advance("1s")
        assert first.tries(now(), 1)
        assert second.send("PUT", f"{LEASES}/operator", stale)[0] == 409
        # The leader's node is lost: the other one leads as soon as the Lease has run out, and is given company later.
        leader = chart.get("pods", pods[0])
        chart.power(leader["spec"]["nodeName"], "unreachable")
        chart.advance("20s")
        assert second.tries(now(), 20) and not first.tries(now(), 0)
        assert chart.get("leases", "operator")["spec"]["holderIdentity"] == pods[1]
        chart.advance("6m")
        alive = names(chart.ready(app="operator"))
        assert len(alive) == 2 and pods[1] in alive and pods[0] not in alive
        # An eviction and a rollout leave somebody to lead.
        assert chart.evict(pods[1]).status == 201
        chart.kubectl("rollout", "restart", "deployment/operator")
        chart.advance("1m")
        third = Elector(chart, names(chart.ready(app="operator"))[0])
        assert third.tries(now(), 60)
