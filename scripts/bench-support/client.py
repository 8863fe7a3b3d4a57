# SPDX-License-Identifier: Apache-2.0
"""A small HTTP client that sends many requests at once over one connection."""
import json
import socket


class Client:
    """One connection. Requests may be sent in batches; their answers come in the same order."""

    def __init__(self, port):
        self.connection = socket.create_connection(("127.0.0.1", port), timeout=120)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    @staticmethod
    def request(method, path, body=b"", content_type="application/json"):
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
        if body:
            head += f"Content-Type: {content_type}\r\n"
        return head.encode() + b"\r\n" + body

    def call(self, method, path, value=None, content_type="application/json"):
        """Sends one request and returns the body of its answer."""
        body = b"" if value is None else json.dumps(value).encode()
        self.connection.sendall(self.request(method, path, body, content_type))
        status, answer = self.receive()
        if not 200 <= status < 300:
            raise RuntimeError(f"{method} {path}: {status} {answer[:500].decode(errors='replace')}")
        return answer

    def call_all(self, requests, batch=16):
        """Sends requests, `batch` of them at a time, and returns how many were answered with 2xx."""
        succeeded = 0
        for start in range(0, len(requests), batch):
            part = requests[start : start + batch]
            self.connection.sendall(b"".join(part))
            succeeded += sum(200 <= self.receive()[0] < 300 for _ in part)
        return succeeded

    def receive(self):
        """The status and the body of the next answer."""
        head = self.take_until(b"\r\n\r\n")
        status = int(head[9:12])
        for line in head.lower().split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name == b"content-length":
                return status, self.take(int(value))
            if name == b"transfer-encoding":
                return status, self.take_chunks()
        raise RuntimeError("an answer without a length")

    def take_chunks(self):
        body = bytearray()
        while size := int(self.take_until(b"\r\n"), 16):
            body += self.take(size)
            self.take(2)
        self.take(2)
        return bytes(body)

    def take_until(self, mark):
        while (end := self.buffer.find(mark)) < 0:
            self.fill()
        return self.take(end + len(mark))

    def take(self, count):
        while len(self.buffer) < count:
            self.fill()
        taken = bytes(self.buffer[:count])
        del self.buffer[:count]
        return taken

    def fill(self):
        piece = self.connection.recv(1 << 20)
        if not piece:
            raise RuntimeError("the server closed the connection")
        self.buffer += piece
