# SPDX-License-Identifier: Apache-2.0
"""kubectl keeps pods away from nodes."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address, ip_network

import pytest

from kubectl import Kubectl, cells


@pytest.fixture
def nodes(kubectl: Kubectl) -> Iterator[Kubectl]:
    """kubectl, and afterwards every node as before."""
    yield kubectl
    kubectl("uncordon", "node-1", "node-2", "node-3")


def status_of(kubectl: Kubectl, node: str) -> str:
    return cells(kubectl.lines("get", "node", node)[1])[1]


@pytest.mark.kubectl("1.32")
def test_cordon_and_uncordon(nodes: Kubectl) -> None:
    assert nodes("cordon", "node-1") == "node/node-1 cordoned\n"
    assert nodes("cordon", "node-1") == "node/node-1 already cordoned\n"
    assert status_of(nodes, "node-1") == "Ready,SchedulingDisabled"
    nodes(
        "wait", "--for=jsonpath={.spec.taints[0].key}=node.kubernetes.io/unschedulable", "node/node-1", "--timeout=10s"
    )
    assert nodes("uncordon", "node-1") == "node/node-1 uncordoned\n"
    assert status_of(nodes, "node-1") == "Ready"


def test_pods_have_addresses_of_their_nodes(nodes: Kubectl) -> None:
    ranges = {node["metadata"]["name"]: node["spec"]["podCIDR"] for node in nodes.object("get", "nodes")["items"]}
    assert len({*ranges.values()}) == 3 and all(ip_network(value).prefixlen == 24 for value in ranges.values())
    for node in ranges:
        nodes("run", f"on-{node}", "--image=nginx:1.27", "--overrides", f'{{"spec":{{"nodeName":"{node}"}}}}')
    nodes("wait", "--for=condition=Ready", "pods", "--all", "--timeout=15s")
    for pod in nodes.object("get", "pods")["items"]:
        assert ip_address(pod["status"]["podIP"]) in ip_network(ranges[pod["spec"]["nodeName"]])
    assert f"PodCIDR:  {ranges['node-1']}" in " ".join(nodes("describe", "node", "node-1").split()).replace(": ", ":  ")


def test_pods_wait_until_a_node_takes_them(nodes: Kubectl) -> None:
    nodes("cordon", "node-1", "node-2", "node-3")
    nodes("run", "homeless", "--image=nginx:1.27")
    nodes("wait", "--for=condition=PodScheduled=false", "pod/homeless", "--timeout=10s")
    (scheduled,) = nodes.object("get", "pod", "homeless")["status"]["conditions"]
    assert scheduled["reason"] == "Unschedulable"
    assert scheduled["message"].startswith("0/3 nodes are available: 3 node(s) were unschedulable.") or scheduled[
        "message"
    ].startswith("0/3 nodes are available: 3 node(s) had untolerated taint(s).")
    nodes("uncordon", "node-2")
    nodes("wait", "--for=condition=Ready", "pod/homeless", "--timeout=15s")
    assert nodes.object("get", "pod", "homeless")["spec"]["nodeName"] == "node-2"


@pytest.mark.kubectl("1.32")
def test_drain(nodes: Kubectl) -> None:
    override = '{"spec":{"nodeName":"node-3"}}'
    nodes("run", "guest", "--image=nginx:1.27", "--overrides", override)
    nodes("wait", "--for=condition=Ready", "pod/guest", "--timeout=15s")
    name = nodes.namespace
    message = nodes.fails("drain", "node-3", "--pod-selector=run=guest")
    assert (
        f"cannot delete cannot delete Pods that declare no controller (use --force to override): {name}/guest"
        in message
        or (f"cannot delete Pods that declare no controller (use --force to override): {name}/guest" in message)
    )
    lines = nodes.lines("drain", "node-3", "--force", "--pod-selector=run=guest", "--timeout=20s")
    assert lines == [
        "node/node-3 already cordoned",
        f"evicting pod {name}/guest",
        "pod/guest evicted",
        "node/node-3 drained",
    ]
    assert nodes("get", "pods", "-o", "name") == ""
    assert status_of(nodes, "node-3") == "Ready,SchedulingDisabled"


@pytest.mark.kubectl("1.32")
def test_drain_respects_a_budget(nodes: Kubectl) -> None:
    override = '{"spec":{"nodeName":"node-3"}}'
    nodes("run", "guarded", "--image=nginx:1.27", "--overrides", override)
    nodes("wait", "--for=condition=Ready", "pod/guarded", "--timeout=15s")
    nodes("create", "poddisruptionbudget", "all", "--selector=run=guarded", "--min-available=1")
    message = nodes.fails("drain", "node-3", "--force", "--pod-selector=run=guarded", "--timeout=2s")
    assert "Cannot evict pod as it would violate the pod's disruption budget." in message
    assert nodes("get", "pods", "-o", "name") == "pod/guarded\n"


def test_taint(nodes: Kubectl) -> None:
    assert nodes("taint", "node", "node-2", "team=a:NoSchedule") == "node/node-2 tainted\n"
    assert nodes.object("get", "node", "node-2")["spec"]["taints"] == [
        {"key": "team", "value": "a", "effect": "NoSchedule"}
    ]
    assert nodes("taint", "node", "node-2", "team:NoSchedule-") == "node/node-2 untainted\n"
    assert "taints" not in nodes.object("get", "node", "node-2")["spec"]


def test_a_taint_that_evicts(nodes: Kubectl) -> None:
    nodes("run", "unwelcome", "--image=nginx:1.27", "--overrides", '{"spec":{"nodeName":"node-2"}}')
    nodes("wait", "--for=condition=Ready", "pod/unwelcome", "--timeout=15s")
    nodes("taint", "node", "node-2", "team=a:NoExecute")
    nodes("wait", "--for=delete", "pod/unwelcome", "--timeout=15s")
    nodes("taint", "node", "node-2", "team-")


def test_label_a_node_for_a_pod(nodes: Kubectl) -> None:
    nodes("run", "picky", "--image=nginx:1.27", "--overrides", '{"spec":{"nodeSelector":{"disk":"ssd"}}}')
    nodes("wait", "--for=condition=PodScheduled=false", "pod/picky", "--timeout=10s")
    nodes("label", "node", "node-3", "disk=ssd")
    nodes("wait", "--for=condition=Ready", "pod/picky", "--timeout=15s")
    assert nodes.object("get", "pod", "picky")["spec"]["nodeName"] == "node-3"
    nodes("label", "node", "node-3", "disk-")
