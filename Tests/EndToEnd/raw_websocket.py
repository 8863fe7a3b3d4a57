# SPDX-License-Identifier: Apache-2.0
"""A WebSocket on a plain socket, for tests that break its rules."""

from __future__ import annotations

import base64
import os
import socket
import struct
from urllib.parse import urlencode

from server import Server

PODS = "/api/v1/namespaces/default/pods"


class RawWebSocket:
    """A connection that was upgraded."""

    def __init__(self, server: Server, path: str, protocol: str = "v4.channel.k8s.io", token: str = "") -> None:
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=20)
        key = base64.b64encode(os.urandom(16)).decode()
        authorization = f"Authorization: Bearer {token}\r\n" if token else ""
        self.socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: {protocol}\r\n"
            f"{authorization}\r\n".encode()
        )
        self.buffer = b""
        while b"\r\n\r\n" not in self.buffer:
            piece = self.socket.recv(4096)
            assert piece, self.buffer
            self.buffer += piece
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 "), head

    def send(self, data: bytes, first: int = 0x82) -> None:
        """One frame with a mask of zeros."""
        if len(data) < 126:
            head = struct.pack("!BB", first, 0x80 | len(data))
        else:
            head = struct.pack("!BBQ", first, 0x80 | 127, len(data))
        self.socket.sendall(head + bytes(4) + data)

    def take(self, count: int) -> bytes:
        while len(self.buffer) < count:
            piece = self.socket.recv(65536)
            if not piece:
                raise EOFError
            self.buffer += piece
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def frame(self) -> tuple[int, bytes]:
        """The opcode and the content of the next frame."""
        first, size = self.take(2)
        if size == 126:
            (size,) = struct.unpack("!H", self.take(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", self.take(8))
        return first & 0xF, self.take(size)

    def rest(self) -> list[tuple[int, bytes]]:
        """The frames up to the end of the connection."""
        frames = []
        try:
            while True:
                frames.append(self.frame())
        except (EOFError, ConnectionResetError):
            return frames

    def close(self) -> None:
        self.socket.close()


def exec_path(pod: str, *command: str, **options: bool) -> str:
    streams = {"stdout": True, "stderr": True, **options}
    query = [(name, "true") for name, is_on in streams.items() if is_on] + [("command", word) for word in command]
    return f"{PODS}/{pod}/exec?{urlencode(query)}"
