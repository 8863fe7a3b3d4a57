# SPDX-License-Identifier: Apache-2.0
"""Runs the tour of README.md as a reader would, and compares what is printed with what it says."""

from __future__ import annotations

import os
import re
import selectors
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from conftest import require_kubectl_port
from server import podium_binary

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()

COMMAND_SECONDS = 20.0
ANYTHING = "…"


class Step(NamedTuple):
    command: str
    expected: list[str]


def section(title: str) -> str:
    match = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", README, re.MULTILINE | re.DOTALL)
    assert match, f"README.md has no section {title!r}"
    return match[1]


def tour() -> list[Step]:
    """The commands behind `$`, with the lines behind `>` that go on with them and what they are to print."""
    steps: list[Step] = []
    for block in re.findall(r"^```console\n(.*?)^```$", section("One-minute tour"), re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                steps.append(Step(line[2:], []))
            elif line.startswith("> "):
                steps[-1] = Step(f"{steps[-1].command}\n{line[2:]}", steps[-1].expected)
            else:
                steps[-1].expected.append(line)
    return steps


def matches(expected: list[str], output: str) -> bool:
    """Whether the output is as expected, the width of gaps aside."""
    lines = [" ".join(line.split()) for line in output.splitlines()]
    patterns = [".*".join(re.escape(part) for part in " ".join(line.split()).split(ANYTHING)) for line in expected]
    return len(lines) == len(patterns) and all(
        re.fullmatch(pattern, line) for pattern, line in zip(patterns, lines, strict=True)
    )


class Terminal:
    """One shell that the commands are typed into."""

    MARK = "-- status "

    def __init__(self, home: Path) -> None:
        binaries = home / "bin"
        binaries.mkdir()
        (binaries / "podium").symlink_to(podium_binary())
        kept = {name: value for name, value in os.environ.items() if not name.startswith("KUBE")}
        self.shell = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env={**kept, "HOME": str(home), "PATH": f"{binaries}:{os.environ['PATH']}"},
        )

    def run(self, step: Step) -> str:
        """What the command prints. One in the background may print a little after it has returned."""
        assert self.shell.stdin is not None
        self.shell.stdin.write(f"{step.command}\nstatus=$?; echo; echo '{self.MARK}'$status\n".encode())
        self.shell.stdin.flush()
        text, status = "", None
        deadline = time.monotonic() + COMMAND_SECONDS
        while time.monotonic() < deadline and (status is None or not matches(step.expected, text)):
            text += self._read(deadline)
            if match := re.search(rf"\n?{self.MARK}(\d+)\n", text):
                status = match[1]
                text = text.replace(match[0], "", 1).strip("\n")
                if not step.command.endswith("&"):
                    break
        assert status == "0", f"$ {step.command}\n{text}\nstatus {status}"
        return text

    def _read(self, deadline: float) -> str:
        assert self.shell.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self.shell.stdout, selectors.EVENT_READ)
            if not selector.select(max(0, deadline - time.monotonic())):
                return ""
        return os.read(self.shell.stdout.fileno(), 65536).decode()

    def close(self) -> None:
        """Ends the shell, and a server that the tour has left running because a step of it failed."""
        assert self.shell.stdin is not None
        self.shell.stdin.write(b"kill $(jobs -p)\nwait\nexit\n")
        self.shell.stdin.close()
        self.shell.wait(10)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    require_kubectl_port()
    terminal = Terminal(tmp_path)
    yield terminal
    terminal.close()


@pytest.mark.kubectl("1.32")
def test_the_tour(terminal: Terminal) -> None:
    steps = tour()
    assert len(steps) > 15
    for step in steps:
        output = terminal.run(step)
        assert matches(step.expected, output), f"$ {step.command}\n{output}\n-- instead of\n" + "\n".join(step.expected)
        if step.command.startswith("kill"):
            # The next server needs the port.
            terminal.run(Step(f"wait {step.command.removeprefix('kill ')}", []))


def test_every_option_is_described() -> None:
    text = subprocess.run([podium_binary(), "serve", "--help"], capture_output=True, text=True, check=True).stdout
    options = set(re.findall(r"^  (--[a-z-]+)", text, re.MULTILINE)) - {"--version", "--help"}
    assert options == set(re.findall(r"^\| `(--[a-z-]+)` \|", section("Options"), re.MULTILINE))


def test_every_administrative_request_is_described() -> None:
    paths = yaml.safe_load((ROOT / "openapi/podium.yaml").read_text())["paths"]
    methods = ("get", "put", "post", "patch", "delete")
    described = {(method.upper(), path) for path, item in paths.items() for method in item if method in methods}
    rows = re.findall(r"^\| `([A-Z]+) (/\S+)` \|", section("Administration"), re.MULTILINE)
    assert set(rows) == described


def test_every_link_leads_somewhere() -> None:
    targets = [target for target in re.findall(r"\]\(([^)]+)\)", README) if "://" not in target]
    assert targets and all((ROOT / target).is_file() for target in targets)


@pytest.mark.parametrize(
    ("expected", "output", "result"),
    [
        (["a"], "a", True),
        (["a"], "b", False),
        (["a"], "a\na", False),
        (["a   …   c"], "a b c", True),
        (["a (… ago)"], "a (5m3s ago)", True),
        (["a.c"], "abc", False),
        ([], "", True),
    ],
)
def test_how_output_is_compared(expected: list[str], output: str, result: bool) -> None:
    assert matches(expected, output) is result
