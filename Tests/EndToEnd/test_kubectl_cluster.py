# SPDX-License-Identifier: Apache-2.0
"""kubectl asks what the cluster is and can do."""

from __future__ import annotations

import re

import pytest

from kubectl import Kubectl, cells
from manifests import WEB_POD


@pytest.mark.kubectl("1.32")
def test_version(kubectl: Kubectl) -> None:
    assert re.search(r"^Server Version: v1\.36\.\d+", kubectl("version"), re.MULTILINE)


def test_cluster_info(kubectl: Kubectl) -> None:
    text = re.sub(r"\x1b\[[0-9;]*m", "", kubectl("cluster-info"))
    assert text.startswith("Kubernetes control plane is running at http://localhost:8080\n")


@pytest.mark.kubectl("1.32")
def test_api_resources(kubectl: Kubectl) -> None:
    header, *rows = kubectl.lines("api-resources")
    assert header.split() == ["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND"]
    # Their names are those of others, too.
    others = ("events.k8s.io", "metrics.k8s.io")
    found = {row.split()[0]: row.split()[1:] for row in rows if not any(group in row for group in others)}
    assert found["pods"] == ["po", "v1", "true", "Pod"]
    assert found["nodes"] == ["no", "v1", "false", "Node"]
    assert found["secrets"] == ["v1", "true", "Secret"]
    assert found["leases"] == ["coordination.k8s.io/v1", "true", "Lease"]
    assert found["poddisruptionbudgets"] == ["pdb", "policy/v1", "true", "PodDisruptionBudget"]
    verbs = kubectl.lines("api-resources", "--api-group=", "-o", "wide")
    (pods,) = [line for line in verbs if line.startswith("pods ")]
    assert "create,delete,deletecollection,get,list,patch,update,watch" in pods
    assert "pods" in kubectl("api-resources", "--namespaced=true", "-o", "name").split()


def test_api_versions(kubectl: Kubectl) -> None:
    versions = kubectl.lines("api-versions")
    for version in ("v1", "apps/v1", "policy/v1", "coordination.k8s.io/v1", "scheduling.k8s.io/v1"):
        assert version in versions
    assert versions == sorted(versions)


@pytest.mark.kubectl("1.32")
def test_explain(kubectl: Kubectl) -> None:
    text = kubectl("explain", "pod.spec.containers")
    assert re.search(r"^KIND:\s+Pod$", text, re.MULTILINE) and re.search(r"^VERSION:\s+v1$", text, re.MULTILINE)
    assert "FIELD: containers <[]Container>" in text
    assert re.search(r"^  image\t<string>$", text, re.MULTILINE)
    assert re.search(r"^  name\t<string> -required-$", text, re.MULTILINE)
    assert re.search(r"^  livenessProbe\t<Probe>$", text, re.MULTILINE)


@pytest.mark.kubectl("1.32")
@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("pod", "spec"),
        ("pod.status.conditions", "lastTransitionTime"),
        ("pod.spec.containers.resources.limits", "Quantity"),
        ("node.status", "allocatable"),
        ("service.spec", "clusterIP"),
        ("configmap", "binaryData"),
        ("poddisruptionbudget.spec", "minAvailable"),
    ],
)
def test_explain_other_things(kubectl: Kubectl, path: str, field: str) -> None:
    text = kubectl("explain", path)
    assert field in text and "DESCRIPTION:" in text


@pytest.mark.kubectl("1.32")
def test_explain_recursively(kubectl: Kubectl) -> None:
    text = kubectl("explain", "pod", "--recursive")
    assert re.search(r"^  spec\t<PodSpec>$", text, re.MULTILINE)
    assert re.search(r"^    containers\t<\[\]Container> -required-$", text, re.MULTILINE)
    assert re.search(r"^      image\t<string>$", text, re.MULTILINE)


def test_explain_what_is_not_there(kubectl: Kubectl) -> None:
    assert 'field "nothing" does not exist' in kubectl.fails("explain", "pod.spec.nothing")


@pytest.mark.kubectl("1.32")
def test_events(kubectl: Kubectl) -> None:
    kubectl("create", "-f", "-", stdin=WEB_POD)
    kubectl("wait", "--for=condition=Ready", "pod/web", "--timeout=15s")
    header, *rows = kubectl.lines("events")
    assert header.split() == ["LAST", "SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"]
    # The scheduler's event has microseconds, the others have not: within a second the order says nothing.
    assert sorted(cells(row)[1:4] for row in rows) == [
        ["Normal", reason, "Pod/web"] for reason in ("Created", "Pulled", "Scheduled", "Started")
    ]
    assert len(kubectl.lines("events", "--for", "pod/web")) == 5
    header, row = kubectl.lines("get", "events", "--field-selector", "reason=Scheduled")
    assert re.match(rf"^Successfully assigned {kubectl.namespace}/web to node-[123]$", cells(row)[4])
    assert kubectl("get", "events", "--field-selector", "involvedObject.name=other", "-o", "name") == ""


@pytest.mark.kubectl("1.32")
def test_events_follow(kubectl: Kubectl) -> None:
    with kubectl.start("events", "--watch") as process:
        assert process.stdout is not None
        kubectl("create", "-f", "-", stdin=WEB_POD)
        for line in process.stdout:
            if "Started" in line:
                process.terminate()
                break
        else:
            pytest.fail("no event of the start came")


def test_authorization(kubectl: Kubectl) -> None:
    assert kubectl("auth", "can-i", "create", "pods") == "yes\n"
    assert kubectl("auth", "can-i", "delete", "nodes") == "yes\n"


def test_config_without_a_file(kubectl: Kubectl) -> None:
    """kubectl is really on its own: there is nothing in its home but its cache."""
    assert "current-context is not set" in kubectl.fails("config", "current-context")
