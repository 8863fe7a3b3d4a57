# SPDX-License-Identifier: Apache-2.0
"""A `podium serve` of $PODIUM_BINARY for the length of a with block."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType

from api import Api

START_SECONDS = 10.0
STOP_SECONDS = 10.0

BANNER = re.compile(r"^podium \S+ serves Kubernetes v\S+ at http://127\.0\.0\.1:(\d+) \(")


def podium_binary() -> Path:
    """The binary under test."""
    path = os.environ.get("PODIUM_BINARY")
    if not path:
        raise RuntimeError("PODIUM_BINARY must name the podium binary under test")
    return Path(path).resolve(strict=True)


class Server:
    """Starts the server, waits for its one line, and ends it with SIGTERM, upon which it must exit with status 0."""

    def __init__(self, *arguments: str, listen: str = "127.0.0.1:0") -> None:
        self.arguments = [str(podium_binary()), "serve", "--listen", listen, *arguments]

    def __enter__(self) -> Server:
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(self.arguments, stdout=subprocess.PIPE, stderr=self.errors)
        try:
            self.banner = self._read_banner()
            match = BANNER.match(self.banner)
            assert match, f"unexpected first line: {self.banner!r}"
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise
        self.port = int(match[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.api = Api("127.0.0.1", self.port)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.terminate()
        try:
            status = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"still running {STOP_SECONDS} s after SIGTERM") from error
        assert status == 0, f"exit status {status} after SIGTERM: {self.error_output()}"

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    def error_output(self) -> str:
        """The beginning of what the server wrote to its standard error: of a crash, its reason and the stack."""
        self.errors.seek(0)
        return self.errors.read(4000).decode(errors="replace")

    def _read_banner(self) -> str:
        assert self.process.stdout is not None
        descriptor = self.process.stdout.fileno()
        os.set_blocking(descriptor, False)
        deadline = time.monotonic() + START_SECONDS
        text = b""
        while b"\n" not in text:
            assert self.is_alive, f"{self.arguments} ended with {self.process.returncode}: {self.error_output()}"
            assert time.monotonic() < deadline, f"no line within {START_SECONDS} s, only {text!r}"
            try:
                text += os.read(descriptor, 4096)
            except BlockingIOError:
                time.sleep(0.005)
        return text.decode()
