# SPDX-License-Identifier: Apache-2.0
"""kubectl in containers: exec, cp, attach, run, debug and port-forward, over WebSockets and over SPDY."""

from __future__ import annotations

import filecmp
import hashlib
import os
import re
import shlex
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from kubectl import Kubectl

TRANSPORTS = {
    "websocket": {},
    "spdy": {"KUBECTL_REMOTE_COMMAND_WEBSOCKETS": "false", "KUBECTL_PORT_FORWARD_WEBSOCKETS": "false"},
}


@pytest.fixture(params=TRANSPORTS)
def transport(kubectl: Kubectl, request: pytest.FixtureRequest) -> str:
    """The way on which kubectl gets into containers."""
    kubectl.environment.update(TRANSPORTS[request.param])
    return str(request.param)


@pytest.fixture
def box(kubectl: Kubectl) -> str:
    """A container in which nothing happens."""
    return start(kubectl, "box", "--image=busybox:1.36", "--", "sleep", "100000")


def start(kubectl: Kubectl, name: str, *arguments: str) -> str:
    kubectl("run", name, *arguments)
    kubectl("wait", f"pod/{name}", "--for=condition=Ready", "--timeout=20s")
    return name


# --- Commands


def test_exec(kubectl: Kubectl, transport: str, box: str) -> None:
    result = kubectl.run("exec", box, "--", "sh", "-c", "echo out; echo err >&2; exit 3")
    assert (result.stdout, result.stderr, result.returncode) == (
        "out\n", "err\ncommand terminated with exit code 3\n", 3,
    )  # fmt: skip
    assert kubectl("exec", "-i", box, "--", "cat", stdin="given\n") == "given\n"
    # A command whose input ends is told so.
    assert kubectl("exec", "-i", box, "--", "sh", "-c", "wc -l; echo over", stdin="1\n2\n") == "2\nover\n"
    # Many at once do not get into each other's way.
    with ThreadPoolExecutor(8) as pool:
        outputs = pool.map(lambda index: kubectl("exec", box, "--", "echo", str(index)), range(16))
        assert list(outputs) == [f"{index}\n" for index in range(16)]


def test_exec_of_what_cannot_be_run(kubectl: Kubectl, transport: str, box: str) -> None:
    message = kubectl.fails("exec", box, "--", "nosuch")
    assert 'exec: "nosuch": executable file not found in $PATH' in message
    assert kubectl.fails("exec", box, "-c", "other", "--", "true") == (
        "error: container other is not valid for pod box out of: box\n"
    )
    assert 'pods "nobody" not found' in kubectl.fails("exec", "nobody", "--", "true")
    kubectl("run", "ended", "--image=busybox:1.36", "--restart=Never", "--", "true")
    kubectl("wait", "pod/ended", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=20s")
    assert "cannot exec into a container in a completed pod" in kubectl.fails("exec", "ended", "--", "true")


def test_output_comes_as_it_is_written(kubectl: Kubectl, transport: str, box: str) -> None:
    command = kubectl.command("exec", box, "--", "sh", "-c", "for i in 1 2 3; do echo $i; sleep 0.4; done")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=kubectl.environment) as process:
        assert process.stdout
        times = []
        while line := process.stdout.readline():
            times.append((line, time.monotonic()))
        assert [line for line, _ in times] == ["1\n", "2\n", "3\n"]
        assert times[2][1] - times[0][1] > 0.5


def test_copy(kubectl: Kubectl, transport: str, box: str, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "inner" / "deep").mkdir(parents=True)
    (tree / "inner" / "deep" / "random").write_bytes(os.urandom(1_500_000))
    (tree / "text").write_text("wörter\n" * 100)
    (tree / "empty").touch()
    (tree / "script").write_text("#!/bin/sh\necho copied\n")
    (tree / "script").chmod(0o755)
    kubectl("cp", str(tree), f"{box}:/tmp/tree")
    assert kubectl("exec", box, "--", "/tmp/tree/script") == "copied\n"
    kubectl("cp", f"{box}:/tmp/tree", str(tmp_path / "back"))
    compared = filecmp.dircmp(tree, tmp_path / "back")

    def check(part: filecmp.dircmp[str]) -> None:
        assert not part.left_only and not part.right_only and not part.diff_files and not part.funny_files
        for inner in part.subdirs.values():
            check(inner)

    check(compared)
    assert (tmp_path / "back" / "inner" / "deep" / "random").read_bytes() == (
        tree / "inner" / "deep" / "random"
    ).read_bytes()


def test_much_goes_both_ways(kubectl: Kubectl, transport: str, box: str) -> None:
    data = os.urandom(5_000_000)
    command = kubectl.command("exec", "-i", box, "--", "sh", "-c", "cat > /tmp/data; md5sum < /tmp/data")
    given = subprocess.run(command, input=data, capture_output=True, timeout=60, env=kubectl.environment, check=True)
    assert given.stdout.split()[0].decode() == hashlib.md5(data).hexdigest()
    command = kubectl.command("exec", box, "--", "cat", "/tmp/data")
    taken = subprocess.run(command, capture_output=True, timeout=60, env=kubectl.environment, check=True)
    assert taken.stdout == data


# --- Looks at containers


def test_attach(kubectl: Kubectl, transport: str) -> None:
    start(kubectl, "ticker", "--image=busybox:1.36", "--", "sh", "-c", "while sleep 0.2; do i=$((i+1)); echo t$i; done")
    command = kubectl.command("attach", "ticker")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=kubectl.environment) as process:
        assert process.stdout
        ticks = [int(process.stdout.readline().strip()[1:]) for _ in range(3)]
        process.terminate()
    assert ticks == list(range(ticks[0], ticks[0] + 3))


def test_run_and_remove(kubectl: Kubectl, transport: str) -> None:
    arguments = ("--image=busybox:1.36", "--restart=Never", "--quiet")
    result = kubectl.run("run", "late", "-i", "--rm", *arguments, "--", "sh", "-c", "sleep 1; echo late", stdin="")
    assert (result.returncode, result.stdout) == (0, "late\n"), result.stderr
    # The shell reads from whoever is attached, and its code is that of kubectl.
    result = kubectl.run("run", "told", "-i", "--rm", *arguments, "--", "sh", stdin="echo $((6 * 7)); exit 4\n")
    assert result.returncode == 4 and result.stdout.startswith("42\n"), result.stderr
    assert kubectl.object("get", "pods")["items"] == []


# --- Terminals


class Terminal:
    """A window of tmux."""

    def __init__(self, kubectl: Kubectl, name: str, *arguments: str) -> None:
        self.name = name
        self.socket = str(kubectl.home / "tmux")
        self.environment = {**kubectl.environment, "LC_ALL": "C.UTF-8", "TERM": "xterm"}
        line = shlex.join(kubectl.command(*arguments)) + "; echo ended with $?; sleep 60"
        self.tmux("-f", "/dev/null", "new-session", "-d", "-s", name, "-x", "80", "-y", "24", line)

    def tmux(self, *arguments: str) -> str:
        command = ["tmux", "-u", "-S", self.socket, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, env=self.environment).stdout

    def type(self, *keys: str) -> None:
        self.tmux("send-keys", "-t", self.name, *keys)

    def text(self) -> str:
        return self.tmux("capture-pane", "-p", "-t", self.name).rstrip("\n")

    def shows(self, pattern: str) -> str:
        """Waits until the end of what is shown fits."""
        deadline = time.monotonic() + 15
        while not re.search(pattern + r"\s*\Z", text := self.text()):
            assert time.monotonic() < deadline, f"{pattern!r} does not come:\n{text}"
            time.sleep(0.05)
        return text


@pytest.fixture
def terminal(kubectl: Kubectl) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def open_terminal(*arguments: str) -> Terminal:
        opened.append(Terminal(kubectl, f"t{len(opened)}", *arguments))
        return opened[-1]

    yield open_terminal
    if opened:
        opened[0].tmux("kill-server")


def test_a_shell_in_a_terminal(kubectl: Kubectl, transport: str, box: str, terminal: Callable[..., Terminal]) -> None:
    shell = terminal("exec", "-it", box, "--", "sh")
    shell.shows(r"/ #")
    shell.type("stty size; tty", "Enter")
    shell.shows(r"24 80\n/dev/pts/0\n/ #")
    # What is typed can be edited before it is read.
    shell.type("echo wrong", "C-u", "echo wörx", "BSpace", "ld one two", "C-w", "2", "Enter")
    shell.shows(r"echo wörld one 2\nwörld one 2\n/ #")
    # A key ends what runs, and not the shell.
    shell.type("sleep 1000", "Enter")
    time.sleep(0.3)
    shell.type("C-c")
    shell.shows(r"sleep 1000\n\^C\n/ #")
    shell.type("half a command", "C-c")
    shell.shows(r"half a command\^C\n/ #")
    shell.type("for i in 1 2", "Enter")
    shell.shows(r">")
    shell.type("do echo [$i]; done", "Enter")
    shell.shows(r"\[1\]\n\[2\]\n/ #")
    # A program finds the end of what is typed, and the shell goes on.
    shell.type("wc -l", "Enter", "a", "Enter", "b", "Enter", "C-d")
    shell.shows(r"\n2\n/ #")
    shell.tmux("resize-window", "-t", shell.name, "-x", "100", "-y", "30")
    time.sleep(0.5)
    shell.type("clear; stty size", "Enter")
    shell.shows(r"30 100\n/ #")
    shell.type("exit 7", "Enter")
    shell.shows(r"command terminated with exit code 7\nended with 7")


def test_run_and_debug_in_a_terminal(kubectl: Kubectl, box: str, terminal: Callable[..., Terminal]) -> None:
    run = terminal("run", "-it", "--rm", "--restart=Never", "shell", "--image=busybox:1.36", "--", "sh")
    run.shows(r"try pressing enter\.(\n/ #)?")
    run.type("echo from $HOSTNAME", "Enter")
    run.shows(r"from shell\n/ #")
    run.type("C-d")
    run.shows(r'pod "shell" deleted from \S+ namespace\nended with 0')
    debug = terminal("debug", "-it", box, "--image=busybox:1.36", f"--target={box}", "--", "sh")
    debug.shows(r"try pressing enter\.(\n/ #)?")
    debug.type("echo in $HOSTNAME", "Enter")
    debug.shows(r"in box\n/ #")


def test_debian_prompts_as_it_does(kubectl: Kubectl, terminal: Callable[..., Terminal]) -> None:
    start(kubectl, "deb", "--image=debian:12", "--", "sleep", "100000")
    shell = terminal("exec", "-it", "deb", "--", "bash")
    shell.shows(r"root@deb:/#")
    shell.type("cd /etc; cat <<X", "Enter")
    shell.shows(r"\n>")
    shell.type("kept", "Enter")
    shell.shows(r"> kept\n>")
    shell.type("X", "Enter")
    shell.shows(r"> X\nkept\nroot@deb:/etc#")


# --- Ports


@contextmanager
def forwarded(kubectl: Kubectl, *arguments: str) -> Iterator[list[int]]:
    """The local ports of a `kubectl port-forward`."""
    command = kubectl.command("port-forward", "--address=127.0.0.1", *arguments)
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=kubectl.environment
    )
    assert process.stdout and process.stderr
    try:
        count = sum(":" in argument for argument in arguments)
        ports = [int(process.stdout.readline().split()[2].rpartition(":")[2]) for _ in range(count)]
        # kubectl must not wait for whoever reads what it says.
        for stream in (process.stdout, process.stderr):
            Thread(target=stream.read, daemon=True).start()
        yield ports
    finally:
        process.terminate()
        process.wait()


def fetch(port: int, path: str = "/") -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
        data = answer.read()
        assert isinstance(data, bytes)
        return data


def test_port_forward(kubectl: Kubectl, transport: str) -> None:
    start(kubectl, "web", "--image=nginx:1.27", "--port=80")
    data = os.urandom(10_000_000)
    command = kubectl.command("exec", "-i", "web", "--", "sh", "-c", "cat > /usr/share/nginx/html/data")
    subprocess.run(command, input=data, check=True, timeout=60, env=kubectl.environment)
    with forwarded(kubectl, "pod/web", ":80", ":80") as (first, second):
        assert b"Welcome to nginx" in fetch(first)
        with ThreadPoolExecutor(50) as pool:
            assert set(pool.map(lambda index: fetch([first, second][index % 2]), range(50))) == {fetch(first)}
        assert fetch(first, "/data") == data
        with pytest.raises(urllib.error.HTTPError, match="404"):
            fetch(second, "/nothing")
    kubectl("expose", "pod", "web", "--port=8888", "--target-port=80")
    with forwarded(kubectl, "service/web", ":8888") as (port,):
        assert b"Welcome to nginx" in fetch(port)


def test_what_nobody_listens_on_is_refused(kubectl: Kubectl, transport: str, box: str) -> None:
    with forwarded(kubectl, f"pod/{box}", ":9") as (port,), socket.create_connection(("127.0.0.1", port)) as client:
        client.settimeout(15)
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        try:
            assert client.recv(1) == b""
        except ConnectionResetError:
            pass


def test_an_unknown_server_answers_where_it_is_expected(kubectl: Kubectl, transport: str) -> None:
    start(kubectl, "unknown", "--image=example.com/server:1", "--port=8080")
    with forwarded(kubectl, "pod/unknown", ":8080") as (port,):
        assert fetch(port, "/whatever") == b"ok\n"
