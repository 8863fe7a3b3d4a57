# SPDX-License-Identifier: Apache-2.0
"""The command `podium`: where it listens, what it refuses, and its smaller subcommands."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from api import Api
from kubectl import Kubectl
from server import Server, podium_binary

# What Unix calls a wrong use of a command.
USAGE = 64


def podium(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([podium_binary(), *arguments], capture_output=True, text=True, timeout=20)


@contextmanager
def serving(*arguments: str) -> Iterator[str]:
    """A server, given by its first line."""
    command = [str(podium_binary()), "serve", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline()
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 0


def test_ipv6() -> None:
    with serving("--listen", "[::1]:0") as banner:
        port = int(banner.partition("http://[::1]:")[2].split()[0])
        assert Api("::1", port).get("/version")["major"] == "1"


def test_unix_socket(tmp_path: Path) -> None:
    path = tmp_path / "podium.sock"
    with serving("--listen", f"unix:{path}") as banner:
        assert str(path) in banner
        connection = http.client.HTTPConnection("podium")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(path))
        connection.request("GET", "/version")
        assert json.loads(connection.getresponse().read())["minor"] == "36"
        connection.close()
    assert not path.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--listen", "0.0.0.0:0"], "--insecure"),
        (["--listen", "nonsense"], "--listen is HOST:PORT"),
        (["--listen", "127.0.0.1:99999"], "--listen is HOST:PORT"),
        (["--clock", "5"], "--clock is real, virtual"),
        (["--nodes", "99999"], "--nodes must be between"),
        (["--authorization-mode", "Sometimes"], "--authorization-mode is"),
        (["--token-auth-file", "/nonexistent"], "/nonexistent"),
        (["--log-level", "loud"], "--log-level is one of"),
        (["--controllers", "some"], '--controllers: "some" is not in the list of known controllers'),
        (["--nothing"], "--nothing"),
    ],
)
def test_what_serve_refuses(arguments: list[str], message: str) -> None:
    result = podium("serve", *arguments)
    assert result.returncode == USAGE and message in result.stderr


def test_a_port_that_is_taken(server: Server) -> None:
    result = podium("serve", "--listen", f"127.0.0.1:{server.port}")
    assert result.returncode == 1
    assert result.stderr == f"Error: cannot listen on 127.0.0.1:{server.port}: Address already in use\n"


def test_version(server: Server) -> None:
    name, version = podium("version").stdout.splitlines()[0].split()
    assert name == "podium" and server.banner.startswith(f"podium {version} serves")


def test_kubeconfig(home: Path, tmp_path: Path) -> None:
    """With several clusters, one kubeconfig for each."""
    with Server("--clusters") as server:
        for cluster in ("one", "two"):
            text = podium("kubeconfig", "--server", f"127.0.0.1:{server.port}", "--cluster", cluster).stdout
            assert yaml.safe_load(text)["clusters"][0]["cluster"]["server"] == f"{server.url}/clusters/{cluster}"
            (tmp_path / cluster).write_text(text)
        kubectl = Kubectl(home)
        kubectl("--kubeconfig", str(tmp_path / "one"), "create", "configmap", "only-here")
        names = kubectl("--kubeconfig", str(tmp_path / "one"), "get", "configmaps", "-o", "name")
        assert "configmap/only-here" in names
        names = kubectl("--kubeconfig", str(tmp_path / "two"), "get", "configmaps", "-o", "name")
        assert "configmap/only-here" not in names
        assert len(kubectl.lines("--kubeconfig", str(tmp_path / "two"), "get", "nodes")) == 4


def test_clock() -> None:
    with Server("--clock", "virtual") as server:
        address = ["--server", f"127.0.0.1:{server.port}"]
        assert json.loads(podium("clock", *address).stdout)["now"] == "2026-01-01T00:00:00.000000Z"
        assert (
            json.loads(podium("clock", "advance", "1h2m3.5s", *address).stdout)["now"] == "2026-01-01T01:02:03.500000Z"
        )
        result = podium("clock", "advance", "5", *address)
        assert result.returncode == 1 and json.loads(result.stdout)["code"] == 400
        assert json.loads(podium("clock", "set", "60x", *address).stdout)["rate"] == 60
        result = podium("clock", "advance", "1s", *address)
        assert result.returncode == 1 and json.loads(result.stdout)["code"] == 409


def test_no_server_there() -> None:
    result = podium("clock", "--server", "127.0.0.1:1")
    assert result.returncode == 1 and result.stderr == "Error: no server answers at 127.0.0.1:1: Connection refused\n"


def test_nothing_runs_without_controllers() -> None:
    with Server("--controllers=", "--nodes", "0", "--disable-admission-plugins", "ServiceAccount") as server:
        pods = "/api/v1/namespaces/default/pods"
        spec = {"containers": [{"name": "main", "image": "nginx"}]}
        created = server.api.create(pods, {"metadata": {"name": "still"}, "spec": spec})
        version = created["metadata"]["resourceVersion"]
        assert list(server.api.watch(pods, resourceVersion=version, timeoutSeconds=1)) == []


def test_tokens_and_roles(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.csv"
    tokens.write_text('s3cret,admin,1,"system:masters"\nother,guest,2\n')
    with Server("--token-auth-file", str(tokens), "--authorization-mode", "RBAC") as server:

        def status(token: str | None) -> int:
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            connection.request("GET", "/api/v1/nodes", headers=headers)
            code = connection.getresponse().status
            connection.close()
            return code

        assert [status(token) for token in ("s3cret", "other", "wrong", None)] == [200, 403, 401, 403]
