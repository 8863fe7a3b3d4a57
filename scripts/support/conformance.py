"""Starts Podium as the recordings want it, replays them, and fails when fewer pass than ever before.

The figures in MINIMUM are what was reached; raise them when more passes, so that they never fall.
"""
import argparse
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

# Percent of all API cases; percent of the required lifecycle snapshots and of the lifecycle scenarios.
MINIMUM = {"api": 94.3, "snapshots": 99.3, "scenarios": 96.3}

TOKENS = 'admintoken,admin,admin-uid,"system:masters"\nlimitedtoken,limited,limited-uid,"limited-group"\n'


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A server on a port of its own for the length of a with block."""

    def __init__(self, podium, *arguments):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.command = [podium, "serve", "--listen", f"127.0.0.1:{self.port}", *arguments]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL)
        for _ in range(200):
            try:
                urllib.request.urlopen(f"{self.url}/readyz", timeout=1)
                return self
            except OSError:
                time.sleep(0.05)
        raise SystemExit(f"no answer from {' '.join(self.command)}")

    def __exit__(self, *_):
        alive = self.process.poll() is None
        self.process.terminate()
        self.process.wait(20)
        if not alive:
            raise SystemExit(f"the server died with status {self.process.returncode}")


def replay(script, *arguments):
    """Runs a replay and returns its output."""
    command = [sys.executable, os.path.join(script, "replay.py"), *arguments]
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=1500)
    return result.stdout


def share(passed, failed):
    return 100.0 * passed / max(1, passed + failed)


def run_api(podium, oracle):
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as tokens:
        tokens.write(TOKENS)
        tokens.flush()
        with Server(
            podium, "--nodes", "0", "--controllers=", "--disable-admission-plugins", "ServiceAccount",
            "--token-auth-file", tokens.name, "--authorization-mode", "RBAC",
        ) as server:
            output = replay(os.path.join(oracle, "api"), "--server", server.url, "--token", "admintoken", "--verbose", "0")
    groups = re.findall(r"^(\w+) +(\d+)/(\d+)$", output, re.M)
    for name, passed, total in groups:
        print(f"  {name:<12} {passed:>4}/{total:<4} {100 * int(passed) / int(total):5.1f} %")
    last = re.findall(r"^(\d+) passed, (\d+) failed$", output, re.M)
    if not last:
        raise SystemExit(output)
    return share(*map(int, last[-1]))


def run_lifecycle(podium, oracle):
    with Server(podium, "--clock", "virtual", "--nodes", "0", "--clusters") as server:
        output = replay(os.path.join(oracle, "lifecycle"), "--server", server.url, "--jobs", "2", "--verbose", "0")
    table = re.findall(r"^(\w+) +(\d+)/(\d+) +\d+% +(\d+)/(\d+) +\d+%", output, re.M)
    if not table or table[-1][0] != "all":
        raise SystemExit(output)
    for name, passed, total, seen, required in table:
        print(f"  {name:<12} {passed:>4}/{total:<4} scenarios {seen:>5}/{required:<5} snapshots")
    passed, total, seen, required = map(int, table[-1][1:])
    return 100.0 * seen / max(1, required), 100.0 * passed / max(1, total)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--podium", required=True)
    parser.add_argument("--oracle", required=True)
    options = parser.parse_args()
    figures = {"api": run_api(options.podium, options.oracle)}
    figures["snapshots"], figures["scenarios"] = run_lifecycle(options.podium, options.oracle)
    failed = False
    for name, figure in figures.items():
        fell = figure < MINIMUM[name]
        failed = failed or fell
        print(f"{name}: {figure:.1f} % (at least {MINIMUM[name]:.1f} %){' FELL' if fell else ''}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
