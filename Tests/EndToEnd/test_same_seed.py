# SPDX-License-Identifier: Apache-2.0
"""The same seed and the same requests give the same bytes, with all controllers at work."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import test_charts_data as data
import test_charts_services as services
from api import Api
from charts import APPS, Chart, nodes
from server import Server

MANIFESTS = [
    data.WEB_WITH_CLAIM, data.DATABASE, data.BACKUP, data.PIPELINE, services.BLUE_GREEN, services.CANARY,
    services.AUTOSCALED, services.AGENT, services.OPERATOR,
]  # fmt: skip
WATCHED = ("/pods", "/events", "/deployments", "/jobs", "/endpointslices", "/resourcequotas")
QUOTA = {"metadata": {"name": "all"}, "spec": {"hard": {"pods": "60", "count/jobs.batch": "50"}}}


def collections(api: Api) -> list[str]:
    """The paths of everything that can be listed and watched."""
    groups = ["/api/v1"] + [
        f"/apis/{group['preferredVersion']['groupVersion']}" for group in api.get("/apis")["groups"]
    ]
    return [
        f"{group}/{resource['name']}"
        for group in groups
        for resource in api.get(group)["resources"]
        if {"list", "watch"} <= set(resource["verbs"])
    ]


def play(seed: int, home: Path) -> dict[str, bytes]:
    """What is served after a rollout, evictions and the loss of a node: lists and histories."""
    with Server("--clock", "virtual", "--seed", str(seed)) as server:
        api = server.api
        chart = Chart(server, home)
        start = str(api.get("/api/v1/namespaces")["metadata"]["resourceVersion"])
        api.create("/api/v1/namespaces/default/resourcequotas", QUOTA)
        for manifest in MANIFESTS:
            chart.apply(manifest)
        api.advance("3m")
        for name in ("wiki", "shop-blue", "api-stable"):
            chart.set_image("deployments", name, "web", "busybox:1.37")
        chart.set_image("statefulsets", "db", "server", "busybox:1.37")
        chart.evict("db-0")
        api.advance("4m")
        lost = sorted(nodes(chart.ready(app="db")))[0]
        chart.lose_node(lost)
        chart.power(lost, "on")
        api.delete(f"{APPS}/deployments/shop-blue")
        api.advance("30m")
        paths = collections(api)
        paths += [
            f"{path}?watch=1&resourceVersion={start}&timeoutSeconds=1" for path in paths if path.endswith(WATCHED)
        ]
        with ThreadPoolExecutor(len(WATCHED)) as threads:
            bodies = threads.map(lambda path: api.send("GET", path).body, paths)
            return dict(zip(paths, bodies))


def test_two_runs_are_one(home: Path) -> None:
    first, second, other = play(7, home), play(7, home), play(8, home)
    assert first.keys() == second.keys()
    assert [path for path in first if first[path] != second[path]] == []
    assert first["/api/v1/pods"] != other["/api/v1/pods"]
