# SPDX-License-Identifier: Apache-2.0
"""Requests that break HTTP or lean on its edges: each is answered with a Status or cut, and the server lives on."""

from __future__ import annotations

import json
import random
import re
import socket
from contextlib import suppress

import pytest

from api import error_of
from manifests import shell_pod
from raw import exchange, read_answer, request_bytes
from server import Server

PODS = "/api/v1/namespaces/default/pods"
MAPS = "/api/v1/namespaces/default/configmaps"
BODY = json.dumps({"metadata": {"name": "sent"}}).encode()
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def port(surviving_server: Server) -> int:
    return surviving_server.port


TARGETS = {
    "/api/v1/namespaces/default/pods/%2F": 404,
    "/api/v1/namespaces/default/pods/..%2f..%2fsecrets": 404,
    "/api/v1/namespaces/default/pods/a%00b": 404,
    "/api/v1/namespaces/default/pods/%zz": 400,
    "/api/v1/namespaces/default/pods/%": 400,
    "/api/v1/namespaces/default/pods/%ff%fe": 400,
    "/api/v1/namespaces/../nodes/node-1": 404,
    "/api/v1/namespaces/default/pods/a/b/c/d/e/f/g": 404,
    "/api/v1/namespaces/default/nothing": 404,
    "/api/v9/pods": 404,
    "/apis/none.example.com/v1/things": 404,
    "/podium/v1/nothing": 404,
    "/api/v1/namespaces/default/pods/none/log?tailLines=-1": 404,
}


@pytest.mark.parametrize(("target", "code"), TARGETS.items())
def test_odd_targets(port: int, target: str, code: int) -> None:
    answer = exchange(port, request_bytes("GET", target))
    assert answer is not None and answer.status == code, answer
    if answer.headers["content-type"].startswith("application/json"):
        error_of(answer, code)
    else:
        # What no part of the API claims is answered by Go's router in this one way.
        assert answer.body == b"404 page not found\n"


@pytest.mark.parametrize("method", ["BREW", "TRACE", "CONNECT", "PROPFIND", "get", "X" * 300])
def test_odd_methods(port: int, method: str) -> None:
    answer = exchange(port, request_bytes(method, PODS))
    assert answer is None or 400 <= answer.status < 600
    if answer is not None:
        error_of(answer, answer.status)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_methods_that_a_path_does_not_take(port: int, method: str) -> None:
    answer = exchange(port, request_bytes(method, "/api/v1/namespaces/default/pods/none/log", JSON, b"{}"))
    assert answer is not None
    error_of(answer, 405, "MethodNotAllowed")


SMUGGLED = {
    "two lengths": b"Content-Length: 3\r\nContent-Length: 30\r\n\r\n",
    "length and chunks": b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "signed length": b"Content-Length: +3\r\n\r\nabc",
    "negative length": b"Content-Length: -3\r\n\r\nabc",
    "length in hexadecimal": b"Content-Length: 0x3\r\n\r\nabc",
    "length beyond counting": b"Content-Length: 99999999999999999999999999\r\n\r\nabc",
    "unknown coding": b"Transfer-Encoding: chunked, sideways\r\n\r\n0\r\n\r\n",
    "blank before the colon": b"Content-Length : 3\r\n\r\nabc",
    "folded header": b"X-Folded: a\r\n b\r\nContent-Length: 3\r\n\r\nabc",
    "chunk of no size": b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
    "header without a name": b": x\r\nContent-Length: 3\r\n\r\nabc",
    "header with a zero byte": b"X-Zero: a\x00b\r\nContent-Length: 3\r\n\r\nabc",
}


@pytest.mark.parametrize("rest", SMUGGLED.values(), ids=SMUGGLED.keys())
def test_ambiguous_bodies_are_refused(port: int, rest: bytes) -> None:
    head = f"POST {MAPS} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n".encode()
    smuggled = b"GET /api/v1/nodes HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(head + rest + smuggled)
        received = b""
        with suppress(ConnectionResetError):
            while chunk := connection.recv(65536):
                received += chunk
    assert not received or re.match(rb"HTTP/1\.1 (4|5)\d\d ", received), received
    assert b"HTTP/1.1 200" not in received and b"NodeList" not in received


def test_no_host(port: int) -> None:
    answer = exchange(port, b"GET /readyz HTTP/1.1\r\n\r\n")
    assert answer is not None
    error_of(answer, 400)


@pytest.mark.parametrize(
    "garbage", [b"\r\n\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET\r\n\r\n"]
)
def test_not_http(port: int, garbage: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(garbage)
        connection.shutdown(socket.SHUT_WR)
        answer = read_answer(connection)
    assert answer is None or answer.status in (400, 505)


@pytest.mark.parametrize("seed", range(4))
def test_random_bytes(port: int, seed: int) -> None:
    generator = random.Random(seed)
    for _ in range(25):
        with socket.create_connection(("127.0.0.1", port), 5) as connection:
            connection.sendall(generator.randbytes(generator.randint(1, 2000)) + b"\r\n\r\n")
            connection.shutdown(socket.SHUT_WR)


def test_a_long_target(port: int) -> None:
    answer = exchange(port, request_bytes("GET", f"{PODS}?labelSelector={'a' * 100_000}"))
    assert answer is not None and answer.status in (414, 431)
    error_of(answer, answer.status)


def test_many_headers(port: int) -> None:
    headers = {f"X-Header-{number}": "x" * 100 for number in range(5000)}
    answer = exchange(port, request_bytes("GET", PODS, headers))
    assert answer is not None
    error_of(answer, 431)


def test_expectation(port: int) -> None:
    """The body is asked for before it is sent."""
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(
            request_bytes("POST", MAPS, {**JSON, "Expect": "100-continue", "Content-Length": str(len(BODY))})
        )
        assert connection.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(BODY)
        answer = read_answer(connection, "POST")
    assert answer is not None and answer.status == 201


def test_a_body_that_never_comes(port: int) -> None:
    """A client that hangs up in the middle of its body costs nothing and leaves nothing."""
    for _ in range(50):
        with socket.create_connection(("127.0.0.1", port), 5) as connection:
            connection.sendall(
                request_bytes("POST", MAPS, {**JSON, "Content-Length": "100"}) + b'{"metadata":{"name":"half"'
            )
    answer = exchange(port, request_bytes("GET", f"{MAPS}/half"))
    assert answer is not None
    error_of(answer, 404, "NotFound")


def test_shutdown_does_not_wait_for_half_a_body() -> None:
    with Server() as server, socket.create_connection(("127.0.0.1", server.port), 5) as connection:
        connection.sendall(request_bytes("POST", MAPS, {**JSON, "Content-Length": "100"}) + b'{"metadata"')
        assert server.api.send("GET", "/readyz").status == 200
        server.process.terminate()
        assert server.process.wait(5) == 0


def test_shutdown_ends_watches() -> None:
    with Server() as server:
        watch = server.api.watch(PODS)
        server.api.create(PODS, shell_pod("seen", "true"))
        assert next(watch)["type"] == "ADDED"
        server.process.terminate()
        assert server.process.wait(5) == 0
        for event in watch:
            assert event["type"] in ("MODIFIED", "DELETED")


def test_requests_in_one_go(port: int) -> None:
    """Several requests sent before the first is answered are answered in their order."""
    paths = ["/readyz", "/version", "/api/v1/namespaces/none/pods/none", "/livez"]
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(b"".join(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() for path in paths))
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    statuses = [line for line in received.split(b"\r\n") if b"HTTP/1.1 " in line]
    assert [int(line.split(b"HTTP/1.1 ")[1][:3]) for line in statuses] == [200, 200, 404, 200]


@pytest.mark.parametrize(("path", "code"), [("/readyz", 200), ("/version", 405), ("/api/v1/nodes", 405)])
def test_head_has_no_body(port: int, path: str, code: int) -> None:
    """The API itself takes no HEAD, as upstream."""
    request = request_bytes("HEAD", path) + request_bytes("GET", "/livez")
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(request.replace(b"Connection: close\r\n", b"", 1))
        answer = read_answer(connection, "HEAD")
    assert answer is not None and answer.status == code
    assert int(answer.headers["content-length"]) > 0 and answer.body == b""


def test_many_idle_connections(port: int) -> None:
    idle = [socket.create_connection(("127.0.0.1", port), 5) for _ in range(200)]
    answer = exchange(port, request_bytes("GET", "/readyz"))
    assert answer is not None and answer.status == 200
    for connection in idle:
        connection.close()
