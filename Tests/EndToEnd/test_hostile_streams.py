# SPDX-License-Identifier: Apache-2.0
"""Upgraded connections whose clients break rules, stay silent, do not read, or come in masses."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from server import Server
from raw_websocket import PODS, RawWebSocket, exec_path

SPDY = "Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: v4.channel.k8s.io\r\n"


@pytest.fixture(autouse=True)
def box(surviving_server: Server) -> str:
    """A container in which nothing happens."""
    api = surviving_server.api
    if api.send("GET", f"{PODS}/box").status == 200:
        return "box"
    next(api.watch("/api/v1/namespaces/default/serviceaccounts", fieldSelector="metadata.name=default"))
    container = {"name": "main", "image": "busybox:1.36", "command": ["sleep", "1000000"]}
    api.create(PODS, {"metadata": {"name": "box"}, "spec": {"containers": [container]}})
    for event in api.watch(PODS, fieldSelector="metadata.name=box", timeoutSeconds=20):
        if event["object"]["status"]["phase"] == "Running":
            return "box"
    raise AssertionError("the pod does not run")


def memory(server: Server) -> int:
    """The bytes of the server that are in memory."""
    pages = int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1])
    return pages * 4096


def threads(server: Server) -> int:
    return len(list(Path(f"/proc/{server.process.pid}/task").iterdir()))


def descriptors(server: Server) -> int:
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


@pytest.mark.parametrize(
    "frame",
    [
        b"\x82\x05hello", b"\x83\x80\0\0\0\0", b"\xf2\x80\0\0\0\0", b"\x80\x80\0\0\0\0", b"\x09\x80\0\0\0\0",
        b"\x82\xff" + b"\xff" * 12,
    ],
    ids=["no mask", "unknown opcode", "reserved bits", "continuation of nothing", "ping in pieces", "huge"],
)  # fmt: skip
def test_broken_frames(surviving_server: Server, frame: bytes) -> None:
    stream = RawWebSocket(surviving_server, exec_path("box", "cat", stdin=True))
    stream.socket.sendall(frame)
    opcode, content = stream.rest()[-1]
    assert opcode == 8 and content[:2] == b"\x03\xea"
    stream.close()


@pytest.mark.parametrize(
    "bytes_",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x80\x02\0\x01\0\0\0\0",
        b"\x80\x03\0\x01\0\xff\xff\xff",
        b"\x80\x03\0\x01\0\0\0\x02ab",
    ],
    ids=["no SPDY", "wrong version", "huge", "no headers"],
)
def test_broken_spdy(surviving_server: Server, bytes_: bytes) -> None:
    with socket.create_connection(("127.0.0.1", surviving_server.port), timeout=20) as client:
        path = exec_path("box", "cat", stdin=True)
        client.sendall(f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n{SPDY}\r\n".encode())
        assert client.recv(4096).startswith(b"HTTP/1.1 101 ")
        client.sendall(bytes_)
        # A stream that does not exist is reset, what is no frame ends the connection.
        expected = 3 if bytes_.startswith(b"GET") else 7
        assert client.recv(4096)[:4] == bytes([0x80, 3, 0, expected])


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ("Connection: close\r\n", 400), ("Connection: Upgrade\r\nUpgrade: h2c\r\n", 400),
        ("Connection: Upgrade\r\nUpgrade: websocket\r\n", 400),
        ("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n", 400),
        ("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: v9.channel.k8s.io\r\n", 400),
        ("Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: v9\r\n", 403),
        (
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nOrigin: http://evil.example\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", 403,
        ),
    ],
    ids=["none", "unknown", "no key", "bad key", "unknown subprotocol", "unknown version", "foreign page"],
)  # fmt: skip
def test_what_cannot_be_upgraded(surviving_server: Server, headers: str, status: int) -> None:
    with socket.create_connection(("127.0.0.1", surviving_server.port), timeout=20) as client:
        client.sendall(f"GET {exec_path('box', 'true')} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}\r\n".encode())
        assert client.recv(4096).startswith(f"HTTP/1.1 {status} ".encode())


def test_a_client_that_goes_takes_its_command_along(surviving_server: Server) -> None:
    before = descriptors(surviving_server)
    for _ in range(50):
        stream = RawWebSocket(surviving_server, exec_path("box", "sleep", "1000"))
        stream.frame()
        stream.close()
    deadline = time.monotonic() + 15
    while descriptors(surviving_server) > before + 5:
        assert time.monotonic() < deadline, "connections stay"
        time.sleep(0.1)
    stream = RawWebSocket(surviving_server, exec_path("box", "ps"))
    output = b"".join(content[1:] for opcode, content in stream.rest() if opcode == 2 and content[0] == 1)
    assert output.count(b"sleep 1000\n") == 0
    stream.close()


def test_who_does_not_read_holds_up_nobody(surviving_server: Server) -> None:
    """A command that never stops writing, to twenty clients that never read."""
    before = memory(surviving_server)
    silent = [RawWebSocket(surviving_server, exec_path("box", "cat", "/dev/zero")) for _ in range(20)]
    time.sleep(2)
    assert memory(surviving_server) - before < 100 << 20
    begun = time.monotonic()
    stream = RawWebSocket(surviving_server, exec_path("box", "echo", "served"))
    assert (2, b"\x01served\n") in stream.rest()
    assert time.monotonic() - begun < 10
    for client in [*silent, stream]:
        client.close()


def test_who_does_not_listen_is_not_read_from(surviving_server: Server) -> None:
    """A client that never stops sending, to a command that never reads."""
    before = memory(surviving_server)
    stream = RawWebSocket(surviving_server, exec_path("box", "sleep", "1000", stdin=True))
    stream.socket.settimeout(1)
    sent = 0
    with pytest.raises(TimeoutError):
        while sent < 1 << 30:
            stream.send(bytes(1 << 20))
            sent += 1 << 20
    assert sent < 64 << 20 and memory(surviving_server) - before < 64 << 20
    stream.close()


def test_a_message_of_any_size_is_passed_on(surviving_server: Server) -> None:
    stream = RawWebSocket(surviving_server, exec_path("box", "sh", "-c", "head -c 20000000 | wc -c", stdin=True))
    stream.send(b"\0" + bytes(20_000_000))
    assert (2, b"\x0120000000\n") in stream.rest()
    stream.close()


def test_many_sessions_at_once(surviving_server: Server) -> None:
    before = memory(surviving_server)
    running = threads(surviving_server)
    streams = [RawWebSocket(surviving_server, exec_path("box", "cat", stdin=True)) for _ in range(200)]
    for index, stream in enumerate(streams):
        stream.send(b"\0" + f"session {index}\n".encode())
    for index, stream in enumerate(streams):
        while stream.frame() != (2, b"\x01" + f"session {index}\n".encode()):
            pass
    # Neither threads nor much memory go with a session.
    assert threads(surviving_server) <= running + 4
    assert memory(surviving_server) - before < 200 * (200 << 10)
    for stream in streams:
        stream.close()
