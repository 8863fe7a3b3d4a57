# SPDX-License-Identifier: Apache-2.0
"""Client libraries in containers: exec and port-forward as their users write them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx
import kr8s
import pytest
from kr8s.objects import Pod
from kubernetes import client
from kubernetes.stream import portforward, stream
from kubernetes_asyncio import client as async_client
from kubernetes_asyncio.stream import WsApiClient

from server import Server

pytestmark = pytest.mark.filterwarnings("ignore:Kubernetes version .* is not supported")

SCRIPT = "echo out; echo err >&2; exit 3"


@pytest.fixture(scope="module", autouse=True)
def web(server: Server) -> str:
    """A pod with a web server, ready."""
    container = {"name": "main", "image": "nginx:1.27", "ports": [{"containerPort": 80}]}
    pods = "/api/v1/namespaces/default/pods"
    next(server.api.watch("/api/v1/namespaces/default/serviceaccounts", fieldSelector="metadata.name=default"))
    server.api.create(pods, {"metadata": {"name": "web"}, "spec": {"containers": [container]}})
    for event in server.api.watch(pods, fieldSelector="metadata.name=web", timeoutSeconds=20):
        conditions = event["object"]["status"].get("conditions", [])
        if any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions):
            return "web"
    raise AssertionError("the pod does not become ready")


@pytest.fixture
def core(server: Server) -> Iterator[client.CoreV1Api]:
    with client.ApiClient(client.Configuration(host=server.url)) as api_client:
        yield client.CoreV1Api(api_client)


def test_the_official_client_runs_commands(core: client.CoreV1Api) -> None:
    command = ["sh", "-c", SCRIPT]
    options = {"stdout": True, "stderr": True, "stdin": False, "tty": False}
    assert stream(core.connect_get_namespaced_pod_exec, "web", "default", command=command, **options) == "out\nerr\n"


def test_the_official_client_talks_to_a_shell(core: client.CoreV1Api) -> None:
    shell = stream(
        core.connect_get_namespaced_pod_exec, "web", "default", command=["sh"], stdin=True, stdout=True, stderr=True,
        tty=False, _preload_content=False,
    )  # fmt: skip
    shell.write_stdin("echo $((6 * 7))\n")
    assert shell.readline_stdout(timeout=10) == "42"
    shell.write_stdin("echo wrong >&2\n")
    assert shell.readline_stderr(timeout=10) == "wrong"
    shell.write_stdin("exit 5\n")
    shell.run_forever(timeout=10)
    assert shell.returncode == 5


def test_the_official_client_forwards_ports(core: client.CoreV1Api) -> None:
    forward = portforward(core.connect_get_namespaced_pod_portforward, "web", "default", ports="80")
    connection = forward.socket(80)
    connection.setblocking(True)
    connection.sendall(b"GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n")
    answer = b""
    while piece := connection.recv(4096):
        answer += piece
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n") and b"Welcome to nginx" in answer
    assert not forward.error(80)


def test_the_official_client_is_told_of_refused_ports(core: client.CoreV1Api) -> None:
    forward = portforward(core.connect_get_namespaced_pod_portforward, "web", "default", ports="81")
    connection = forward.socket(81)
    connection.setblocking(True)
    while connection.recv(4096):
        pass
    assert "connection refused" in (forward.error(81) or "")


def test_kr8s(server: Server) -> None:
    api = kr8s.api(url=server.url, kubeconfig="/nonexistent")
    pod = Pod.get("web", api=api)
    done = pod.exec(["sh", "-c", SCRIPT.replace("exit 3", "exit 0")])
    assert (done.stdout, done.stderr, done.returncode) == (b"out\n", b"err\n", 0)
    with pod.portforward(remote_port=80) as port:
        assert "Welcome to nginx" in httpx.get(f"http://127.0.0.1:{port}/").text


def test_kubernetes_asyncio(server: Server) -> None:
    async def run() -> tuple[str, int]:
        configuration = async_client.Configuration(host=server.url)
        async with WsApiClient(configuration) as api_client:
            core = async_client.CoreV1Api(api_client)
            options = {"stdout": True, "stderr": True, "stdin": False, "tty": False}
            command = ["sh", "-c", SCRIPT]
            output = await core.connect_get_namespaced_pod_exec("web", "default", command=command, **options)
            websocket = await core.connect_get_namespaced_pod_exec(
                "web", "default", command=command, _preload_content=False, **options
            )
            error = ""
            async with websocket as connection:
                async for message in connection:
                    if message.data[:1] == b"\x03":
                        error = message.data[1:].decode()
            return output, WsApiClient.parse_error_data(error)

    assert asyncio.run(run()) == ("out\nerr\n", 3)
