# SPDX-License-Identifier: Apache-2.0
"""What the server tells about itself: metrics, health, version, its address, and the head of every answer."""

from __future__ import annotations

import json
import re
import subprocess
import threading
import time

import pytest

from api import Api, error_of
from manifests import WEB_POD
from raw import exchange, request_bytes
from server import Server, podium_binary

PODS = "/api/v1/namespaces/default/pods"
SAMPLE = re.compile(r"^([a-z_]+)(?:\{(.*)\})? (\S+)$")


def metrics(api: Api, path: str = "/metrics") -> dict[str, float]:
    """The samples by name and labels, as written."""
    answer = api.send("GET", path)
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    samples: dict[str, float] = {}
    families: set[str] = set()
    for line in answer.body.decode().splitlines():
        if line.startswith("# TYPE "):
            family = line.split()[2]
            assert family not in families, family
            families.add(family)
        if line.startswith("#"):
            continue
        match = SAMPLE.match(line)
        assert match, line
        key = line.rsplit(" ", 1)[0]
        assert key not in samples, key
        samples[key] = float(match[3])
    return samples


def total(samples: dict[str, float], name: str, **labels: str) -> float:
    """The sum of the samples with these labels."""
    wanted = [f'{key}="{value}"' for key, value in labels.items()]
    return sum(
        value
        for key, value in samples.items()
        if key.split("{")[0] == name and all(label in re.split(r"[{},]", key) for label in wanted)
    )


def test_requests_are_counted(server: Server) -> None:
    api = server.api
    before = metrics(api)
    for _ in range(5):
        assert api.send("GET", PODS).status == 200
    assert api.send("GET", f"{PODS}/missing").status == 404
    assert api.send("POST", f"{PODS}?dryRun=All", b"{").status == 400
    after = metrics(api)

    def grown(name: str, **labels: str) -> float:
        return total(after, name, **labels) - total(before, name, **labels)

    pods = {"resource": "pods", "group": "", "version": "v1", "component": "apiserver"}
    listed = {**pods, "verb": "LIST", "scope": "namespace", "code": "200"}
    assert grown("apiserver_request_total", **listed) == 5
    assert grown("apiserver_request_total", **pods, verb="GET", scope="resource", code="404") == 1
    assert grown("apiserver_request_total", **pods, verb="POST", code="400", dry_run="All") == 1
    durations = "apiserver_request_duration_seconds"
    assert grown(f"{durations}_count", **pods, verb="LIST") == 5
    assert grown(f"{durations}_bucket", **pods, verb="LIST", le="+Inf") == 5
    assert grown(f"{durations}_bucket", **pods, verb="LIST", le="60") == 5
    assert after['apiserver_current_inflight_requests{request_kind="readOnly"}'] >= 1


def test_watches_are_counted_while_they_are_open() -> None:
    with Server() as server:
        api = server.api
        watcher = threading.Thread(target=lambda: api.send("GET", f"{PODS}?watch=1&timeoutSeconds=2"))
        watcher.start()

        def open_watches() -> float:
            return total(metrics(Api("127.0.0.1", server.port)), "apiserver_longrunning_requests", verb="WATCH")

        limit = time.monotonic() + 5
        while open_watches() != 1 and time.monotonic() < limit:
            pass
        other = Api("127.0.0.1", server.port)
        assert open_watches() == 1
        assert other.send("POST", PODS, WEB_POD, "application/yaml").status == 201
        watcher.join()
        samples = metrics(other)
    assert total(samples, "apiserver_longrunning_requests", verb="WATCH") == 0
    assert total(samples, "apiserver_request_total", verb="WATCH", code="200") == 1
    assert total(samples, "apiserver_watch_events_total", resource="pods") >= 1


def test_durations_come_in_upstreams_buckets(server: Server) -> None:
    server.api.get(PODS)
    server.api.send("DELETE", f"{PODS}?dryRun=All")
    samples = metrics(server.api)
    for name, first in (("request_duration_seconds", "0.005"), ("request_sli_duration_seconds", "0.05")):
        name = f"apiserver_{name}"
        of_lists = {key: value for key, value in samples.items() if key.startswith(name) and 'verb="LIST"' in key}
        bounds = [re.search('le="([^"]*)"', key)[1] for key in of_lists if "_bucket" in key and 'resource="pods"' in key]
        assert bounds[0] == first and bounds[-2:] == ["60", "+Inf"]
        assert total(samples, f"{name}_bucket", verb="LIST", resource="pods", le="+Inf") == total(
            samples, f"{name}_count", verb="LIST", resource="pods"
        )
    # What objectives are about knows of no dry runs.
    assert not any("dry_run" in key for key in samples if key.startswith("apiserver_request_sli"))
    assert total(samples, "apiserver_request_sli_duration_seconds_count", verb="DELETECOLLECTION") >= 1


def test_objects_and_the_process_are_measured(server: Server) -> None:
    samples = metrics(server.api)
    assert samples['apiserver_storage_objects{resource="nodes"}'] == 3
    assert samples['apiserver_resource_objects{group="",resource="nodes"}'] == 3
    assert samples["podium_resource_version"] > 1
    assert abs(samples["podium_clock_seconds"] - time.time()) < 60
    assert samples["process_resident_memory_bytes"] > 1 << 20
    assert samples["process_open_fds"] > 3
    assert samples["process_cpu_seconds_total"] >= 0
    assert abs(samples["process_start_time_seconds"] - time.time()) < 3600
    assert 'podium_pods{phase="Running"}' in samples
    slis = metrics(server.api, "/metrics/slis")
    assert slis['kubernetes_healthcheck{name="ping",type="readyz"}'] == 1


def test_health_is_told_check_by_check(server: Server) -> None:
    verbose = server.api.send("GET", "/readyz?verbose").body.decode().splitlines()
    names = [line[3:].removesuffix(" ok") for line in verbose if line.startswith("[+]")]
    assert {"ping", "etcd", "shutdown", "poststarthook/start-system-namespaces-controller"} <= set(names)
    for name in names:
        assert server.api.send("GET", f"/readyz/{name}").body == b"ok"
    paths = json.loads(server.api.send("GET", "/").body)["paths"]
    assert {f"/readyz/{name}" for name in names} <= set(paths)
    assert {"/metrics", "/openapi/v2", "/openid/v1/jwks", "/version", "/api/v1", "/apis/apps/v1"} <= set(paths)
    assert {path: server.api.send("GET", path).status for path in paths} == dict.fromkeys(paths, 200)
    assert server.api.send("GET", "/readyz/poststarthook/none").status == 404
    assert b"Up: " in server.api.send("GET", "/statusz").body


def test_the_version_is_exactly_upstreams(server: Server) -> None:
    # A kubectl of this release takes the server for its own (--match-server-version) when these three are equal.
    version = json.loads(server.api.send("GET", "/version").body)
    assert (version["gitVersion"], version["gitTreeState"]) == ("v1.36.2", "clean")
    assert version["gitCommit"] == "24e2b02af5543d7910c2bb074c7264df5a8f0467"


def test_the_address_is_that_of_the_listener(server: Server) -> None:
    document = json.loads(server.api.send("GET", "/api").body)
    assert document["serverAddressByClientCIDRs"] == [
        {"clientCIDR": "0.0.0.0/0", "serverAddress": f"127.0.0.1:{server.port}"}
    ]


@pytest.mark.parametrize("path", ["/version", PODS, f"{PODS}/missing", "/nosuch", "/readyz", "/metrics", "/api"])
def test_every_answer_has_an_audit_id_and_is_not_cached(server: Server, path: str) -> None:
    first, second = server.api.send("GET", path), server.api.send("GET", path)
    assert first.headers["audit-id"] != second.headers["audit-id"]
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", first.headers["audit-id"])
    assert first.headers["cache-control"] == "no-cache, private"
    own = exchange(server.port, request_bytes("GET", path, {"Audit-ID": "mine"}))
    assert own and own.headers["audit-id"] == "mine"


def test_reading_does_not_change_the_history() -> None:
    def history(reads: int) -> list[object]:
        with Server("--clock", "virtual") as server:
            seen: list[object] = []
            for step in range(5):
                for _ in range(reads // 5):
                    server.api.send("GET", PODS)
                pod = {"metadata": {"generateName": "p-"}, "spec": {"containers": [{"name": "c", "image": "x"}]}}
                answer = server.api.send("POST", PODS, pod)
                server.api.send("POST", "/podium/v1/clock/advance", b'{"by":"30s"}')
                seen.append(json.loads(answer.body)["metadata"])
            seen.append(json.loads(server.api.send("GET", PODS).body))
            return seen

    assert history(0) == history(1_000)


def test_every_option_is_among_the_flags() -> None:
    help_text = subprocess.run([podium_binary(), "serve", "--help"], capture_output=True, text=True, check=True).stdout
    # `output` says how the command writes its first line, and nothing of the server.
    options = set(re.findall(r"^  --([a-z-]+)", help_text, re.MULTILINE)) - {"version", "output"}
    with Server("--nodes", "1", "--seed", "4711", "--authorization-mode", "RBAC,AlwaysAllow") as server:
        answer = server.api.send("GET", "/flagz")
    assert answer.status == 200 and answer.headers["content-type"].startswith("text/plain")
    title, flags = answer.body.decode().split("\n\n", 1)
    assert title.startswith("\nkube-apiserver flagz\nWarning: ")
    shown = dict(line.split("=", 1) for line in flags.splitlines())
    assert set(shown) == options
    assert (shown["nodes"], shown["authorization-mode"], shown["event-ttl"]) == ("1", "RBAC,AlwaysAllow", "1h")
    # A seed is as good as the key that is made of it.
    assert "4711" not in flags
