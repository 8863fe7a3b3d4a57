# SPDX-License-Identifier: Apache-2.0
"""Services get what makes them reachable: endpoints, and addresses of load balancers where there are some."""

from __future__ import annotations

import time

import pytest

from kubectl import Kubectl
from server import Server

SERVICES = "/api/v1/namespaces/default/services"
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web"},
    "spec": {"type": "LoadBalancer", "selector": {"run": "web"}, "ports": [{"port": 80}]},
}


@pytest.mark.parametrize(
    ("options", "balanced"),
    [
        ((), True),
        (("--addons", ""), False),
        (("--nodes", "0"), False),
        (("--nodes", "0", "--addons", "load-balancer"), True),
    ],
)
def test_load_balancers_are_an_addon(options: tuple[str, ...], balanced: bool) -> None:
    with Server(*options) as server:
        assert server.api.send("POST", SERVICES, SERVICE).status == 201
        # The slice comes from a controller that looks at the Service, too.
        deadline = time.monotonic() + 10
        path = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
        while not [s for s in server.api.items(path) if s["metadata"]["name"].startswith("web-")]:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(0.2)
        service = server.api.items(SERVICES)[-1]
        assert service["metadata"]["name"] == "web"
        assert bool(service["status"]["loadBalancer"].get("ingress")) is balanced
        assert bool(service["metadata"].get("finalizers")) is balanced


def test_endpoints_follow_pods(kubectl: Kubectl) -> None:
    assert kubectl.run("run", "web", "--image=nginx", "--port=80", "--expose").returncode == 0
    assert kubectl.run("wait", "--for=condition=Ready", "pod/web").returncode == 0
    address = kubectl.run("get", "pod", "web", "-o", "jsonpath={.status.podIP}").stdout
    deadline = time.monotonic() + 10
    while f"{address}:80" not in kubectl.run("get", "endpoints", "web").stdout:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    slices = kubectl.run("get", "endpointslices", "-l", "kubernetes.io/service-name=web", "--no-headers").stdout
    assert slices.split()[1:4] == ["IPv4", "80", address]
