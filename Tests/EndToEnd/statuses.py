# SPDX-License-Identifier: Apache-2.0
"""Reads pod statuses the way a reader of the documentation does."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from api import Api, Object

RFC3339 = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")

# The order in which a kubelet writes them.
CONDITIONS = ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"]

PODS = "/api/v1/namespaces/default/pods"
EVENTS = "/api/v1/namespaces/default/events"
SERVICES = "/api/v1/namespaces/default/services"


def condition(pod: Object, kind: str) -> Object:
    (found,) = [entry for entry in pod["status"]["conditions"] if entry["type"] == kind]
    assert isinstance(found, dict)
    return found


def condition_types(pod: Object) -> list[str]:
    return [entry["type"] for entry in pod["status"].get("conditions", [])]


def check_condition(pod: Object, kind: str, status: str, reason: str | None = None, message: str | None = None) -> None:
    """Every field of a condition that the kubelet wrote."""
    found = dict(condition(pod, kind))
    assert RFC3339.match(found.pop("lastTransitionTime")), found
    expected: Object = {"type": kind, "status": status, "lastProbeTime": None, "observedGeneration": 1}
    if reason is not None:
        expected["reason"] = reason
    if message is not None:
        expected["message"] = message
    assert found == expected


def started_at(container: Object) -> str:
    time_text = container["state"]["running"]["startedAt"]
    assert RFC3339.match(time_text), time_text
    assert container["state"] == {"running": {"startedAt": time_text}}
    return str(time_text)


def wait_for_pod(api: Api, name: str, accept: Callable[[Object], bool], seconds: float = 15.0) -> Object:
    """Follows a pod on the real clock until it is as wanted."""
    deadline = time.monotonic() + seconds
    pod = api.get(f"{PODS}/{name}")
    if accept(pod):
        return pod
    version = pod["metadata"]["resourceVersion"]
    query = {"fieldSelector": f"metadata.name={name}", "resourceVersion": version, "timeoutSeconds": int(seconds) + 1}
    for event in api.watch(PODS, **query):
        pod = dict(event["object"])
        if accept(pod):
            return pod
        if time.monotonic() > deadline:
            break
    raise AssertionError(f"{name} did not become as wanted within {seconds} s: {pod['status']}")


def printed(api: Api, name: str) -> list[str]:
    """The row that `kubectl get pod` prints: name, ready, status, restarts, age."""
    table = api.send("GET", f"{PODS}/{name}", accept="application/json;as=Table;v=v1;g=meta.k8s.io").object
    (row,) = table["rows"]
    return [str(cell) for cell in row["cells"][:5]]
