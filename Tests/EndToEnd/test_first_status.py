# SPDX-License-Identifier: Apache-2.0
"""A pod's status before and while its container is created. On a virtual clock, so that none of it is a race."""

from __future__ import annotations

import json

import pytest

from api import Api, Object
from manifests import shell_pod
from statuses import CONDITIONS, EVENTS, PODS, RFC3339, check_condition, condition, condition_types

MESSAGE = "containers with unready status: [main]"


@pytest.fixture
def snapshots(virtual: Api) -> list[Object]:
    """The pod as created, and as in each event of its watch until it runs."""
    created = virtual.create(PODS, shell_pod("first", "sleep 3600"))
    virtual.advance("10s")
    last = virtual.get(f"{PODS}/first")["metadata"]["resourceVersion"]
    lines = virtual.history(PODS, created["metadata"]["resourceVersion"], last)
    events = [json.loads(line) for line in lines]
    assert all(event["type"] == "MODIFIED" for event in events)
    return [created, *(event["object"] for event in events)]


@pytest.fixture
def creating(snapshots: list[Object]) -> Object:
    """The first snapshot that the kubelet wrote."""
    return next(pod for pod in snapshots if "containerStatuses" in pod["status"])


def test_the_created_pod_is_pending_and_nothing_else(snapshots: list[Object]) -> None:
    assert snapshots[0]["status"] == {"phase": "Pending", "qosClass": "BestEffort"}
    assert "nodeName" not in snapshots[0]["spec"]


def test_the_scheduler_adds_one_condition(snapshots: list[Object]) -> None:
    status = dict(snapshots[1]["status"])
    (scheduled,) = status.pop("conditions")
    assert RFC3339.match(scheduled.pop("lastTransitionTime"))
    assert scheduled == {"type": "PodScheduled", "status": "True", "lastProbeTime": None}
    assert status == {"phase": "Pending", "qosClass": "BestEffort"}
    assert snapshots[1]["spec"]["nodeName"] in ("node-1", "node-2", "node-3")


def test_the_phase_is_pending_while_the_container_is_created(creating: Object) -> None:
    status = creating["status"]
    assert status["phase"] == "Pending"
    assert status["qosClass"] == "BestEffort"
    assert status["observedGeneration"] == 1
    assert RFC3339.match(status["startTime"])
    assert status["hostIPs"] == [{"ip": status["hostIP"]}]
    assert "podIP" not in status and "podIPs" not in status
    assert status["resources"] == {}


def test_the_conditions_while_the_container_is_created(creating: Object) -> None:
    assert condition_types(creating) == CONDITIONS
    check_condition(creating, "PodReadyToStartContainers", "False")
    check_condition(creating, "Initialized", "True")
    check_condition(creating, "Ready", "False", "ContainersNotReady", MESSAGE)
    check_condition(creating, "ContainersReady", "False", "ContainersNotReady", MESSAGE)
    check_condition(creating, "PodScheduled", "True")


def test_the_container_status_while_the_container_is_created(creating: Object) -> None:
    (container,) = creating["status"]["containerStatuses"]
    mounts = container.pop("volumeMounts")
    assert container == {
        "name": "main",
        "state": {"waiting": {"reason": "ContainerCreating"}},
        "lastState": {},
        "ready": False,
        "restartCount": 0,
        "image": "busybox:1.36",
        "imageID": "",
        "started": False,
    }
    (mount,) = mounts
    assert mount.pop("name").startswith("kube-api-access-")
    assert mount == {
        "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
        "readOnly": True,
        "recursiveReadOnly": "Disabled",
    }


def test_the_sandbox_brings_the_address(snapshots: list[Object]) -> None:
    first = next(pod for pod in snapshots if "podIP" in pod["status"])
    assert first["status"]["podIPs"] == [{"ip": first["status"]["podIP"]}]
    check_condition(first, "PodReadyToStartContainers", "True")


def test_the_running_pod_is_ready(snapshots: list[Object]) -> None:
    pod = snapshots[-1]
    assert pod["status"]["phase"] == "Running"
    assert condition_types(pod) == CONDITIONS
    for kind in CONDITIONS:
        check_condition(pod, kind, "True")
    (container,) = pod["status"]["containerStatuses"]
    assert container["ready"] is True and container["started"] is True
    assert container["image"] == "docker.io/library/busybox:1.36"
    assert container["imageID"].startswith("docker.io/library/busybox@sha256:")
    assert container["containerID"].startswith("containerd://")
    assert container["resources"] == {}
    assert list(container["state"]) == ["running"] and container["lastState"] == {}


def test_transition_times_move_only_with_the_status(snapshots: list[Object]) -> None:
    for before, after in zip(snapshots, snapshots[1:], strict=False):
        for entry in before["status"].get("conditions", []):
            later = condition(after, entry["type"])
            if later["status"] == entry["status"]:
                assert later["lastTransitionTime"] == entry["lastTransitionTime"]


def test_the_events_of_a_start(virtual: Api, snapshots: list[Object]) -> None:
    assert snapshots
    events = [event for event in virtual.items(EVENTS) if event["involvedObject"]["kind"] == "Pod"]
    assert [(event["type"], event["reason"]) for event in events] == [
        ("Normal", "Scheduled"),
        ("Normal", "Pulled"),
        ("Normal", "Created"),
        ("Normal", "Started"),
    ]
    scheduled, pulled, created, started = events
    node = snapshots[-1]["spec"]["nodeName"]
    assert scheduled["message"] == f"Successfully assigned default/first to {node}"
    assert scheduled["action"] == "Binding" and scheduled["eventTime"] and "count" not in scheduled
    image = "busybox:1.36"
    assert pulled["message"] == f'Container image "{image}" already present on machine and can be accessed by the pod'
    assert (created["message"], started["message"]) == ("Container created", "Container started")
    for event in (pulled, created, started):
        assert event["involvedObject"]["fieldPath"] == "spec.containers{main}"
        assert event["count"] == 1 and event["source"] == {"component": "kubelet", "host": node}
