# SPDX-License-Identifier: Apache-2.0
"""What nobody needs any more goes: claims and volumes that are deleted, their namespaces, and old Events."""

from __future__ import annotations

import subprocess

import pytest

from api import Api
from kubectl import Kubectl
from server import Server, podium_binary

CLAIM = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "data"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}
VOLUME = {
    "apiVersion": "v1",
    "kind": "PersistentVolume",
    "metadata": {"name": "disk"},
    "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/x"}},
}


def test_a_namespace_with_a_claim_can_be_deleted(kubectl: Kubectl, api: Api) -> None:
    api.create(f"/api/v1/namespaces/{kubectl.namespace}/persistentvolumeclaims", CLAIM)
    kubectl("delete", "namespace", str(kubectl.namespace), "--timeout=10s")


def test_claims_and_volumes_can_be_deleted(kubectl: Kubectl, api: Api) -> None:
    api.create(f"/api/v1/namespaces/{kubectl.namespace}/persistentvolumeclaims", CLAIM)
    api.create("/api/v1/persistentvolumes", VOLUME)
    kubectl("delete", "pvc/data", "pv/disk", "--timeout=10s")


@pytest.mark.parametrize(("ttl", "minutes", "left"), [("1h", 59, True), ("1h", 63, False), ("90s", 4, False)])
def test_events_end(ttl: str, minutes: int, left: bool) -> None:
    with Server("--clock", "virtual", "--event-ttl", ttl) as server:
        assert server.api.items("/api/v1/events")
        server.api.advance(f"{minutes}m")
        assert bool(server.api.items("/api/v1/events")) is left


@pytest.mark.parametrize("ttl", ["5", "-1h", "soon", ""])
def test_a_bad_life_of_events_is_refused(ttl: str) -> None:
    result = subprocess.run([podium_binary(), "serve", f"--event-ttl={ttl}"], capture_output=True, text=True, timeout=10)
    assert result.returncode != 0
    assert "--event-ttl: time: " in result.stderr
