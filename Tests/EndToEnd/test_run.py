# SPDX-License-Identifier: Apache-2.0
"""What somebody meets who starts Podium from a test: kubeconfigs, the first line as JSON, `podium run`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import yaml

from server import Server, podium_binary


def podium(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([podium_binary(), *arguments], capture_output=True, text=True, timeout=30, **options)


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 10
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} does not come"
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("arguments", "url"),
    [
        ([], "http://127.0.0.1:8080"),
        (["--server", "127.0.0.1:18200"], "http://127.0.0.1:18200"),
        (["--server", "http://127.0.0.1:18200"], "http://127.0.0.1:18200"),
        (["--server", "http://127.0.0.1:18200/"], "http://127.0.0.1:18200"),
        (["--server", "http://localhost"], "http://localhost:80"),
        (["--server", "https://podium.example"], "https://podium.example:443"),
        (["--server", "[::1]:8080"], "http://[::1]:8080"),
        (["--server", "http://[::1]:8080"], "http://[::1]:8080"),
        (["--server", "http://127.0.0.1:1/clusters/one"], "http://127.0.0.1:1/clusters/one"),
        (["--cluster", "one"], "http://127.0.0.1:8080/clusters/one"),
    ],
)
def test_a_kubeconfig_has_the_server_and_a_user(arguments: list[str], url: str) -> None:
    config = yaml.safe_load(podium("kubeconfig", *arguments).stdout)
    assert config["clusters"][0]["cluster"]["server"] == url
    assert config["users"][0]["user"]["token"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--server", "ftp://127.0.0.1:1"],
        ["--server", "http://"],
        ["--server", "http://a b:1"],
        ["--server", 'http://a":1'],
        ["--server", "http://127.0.0.1:70000"],
        ["--server", "http://127.0.0.1:1/somewhere"],
        ["--server", "http://127.0.0.1:1/clusters/Bad_Name"],
        ["--server", "http://127.0.0.1:1/clusters/a", "--cluster", "b"],
        ["--server", "unix:/tmp/podium.sock"],
        ["--server", "nowhere"],
        ["--cluster", "Bad"],
        ["--token", ""],
        ["--token", "two words"],
    ],
)
def test_a_kubeconfig_for_nowhere_is_refused(arguments: list[str]) -> None:
    result = podium("kubeconfig", *arguments)
    assert result.returncode != 0
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")


def test_a_quote_in_a_token_stays_in_the_token() -> None:
    config = yaml.safe_load(podium("kubeconfig", "--token", 'a"b\\c}').stdout)
    assert config["users"][0]["user"] == {"token": 'a"b\\c}'}


def test_the_kubeconfig_of_a_server_comes_and_goes_with_it(tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    with Server("--kubeconfig", str(path)) as server:
        wait_for(path)
        assert path.stat().st_mode & 0o777 == 0o600
        config = yaml.safe_load(path.read_text())
        assert config["clusters"][0]["cluster"]["server"] == f"http://127.0.0.1:{server.port}"
    assert not path.exists()


def test_a_kubeconfig_of_somebody_else_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text("apiVersion: v1\nkind: Config\n")
    result = podium("serve", "--listen", "127.0.0.1:0", "--kubeconfig", str(path))
    assert result.returncode != 0
    assert "was not written by podium serve" in result.stderr
    assert path.read_text() == "apiVersion: v1\nkind: Config\n"


def test_the_kubeconfig_has_a_token_of_the_token_file(tmp_path: Path) -> None:
    tokens, path = tmp_path / "tokens.csv", tmp_path / "kubeconfig"
    tokens.write_text('secret,admin,1,"system:masters"\nother,o,2\n')
    with Server("--kubeconfig", str(path), "--token-auth-file", str(tokens)):
        wait_for(path)
        assert yaml.safe_load(path.read_text())["users"][0]["user"] == {"token": "secret"}


def test_the_first_line_as_json() -> None:
    command = [podium_binary(), "serve", "--listen", "127.0.0.1:0", "--output", "json", "--nodes", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        line = json.loads(process.stdout.readline())
        with urllib.request.urlopen(f"{line['url']}/readyz") as answer:
            assert answer.status == 200
        process.terminate()
    assert (line["nodes"], line["clock"], line["kubeconfig"], line["pid"]) == (2, "real", None, process.pid)


def test_a_server_ends_with_its_parent(tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    script = (
        "import subprocess, sys, time, pathlib\n"
        "subprocess.Popen(sys.argv[2:])\n"
        "while not pathlib.Path(sys.argv[1]).exists(): time.sleep(0.02)\n"
        "print(pathlib.Path(sys.argv[1]).read_text())\n"
    )
    server = [str(podium_binary()), "serve", "--listen", "127.0.0.1:0", "--exit-with-parent", "--kubeconfig", str(path)]
    parent = subprocess.run(
        [sys.executable, "-c", script, str(path), *server], stdout=subprocess.PIPE, text=True, timeout=20, check=True
    )
    url = yaml.safe_load(parent.stdout[parent.stdout.index("apiVersion") :])["clusters"][0]["cluster"]["server"]
    deadline = time.monotonic() + 10
    while path.exists():
        assert time.monotonic() < deadline, "the server lives on"
        time.sleep(0.02)
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"{url}/readyz", timeout=2)


@pytest.mark.parametrize(
    ("command", "status"),
    [
        (["true"], 0),
        (["sh", "-c", "exit 7"], 7),
        (["sh", "-c", "kill -9 $$"], 137),
        (["no-such-command"], 127),
        (["/etc/passwd"], 126),
    ],
)
def test_run_ends_as_its_command_does(command: list[str], status: int) -> None:
    assert podium("run", "--", *command).returncode == status


def test_run_gives_its_command_a_cluster() -> None:
    script = (
        "import os, urllib.request\n"
        "print(open(os.environ['KUBECONFIG']).read())\n"
        "print(urllib.request.urlopen(os.environ['PODIUM_URL'] + '/api/v1/nodes/node-2').status)\n"
    )
    result = podium("run", "--nodes", "2", "--controllers=", "--", sys.executable, "-c", script, "--empty=")
    assert result.returncode == 0, result.stderr
    assert result.stdout.endswith("200\n")
    server = yaml.safe_load(result.stdout.removesuffix("200\n"))["clusters"][0]["cluster"]["server"]
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(server, timeout=2)


def test_run_passes_arguments_on_as_they_are() -> None:
    assert podium("run", "--", "echo", "--x=", "--", "a b").stdout == "--x= -- a b\n"


def test_run_keeps_its_folder_clean(tmp_path: Path) -> None:
    podium("run", "--", "true", env={**os.environ, "TMPDIR": str(tmp_path)})
    assert list(tmp_path.iterdir()) == []


def test_run_passes_a_request_to_end_on(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    script = f"trap 'exit 5' TERM; touch {ready}; while :; do sleep 0.1; done"
    with subprocess.Popen([podium_binary(), "run", "--", "sh", "-c", script]) as process:
        wait_for(ready)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 5


@pytest.mark.parametrize("arguments", [["run"], ["run", "--listen", "unix:/tmp/p", "--", "true"]])
def test_run_says_what_it_lacks(arguments: list[str]) -> None:
    result = podium(*arguments)
    assert result.returncode == 64
    assert result.stderr.startswith("Error: ")


@pytest.mark.parametrize(
    ("arguments", "usage"),
    [
        (["run", "--help"], "USAGE: podium run [<options>] -- [<command> ...]"),
        (["run", "--no-such-option", "--", "true"], "Usage: podium run "),
        (["run", "--nodes", "-1", "--", "true"], "Usage: podium run "),
        (["run", "--output", "json", "--", "true"], "Usage: podium run "),
        (["serve", "--help"], "USAGE: podium serve "),
        (["serve", "--nodes", "9999"], "Usage: podium serve "),
    ],
)
def test_usage_names_the_command_that_was_called(arguments: list[str], usage: str) -> None:
    result = podium(*arguments)
    lines = (result.stdout + result.stderr).splitlines()
    found = [line for line in lines if line.lower().startswith("usage:")]
    assert found and found[0].startswith(usage), lines


def test_serve_and_run_have_the_same_options_of_a_server() -> None:
    options = [
        {word for word in podium(command, "--help").stdout.split() if word.startswith("--") and len(word) > 2}
        for command in ("serve", "run")
    ]
    assert options[0] - options[1] == {"--output"}
    assert options[1] - options[0] == set()
