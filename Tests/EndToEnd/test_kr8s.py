# SPDX-License-Identifier: Apache-2.0
"""kr8s, which asks discovery before it does anything."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import kr8s
import pytest
from kr8s.objects import ConfigMap, Pod

from manifests import shell_pod
from server import Server

# kr8s names the versions of Kubernetes that it was tested with.
pytestmark = pytest.mark.filterwarnings("ignore:Kubernetes version .* is not supported")


@pytest.fixture
def api(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> kr8s.Api:
    monkeypatch.setenv("HOME", str(tmp_path))
    return kr8s.api(url=server.url, kubeconfig=str(tmp_path / "none"))


@pytest.fixture
def running(api: kr8s.Api, request: pytest.FixtureRequest) -> Pod:
    name = request.node.name.replace("_", "-")
    script = "trap 'exit 0' TERM; echo ready to serve; sleep 3600 & wait"
    pod = Pod(shell_pod(name, script, terminationGracePeriodSeconds=1), api=api)
    pod.create()
    pod.wait("condition=Ready", timeout=15)
    return pod


def test_version(api: kr8s.Api) -> None:
    assert api.version()["minor"] == "36"


def test_nodes(api: kr8s.Api) -> None:
    nodes = [node for node in api.get("nodes") if not isinstance(node, dict)]
    assert sorted(node.name for node in nodes) == [
        "node-1",
        "node-2",
        "node-3",
    ]


def test_create_and_read(running: Pod, api: kr8s.Api) -> None:
    (found,) = api.get("pods", running.name, namespace="default")
    assert isinstance(found, Pod)
    assert found.metadata.uid == running.metadata.uid
    assert found.status.phase == "Running" and running.ready()
    assert list(running.logs()) == ["ready to serve"]


def test_label_and_annotate(running: Pod) -> None:
    running.label(tier="web")
    running.annotate({"example.com/note": "seen"})
    running.refresh()
    assert running.labels["tier"] == "web"
    assert running.annotations["example.com/note"] == "seen"


def test_patch_a_config_map(api: kr8s.Api) -> None:
    settings = ConfigMap({"metadata": {"name": "kr8s-settings", "namespace": "default"}, "data": {"a": "1"}}, api=api)
    settings.create()
    settings.patch({"data": {"b": "2"}})
    assert settings.data == {"a": "1", "b": "2"}
    settings.delete()
    assert not settings.exists()


def test_watch_until_deleted(running: Pod, api: kr8s.Api) -> None:
    seen = []
    with closing(api.watch("pods", namespace="default", field_selector=f"metadata.name={running.name}")) as events:
        for kind, pod in events:
            seen.append(kind)
            if len(seen) == 1:
                pod.delete()
            if kind == "DELETED":
                break
    assert seen[0] == "ADDED" and seen[-1] == "DELETED"


def test_missing_object(api: kr8s.Api) -> None:
    with pytest.raises(kr8s.NotFoundError):
        Pod.get("absent", namespace="default", api=api)


def test_wait_for_deletion(running: Pod) -> None:
    running.delete()
    running.wait("delete", timeout=15)
    assert not running.exists()
