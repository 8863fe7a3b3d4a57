# SPDX-License-Identifier: Apache-2.0
"""Commands on a virtual clock, and requests that go on to pods and Services."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from api import Api
from charts import DEFAULT, Chart
from raw_websocket import RawWebSocket, exec_path
from server import Server

BOX = """
apiVersion: v1
kind: Pod
metadata: {name: box}
spec: {containers: [{name: main, image: "busybox:1.36", command: [sleep, "1000000"]}]}
"""

WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: main
        image: registry.k8s.io/e2e-test-images/agnhost:2.53
        args: [netexec]
        ports: [{name: http, containerPort: 8080}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{name: front, port: 80, targetPort: http}]}
---
apiVersion: v1
kind: Service
metadata: {name: nobody}
spec: {selector: {app: nobody}, ports: [{port: 80}]}
"""


def output(stream: RawWebSocket) -> bytes:
    return b"".join(content[1:] for opcode, content in stream.rest() if opcode == 2 and content[0] == 1)


def test_work_takes_no_time_of_a_clock_that_stands(virtual_server: Server, chart: Chart) -> None:
    chart.apply(BOX)
    chart.advance("10s")
    stream = RawWebSocket(virtual_server, exec_path("box", "sh", "-c", "head -c 5000000 /dev/zero | md5sum; date +%s"))
    lines = output(stream).decode().split("\n")
    assert lines[0].split()[0] == hashlib.md5(bytes(5_000_000)).hexdigest()
    assert chart.api.get("/podium/v1/clock")["now"].startswith("2026-01-01T00:00:10")


def test_waiting_is_for_the_clock(virtual_server: Server, chart: Chart) -> None:
    chart.apply(BOX)
    chart.advance("10s")
    stream = RawWebSocket(virtual_server, exec_path("box", "sh", "-c", "echo first; sleep 60; echo second"))
    while stream.frame() != (2, b"\x01first\n"):
        pass
    stream.socket.settimeout(0.5)
    with pytest.raises(TimeoutError):
        stream.frame()
    stream.socket.settimeout(20)
    chart.advance("1m")
    assert stream.frame() == (2, b"\x01second\n")


def text(api: Api, path: str, method: str = "GET") -> tuple[int, str]:
    answer = api.send(method, DEFAULT + path)
    return answer.status, answer.body.decode()


def test_requests_go_on_to_pods_and_services(chart: Chart) -> None:
    chart.apply(WEB)
    chart.advance("20s")
    pods = sorted(pod["metadata"]["name"] for pod in chart.ready(app="web"))
    assert text(chart.api, f"/pods/{pods[0]}/proxy/hostname") == (200, pods[0])
    assert text(chart.api, f"/pods/{pods[1]}:8080/proxy/hostname") == (200, pods[1])
    assert text(chart.api, f"/pods/{pods[0]}/proxy/echo?msg=hello&code=418") == (418, "hello")
    # The pods of a Service take turns.
    for name in ("web", "web:80", "web:front", "http:web:front"):
        assert {text(chart.api, f"/services/{name}/proxy/hostname")[1] for _ in range(2)} == set(pods)
    answer = chart.api.send("GET", f"{DEFAULT}/services/web/proxy/redirect?location=/hostname")
    assert answer.status == 302 and answer.headers["location"] == f"{DEFAULT}/services/web/proxy/hostname"
    # What follows goes on as it was sent, whatever the pod or its namespace is called.
    chart.api.create("/api/v1/namespaces", {"metadata": {"name": "proxy"}})
    chart.advance("1s")
    container = {"name": "main", "image": "registry.k8s.io/e2e-test-images/agnhost:2.53", "args": ["netexec"]}
    spec = {"containers": [{**container, "ports": [{"containerPort": 8080}]}]}
    chart.api.create("/api/v1/namespaces/proxy/pods", {"metadata": {"name": "proxy"}, "spec": spec})
    chart.advance("20s")
    place = "/api/v1/namespaces/proxy/pods/proxy/proxy"
    assert chart.api.send("GET", f"{place}/hostname").body == b"proxy"
    assert chart.api.send("GET", f"{place}/redirect?location=/a").headers["location"] == f"{place}/a"
    assert chart.api.send("GET", f"{place}/hostn%61me").status == 404 and chart.api.send("GET", place).status == 200


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/services/web:9/proxy/", 503, 'no service port "9" found for service "web"'),
        ("/services/nobody/proxy/", 503, 'no endpoints available for service "nobody"'),
        ("/services/missing/proxy/", 404, 'services "missing" not found'),
        ("/pods/a:b:c:d/proxy/", 400, 'invalid pod request "a:b:c:d"'),
        ("/pods/missing/proxy/", 404, 'pods "missing" not found'),
    ],
)
def test_what_requests_do_not_reach(chart: Chart, path: str, status: int, message: str) -> None:
    chart.apply(WEB)
    chart.advance("20s")
    answer = chart.api.send("GET", DEFAULT + path)
    assert (answer.status, answer.object["message"]) == (status, message)


def test_the_servers_of_kubelets(chart: Chart) -> None:
    script = "echo logged; while true; do :; done"
    container = {"name": "main", "image": "busybox:1.36", "command": ["sh", "-c", script]}
    limits = {"resources": {"limits": {"cpu": "500m"}}}
    spec = {"nodeName": "node-1", "containers": [{**container, **limits}]}
    chart.api.create(f"{DEFAULT}/pods", {"metadata": {"name": "busy"}, "spec": spec})
    chart.advance("1m")

    def ask(path: str, node: str = "node-1") -> tuple[int, str]:
        answer = chart.api.send("GET", f"/api/v1/nodes/{node}/proxy/{path}")
        return answer.status, answer.body.decode()

    assert ask("healthz") == ask("healthz", "node-1:10250") == (200, "ok")
    assert [pod["metadata"]["name"] for pod in json.loads(ask("pods")[1])["items"]] == ["busy"]
    assert json.loads(ask("pods", "node-2")[1])["items"] == []
    summary = json.loads(ask("stats/summary")[1])
    (pod,) = summary["pods"]
    assert summary["node"]["nodeName"] == "node-1" and pod["podRef"]["name"] == "busy"
    assert pod["cpu"]["usageNanoCores"] == 500_000_000 and pod["containers"][0]["memory"]["workingSetBytes"] >= 1 << 20
    assert (
        'container_memory_working_set_bytes{container="main",namespace="default",pod="busy"} '
        in (ask("metrics/resource")[1])
    )
    assert ask("containerLogs/default/busy/main") == (200, "logged\n")
    assert ask("containerLogs/default/other/main")[0] == ask("nothing")[0] == 404
    assert ask("healthz", "node-1:1")[0] == 503
    chart.power("node-1", "unreachable")
    status, body = ask("healthz")
    assert status == 503 and "no route to host" in body
    assert ask("healthz", "node-9")[0] == 404


def test_who_may_only_get_may_not_run_commands(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.csv"
    tokens.write_text('admin,admin,admin,"system:masters"\nreader,reader,reader\n')
    arguments = ("--token-auth-file", str(tokens), "--authorization-mode", "RBAC")
    with Server("--clock", "virtual", *arguments) as server:
        admin = Api("127.0.0.1", server.port, headers={"Authorization": "Bearer admin"})
        reader = Api("127.0.0.1", server.port, headers={"Authorization": "Bearer reader"})
        container = {"name": "main", "image": "busybox:1.36", "command": ["sleep", "1000000"]}
        admin.create(f"{DEFAULT}/pods", {"metadata": {"name": "box"}, "spec": {"containers": [container]}})
        admin.advance("10s")
        roles = "/apis/rbac.authorization.k8s.io/v1"
        rule = {"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["get"]}
        admin.create(f"{roles}/clusterroles", {"metadata": {"name": "runner"}, "rules": [rule]})
        binding = {
            "metadata": {"name": "runner"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "runner"},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "reader"}],
        }
        admin.create(f"{roles}/clusterrolebindings", binding)
        upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
        refused = reader.send("GET", exec_path("box", "true"), headers=upgrade)
        assert refused.status == 403 and 'cannot create resource "pods/exec"' in refused.object["message"]
        change = {"rules": [{**rule, "verbs": ["get", "create"]}]}
        admin.send("PATCH", f"{roles}/clusterroles/runner", change, "application/merge-patch+json")
        assert output(RawWebSocket(server, exec_path("box", "echo", "allowed"), token="reader")) == b"allowed\n"
