# SPDX-License-Identifier: Apache-2.0
"""Long advances hurt nobody and end with whoever asked for them; resets end what was open; idle time costs little."""

from __future__ import annotations

import json
import os
import select
import socket
import threading
import time

import pytest
from api import Api, Object, error_of, eventually
from raw import exchange, read_answer, request_bytes
from server import Server

ADVANCE = "/podium/v1/clock/advance"
PODS = "/api/v1/namespaces/default/pods"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
EPOCH = "2026-01-01T00:00:00.000000Z"
# With nodes, far longer than any test waits.
YEARS = {"by": "80000h"}


def begin(port: int, path: str = ADVANCE, body: Object | None = None) -> socket.socket:
    """Sends a request whose answer takes long, and returns its connection."""
    connection = socket.create_connection(("127.0.0.1", port), 20)
    connection.sendall(request_bytes("POST", path, body=json.dumps(body or YEARS).encode()))
    return connection


def now(api: Api) -> str:
    return str(api.get("/podium/v1/clock")["now"])


def stands(api: Api) -> bool:
    """Whether the clock has stopped."""
    before = now(api)
    time.sleep(0.1)
    return now(api) == before


def pod(name: str, command: str = "sleep 9999") -> Object:
    container = {"name": "c", "image": "busybox", "command": ["sh", "-c", command]}
    return {"metadata": {"name": name}, "spec": {"containers": [container], "terminationGracePeriodSeconds": 1}}


def test_more_advances_than_threads_hold_up_nobody() -> None:
    with Server("--clock", "virtual", "--threads", "2") as server:
        waiting = [begin(server.port) for _ in range(6)]
        assert eventually(lambda: now(server.api) != EPOCH)
        for path in ("/readyz", "/livez", "/version", "/api/v1/nodes", LEASES, "/podium/v1/requests"):
            for _ in range(10):
                started = time.monotonic()
                assert server.api.send("GET", path).status == 200
                assert time.monotonic() - started < 2, path
        server.api.create(PODS, pod("meanwhile"))
        assert server.api.get(f"{PODS}/meanwhile")["spec"]["nodeName"]
        for connection in waiting:
            connection.close()
        assert eventually(lambda: stands(server.api))


def test_an_advance_ends_when_its_client_goes(virtual_server: Server) -> None:
    api = virtual_server.api
    connection = begin(virtual_server.port)
    assert eventually(lambda: now(api) != EPOCH)
    connection.close()
    assert eventually(lambda: stands(api))
    # One that goes before its turn comes never moves the clock.
    first = begin(virtual_server.port)
    begin(virtual_server.port, body={"to": "2035-01-01T00:00:00Z"}).close()
    first.close()
    assert eventually(lambda: stands(api))
    assert now(api) < "2035"
    assert api.advance("10s")["now"] == now(api)


def test_a_second_advance_takes_its_turn(virtual_server: Server) -> None:
    connections = [begin(virtual_server.port, body={"by": "1h"}) for _ in range(3)]
    times = []
    for connection in connections:
        answer = read_answer(connection)
        assert answer is not None and answer.status == 200
        times.append(answer.object["now"][11:19])
    assert sorted(times) == ["01:00:00", "02:00:00", "03:00:00"]


def test_too_many_advances_are_refused(virtual_server: Server) -> None:
    connections = [begin(virtual_server.port) for _ in range(66)]
    refused = []
    while len(refused) < 2:
        ready, _, _ = select.select(connections, [], [], 20)
        assert ready
        for connection in ready:
            answer = read_answer(connection)
            assert answer is not None
            refused.append(error_of(answer, 429, "TooManyRequests"))
            connections.remove(connection)
    for connection in connections:
        connection.close()
    assert len(refused) == 2
    assert eventually(lambda: virtual_server.api.send("POST", ADVANCE, {"by": "1s"}).status == 200)
    assert stands(virtual_server.api)


def test_an_advance_ends_when_time_begins_to_run(virtual_server: Server) -> None:
    connection = begin(virtual_server.port)
    assert eventually(lambda: now(virtual_server.api) != EPOCH)
    assert virtual_server.api.send("PUT", "/podium/v1/clock", {"mode": "real"}).status == 200
    answer = read_answer(connection)
    assert answer is not None
    error_of(answer, 409, "Conflict")


@pytest.mark.parametrize("cluster", ["", "/clusters/other"])
def test_a_reset_amid_an_advance(cluster: str) -> None:
    # One thread takes connections in their order, so that neither advance comes after the reset.
    with Server("--clock", "virtual", "--clusters", "--threads", "1") as server:
        api = Api("127.0.0.1", server.port, cluster)
        connections = [begin(server.port, cluster + ADVANCE) for _ in range(2)]
        assert eventually(lambda: now(api) != EPOCH)
        started = time.monotonic()
        api.create("/podium/v1/reset", {})
        assert time.monotonic() - started < 2
        assert now(api) == EPOCH
        for connection in connections:
            answer = read_answer(connection)
            assert answer is not None
            assert "the cluster ended" in error_of(answer, 409, "Conflict")["message"]
        assert stands(api)


def test_a_cluster_is_dropped_amid_an_advance() -> None:
    with Server("--clock", "virtual", "--clusters") as server:
        api = Api("127.0.0.1", server.port, "/clusters/other")
        connection = begin(server.port, f"/clusters/other{ADVANCE}")
        assert eventually(lambda: now(api) != EPOCH)
        server.api.delete("/clusters/other")
        answer = read_answer(connection)
        assert answer is not None
        error_of(answer, 409, "Conflict")


def test_the_server_ends_amid_advances() -> None:
    with Server("--clock", "virtual", "--threads", "1") as server:
        connections = [begin(server.port) for _ in range(3)]
        assert eventually(lambda: now(server.api) != EPOCH)
        started = time.monotonic()
        server.process.terminate()
        assert server.process.wait(10) == 0
        assert time.monotonic() - started < 5
        for connection in connections:
            answer = read_answer(connection)
            assert answer is not None
            error_of(answer, 503, "ServiceUnavailable")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"by": "0s"}, 200),
        ({"by": "87600h"}, 200),
        ({"by": "87600h0m0.000000001s"}, 400),
        ({"by": "999999999999h"}, 400),
        ({"by": "-1s"}, 400),
        ({"by": 30}, 400),
        ({"by": "30"}, 400),
        ({"by": None}, 400),
        ({"to": EPOCH}, 200),
        ({"to": "2035-12-30T00:00:00Z"}, 200),
        ({"to": "2035-12-30T00:00:01Z"}, 400),
        ({"to": "9999-12-31T23:59:59Z"}, 400),
        ({"to": "2025-12-31T23:59:59Z"}, 409),
        ({"to": "0001-01-01T00:00:00Z"}, 409),
        ({"to": "tomorrow"}, 400),
        ({"to": 5}, 400),
        ({"until": "idle"}, 200),
        ({"until": "idle", "limit": "87600h"}, 200),
        ({"until": "idle", "limit": "87601h"}, 400),
        ({"until": "idle", "limit": "-1h"}, 400),
        ({"until": "doomsday"}, 400),
        ({"by": "1s", "to": EPOCH}, 400),
        ({}, 400),
    ],
)
def test_how_far_an_advance_may_go(still_server: Server, body: Object, status: int) -> None:
    still_server.api.create("/podium/v1/reset", {})
    answer = still_server.api.send("POST", ADVANCE, body)
    assert answer.status == status, answer.body
    if status != 200:
        error_of(answer, status)
        assert now(still_server.api) == EPOCH


@pytest.fixture(scope="module")
def still_server() -> object:
    """A cluster in which nothing happens by itself, so that ten years are short."""
    with Server("--clock", "virtual", "--nodes", "0") as server:
        yield server


def follow(server: Server, path: str) -> tuple[threading.Thread, list[bytes]]:
    """Reads a stream to its end on a thread."""
    lines: list[bytes] = []

    def read() -> None:
        answer = exchange(server.port, request_bytes("GET", path))
        assert answer is not None
        lines.extend(answer.body.splitlines())

    thread = threading.Thread(target=read)
    thread.start()
    return thread, lines


@pytest.mark.parametrize("way", ["reset", "reset-named", "drop"])
@pytest.mark.parametrize("clock", ["real", "virtual"])
def test_what_is_open_ends_with_its_cluster(way: str, clock: str) -> None:
    with Server("--clusters", "--clock", clock) as server:
        prefix = "" if way == "reset" else "/clusters/a"
        api = Api("127.0.0.1", server.port, prefix)
        if clock == "virtual":
            api.advance("5s")
        assert eventually(lambda: api.send("POST", PODS, pod("before")).status in (201, 409))
        if clock == "virtual":
            api.advance("30s")
        assert eventually(lambda: api.get(f"{PODS}/before")["status"]["phase"] == "Running")
        version = api.get(PODS)["metadata"]["resourceVersion"]
        log = follow(server, f"{prefix}{PODS}/before/log?follow=true")
        watches = [follow(server, f"{prefix}{path}?watch=1") for path in (PODS, "/api/v1/pods", "/api/v1/nodes")]
        assert eventually(lambda: all(lines is not None and thread.is_alive() for thread, lines in watches))
        time.sleep(0.2)
        if way == "drop":
            server.api.delete("/clusters/a")
        else:
            api.create("/podium/v1/reset", {})
        for thread, lines in watches:
            thread.join(10)
            assert not thread.is_alive()
            assert all(json.loads(line)["type"] in ("ADDED", "MODIFIED") for line in lines)
        log[0].join(10)
        assert not log[0].is_alive()

        assert int(api.get("/api/v1/nodes")["metadata"]["resourceVersion"]) > int(version)
        error = next(api.watch(PODS, resourceVersion=version))
        assert error["type"] == "ERROR" and error["object"]["code"] == 410, error
        again = api.get(PODS)
        assert [item["metadata"]["name"] for item in again["items"]] == []


def without_versions(value: object) -> object:
    """The same without anything that names a revision."""
    if isinstance(value, dict):
        return {key: without_versions(member) for key, member in value.items() if key != "resourceVersion"}
    return [without_versions(member) for member in value] if isinstance(value, list) else value


def scripted(api: Api, watches: int = 0) -> list[object]:
    """What a cluster shows after some requests."""
    api.advance("5s")
    api.create(PODS, pod("a", "sleep 3; exit 1"))
    for _ in range(watches):
        # Without a time-out of its client's a watch draws one.
        next(api.watch_lines(PODS))
    api.create(PODS, {**pod("b"), "metadata": {"generateName": "b-"}})
    api.advance("10m")
    paths = (PODS, "/api/v1/events", "/api/v1/nodes", LEASES, "/api/v1/namespaces", "/api/v1/serviceaccounts")
    return [api.get(path) for path in paths]


def test_after_a_reset_all_but_the_revisions_is_as_after_a_start(virtual: Api) -> None:
    fresh = scripted(virtual)
    virtual.create("/podium/v1/reset", {})
    assert without_versions(scripted(virtual)) == without_versions(fresh)


def test_who_looks_changes_nothing() -> None:
    """The same requests with and without looks between them leave the same history, resourceVersions included."""
    shown = []
    for looks in (False, True):
        with Server("--clock", "virtual", "--seed", "3") as server:
            api = server.api
            start = str(api.get(LEASES)["metadata"]["resourceVersion"])
            watch = follow(server, f"{LEASES}?watch=1&resourceVersion={start}") if looks else None
            for _ in range(6):
                result = api.advance("4h")
                if looks:
                    api.get(LEASES)
                    api.get(f"{LEASES}/node-2")
                    api.get("/api/v1/nodes")
            items = api.get(LEASES)
            assert [item["spec"]["renewTime"] for item in items["items"]] == [result["now"]] * 3
            end = max(item["metadata"]["resourceVersion"] for item in items["items"])
            # The history holds the last 16,384 of 25,920 renewals.
            middle = str(int(end) - 12_000)
            shown.append((result, items, api.get("/podium/v1/clock"), api.history(LEASES, middle, end)))
            if watch:
                api.create("/podium/v1/reset", {})
                watch[0].join(20)
                assert len(watch[1]) >= 6 * 4 * 360 * 3
    assert shown[0] == shown[1]


def test_watches_do_not_draw_from_the_clusters_chance() -> None:
    shown = []
    for watches in (0, 3):
        with Server("--clock", "virtual", "--seed", "3") as server:
            shown.append(scripted(server.api, watches))
    assert shown[0] == shown[1]


def test_idle_days_are_cheap() -> None:
    with Server("--clock", "virtual") as server:
        server.api.advance("10m")
        before = cpu_seconds(server.process.pid)
        server.api.advance("24h")
        # What an optimised build may take; a build with debugging aids takes some ten times as long.
        assert cpu_seconds(server.process.pid) - before < (0.3 if is_optimised() else 4)


def is_optimised() -> bool:
    return "release" in os.environ["PODIUM_BINARY"]


def cpu_seconds(process: int) -> float:
    with open(f"/proc/{process}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / float(os.sysconf("SC_CLK_TCK"))
