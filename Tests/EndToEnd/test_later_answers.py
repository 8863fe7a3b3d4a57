# SPDX-License-Identifier: Apache-2.0
"""Requests for a state that is yet to come: they wait beside all others, and hold nobody up."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from api import Api, error_of, eventually
from raw import read_answer, request_bytes
from server import STOP_SECONDS, Server

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
WAITING = 1000
ATTEMPTS = 5


def revision(api: Api) -> int:
    return int(api.get(CONFIG_MAPS)["metadata"]["resourceVersion"])


def pending(api: Api) -> int:
    count = api.get("/podium/v1/requests")["pending"]
    assert isinstance(count, int)
    return count


def in_flight(api: Api) -> int:
    text = api.send("GET", "/metrics").body.decode()
    match = re.search(r'apiserver_current_inflight_requests{request_kind="readOnly"} (\d+)', text)
    assert match
    return int(match[1])


def config_map(name: str) -> dict[str, object]:
    return {"metadata": {"name": name}}


@contextmanager
def waiting(server: Server, count: int, target: int) -> Iterator[list[socket.socket]]:
    """Connections on which lists wait for a revision."""
    request = request_bytes("GET", f"{CONFIG_MAPS}?resourceVersion={target}")
    with ExitStack() as stack:
        connections = [
            stack.enter_context(socket.create_connection(("127.0.0.1", server.port), 20)) for _ in range(count)
        ]
        for connection in connections:
            connection.sendall(request)
        yield connections


def quiet_server() -> Server:
    """A server in which nothing happens by itself."""
    return Server("--controllers=", "--nodes", "0")


def test_a_thousand_lists_wait_for_a_revision_beside_normal_traffic() -> None:
    with quiet_server() as server:
        # They wait for three seconds of real time, which a busy machine may take to send them all.
        for attempt in range(ATTEMPTS):
            target = revision(server.api) + 3
            with waiting(server, WAITING, target) as connections:
                if not eventually(lambda: pending(server.api) == WAITING or revision(server.api) >= target):
                    continue
                assert in_flight(server.api) > WAITING
                # Others are answered meanwhile, and change what is there.
                for index in range(3):
                    assert pending(server.api) > 0
                    server.api.create(CONFIG_MAPS, config_map(f"c-{attempt}-{index}"))
                answers = [read_answer(connection) for connection in connections]
            codes = {answer.status for answer in answers if answer}
            if codes == {200}:
                break
            assert codes <= {200, 504}
        else:
            raise AssertionError(f"no {WAITING} requests within three seconds")
        assert len(answers) == WAITING
        for answer in answers:
            assert answer
            found = answer.object
            assert int(found["metadata"]["resourceVersion"]) >= target
            assert f"c-{attempt}-2" in {item["metadata"]["name"] for item in found["items"]}
        assert eventually(lambda: pending(server.api) == 0 and in_flight(server.api) == 1)


def test_what_does_not_come_in_time_is_refused_as_upstream() -> None:
    with quiet_server() as server:
        now = revision(server.api)
        answer = server.api.send("GET", f"{CONFIG_MAPS}?resourceVersion={now + 100}")
        status = error_of(answer, 504, "Timeout")
        assert status["message"] == f"Timeout: Too large resource version: {now + 100}, current: {now}"
        assert status["details"]["retryAfterSeconds"] == 1
        assert answer.headers["retry-after"] == "1"


def test_an_object_waits_too_and_is_in_the_journal_when_it_is_answered() -> None:
    with quiet_server() as server:
        server.api.create(CONFIG_MAPS, config_map("one"))
        target = revision(server.api) + 1
        with socket.create_connection(("127.0.0.1", server.port), 20) as connection:
            connection.sendall(request_bytes("GET", f"{CONFIG_MAPS}/one?resourceVersion={target}"))
            assert eventually(lambda: pending(server.api) == 1)
            path = f"{CONFIG_MAPS}/one"
            assert path not in [entry["path"] for entry in server.api.get("/podium/v1/requests")["requests"]]
            server.api.create(CONFIG_MAPS, config_map("two"))
            answer = read_answer(connection)
            assert answer and answer.object["metadata"]["name"] == "one"
        entries = server.api.get("/podium/v1/requests")["requests"]
        assert [entry["status"] for entry in entries if entry["path"] == path] == [200]


def test_who_goes_waits_no_longer() -> None:
    with quiet_server() as server:
        with waiting(server, 50, revision(server.api) + 10):
            assert eventually(lambda: pending(server.api) == 50)
        assert eventually(lambda: pending(server.api) == 0)
        entries = server.api.get("/podium/v1/requests")["requests"]
        assert [entry["status"] for entry in entries].count(499) == 50


def test_a_reset_answers_who_waits() -> None:
    with quiet_server() as server:
        with waiting(server, 20, revision(server.api) + 10) as connections:
            assert eventually(lambda: pending(server.api) == 20)
            assert server.api.send("POST", "/podium/v1/reset").status == 200
            for connection in connections:
                answer = read_answer(connection)
                assert answer
                error_of(answer, 503, "ServiceUnavailable")
        assert pending(server.api) == 0


def test_a_server_that_ends_lets_nobody_wait() -> None:
    with quiet_server() as server, waiting(server, 20, revision(server.api) + 10) as connections:
        assert eventually(lambda: pending(server.api) == 20)
        server.process.terminate()
        for connection in connections:
            answer = read_answer(connection)
            assert answer is None or answer.status == 503, json.dumps(answer and answer.object)
        assert server.process.wait(STOP_SECONDS) == 0


def test_a_watch_that_begins_with_what_is_there_waits_for_it() -> None:
    with quiet_server() as server:
        target = revision(server.api) + 1
        query = (
            f"watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
            f"&timeoutSeconds=1&resourceVersion={target}"
        )
        with socket.create_connection(("127.0.0.1", server.port), 20) as connection:
            connection.sendall(request_bytes("GET", f"{CONFIG_MAPS}?{query}"))
            assert eventually(lambda: pending(server.api) == 1)
            server.api.create(CONFIG_MAPS, config_map("one"))
            answer = read_answer(connection)
        assert answer and answer.status == 200
        events = [json.loads(line) for line in answer.body.splitlines()]
        assert [event["type"] for event in events[-2:]] == ["ADDED", "BOOKMARK"]
        assert events[-2]["object"]["metadata"]["name"] == "one"
