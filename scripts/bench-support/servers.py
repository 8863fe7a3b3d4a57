# SPDX-License-Identifier: Apache-2.0
"""Starts and stops the servers that are measured, and reads what the system knows of them."""
import os
import socket
import subprocess
import time

PATIENCE = 30.0
SIGNAL_INTERVAL = 2.0


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A server on a port of its own for the length of a with block."""

    def __init__(self, command, port):
        self.command = command
        self.port = port

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL)
        try:
            wait_for_answer(self.process, self.port)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        # A signal may come before a server that has just started listens to it: then again.
        for _ in range(int(PATIENCE / SIGNAL_INTERVAL)):
            self.process.terminate()
            try:
                self.process.wait(SIGNAL_INTERVAL)
                return
            except subprocess.TimeoutExpired:
                pass
        self.process.kill()
        self.process.wait()

    @property
    def resident(self):
        """Resident memory in bytes."""
        with open(f"/proc/{self.process.pid}/status") as status:
            for line in status:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) * 1024
        raise RuntimeError("the server has ended")

    @property
    def processor_seconds(self):
        """Processor time used so far, the kernel's share included."""
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Programs:
    """Where the programs are, and how each is started."""

    def __init__(self, podium, tools):
        self.podium_path = os.path.abspath(podium)
        self.tools = os.path.abspath(tools)

    def podium(self, *options):
        port = free_port()
        return Server([self.podium_path, "serve", "--listen", f"127.0.0.1:{port}", *options], port)

    def podium_api(self):
        """The API alone: nothing but requests changes an object."""
        return self.podium("--nodes", "0", "--controllers=", "--disable-admission-plugins", "ServiceAccount")

    def bare(self, size=2048):
        """The yardstick: libmicrohttpd with one thread a core, answering `size` fixed bytes."""
        port = free_port()
        return Server([self.tool("bare"), "-p", str(port), "-n", str(size)], port)

    def tool(self, name):
        return os.path.join(self.tools, name)


def wait_for_answer(process, port):
    """Returns as soon as the server has answered one request."""
    request = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args[0]} ended with status {process.returncode}")
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
                connection.sendall(request)
                if connection.recv(4096).startswith(b"HTTP/1.1 200"):
                    return
        except OSError:
            pass
        time.sleep(0.0002)
    raise RuntimeError(f"no answer from {process.args[0]}")
