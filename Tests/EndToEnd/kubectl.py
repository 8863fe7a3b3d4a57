# SPDX-License-Identifier: Apache-2.0
"""Runs kubectl as somebody would who has no kubeconfig."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import Any

TIMEOUT = 30.0


class Kubectl:
    """kubectl with an empty home, in one namespace. It finds the server where it looks by itself: localhost:8080."""

    def __init__(self, home: Path, namespace: str | None = None) -> None:
        self.home = home
        self.namespace = namespace
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("KUBE", "HOME"))}
        self.environment = {**kept, "HOME": str(home)}

    def command(self, *arguments: str) -> list[str]:
        return ["kubectl", *(["--namespace", self.namespace] if self.namespace else []), *arguments]

    def run(
        self, *arguments: str, stdin: str | None = None, environment: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments), input=stdin, capture_output=True, text=True, timeout=TIMEOUT,
            env={**self.environment, **(environment or {})}, cwd=self.home,
        )  # fmt: skip

    def __call__(self, *arguments: str, stdin: str | None = None, environment: dict[str, str] | None = None) -> str:
        """What kubectl prints to its standard output. It must succeed."""
        result = self.run(*arguments, stdin=stdin, environment=environment)
        assert result.returncode == 0, (
            f"kubectl {' '.join(arguments)}: {result.returncode}\n{result.stdout}{result.stderr}"
        )
        return result.stdout

    def lines(self, *arguments: str, stdin: str | None = None) -> list[str]:
        return self(*arguments, stdin=stdin).splitlines()

    def object(self, *arguments: str) -> dict[str, Any]:
        value = json.loads(self(*arguments, "--output", "json"))
        assert isinstance(value, dict)
        return value

    def fails(self, *arguments: str, stdin: str | None = None) -> str:
        """What kubectl prints to its standard error. It must fail with status 1."""
        result = self.run(*arguments, stdin=stdin)
        assert result.returncode == 1, (
            f"kubectl {' '.join(arguments)}: {result.returncode}\n{result.stdout}{result.stderr}"
        )
        return result.stderr

    @contextmanager
    def start(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """A kubectl that runs on, its two outputs joined. It is ended with the block, or after a while."""
        with subprocess.Popen(
            self.command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=self.environment
        ) as process:
            watchdog = Timer(TIMEOUT, process.kill)
            watchdog.start()
            try:
                yield process
            finally:
                watchdog.cancel()
                process.kill()


def version_number(text: str) -> tuple[int, ...]:
    """`v1.36.4` or `1.36` as numbers that compare."""
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def client_version() -> tuple[int, ...]:
    """The version of the kubectl on the PATH."""
    output = subprocess.run(["kubectl", "version", "--client", "--output", "json"], capture_output=True, check=True)
    return version_number(json.loads(output.stdout)["clientVersion"]["gitVersion"])


def cells(line: str) -> list[str]:
    """The cells of a printed row, which kubectl keeps at least three blanks apart."""
    return re.split(r" {3,}", line.strip())


PLACE = "topology.kubernetes.io/"


def own_labels(labels: dict[str, str]) -> dict[str, str]:
    """The labels of a pod without those of its node's place, which it gets when it is bound: both or neither."""
    place = {name: value for name, value in labels.items() if name.startswith(PLACE)}
    if place:
        assert place.keys() == {f"{PLACE}region", f"{PLACE}zone"}
        assert place[f"{PLACE}region"] == "podium" and re.fullmatch("zone-[abc]", place[f"{PLACE}zone"])
    return {name: value for name, value in labels.items() if name not in place}
