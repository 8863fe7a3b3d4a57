# SPDX-License-Identifier: Apache-2.0
"""The example of the documentation on init containers: two of them wait for a Service each.

Every field of every step, on the real clock and on the virtual one.
Documentation: kubernetes.io/docs/concepts/workloads/pods/init-containers
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from api import Api, Object, eventually
from manifests import INIT_POD, service
from server import Server
from statuses import (
    CONDITIONS,
    PODS,
    RFC3339,
    SERVICES,
    check_condition,
    condition,
    condition_types,
    printed,
    started_at,
    wait_for_pod,
)

NAME = "myapp-pod"
IMAGE = "docker.io/library/busybox:1.28"
INITIALIZING = {"waiting": {"reason": "PodInitializing"}}
NOT_READY = "containers with unready status: [myapp-container]"


class Cluster:
    """A server with the pod on it, whose time passes by itself or by requests."""

    def __init__(self, server: Server, is_virtual: bool) -> None:
        self.api = server.api
        self.is_virtual = is_virtual
        self.created = self.api.create(PODS, INIT_POD, "application/yaml")

    def until(self, accept: Callable[[Object], bool], seconds: int = 15) -> Object:
        if not self.is_virtual:
            return wait_for_pod(self.api, NAME, accept, seconds)
        for _ in range(seconds):
            self.api.advance("1s")
            pod = self.api.get(f"{PODS}/{NAME}")
            if accept(pod):
                return pod
        raise AssertionError(f"not as wanted after {seconds} s: {pod['status']}")

    def pass_seconds(self, seconds: int) -> None:
        if self.is_virtual:
            self.api.advance(f"{seconds}s")
        else:
            # Nothing must happen in this time, so there is no event to wait for.
            version = self.api.get(f"{PODS}/{NAME}")["metadata"]["resourceVersion"]
            assert list(self.api.watch(PODS, resourceVersion=version, timeoutSeconds=seconds)) == []


@pytest.fixture(params=["real", "virtual"])
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    with Server("--clock", request.param) as server:
        yield Cluster(server, request.param == "virtual")


def init_container(pod: Object, index: int) -> Object:
    container = pod["status"]["initContainerStatuses"][index]
    assert isinstance(container, dict)
    return container


def state_of(pod: Object, index: int) -> str:
    (state,) = init_container(pod, index)["state"]
    return str(state)


def is_first_waiting(pod: Object) -> bool:
    return "initContainerStatuses" in pod["status"] and state_of(pod, 0) == "running"


def is_second_waiting(pod: Object) -> bool:
    return state_of(pod, 1) == "running"


def is_running(pod: Object) -> bool:
    return bool(pod["status"]["phase"] == "Running")


def check_not_started(container: Object, name: str) -> None:
    container = {key: value for key, value in container.items() if key != "volumeMounts"}
    assert container == {
        "name": name,
        "state": INITIALIZING,
        "lastState": {},
        "ready": False,
        "restartCount": 0,
        "image": "busybox:1.28",
        "imageID": "",
        "started": False,
    }


def check_run(container: Object, name: str, ready: bool, started: bool) -> None:
    """What the status of a container that has been started says, but for its state."""
    assert container["name"] == name
    assert container["lastState"] == {} and container["restartCount"] == 0
    assert container["ready"] is ready and container["started"] is started
    assert container["image"] == IMAGE
    assert container["imageID"].startswith("docker.io/library/busybox@sha256:")
    assert container["containerID"].startswith("containerd://") and len(container["containerID"]) == 13 + 64
    assert container["resources"] == {}


def check_completed(container: Object, name: str) -> None:
    check_run(container, name, ready=True, started=False)
    terminated = dict(container["state"]["terminated"])
    assert RFC3339.match(terminated.pop("startedAt")) and RFC3339.match(terminated.pop("finishedAt"))
    assert terminated == {"exitCode": 0, "reason": "Completed", "containerID": container["containerID"]}


def check_pending(pod: Object, incomplete: str) -> None:
    status = pod["status"]
    assert status["phase"] == "Pending" and status["qosClass"] == "BestEffort"
    assert status["podIPs"] == [{"ip": status["podIP"]}] and status["hostIPs"] == [{"ip": status["hostIP"]}]
    assert condition_types(pod) == CONDITIONS
    check_condition(pod, "PodReadyToStartContainers", "True")
    check_condition(
        pod, "Initialized", "False", "ContainersNotInitialized", f"containers with incomplete status: [{incomplete}]"
    )
    check_condition(pod, "Ready", "False", "ContainersNotReady", NOT_READY)
    check_condition(pod, "ContainersReady", "False", "ContainersNotReady", NOT_READY)
    check_condition(pod, "PodScheduled", "True")
    (main,) = status["containerStatuses"]
    check_not_started(main, "myapp-container")


def test_each_step(cluster: Cluster) -> None:
    api = cluster.api

    first = cluster.until(is_first_waiting)
    assert printed(api, NAME)[:4] == [NAME, "0/1", "Init:0/2", "0"]
    check_pending(first, "init-myservice init-mydb")
    check_run(init_container(first, 0), "init-myservice", ready=False, started=True)
    started_at(init_container(first, 0))
    check_not_started(init_container(first, 1), "init-mydb")

    cluster.pass_seconds(5)
    assert api.get(f"{PODS}/{NAME}") == first

    api.create(SERVICES, service("myservice"))
    second = cluster.until(is_second_waiting)
    assert printed(api, NAME)[:4] == [NAME, "0/1", "Init:1/2", "0"]
    check_pending(second, "init-mydb")
    assert (
        condition(second, "Initialized")["lastTransitionTime"] == condition(first, "Initialized")["lastTransitionTime"]
    )
    check_completed(init_container(second, 0), "init-myservice")
    assert (
        init_container(second, 0)["state"]["terminated"]["startedAt"]
        == init_container(first, 0)["state"]["running"]["startedAt"]
    )
    check_run(init_container(second, 1), "init-mydb", ready=False, started=True)

    api.create(SERVICES, service("mydb"))
    third = cluster.until(is_running)
    assert printed(api, NAME)[:4] == [NAME, "1/1", "Running", "0"]
    check_running(third)
    assert init_container(third, 0) == init_container(second, 0)
    assert condition(third, "Initialized")["lastTransitionTime"] > condition(first, "Initialized")["lastTransitionTime"]
    log = f"{PODS}/{NAME}/log?container=myapp-container"
    assert api.send("GET", log).status == 200
    # What it prints first comes a moment after its start was shown.
    assert eventually(lambda: api.send("GET", log).body == b"The app is running!\n")
    for name, target in (("init-myservice", "myservice"), ("init-mydb", "mydb")):
        lines = api.send("GET", f"{PODS}/{NAME}/log?container={name}").body.decode().splitlines()
        assert f"waiting for {target}" in lines


def check_running(pod: Object) -> None:
    status = pod["status"]
    assert condition_types(pod) == CONDITIONS
    for kind in CONDITIONS:
        check_condition(pod, kind, "True")
    check_completed(init_container(pod, 0), "init-myservice")
    check_completed(init_container(pod, 1), "init-mydb")
    (main,) = status["containerStatuses"]
    check_run(main, "myapp-container", ready=True, started=True)
    started = started_at(main)
    assert started >= init_container(pod, 1)["state"]["terminated"]["finishedAt"]
    assert status["startTime"] <= started


def test_the_first_write_of_the_kubelet(virtual: Api) -> None:
    created = virtual.create(PODS, INIT_POD, "application/yaml")
    virtual.advance("5s")
    last = virtual.get(f"{PODS}/{NAME}")["metadata"]["resourceVersion"]
    history = virtual.history(PODS, created["metadata"]["resourceVersion"], last)
    pods = [json.loads(line)["object"] for line in history]
    first = next(pod for pod in pods if "initContainerStatuses" in pod["status"])
    assert condition_types(first) == CONDITIONS
    check_condition(first, "PodReadyToStartContainers", "False")
    message = "containers with incomplete status: [init-myservice init-mydb]"
    check_condition(first, "Initialized", "False", "ContainersNotInitialized", message)
    check_not_started(init_container(first, 0), "init-myservice")
    check_not_started(init_container(first, 1), "init-mydb")
    (main,) = first["status"]["containerStatuses"]
    check_not_started(main, "myapp-container")
    assert "podIP" not in first["status"]


def test_services_in_the_other_order_change_nothing(virtual: Api) -> None:
    virtual.create(PODS, INIT_POD, "application/yaml")
    virtual.create(SERVICES, service("mydb"))
    virtual.advance("10s")
    assert printed(virtual, NAME)[2] == "Init:0/2"
    virtual.create(SERVICES, service("myservice"))
    virtual.advance("10s")
    assert printed(virtual, NAME)[2] == "Running"


def test_a_service_of_another_namespace_does_not_count(virtual: Api) -> None:
    virtual.create("/api/v1/namespaces", {"metadata": {"name": "elsewhere"}})
    virtual.create("/api/v1/namespaces/elsewhere/services", service("myservice"))
    virtual.create(PODS, INIT_POD, "application/yaml")
    virtual.advance("1m")
    assert printed(virtual, NAME)[2] == "Init:0/2"
