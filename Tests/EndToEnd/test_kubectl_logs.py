# SPDX-License-Identifier: Apache-2.0
"""`kubectl logs`: what the simulated containers print."""

from __future__ import annotations

import re

import pytest

from kubectl import Kubectl

TALKING = """
apiVersion: v1
kind: Pod
metadata: {name: talking}
spec:
  terminationGracePeriodSeconds: 1
  initContainers:
  - {name: prepare, image: "busybox:1.36", command: [sh, -c, echo preparing]}
  containers:
  - {name: counter, image: "busybox:1.36", command: [sh, -c, 'for i in 1 2 3; do echo line $i; done; sleep 3600']}
  - {name: quiet, image: "busybox:1.36", command: [sleep, "3600"]}
"""

FAILING = """
apiVersion: v1
kind: Pod
metadata: {name: failing}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - {name: main, image: "busybox:1.36", command: [sh, -c, 'echo about to fail; sleep 1; exit 3']}
"""

FOLLOWED = """
apiVersion: v1
kind: Pod
metadata: {name: followed}
spec:
  restartPolicy: Never
  containers:
  - {name: main, image: "busybox:1.36", command: [sh, -c, 'echo one; sleep 1; echo two; sleep 1; echo three']}
"""

LINES = "line 1\nline 2\nline 3\n"


@pytest.fixture
def talking(kubectl: Kubectl) -> Kubectl:
    kubectl("create", "-f", "-", stdin=TALKING)
    kubectl("wait", "--for=condition=Ready", "pod/talking", "--timeout=15s")
    return kubectl


def test_logs_of_a_container(talking: Kubectl) -> None:
    assert talking("logs", "talking", "-c", "counter") == LINES
    assert talking("logs", "talking", "prepare") == "preparing\n"
    assert talking("logs", "talking", "-c", "quiet") == ""


@pytest.mark.kubectl("1.32")
def test_the_first_container_is_the_default(talking: Kubectl) -> None:
    result = talking.run("logs", "talking")
    assert result.stdout == LINES
    assert result.stderr == 'Defaulted container "counter" out of: counter, quiet, prepare (init)\n'


def test_tail(talking: Kubectl) -> None:
    assert talking("logs", "talking", "-c", "counter", "--tail=1") == "line 3\n"
    assert talking("logs", "talking", "-c", "counter", "--tail=0") == ""
    assert talking("logs", "talking", "-c", "counter", "--limit-bytes=9") == LINES[:9]


def test_timestamps(talking: Kubectl) -> None:
    for number, line in enumerate(talking.lines("logs", "talking", "-c", "counter", "--timestamps"), 1):
        assert re.match(rf"^\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{1,9}}Z line {number}$", line)


def test_since(talking: Kubectl) -> None:
    assert talking("logs", "talking", "-c", "counter", "--since=1h") == LINES
    assert talking("logs", "talking", "-c", "counter", "--since-time=2000-01-01T00:00:00Z") == LINES
    assert talking("logs", "talking", "-c", "counter", "--since-time=2999-01-01T00:00:00Z") == ""


def test_all_containers(talking: Kubectl) -> None:
    # kubectl asks for the containers in no particular order.
    lines = talking.lines("logs", "talking", "--all-containers")
    assert sorted(lines) == ["line 1", "line 2", "line 3", "preparing"]
    lines = talking.lines("logs", "talking", "--all-containers", "--prefix")
    assert "[pod/talking/prepare] preparing" in lines and "[pod/talking/counter] line 1" in lines


def test_selector(talking: Kubectl) -> None:
    talking("label", "pod", "talking", "app=talking")
    assert talking("logs", "-l", "app=talking", "-c", "counter") == LINES


@pytest.mark.kubectl("1.32")
def test_follow_until_the_container_ends(kubectl: Kubectl) -> None:
    kubectl("create", "-f", "-", stdin=FOLLOWED)
    kubectl("wait", "--for=jsonpath={.status.containerStatuses[0].started}=true", "pod/followed", "--timeout=15s")
    with kubectl.start("logs", "followed", "--follow") as process:
        output, _ = process.communicate(timeout=20)
    assert (process.returncode, output) == (0, "one\ntwo\nthree\n")
    assert kubectl("logs", "followed") == "one\ntwo\nthree\n"


@pytest.mark.kubectl("1.32")
def test_previous_run(kubectl: Kubectl) -> None:
    kubectl("create", "-f", "-", stdin=FAILING)
    kubectl("wait", "--for=jsonpath={.status.containerStatuses[0].restartCount}=1", "pod/failing", "--timeout=15s")
    assert kubectl("logs", "failing", "--previous") == "about to fail\n"


def test_what_there_is_no_log_of(talking: Kubectl) -> None:
    problem = talking.fails("logs", "talking", "-c", "none")
    assert problem.startswith("error: container none is not valid for pod talking")
    message = talking.fails("logs", "talking", "-c", "counter", "--previous")
    assert (
        message
        == 'Error from server (BadRequest): previous terminated container "counter" in pod "talking" not found\n'
    )
    assert 'pods "none" not found' in talking.fails("logs", "none")


@pytest.mark.kubectl("1.32")
def test_container_that_waits(kubectl: Kubectl) -> None:
    kubectl("run", "waiting", "--image=registry.example.com/missing:1")
    kubectl(
        "wait",
        "--for=jsonpath={.status.containerStatuses[0].state.waiting.reason}=ErrImagePull",
        "pod/waiting",
        "--timeout=15s",
    )
    message = kubectl.fails("logs", "waiting")
    assert re.match(
        r'^Error from server \(BadRequest\): container "waiting" in pod "waiting" is waiting to start: '
        r"(trying and failing to pull image|image can't be pulled)\n$",
        message,
    )
