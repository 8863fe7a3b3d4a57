# SPDX-License-Identifier: Apache-2.0
"""The servers and clients that the tests ask for."""

from __future__ import annotations

import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest

from api import Api
from charts import Chart
from kubectl import Kubectl, client_version, version_number
from server import Server

KUBECTL_PORT = 8080
TEST_SECONDS = 60


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skips what the kubectl at hand is too old for; `-r s` shows which tests, and why."""
    installed = client_version()
    for item in items:
        for marker in item.iter_markers("kubectl"):
            if installed < version_number(marker.args[0]):
                reason = f"{item.name} needs kubectl {marker.args[0]}, this is {'.'.join(map(str, installed))}"
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(autouse=True)
def deadline() -> Iterator[None]:
    """No test waits for ever, whatever the server does."""

    def expire(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"the test took more than {TEST_SECONDS} s")

    signal.signal(signal.SIGALRM, expire)
    signal.alarm(TEST_SECONDS)
    yield
    signal.alarm(0)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server on the real clock, shared by the tests of a module."""
    with Server() as server:
        yield server


@pytest.fixture(scope="module")
def survivors() -> Iterator[list[Server]]:
    """The servers that the tests of a module have needed: one, unless a test ended it."""
    servers: list[Server] = []
    yield servers
    if servers and servers[-1].is_alive:
        servers[-1].__exit__(None, None, None)


@pytest.fixture
def surviving_server(survivors: list[Server]) -> Iterator[Server]:
    """A server that must live on after the test, shared by the tests of a module."""
    if not (survivors and survivors[-1].is_alive):
        survivors.append(Server().__enter__())
    server = survivors[-1]
    yield server
    assert server.is_alive, f"the server ended with {server.process.returncode}: {server.error_output()}"
    assert server.api.send("GET", "/readyz").body == b"ok"


@pytest.fixture
def virtual_server() -> Iterator[Server]:
    """A server for one test on which time passes only when the test says so."""
    with Server("--clock", "virtual", "--seed", "1") as server:
        yield server


@pytest.fixture
def virtual(virtual_server: Server) -> Api:
    return virtual_server.api


@pytest.fixture
def chart(virtual_server: Server, home: Path) -> Chart:
    """A cluster on the virtual clock for a chart."""
    return Chart(virtual_server, home)


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which kubectl finds nothing."""
    return tmp_path_factory.mktemp("home")


def require_kubectl_port() -> None:
    """Fails with a reason when something else listens where kubectl looks."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", KUBECTL_PORT))
        except OSError as error:
            pytest.fail(f"this test needs port {KUBECTL_PORT}, where kubectl looks by itself: {error}", pytrace=False)


@pytest.fixture(scope="module")
def kubectl_server() -> Iterator[Server]:
    """A server where kubectl looks when it has no kubeconfig, shared by the tests of a module."""
    require_kubectl_port()
    with Server(listen=f"127.0.0.1:{KUBECTL_PORT}") as server:
        yield server


@pytest.fixture
def kubectl(kubectl_server: Server, home: Path, request: pytest.FixtureRequest) -> Kubectl:
    """kubectl without a kubeconfig, in a namespace of the test's own."""
    name = re.sub("[^a-z0-9]+", "-", request.node.name.removeprefix("test_").lower()).strip("-")[:63].rstrip("-")
    kubectl_server.api.create("/api/v1/namespaces", {"metadata": {"name": name}})
    # Pods are refused until the namespace has the account that they run as.
    accounts = f"/api/v1/namespaces/{name}/serviceaccounts"
    next(kubectl_server.api.watch(accounts, fieldSelector="metadata.name=default", timeoutSeconds=10))
    return Kubectl(home, name)


@pytest.fixture
def api(kubectl_server: Server) -> Api:
    """The API of the server that kubectl talks to."""
    return kubectl_server.api
