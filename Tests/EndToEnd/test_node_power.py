# SPDX-License-Identifier: Apache-2.0
"""A machine that was off comes back without its containers, whatever its kubelet did meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from api import Api, Object
from charts import DEFAULT
from server import Server

NAME = "worker"
POD = f"{DEFAULT}/pods/{NAME}"


@pytest.fixture
def api() -> Iterator[Api]:
    with Server("--clock", "virtual", "--seed", "1", "--nodes", "1") as server:
        yield server.api


def switch(api: Api, state: str) -> None:
    assert api.send("PUT", "/podium/v1/nodes/node-1/power", {"state": state}).status == 200


def run(api: Api, restart_policy: str) -> None:
    container = {"name": "main", "image": "busybox:1.36", "command": ["sleep", "40"]}
    spec = {"restartPolicy": restart_policy, "terminationGracePeriodSeconds": 5, "containers": [container]}
    api.create(f"{DEFAULT}/pods", {"metadata": {"name": NAME}, "spec": spec})
    api.advance("5s")


def state(pod: Object) -> Object:
    (container,) = pod["status"]["containerStatuses"]
    current: Object = container["state"]
    return current


@pytest.mark.parametrize("between", [[], ["unreachable"], ["restart"], ["off"], ["on", "off"]], ids="-".join)
def test_what_ran_has_ended(api: Api, between: list[str]) -> None:
    run(api, "Never")
    for step in ["off", *between]:
        switch(api, step)
        api.advance("3s")
    switch(api, "on")
    api.advance("1m")
    pod = api.get(POD)
    assert pod["status"]["phase"] == "Failed"
    assert state(pod)["terminated"]["exitCode"] == 255 and state(pod)["terminated"]["reason"] == "Unknown"


def test_what_is_to_run_is_started_again(api: Api) -> None:
    run(api, "Always")
    switch(api, "off")
    api.advance("3s")
    switch(api, "on")
    api.advance("10s")
    pod = api.get(POD)
    assert "running" in state(pod) and pod["status"]["containerStatuses"][0]["restartCount"] == 1
    # It is the new container whose end is noticed.
    api.advance("90s")
    assert api.get(POD)["status"]["containerStatuses"][0]["restartCount"] > 1


@pytest.mark.parametrize("between", [[], ["unreachable"], ["restart"], ["off"]], ids="-".join)
@pytest.mark.parametrize("away", ["3s", "70s"])
def test_what_was_deleted_meanwhile_goes(api: Api, between: list[str], away: str) -> None:
    run(api, "Always")
    switch(api, "off")
    api.delete(POD)
    api.advance(away)
    for step in [*between, "on"]:
        switch(api, step)
        api.advance("3s")
    api.advance("1m")
    assert api.send("GET", POD).status == 404
