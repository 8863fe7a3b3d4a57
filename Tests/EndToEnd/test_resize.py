# SPDX-License-Identifier: Apache-2.0
"""Pods are resized in place, but not beyond their node."""

from __future__ import annotations

from api import Api, Object, error_of

PODS = "/api/v1/namespaces/default/pods"
MERGE = "application/strategic-merge-patch+json"


def sized(cpu: str, memory: str) -> Object:
    resources = {"requests": {"cpu": cpu, "memory": memory}}
    return {"spec": {"containers": [{"name": "main", "resources": resources}]}}


def running_pod(api: Api) -> None:
    container = {"name": "main", "image": "nginx:1.27", "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}}}
    api.create(PODS, {"metadata": {"name": "p"}, "spec": {"containers": [container]}})
    api.advance("5s")
    assert api.get(f"{PODS}/p")["status"]["phase"] == "Running"


def test_a_resize_that_fits_is_made(virtual: Api) -> None:
    running_pod(virtual)
    answer = virtual.send("PATCH", f"{PODS}/p/resize", sized("200m", "128Mi"), MERGE)
    assert answer.status == 200, answer.body
    virtual.advance("5s")
    pod = virtual.get(f"{PODS}/p")
    (status,) = pod["status"]["containerStatuses"]
    assert status["resources"]["requests"] == {"cpu": "200m", "memory": "128Mi"}
    assert status["allocatedResources"] == {"cpu": "200m", "memory": "128Mi"}
    assert status["restartCount"] == 0


def test_no_node_is_outgrown(virtual: Api) -> None:
    running_pod(virtual)
    before = virtual.get(f"{PODS}/p")
    error = error_of(virtual.send("PATCH", f"{PODS}/p/resize", sized("100", "900Gi"), MERGE), 403, "Forbidden")
    assert error["message"] == (
        'pods "p" is forbidden: node didn\'t have enough allocatable resources: '
        "cpu, requested: 100000, allocatable: 8000; memory, requested: 966367641600, allocatable: 34359738368"
    )
    assert error["details"] == {"name": "p", "kind": "pods", "causes": [{"reason": "NodeCapacity"}]}
    assert virtual.get(f"{PODS}/p") == before
