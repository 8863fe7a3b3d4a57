# SPDX-License-Identifier: Apache-2.0
"""What nodes and pods use: by their plans, and by the work that they do."""

from __future__ import annotations

from pathlib import Path

import pytest

from api import Object
from charts import Chart
from kubectl import cells
from server import Server

METRICS = "/apis/metrics.k8s.io/v1beta1"

PODS = """
apiVersion: v1
kind: Pod
metadata: {name: busy, labels: {app: busy}}
spec:
  nodeName: node-1
  containers:
  - {name: main, image: "busybox:1.36", command: [sh, -c, "while true; do :; done"], resources: {limits: {cpu: 300m}}}
  - {name: side, image: "busybox:1.36", command: [sleep, "100000"]}
---
apiVersion: v1
kind: Pod
metadata: {name: planned, annotations: {podium.dev/plan.main: "cpu 120m, memory 77Mi"}}
spec:
  nodeName: node-2
  containers: [{name: main, image: "example.com/app:1"}]
"""

CALCULATOR = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: calculator}
spec:
  selector: {matchLabels: {app: calculator}}
  template:
    metadata: {labels: {app: calculator}}
    spec:
      containers:
      - name: main
        image: busybox:1.36
        command: [sh, -c, 'sleep 360; while true; do i=$((i + 1)); done']
        resources: {requests: {cpu: 100m}, limits: {cpu: 200m}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: calculator}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: calculator}
  maxReplicas: 3
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}]
"""


def table(text: str) -> list[list[str]]:
    return [cells(line) for line in text.splitlines()]


def test_kubectl_top(chart: Chart) -> None:
    chart.apply(PODS)
    # Nothing can be said before a container has run for one window.
    chart.advance("10s")
    assert "metrics not available for pod default/busy" in chart.kubectl.fails("top", "pods").lower()
    chart.advance("50s")
    assert table(chart.kubectl("top", "pods", "--containers", "--no-headers")) == [
        ["busy", "main", "300m", "1Mi"], ["busy", "side", "0m", "1Mi"], ["planned", "main", "120m", "77Mi"],
    ]  # fmt: skip
    assert table(chart.kubectl("top", "pods", "-l", "app=busy", "--no-headers")) == [["busy", "300m", "2Mi"]]
    # The machine itself takes 40m and 300Mi.
    assert table(chart.kubectl("top", "nodes", "--no-headers")) == [
        ["node-1", "340m", "4%", "302Mi", "0%"], ["node-2", "160m", "2%", "377Mi", "1%"],
        ["node-3", "40m", "0%", "300Mi", "0%"],
    ]  # fmt: skip
    assert table(chart.kubectl("get", "pods.metrics.k8s.io", "planned")) == [
        ["NAME", "CPU", "MEMORY", "WINDOW"], ["planned", "120m", "77Mi", "15s"],
    ]  # fmt: skip
    assert "containers" in chart.kubectl("explain", "podmetrics", "--api-version=metrics.k8s.io/v1beta1")


def test_metrics_are_read_only(chart: Chart) -> None:
    chart.apply(PODS)
    chart.advance("1m")
    pods = f"{METRICS}/namespaces/default/pods"
    found = chart.api.get(f"{pods}/planned")
    assert found["window"] == "15s" and found["timestamp"] == "2026-01-01T00:01:00Z"
    assert found["containers"] == [{"name": "main", "usage": {"cpu": "120m", "memory": "77Mi"}}]
    assert [pod["metadata"]["name"] for pod in chart.api.items(f"{METRICS}/pods?labelSelector=app%3Dbusy")] == ["busy"]
    assert chart.api.items(f"{METRICS}/namespaces/kube-system/pods") == []
    missing = chart.api.send("GET", f"{pods}/nobody")
    assert (missing.status, missing.object["message"]) == (
        404, 'podmetrics.metrics.k8s.io "default/nobody" not found',
    )  # fmt: skip
    for method, path in (("DELETE", f"{pods}/busy"), ("POST", pods), ("GET", f"{pods}?watch=1")):
        assert chart.api.send(method, path, {} if method == "POST" else None).status == 405
    # A node whose kubelet does not answer cannot be measured, and a pod that is over uses nothing.
    chart.power("node-2", "unreachable")
    chart.advance("1m")
    assert chart.api.send("GET", f"{METRICS}/nodes/node-2").status == 404
    chart.api.delete("/api/v1/namespaces/default/pods/busy", {"gracePeriodSeconds": 0})
    assert chart.api.send("GET", f"{pods}/busy").status == 404


def test_an_autoscaler_goes_by_the_work_that_is_done(chart: Chart) -> None:
    def scaler() -> Object:
        return chart.get("horizontalpodautoscalers", "calculator")["status"]

    chart.apply(CALCULATOR)
    chart.advance("5m")
    assert scaler()["currentMetrics"][0]["resource"]["current"]["averageUtilization"] == 0
    assert scaler()["desiredReplicas"] == 1
    chart.advance("5m")
    # No more than the limit, 200 % of what is asked for.
    assert scaler()["desiredReplicas"] == 3
    assert "SuccessfulRescale" in chart.reasons("calculator")


@pytest.mark.parametrize("options", [("--addons", "storage"), ("--nodes", "0")], ids=" ".join)
def test_a_cluster_without_metrics(options: tuple[str, str]) -> None:
    with Server("--clock", "virtual", *options) as server:
        assert server.api.send("GET", METRICS).status == 404
        groups = [group["name"] for group in server.api.get("/apis")["groups"]]
        assert "metrics.k8s.io" not in groups


def test_whoever_may_look_at_pods_may_look_at_what_they_use(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.csv"
    tokens.write_text('admin,admin,admin,"system:masters"\nreader,reader,reader\n')
    arguments = ("--token-auth-file", str(tokens), "--authorization-mode", "RBAC")
    with Server("--clock", "virtual", *arguments) as server:

        def status(token: str) -> int:
            headers = {"Authorization": f"Bearer {token}"}
            return server.api.send("GET", f"{METRICS}/pods", headers=headers).status

        assert status("admin") == 200 and status("reader") == 403
        binding = {
            "metadata": {"name": "readers"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "reader"}],
        }
        bindings = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
        answer = server.api.send("POST", bindings, binding, headers={"Authorization": "Bearer admin"})
        assert answer.status == 201 and status("reader") == 200
