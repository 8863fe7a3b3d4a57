# SPDX-License-Identifier: Apache-2.0
"""Fifteen minutes of a container that fails after a second, on the virtual clock.

Kubernetes: pkg/kubelet/kuberuntime, back-off from 10 s doubling to 300 s, each look up to half as late again.
"""

from __future__ import annotations

import json
import time
from datetime import datetime
from typing import NamedTuple

import pytest

from api import Api, Object
from manifests import shell_pod
from server import Server
from statuses import EVENTS, PODS, check_condition, condition, printed

NAME = "crash"
UNREADY = "containers with unready status: [main]"

# Seconds of back-off before the second restart and the following ones, and how kubelets print them.
BACK_OFFS = [(10, "10s"), (20, "20s"), (40, "40s"), (80, "1m20s"), (160, "2m40s"), (300, "5m0s")]


class Run(NamedTuple):
    started: datetime
    finished: datetime


class Loop(NamedTuple):
    """What was seen of the loop: the pod in every version, and its events at the end."""

    pods: list[Object]
    events: list[Object]
    seconds: float
    table: list[str]

    @property
    def uid(self) -> str:
        return str(self.pods[0]["metadata"]["uid"])

    def runs(self) -> list[Run]:
        """When each run began and ended, by restart number."""
        found: dict[int, Run] = {}
        for pod in self.pods:
            for container in pod["status"].get("containerStatuses", []):
                count = container["restartCount"]
                if "terminated" in container["state"]:
                    found[count] = run_of(container["state"]["terminated"])
                elif "terminated" in container["lastState"]:
                    number = count if "waiting" in container["state"] else count - 1
                    found[number] = run_of(container["lastState"]["terminated"])
        assert sorted(found) == list(range(len(found)))
        return [found[number] for number in sorted(found)]


def run_of(terminated: Object) -> Run:
    assert (terminated["exitCode"], terminated["reason"]) == (1, "Error")
    return Run(*(datetime.fromisoformat(terminated[key]) for key in ("startedAt", "finishedAt")))


@pytest.fixture(scope="module")
def loop() -> Loop:
    with Server("--clock", "virtual", "--seed", "7") as server:
        api = server.api
        created = api.create(PODS, shell_pod(NAME, "sleep 1; exit 1"))
        begun = time.monotonic()
        api.advance("15m")
        seconds = time.monotonic() - begun
        last = api.get(f"{PODS}/{NAME}")["metadata"]["resourceVersion"]
        lines = api.history(PODS, created["metadata"]["resourceVersion"], last)
        events = [event for event in api.items(EVENTS) if event["involvedObject"]["kind"] == "Pod"]
        return Loop([json.loads(line)["object"] for line in lines], events, seconds, printed(api, NAME))


def main_container(pod: Object) -> Object:
    (container,) = pod["status"]["containerStatuses"]
    assert isinstance(container, dict)
    return container


def test_fifteen_minutes_pass_in_little_time(loop: Loop) -> None:
    assert loop.seconds < 2


def test_the_pod_has_been_restarted_seven_times(loop: Loop) -> None:
    assert main_container(loop.pods[-1])["restartCount"] == 7
    assert loop.table[:3] == [NAME, "0/1", "CrashLoopBackOff"]
    assert loop.table[3].startswith("7 (") and loop.table[3].endswith(" ago)")
    assert loop.table[4] == "15m"


def test_the_restart_count_goes_up_one_by_one(loop: Loop) -> None:
    counts = [main_container(pod)["restartCount"] for pod in loop.pods if "containerStatuses" in pod["status"]]
    assert counts == sorted(counts)
    assert set(counts) == set(range(8))


def test_every_run_takes_a_second(loop: Loop) -> None:
    for run in loop.runs():
        assert 1 <= (run.finished - run.started).total_seconds() <= 2


def test_the_first_restart_comes_at_once(loop: Loop) -> None:
    first, second, *_ = loop.runs()
    assert 0 <= (second.started - first.finished).total_seconds() <= 1


@pytest.mark.parametrize(("number", "back_off"), [(index + 1, entry[0]) for index, entry in enumerate(BACK_OFFS)])
def test_later_restarts_come_after_the_back_off(loop: Loop, number: int, back_off: int) -> None:
    runs = loop.runs()
    gap = (runs[number + 1].started - runs[number].finished).total_seconds()
    latest = 1.5 * back_off if back_off <= 40 else back_off + 30
    assert back_off <= gap <= latest + 2


def test_the_waiting_messages_double(loop: Loop) -> None:
    seen: list[tuple[int, str]] = []
    for pod in loop.pods:
        for container in pod["status"].get("containerStatuses", []):
            waiting = container["state"].get("waiting", {})
            if waiting.get("reason") == "CrashLoopBackOff":
                entry = (container["restartCount"], waiting["message"])
                seen += [entry] if entry not in seen else []
    texts = [text for _, text in BACK_OFFS] + ["5m0s"]
    assert seen == [
        (index + 1, f"back-off {text} restarting failed container=main pod={NAME}_default({loop.uid})")
        for index, text in enumerate(texts)
    ]


def test_each_field_while_it_waits(loop: Loop) -> None:
    waiting = [pod for pod in loop.pods[2:] if main_container(pod)["state"].get("waiting", {}).get("message")]
    assert waiting
    for pod in waiting:
        container = main_container(pod)
        assert pod["status"]["phase"] == "Running"
        assert list(container["state"]) == ["waiting"] and list(container["lastState"]) == ["terminated"]
        assert container["lastState"]["terminated"]["containerID"] == container["containerID"]
        assert container["ready"] is False and container["started"] is False
        check_condition(pod, "PodReadyToStartContainers", "True")
        check_condition(pod, "Initialized", "True")
        check_condition(pod, "Ready", "False", "ContainersNotReady", UNREADY)
        check_condition(pod, "ContainersReady", "False", "ContainersNotReady", UNREADY)
        finished = container["lastState"]["terminated"]["finishedAt"]
        since = datetime.fromisoformat(condition(pod, "Ready")["lastTransitionTime"])
        assert 0 <= (since - datetime.fromisoformat(finished)).total_seconds() <= 1


def test_the_container_is_seen_running_and_terminated_between(loop: Loop) -> None:
    for count in range(2, 8):
        states = [
            list(main_container(pod)["state"])[0]
            for pod in loop.pods
            if "containerStatuses" in pod["status"] and main_container(pod)["restartCount"] == count
        ]
        assert states[0] == "running" and "terminated" in states and states.index("terminated") > 0


def test_the_back_off_events(loop: Loop) -> None:
    (event,) = [event for event in loop.events if event["reason"] == "BackOff"]
    assert event["type"] == "Warning"
    assert event["message"] == f"Back-off restarting failed container main in pod {NAME}_default({loop.uid})"
    assert event["involvedObject"]["fieldPath"] == "spec.containers{main}"
    assert event["count"] >= 7
    assert event["firstTimestamp"] < event["lastTimestamp"]


def history(seed: str, *steps: str) -> tuple[list[bytes], list[bytes]]:
    """The bytes of the watches of pods and of events after the same requests to a new server."""
    with Server("--clock", "virtual", "--seed", seed) as server:
        api = server.api
        start = {path: api.get(path)["metadata"]["resourceVersion"] for path in (PODS, EVENTS)}
        for index in range(3):
            api.create(PODS, shell_pod(f"{NAME}-{index}", f"sleep {index + 1}; exit 1"))
        api.create(PODS, {**shell_pod("unused", "sleep 5"), "metadata": {"generateName": "once-"}})
        for step in steps:
            api.advance(step)
        api.delete(f"{PODS}/{NAME}-0")
        api.advance("1m")
        return read(api, PODS, start[PODS]), read(api, EVENTS, start[EVENTS])


def read(api: Api, path: str, since: str) -> list[bytes]:
    """The lines of a watch since a resourceVersion. A last change marks where to end."""
    if path == PODS:
        marker = api.create(
            PODS, {**shell_pod("zz-last", "true"), "spec": {**shell_pod("x", "true")["spec"], "schedulerName": "none"}}
        )
        return api.history(path, since, marker["metadata"]["resourceVersion"])
    newest = max((item["metadata"]["resourceVersion"] for item in api.items(path)), key=int)
    return api.history(path, since, newest)


def test_the_same_requests_give_the_same_history_byte_for_byte() -> None:
    begun = time.monotonic()
    first, second = history("42", "15m"), history("42", "15m")
    seconds = time.monotonic() - begun
    assert len(first[0]) > 60 and len(first[1]) > 40
    assert first == second
    assert seconds < 8


def test_another_seed_gives_another_history() -> None:
    assert history("42", "1m") != history("43", "1m")


def test_advancing_in_small_steps_gives_the_same_history() -> None:
    assert history("42", "2m") == history("42", *["10s"] * 12)
