# SPDX-License-Identifier: Apache-2.0
"""`kubectl describe`, which reads the events as well."""

from __future__ import annotations

import re

import pytest

from kubectl import Kubectl
from manifests import WEB_POD


def fields(text: str) -> dict[str, str]:
    """The unindented `Name:   value` lines."""
    pairs = (re.match(r"^([A-Z][\w\- ()]*):\s*(.*)$", line) for line in text.splitlines())
    return {match[1]: match[2].strip() for match in pairs if match}


def section(text: str, title: str) -> list[list[str]]:
    """The words of the indented lines below a title."""
    lines = text.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"{title}:"))
    rows = []
    for line in lines[start + 1 :]:
        if not line.startswith(" "):
            break
        rows.append(line.split())
    return rows


@pytest.mark.kubectl("1.32")
def test_pod(kubectl: Kubectl) -> None:
    kubectl("create", "-f", "-", stdin=WEB_POD)
    kubectl("wait", "--for=condition=Ready", "pod/web", "--timeout=15s")
    text = kubectl("describe", "pod", "web")
    found = fields(text)
    assert found["Name"] == "web" and found["Namespace"] == kubectl.namespace
    assert found["Priority"] == "0" and found["Service Account"] == "default"
    assert re.match(r"^node-[123]/\d+\.\d+\.\d+\.\d+$", found["Node"])
    assert found["Status"] == "Running" and found["Labels"] == "app=web" and found["Annotations"] == "<none>"
    assert found["QoS Class"] == "BestEffort" and found["Node-Selectors"] == "<none>"
    assert found["Tolerations"] == "node.kubernetes.io/not-ready:NoExecute op=Exists for 300s"
    assert [row for row in section(text, "Conditions")[1:]] == [
        ["PodReadyToStartContainers", "True"],
        ["Initialized", "True"],
        ["Ready", "True"],
        ["ContainersReady", "True"],
        ["PodScheduled", "True"],
    ]
    container = "\n".join(" ".join(row) for row in section(text, "Containers"))
    for part in ("Image: nginx:1.27", "Port: 80/TCP", "State: Running", "Ready: True", "Restart Count: 0"):
        assert part in container
    assert re.search(r"Container ID: containerd://[0-9a-f]{64}", container)
    events = section(text, "Events")
    assert events[0] == ["Type", "Reason", "Age", "From", "Message"]
    assert [(row[1], row[3]) for row in events[2:]] == [
        ("Scheduled", "default-scheduler"),
        ("Pulled", "kubelet"),
        ("Created", "kubelet"),
        ("Started", "kubelet"),
    ]


def test_pod_that_fits_nowhere(kubectl: Kubectl) -> None:
    kubectl("run", "big", "--image=nginx:1.27", "--overrides", '{"spec":{"nodeSelector":{"disk":"ssd"}}}')
    kubectl("wait", "--for=condition=PodScheduled=false", "pod/big", "--timeout=15s")
    text = kubectl("describe", "pod", "big")
    assert fields(text)["Status"] == "Pending" and fields(text)["Node"] == "<none>"
    assert fields(text)["Node-Selectors"] == "disk=ssd"
    message = " ".join(section(text, "Events")[-1])
    assert message.startswith("Warning FailedScheduling")
    assert message.endswith(
        "default-scheduler 0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector. "
        "no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."
    )


def test_node(kubectl: Kubectl) -> None:
    text = kubectl("describe", "node", "node-1")
    found = fields(text)
    assert found["Name"] == "node-1" and found["Roles"] == "<none>"
    assert found["Taints"] == "<none>" and found["Unschedulable"] == "false"
    rows = {row[0]: row for row in section(text, "Conditions")[2:]}
    assert list(rows) == ["MemoryPressure", "DiskPressure", "PIDPressure", "Ready"]
    assert rows["Ready"][1] == "True" and "KubeletReady" in rows["Ready"]
    assert rows["MemoryPressure"][1] == "False" and "KubeletHasSufficientMemory" in rows["MemoryPressure"]
    capacity = {row[0]: row[1] for row in section(text, "Capacity")}
    assert capacity["cpu:"] == "8" and capacity["pods:"] == "110"
    assert section(text, "System Info")
    lease = {row[0]: row[1] for row in section(text, "Lease")}
    assert lease["HolderIdentity:"] == "node-1"


def test_namespace(kubectl: Kubectl) -> None:
    name = str(kubectl.namespace)
    text = kubectl("describe", "namespace", name)
    found = fields(text)
    assert found["Name"] == name and found["Status"] == "Active"
    assert found["Labels"] == f"kubernetes.io/metadata.name={name}"
    assert "No resource quota." in text and "No LimitRange resource." in text


def test_service(kubectl: Kubectl) -> None:
    kubectl("create", "service", "clusterip", "shop", "--tcp=80:8080")
    found = fields(kubectl("describe", "service", "shop"))
    assert found["Name"] == "shop" and found["Type"] == "ClusterIP" and found["Selector"] == "app=shop"
    assert found["IP"].startswith("10.96.") and found["IPs"] == found["IP"]
    assert found["IP Family Policy"] == "SingleStack" and found["IP Families"] == "IPv4"
    assert found["Port"].split() == ["80-8080", "80/TCP"] and found["TargetPort"] == "8080/TCP"
    assert found["Session Affinity"] == "None" and found["Events"] == "<none>"


def test_config_map_and_secret(kubectl: Kubectl) -> None:
    kubectl("create", "configmap", "settings", "--from-literal=colour=green")
    text = kubectl("describe", "configmap", "settings")
    assert "colour:\n----\ngreen\n" in text
    kubectl("create", "secret", "generic", "key", "--from-literal=password=12345")
    text = kubectl("describe", "secret", "key")
    assert fields(text)["Type"] == "Opaque" and "password:  5 bytes" in text
