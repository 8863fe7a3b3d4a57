# SPDX-License-Identifier: Apache-2.0
"""The server that is played against."""

from __future__ import annotations

import socket
import subprocess
import time
import urllib.request

from .failure import Failure

START_SECONDS = 10.0
STOP_SECONDS = 20.0
ASK_SECONDS = 0.02


class Server:
    """`podium serve` on a port of its own for the length of a with block."""

    def __init__(self, podium: str, *arguments: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.command = [podium, "serve", "--listen", f"127.0.0.1:{port}", *arguments]

    def __enter__(self) -> Server:
        try:
            self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL)
        except OSError as error:
            raise Failure(f"{self.command[0]}: {error}") from error
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=1):
                    return self
            except OSError:
                time.sleep(ASK_SECONDS)
        self._stop()
        raise Failure(f"no answer from {' '.join(self.command)}")

    def __exit__(self, *_: object) -> None:
        status = self.process.poll()
        self._stop()
        if status is not None:
            raise Failure(f"the server died with status {status}")

    def _stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
