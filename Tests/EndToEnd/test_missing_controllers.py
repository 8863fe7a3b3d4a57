# SPDX-License-Identifier: Apache-2.0
"""Who makes an object on which nothing acts is told so, and system pods are there for whoever asks for them."""

from __future__ import annotations

import json
import time

import pytest

from kubectl import Kubectl
from server import Server

DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "things.example.com"},
    "spec": {
        "group": "example.com",
        "names": {"plural": "things", "singular": "thing", "kind": "Thing", "listKind": "ThingList"},
        "scope": "Namespaced",
        "versions": [
            {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}}
        ],
    },
}
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def test_a_kind_without_a_controller_is_warned_of(kubectl: Kubectl) -> None:
    result = kubectl.run("create", "-f", "-", stdin=json.dumps(DEFINITION))
    assert result.returncode == 0
    assert "the object is stored, but Podium has no controller" in result.stderr
    kubectl("delete", "crd", "things.example.com")


@pytest.mark.parametrize(
    ("options", "warned"),
    [((), True), (("--controllers=",), False)],
)
def test_only_creations_are_warned_of_and_only_where_controllers_run(options: tuple[str, ...], warned: bool) -> None:
    with Server(*options) as server:
        created = server.api.send("POST", DEFINITIONS, DEFINITION)
        assert created.status == 201
        assert ("warning" in created.headers) is warned
        replaced = server.api.send("PUT", f"{DEFINITIONS}/things.example.com", created.object)
        assert (replaced.status, "warning" in replaced.headers) == (200, False)
        status = server.api.send("PUT", f"{DEFINITIONS}/things.example.com/status", replaced.object)
        assert "warning" not in status.headers
        config_map = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}
        plain = server.api.send("POST", "/api/v1/namespaces/default/configmaps", config_map)
        assert (plain.status, "warning" in plain.headers) == (201, False)


def test_system_pods_run_on_request_and_hold_no_drain_up(home: object) -> None:
    with Server("--addons", "system-pods", "--nodes", "2") as server:
        pods: list[dict] = []
        deadline = time.monotonic() + 10
        while not pods or any(pod["status"]["phase"] != "Running" for pod in pods):
            assert time.monotonic() < deadline, pods
            pods = server.api.items("/api/v1/namespaces/kube-system/pods")
            time.sleep(0.05)
        assert [pod["metadata"]["name"] for pod in pods] == [
            "etcd-node-1", "kube-apiserver-node-1", "kube-controller-manager-node-1", "kube-proxy-node-1",
            "kube-proxy-node-2", "kube-scheduler-node-1",
        ]  # fmt: skip
        assert all("resources" not in c or not c["resources"] for p in pods for c in p["spec"]["containers"])
        drained = Kubectl(home).run("--server", f"http://127.0.0.1:{server.port}", "drain", "node-1", "--timeout=10s")
        assert drained.returncode == 0, drained.stderr


def test_without_a_request_there_are_no_system_pods() -> None:
    with Server() as server:
        assert server.api.items("/api/v1/pods") == []
